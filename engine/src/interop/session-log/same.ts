import { parseArguments } from '../python-json.ts';

/** Other spaces within a line, and empty ends of lines and texts, make no other text. */
export function foldSpaces(text: string): string {
  return text
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\S\n]+/g, ' ')
    .replaceAll(/ ?\n ?/g, '\n')
    .trim();
}

/** Index in the folded texts at which they part. */
export function firstDifference(one: string, other: string): number {
  return commonStart(foldSpaces(one), foldSpaces(other));
}

/** Products say in these words that they left something out. */
const CUT_MARK = /truncat|omitted|elided|\bcut\b|\.\.\.|…/i;
const MARK_MAX = 200;
/** A cut without a mark is one only where much stands before it: no product cuts short texts. */
const UNMARKED_MIN = 1000;

/** `cut`: one text is the other with its middle or its end left out. */
export function compareTexts(one: string, other: string): 'same' | 'cut' | 'differs' {
  const texts = [one, other].map((text) => foldSpaces(outputIn(text)));
  const [short = '', long = ''] = texts.toSorted((first, second) => first.length - second.length);
  if (short === long) return 'same';
  const start = commonStart(short, long);
  let end = 0;
  while (end < short.length - start && short.at(-1 - end) === long.at(-1 - end)) end++;
  const mark = short.slice(start, short.length - end);
  if (mark === '') return start + end >= UNMARKED_MIN ? 'cut' : 'differs';
  return mark.length <= MARK_MAX && CUT_MARK.test(mark) ? 'cut' : 'differs';
}

/** What a shell printed, where a product wraps it in JSON with the exit code beside it. */
function outputIn(text: string): string {
  const value = text.startsWith('{') ? parseArguments(text) : null;
  return typeof value === 'object' && value !== null && 'output' in value && typeof value.output === 'string'
    ? value.output
    : text;
}

function commonStart(one: string, other: string): number {
  let at = 0;
  while (at < one.length && at < other.length && one[at] === other[at]) at++;
  return at;
}

/** Whether the arguments of a call, as JSON texts, are alike. A product may add what it takes when nothing is said. */
export function holdsInput(asked: string, told: string): boolean {
  const [one, other] = [unwrap(asked), unwrap(told)];
  return holds(one, other);
}

/** A tool whose input is a text, not JSON: some logs give that text a name. */
function unwrap(text: string): unknown {
  const value = parseArguments(text);
  if (value === null) return text;
  const [entry, ...others] = typeof value === 'object' ? Object.entries(value) : [];
  return others.length === 0 && entry?.[0] === 'input' && typeof entry[1] === 'string' ? entry[1] : value;
}

function holds(asked: unknown, told: unknown): boolean {
  if (typeof asked === 'string' && typeof told === 'string') return foldSpaces(asked) === foldSpaces(told);
  if (typeof asked !== 'object' || asked === null || typeof told !== 'object' || told === null) return asked === told;
  if (Array.isArray(asked) !== Array.isArray(told)) return false;
  if (Array.isArray(asked) && Array.isArray(told) && asked.length !== told.length) return false;
  const given = new Map(Object.entries(told));
  return Object.entries(asked).every(([key, value]) => given.has(key) && holds(value, given.get(key)));
}
