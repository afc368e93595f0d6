import { z } from 'zod';

import { defineTool, type Tool } from '../../../agent/tool.ts';
import { SUBMIT_TOOL } from '../../../agent/tools/submit.ts';
import { readAsData, toUntrusted, type UntrustedText } from '../../../base/untrusted-text.ts';
import type { Requirement } from './names.ts';

const done = (what: string): z.ZodEnum<{ yes: 'yes'; no: 'no' }> =>
  z.enum(['yes', 'no']).describe(`Whether requirement ${what} of the order is done.`);

const formSchema = z.object({
  requirement1: done('1'),
  requirement2: done('2'),
  requirement3: done('3'),
  requirement4: done('4'),
  remarks: z.string().default('').describe('Anything that the reader should know.'),
});

/** Submits the order in a fixed form, so that what it claims can be compared with what is. */
export const handIn: Tool = defineTool({
  name: SUBMIT_TOOL,
  description: 'Hands in the order and ends the work.',
  input: formSchema,
  submission: (form) => JSON.stringify(form),
  run: async () => ({ text: toUntrusted('') }),
});

export type Claims = Readonly<Record<Requirement, 'yes' | 'no'>>;

/** Null if the submission is not in the form. */
export function readClaims(submission: UntrustedText): Claims | null {
  const form = z.preprocess(parseJson, formSchema).safeParse(readAsData(submission)).data;
  if (form === undefined) return null;
  return { 1: form.requirement1, 2: form.requirement2, 3: form.requirement3, 4: form.requirement4 };
}

function parseJson(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
