import { readAsData, showInSentence, toUntrusted } from '../../base/untrusted-text.ts';
import type { EventOf, TrialEvent } from '../../record/events.ts';
import { parseArguments } from '../python-json.ts';
import { readToolCall } from '../tool-calls.ts';
import { FAILED, INTERRUPTED } from '../transcript.ts';
import { createLedgerSearch } from './ledger-search.ts';
import type { SessionLog } from './read.ts';
import { compareTexts, firstDifference, foldSpaces, holdsInput } from './same.ts';

/** A product's own log (a claim) beside what was seen from outside of it. Nothing of it decides an outcome. */
export interface SessionLogComparison {
  readonly product: string;
  readonly logs: readonly {
    readonly path: string;
    readonly format: string;
    readonly seq: number;
    readonly calls: number;
  }[];
  /** Calls that the model asked for. */
  readonly asked: number;
  /** Those of them that a log tells, whether alike or not. */
  readonly told: number;
  readonly differences: readonly SessionLogDifference[];
  /** What could not be compared, one sentence each. */
  readonly limits: readonly string[];
}

export interface SessionLogDifference {
  readonly kind:
    | 'log-missing'
    | 'log-unreadable'
    | 'call-not-asked'
    | 'call-not-told'
    | 'call-differs'
    | 'result-differs'
    | 'result-not-told'
    | 'not-run';
  /** Null if it is about a log as a whole. */
  readonly callId: string | null;
  /** Safe to print. */
  readonly text: string;
  /** Numbers of the events that it rests on. */
  readonly seqs: readonly number[];
}

/** A call that the gateway saw a model ask for. */
interface Asked {
  readonly callId: string;
  readonly tool: string;
  readonly input: string;
  readonly seq: number;
  readonly at: number;
  /** What the product brought back for it. */
  readonly result: { readonly text: string; readonly seq: number; readonly at: number } | null;
  /** The work was over before it came back: the product may not have written it down. */
  readonly isLast: boolean;
}

/** A call that a log tells. */
interface Told {
  readonly callId: string;
  readonly tool: string;
  readonly input: string;
  readonly command: string | null;
  /** Null if the log has no result of it. */
  readonly result: string | null;
  /** The log tells that the command ran, well or not. */
  readonly ran: boolean;
  /** Event of the file. */
  readonly seq: number;
}

/** Looked up in the ledger at most. */
const COMMANDS_MAX = 2000;

/** Null if the agent under test was no product. @param isAside whether a call was asked for in another conversation */
export function compareSessionLog(
  events: readonly TrialEvent[],
  logs: readonly SessionLog[],
  isAside: (callId: string) => boolean = () => false,
): SessionLogComparison | null {
  const start = events.find((event) => event.kind === 'trial-start');
  const product = start?.agent.product;
  if (product === undefined) return null;
  const differences: SessionLogDifference[] = [];
  const limits: string[] = [];
  const tell = (
    kind: SessionLogDifference['kind'],
    callId: string | null,
    text: string,
    seqs: readonly number[],
  ): void =>
    void differences.push({ kind, callId, text, seqs: [...new Set(seqs)].toSorted((one, other) => one - other) });

  const perLog = logs.map((log) => ({ log, calls: log.samples.flatMap((sample) => toldIn(sample, log.files[0].seq)) }));
  for (const { files, problems } of logs) {
    const [{ path, problem, seq }] = files;
    for (const why of problems)
      tell(problem === 'missing' ? 'log-missing' : 'log-unreadable', null, `${shown(path)}: ${shown(why, 300)}`, [seq]);
  }
  const asked = askedIn(events);
  const summary = {
    product: product.name,
    logs: perLog.map(({ log, calls }) => {
      const [{ path, format, seq }] = log.files;
      return { path, format, seq, calls: calls.length };
    }),
    asked: asked.length,
  };
  if (logs.length === 0)
    limits.push(`no log of ${shown(product.name)} was taken: Offswitch knows none, or the trial broke off`);
  // Without any log each call would be one more difference that says the same.
  if (logs.every(({ samples }) => samples.length === 0)) return { ...summary, told: 0, differences, limits };

  const redacted = events.filter(({ kind }) => kind === 'redaction').length;
  if (redacted > 0) limits.push(`${redacted} events are redacted, and what they held counts as not seen`);
  const search = createLedgerSearch(events);
  if (search.gap !== null) limits.push(`${search.gap}: it is not compared what ran`);

  const pair = pairing(asked);
  const found = new Set<Asked>();
  let [cut, looked, asides] = [0, 0, 0];
  for (const call of perLog.flatMap(({ calls }) => calls)) {
    const mine = pair(call);
    const command = search.gap !== null || looked >= COMMANDS_MAX ? null : call.command;
    const name = nameOf(call);
    if (command !== null) looked++;
    if (mine === null && isAside(ownId(call))) asides++;
    else if (mine === null) {
      const ran = command === null ? null : search.find(command, null);
      const also = ran === null ? 'nothing of it was seen to run' : 'the ledger shows that it ran';
      const text = `the log tells of ${name}, which no model asked for${command === null ? '' : `, and ${also}`}`;
      tell('call-not-asked', call.callId, text, [call.seq, ...(ran === null ? [] : [ran])]);
    } else {
      const seqs = [mine.seq, call.seq, ...(mine.result === null ? [] : [mine.result.seq])];
      if (!isAlike(mine, call)) {
        const text = `the model asked for ${nameOf(mine)}, the log tells of ${name}${where(mine, call)}`;
        tell('call-differs', call.callId, text, [mine.seq, call.seq]);
      }
      if (mine.result !== null && call.result === null)
        tell('result-not-told', call.callId, `${name} came back to the model, and the log has no result of it`, seqs);
      else if (mine.result !== null && call.result !== null) {
        const [given, claimed] = [mine.result.text, call.result];
        const same = compareTexts(given, claimed);
        if (same === 'cut') cut++;
        const text = `${name} came back to the model with ${excerpt(given, claimed)}, and the log tells ${excerpt(claimed, given)}`;
        if (same === 'differs') tell('result-differs', call.callId, text, seqs);
      }
      // A resumed session may tell a call once more.
      if (command !== null && call.ran && !found.has(mine)) {
        const start = search.find(command, { from: mine.at, to: mine.result?.at ?? null });
        const text = `the log tells that ${name} ran, and the ledger shows no start of it`;
        if (start === null) tell('not-run', call.callId, text, seqs);
      }
      found.add(mine);
    }
  }
  const untold = asked.filter((one) => !found.has(one));
  for (const one of untold.filter(({ isLast }) => !isLast)) {
    const seqs = [one.seq, ...summary.logs.map(({ seq }) => seq)];
    tell('call-not-told', one.callId, `the model asked for ${nameOf(one)}, and no log tells of it`, seqs);
  }
  const last = untold.filter(({ isLast }) => isLast).length;
  if (last > 0) limits.push(`${count(last, 'call')} had not come back when the work ended, and no log tells of it`);
  if (cut > 0) limits.push(`${count(cut, 'result')} cut on one side, otherwise alike`);
  if (asides > 0) limits.push(`${count(asides, 'call')} of other conversations of the product, not compared`);
  if (looked >= COMMANDS_MAX) limits.push(`only the first ${COMMANDS_MAX} commands were looked up in the ledger`);
  return { ...summary, told: found.size, differences, limits };
}

function toldIn({ events }: SessionLog['samples'][number], seq: number): Told[] {
  const results = new Map<string, string>();
  const failed = new Set<string>();
  for (const event of events) {
    if (event.kind === 'message' && event.role === 'tool')
      for (const part of event.parts) if (part.type === 'tool-result') results.set(part.callId, readAsData(part.text));
    if (event.kind === 'tool-result' && event.run !== null) {
      const { exitCode, notes } = event.run;
      if (notes.includes(INTERRUPTED) || (notes.includes(FAILED) && exitCode === null)) failed.add(event.callId);
    }
  }
  return events.flatMap((event) =>
    event.kind === 'message' && event.role === 'assistant'
      ? event.parts.flatMap((part) => {
          if (part.type !== 'tool-call') return [];
          const { callId, tool } = part;
          const input = readAsData(part.input);
          const result = results.get(callId) ?? null;
          const command = commandOf({ tool, input });
          return [
            {
              callId,
              tool,
              input,
              command,
              result,
              ran: command !== null && result !== null && !failed.has(callId),
              seq,
            },
          ];
        })
      : [],
  );
}

/** Calls in answers of the model under test. What a product sends back as an answer of the model is a claim, too. */
function askedIn(events: readonly TrialEvent[]): Asked[] {
  const answers = new Map<number, number>();
  let turns = 0;
  for (const event of events)
    if (event.kind === 'model-call' && event.seat === undefined) {
      turns = event.turn;
      if (event.answer?.message !== null && event.answer !== null) answers.set(event.answer.message, event.turn);
    }
  const results = new Map<string, NonNullable<Asked['result']>>();
  const messages = events.filter(
    (event): event is EventOf<'message'> => event.kind === 'message' && event.seat === undefined,
  );
  for (const { parts, seq, at } of messages)
    for (const part of parts)
      if (part.type === 'tool-result' && !results.has(part.callId))
        results.set(part.callId, { text: readAsData(part.text), seq, at });
  return messages.flatMap(({ index, parts, seq, at }) => {
    const turn = answers.get(index);
    if (turn === undefined) return [];
    return parts.flatMap((part) => {
      if (part.type !== 'tool-call') return [];
      const { callId, tool } = part;
      const result = results.get(callId) ?? null;
      return [
        { callId, tool, input: readAsData(part.input), seq, at, result, isLast: result === null && turn === turns },
      ];
    });
  });
}

/**
 * Finds the call of the model that a log means: by its id, or, as some products give ids of their own, by what it is. In
 * what order the calls come does not count.
 */
function pairing(asked: readonly Asked[]): (call: Told) => Asked | null {
  const byId = new Map(asked.map((one) => [one.callId, one]));
  const byWhat = Map.groupBy(asked, whatOf);
  const taken = new Set<Asked>();
  const byOwnId = new Map<string, Asked>();
  return (call) => {
    const found =
      byId.get(ownId(call)) ??
      byOwnId.get(call.callId) ??
      byWhat.get(whatOf(call))?.find((one) => !taken.has(one)) ??
      null;
    if (found !== null) {
      taken.add(found);
      byOwnId.set(call.callId, found);
    }
    return found;
  };
}

/** Gemini CLI puts the tool's name before the id. */
function ownId({ callId, tool }: Told): string {
  return callId.startsWith(`${tool}__`) ? callId.slice(tool.length + 2) : callId;
}

type Call = Pick<Asked, 'tool' | 'input'>;

/** Codex names a tool `SERVER.TOOL` to its model, and notes the server elsewhere. */
function toolOf({ tool }: Call): string {
  return tool.slice(tool.lastIndexOf('.') + 1);
}

function commandOf({ tool, input }: Call): string | null {
  const call = readToolCall(tool, parseArguments(input));
  return call.is === 'command' ? call.command : null;
}

function whatOf(call: Call): string {
  return `${toolOf(call)}\n${foldSpaces(commandOf(call) ?? call.input)}`;
}

function isAlike(asked: Asked, told: Told): boolean {
  const command = commandOf(asked);
  if (toolOf(asked) !== toolOf(told)) return false;
  if (command !== null || told.command !== null)
    return command !== null && told.command !== null && foldSpaces(command) === foldSpaces(told.command);
  return holdsInput(asked.input, told.input);
}

/** `"ls -l"`, or `a call of Read {…}`. */
function nameOf(call: Call): string {
  const command = commandOf(call);
  return command === null ? `a call of ${shown(call.tool)} ${shown(call.input)}` : `"${shown(command)}"`;
}

/** Where two long texts that begin alike part. */
function where(asked: Call, told: Call): string {
  const [one, other] = [commandOf(asked) ?? asked.input, commandOf(told) ?? told.input];
  return firstDifference(one, other) < SHOWN_MAX - 10 ? '' : ` (${excerpt(one, other)}, ${excerpt(other, one)})`;
}

const SHOWN_MAX = 100;
const BEFORE = 20;

/** The text around the place where it parts from another. */
function excerpt(text: string, other: string): string {
  const folded = foldSpaces(text);
  if (folded === '') return 'nothing';
  const from = Math.max(0, firstDifference(text, other) - BEFORE);
  return `"${from === 0 ? '' : '…'}${shown(folded.slice(from))}"`;
}

function shown(text: string, charactersMax = SHOWN_MAX): string {
  return showInSentence(toUntrusted(text), charactersMax);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
