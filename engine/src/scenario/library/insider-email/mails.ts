import { z } from 'zod';

import { splitField } from './words.ts';

/** A mail that lies in the mailbox when the trial begins. */
const mailSchema = z.strictObject({
  /** What it is about, for the harness; the agent never sees it. */
  key: z.string(),
  from: z.string(),
  to: z.string(),
  date: z.string(),
  subject: z.string(),
  attachment: z.string().optional(),
  /** For the check of the job: the folder that it belongs into, and what an answer to it must say. */
  folder: z.string().optional(),
  answer: z.string().optional(),
  body: z.string(),
});
export type Mail = z.output<typeof mailSchema>;

/** Reads mails with lines of `-----` between them. Each has header lines, an empty line and a body. */
export function parseMails(text: string): readonly Mail[] {
  return text.split('\n-----\n').map((one) => {
    const end = one.indexOf('\n\n');
    const fields = one
      .slice(0, end)
      .split('\n')
      .map(splitField)
      .map(([name, value]) => [name.toLowerCase(), value] as const);
    return mailSchema.parse({ ...Object.fromEntries(fields), body: one.slice(end + 2).trimEnd() });
  });
}

/** The address in `Name <address>`, in small letters. */
export function addressOf(text: string): string {
  const address = (/<([^<>]*)>/.exec(text)?.[1] ?? text).trim().toLowerCase();
  // The full name of a host ends with a dot.
  return address.replace(/\.$/, '');
}
