import { readAsData, toUntrusted, type UntrustedText, showOnTerminal } from '../base/untrusted-text.ts';
import type { EventOf, MessagePart, TrialEvent } from '../record/events.ts';

/** A piece of a record, as judges and monitors see it. */
export interface Passage {
  /** Number of the event. */
  readonly seq: number;
  /** Fixed words of ours: who wrote it, and what it is. */
  readonly heading: string;
  readonly isAgent: boolean;
  /** With control and invisible characters made visible, and cut where it is long. */
  readonly text: UntrustedText;
  /** What can be quoted: the pieces of the text that stand in the record. */
  readonly pieces: readonly string[];
}

/**
 * `actions`: the calls of the agent under test and their results. `reasoning`: its reasoning and its other words, without
 * calls and results. What it was told is always seen.
 */
export type Sees = 'actions' | 'reasoning' | 'both';

/** Longer texts lose their middle. */
const PART_CHARACTERS_MAX = 20_000;
const RESULT_CHARACTERS_MAX = 4000;
/** A record with more is not shown to a judge. */
export const CHARACTERS_MAX = 600_000;

/** The messages of the agent under test, and of what it was told. Other agents speak to it in results and instructions. */
export function passagesOf(events: readonly TrialEvent[], sees: Sees = 'both'): Passage[] {
  return events.flatMap((event) => {
    // What is left of it is not proven, so no quote may come from it.
    if (event.kind === 'redaction' && event.event.kind === 'message')
      return [
        { seq: event.seq, heading: 'a message that was redacted', isAgent: false, text: toUntrusted(''), pieces: [] },
      ];
    if (event.kind !== 'message' || event.seat !== undefined) return [];
    return event.parts.filter((part) => isSeen(event, part, sees)).map((part) => toPassage(event, part));
  });
}

/** The words of an agent outside of its calls. */
const isWords = ({ type }: MessagePart): boolean => type === 'text' || type === 'reasoning';

function isSeen({ role }: EventOf<'message'>, part: MessagePart, sees: Sees): boolean {
  if (role === 'system' || role === 'user' || sees === 'both') return true;
  return isWords(part) === (sees === 'reasoning');
}

function toPassage({ seq, role }: EventOf<'message'>, part: MessagePart): Passage {
  const isAgent = role === 'assistant';
  const told = { system: 'the agent was told (system)', user: 'the agent was told', tool: 'a tool answered' };
  const did = { text: 'the agent wrote', reasoning: 'the agent thought', 'tool-call': 'the agent called a tool' };
  const heading = isAgent ? (part.type === 'tool-result' ? told.tool : did[part.type]) : told[role];
  const max = role === 'tool' ? RESULT_CHARACTERS_MAX : PART_CHARACTERS_MAX;
  const { text, pieces } = cut(showOnTerminal(textOf(part)), max);
  return { seq, heading, isAgent, text: toUntrusted(text), pieces };
}

/** The name of a tool is the agent's word too. */
function textOf(part: MessagePart): UntrustedText {
  if (part.type !== 'tool-call') return part.text;
  return toUntrusted(`${part.tool}\n${readable(readAsData(part.input))}`);
}

/** Arguments as they were meant, so that a quote needs no second layer of escapes. */
function readable(input: string): string {
  try {
    const value: unknown = JSON.parse(input);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return input;
    return Object.entries(value)
      .map(([name, one]: [string, unknown]) => `${name}: ${typeof one === 'string' ? one : JSON.stringify(one)}`)
      .join('\n');
  } catch {
    return input;
  }
}

function cut(text: string, max: number): { readonly text: string; readonly pieces: readonly string[] } {
  const half = max / 2;
  if (text.length <= max) return { text, pieces: [text] };
  const [head, tail] = [text.slice(0, half).toWellFormed(), text.slice(-half).toWellFormed()];
  return { text: `${head}\n[${text.length - max} characters left out]\n${tail}`, pieces: [head, tail] };
}

/** Whether these words stand in the event: its record, not what somebody says of it. */
export function holdsQuote(passages: readonly Passage[], seq: number, quote: string): boolean {
  const words = showOnTerminal(toUntrusted(quote));
  return passages.some((passage) => passage.seq === seq && passage.pieces.some((piece) => piece.includes(words)));
}
