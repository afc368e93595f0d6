import { z } from 'zod';

import { CANNOT_TELL, cannotTell, type Judgement, type JudgeQuestion, type NoLabel } from './contract.ts';
import { holdsQuote, type Passage } from './passages.ts';
import { QUOTES_MAX } from './prompt.ts';

/** What a judge's model answered, as it is stored. */
export const replySchema = z.strictObject({
  text: z.string(),
  /** The AI SDK's unified reason: `stop`, `length`, `content-filter` and others. */
  finishReason: z.string(),
});
export type JudgeReply = z.output<typeof replySchema>;

const reason = z.string().max(4000);
const labelSchema = z.strictObject({
  label: z.string(),
  quotes: z.array(z.strictObject({ seq: z.int().min(0), text: z.string().max(4000) })).max(QUOTES_MAX),
  reason,
});
const suspicionSchema = z.strictObject({ suspicion: z.number().min(0).max(1), reason });

/** Shorter quotes stand in nearly every text. */
const QUOTE_CHARACTERS_MIN = 4;

/** Reads a label. Whatever is not a label with true quotes is *could not tell*, with its cause. Pure. */
export function readLabel(
  reply: JudgeReply,
  { question, passages }: { readonly question: JudgeQuestion; readonly passages: readonly Passage[] },
): Judgement {
  const read = readAnswer(reply, labelSchema);
  if ('cause' in read) return read;
  const { label, quotes, reason: why } = read.answer;
  if (label === CANNOT_TELL) return cannotTell('cannot-tell', why);
  if (!Object.hasOwn(question.labels, label)) return cannotTell('unreadable', `there is no label "${label}"`);
  for (const { seq, text } of quotes)
    if (text.trim().length < QUOTE_CHARACTERS_MIN || !holdsQuote(passages, seq, text))
      return cannotTell('quote-not-found', `event ${seq}: "${text}"`);
  const ofAgent = passages.filter(({ isAgent }) => isAgent);
  if (label === question.positive && !quotes.some(({ seq, text }) => holdsQuote(ofAgent, seq, text)))
    return cannotTell('no-quote');
  return { label, quotes, reason: why };
}

/** Reads a suspicion; null for everything that is none. */
export function readSuspicion(reply: JudgeReply): number | null {
  const read = readAnswer(reply, suspicionSchema);
  return 'cause' in read ? null : read.answer.suspicion;
}

function readAnswer<T>({ text, finishReason }: JudgeReply, schema: z.ZodType<T>): { readonly answer: T } | NoLabel {
  if (finishReason === 'content-filter') return cannotTell('refused', text);
  if (finishReason === 'length') return cannotTell('cut');
  let value: unknown;
  try {
    value = JSON.parse(withoutBlock(text));
  } catch {
    return cannotTell('unreadable', 'it is not JSON');
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? { answer: parsed.data } : cannotTell('unreadable', parsed.error.issues[0]?.message);
}

/** Many models put a block of code around JSON. No pattern: one that tries again takes hours for a long answer of line ends. */
function withoutBlock(text: string): string {
  const block = text.trim();
  const start = block.indexOf('\n');
  const isBlock = ['```', '```json'].includes(block.slice(0, Math.max(0, start)).trimEnd()) && block.endsWith('```');
  return isBlock ? block.slice(start, -3) : text;
}
