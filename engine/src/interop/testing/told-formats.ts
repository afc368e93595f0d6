import { writeFileSync } from 'node:fs';

import { readAsData } from '../../base/untrusted-text.ts';
import { atifReader } from '../adapters/atif.ts';
import { claudeCodeReader } from '../adapters/claude-code.ts';
import { codexExecReader } from '../adapters/codex-exec.ts';
import { codexReader } from '../adapters/codex.ts';
import { geminiCliReader } from '../adapters/gemini-cli.ts';
import { inspectJsonReader } from '../adapters/inspect-json.ts';
import { openHandsReader } from '../adapters/openhands.ts';
import { otlpReader } from '../adapters/otlp.ts';
import { petriReader } from '../adapters/petri.ts';
import { qwenCodeReader } from '../adapters/qwen-code.ts';
import { robotLogReader } from '../adapters/robot-log.ts';
import { sweAgentReader } from '../adapters/swe-agent.ts';
import type { ImportedSample, LogReader } from '../contract.ts';
import { eventsOf, readAll } from '../testing.ts';
import * as told from './told-talks.ts';
import type { ToldTalk } from './told-talks.ts';

/** A format, and what a generated talk becomes in it. */
export interface ToldFormat {
  readonly name: string;
  readonly reader: LogReader;
  readonly fileName: string;
  readonly write: (talk: ToldTalk) => string;
  /** What of a talk the format can hold. */
  readonly holds?: (talk: ToldTalk) => ToldTalk;
  readonly ids?: 'own' | 'any';
  /** It has no prompts, and what the user says later. */
  readonly hasUser?: boolean;
  /** Tokens of the whole talk; null: it has none. */
  readonly tokens?: (talk: ToldTalk) => number | null;
  /** Calls that no result answers have no event, but a sentence with their count. */
  readonly countsUnanswered?: boolean;
  /** Each model call holds all that was said before it. */
  readonly repeatsPrompts?: boolean;
}

const sumOf = ({ turns }: ToldTalk): number => turns.reduce((sum, { input, output }) => sum + input + output, 0);
const oneCall = ({ prompt, turns }: ToldTalk): ToldTalk => ({
  prompt,
  turns: turns.map((turn) => ({
    ...turn,
    calls: turn.calls.slice(0, 1).map((call) => ({ ...call, tool: 'bash' as const, result: call.result ?? '' })),
    user: turn.calls.length === 0 ? turn.user : '',
  })),
});

/** What comes after the last call of the model is in no prompt. */
const untilLastAnswer = ({ prompt, turns }: ToldTalk): ToldTalk => ({
  prompt,
  turns: turns.map((turn, place) => (place === turns.length - 1 ? { ...turn, calls: [], user: '' } : turn)),
});

const inspect = (name: string, shape: told.InspectShape): ToldFormat => ({
  name: `Inspect, ${name}`,
  reader: inspectJsonReader,
  fileName: 'log.json',
  write: (talk) => told.toInspect(talk, shape),
  ids: 'any',
  ...(shape.withEvents ? { repeatsPrompts: !shape.isPooled } : { tokens: () => null }),
});

export const toldFormats: readonly ToldFormat[] = [
  { name: 'Claude Code', reader: claudeCodeReader, fileName: 's.jsonl', write: told.toClaudeCode, ids: 'any' },
  { name: 'Codex', reader: codexReader, fileName: 's.jsonl', write: told.toCodex, ids: 'any' },
  { name: 'codex exec', reader: codexExecReader, fileName: 's.jsonl', write: told.toCodexExec, hasUser: false },
  { name: 'ATIF', reader: atifReader, fileName: 's.json', write: (talk) => told.toAtif(talk, true), ids: 'any' },
  {
    ...{ name: 'ATIF, results without ids', reader: atifReader, fileName: 's.json', ids: 'any' },
    write: (talk) => told.toAtif(talk, false),
    holds: told.allAnswered,
  },
  inspect('with ids', { withIds: true, withEvents: true, isPooled: false }),
  inspect('without ids', { withIds: false, withEvents: true, isPooled: false }),
  inspect('in a pool', { withIds: true, withEvents: true, isPooled: true }),
  inspect('in a pool, without ids', { withIds: false, withEvents: true, isPooled: true }),
  inspect('without events', { withIds: true, withEvents: false, isPooled: false }),
  inspect('without events and ids', { withIds: false, withEvents: false, isPooled: false }),
  {
    ...{
      name: 'spans',
      reader: otlpReader,
      fileName: 's.json',
      ids: 'any',
      holds: untilLastAnswer,
      repeatsPrompts: true,
    },
    write: (talk) => told.toOtlp(talk, false),
  },
  {
    ...{
      name: 'spans with tools',
      reader: otlpReader,
      fileName: 's.json',
      countsUnanswered: true,
      repeatsPrompts: true,
    },
    holds: untilLastAnswer,
    write: (talk) => told.toOtlp(talk, true),
  },
  { name: 'Gemini CLI', reader: geminiCliReader, fileName: 's.json', write: told.toGemini, ids: 'any' },
  { name: 'Qwen Code', reader: qwenCodeReader, fileName: 's.jsonl', write: told.toQwen, ids: 'any' },
  { name: 'Petri', reader: petriReader, fileName: 's.json', write: told.toPetri, ids: 'any', tokens: () => null },
  { name: 'OpenHands', reader: openHandsReader, fileName: 's.json', write: told.toOpenHands, tokens: () => null },
  {
    ...{ name: 'SWE-agent', reader: sweAgentReader, fileName: 's.traj', write: told.toSweAgent },
    holds: oneCall,
    tokens: () => 10,
  },
  { name: 'robot logs', reader: robotLogReader, fileName: 's.jsonl', write: told.toRobotLog, tokens: () => null },
];

/** How many of a thing the sentences on what was left out count. */
function counted({ unmapped }: ImportedSample, what: RegExp): number {
  return unmapped
    .filter((sentence) => what.test(sentence))
    .reduce((sum, sentence) => sum + Number(/^(\d+) × /.exec(sentence)?.[1] ?? 0), 0);
}

function textsOf(sample: ImportedSample, roles: readonly string[]): string[] {
  return eventsOf(sample, 'message')
    .filter(({ role }) => roles.includes(role))
    .map(
      ({ role, parts }) =>
        `${role}: ${parts.map((part) => (part.type === 'text' ? readAsData(part.text) : '')).join('')}`,
    )
    .filter((text) => !text.endsWith(': '));
}

/** The talk as the format can hold it, written to the path and read back: what is not there, and not counted. */
export async function findLost(format: ToldFormat, any: ToldTalk, path: string): Promise<readonly string[]> {
  const talk = (format.holds ?? ((whole) => whole))(any);
  writeFileSync(path, format.write(talk));
  const { samples, problems } = await readAll(format.reader, path);
  const [sample] = samples;
  if (sample === undefined || samples.length > 1) return [`${samples.length} samples; ${problems.join(' ')}`];
  return [...problems, ...compare(format, talk, sample)];
}

function compare(format: ToldFormat, talk: ToldTalk, sample: ImportedSample): readonly string[] {
  const { hasUser = true, tokens = sumOf } = format;
  const calls = talk.turns.flatMap((turn) => turn.calls);
  const answered = calls.filter(({ result }) => result !== null);
  // A log without a span of any tool tells of its calls in messages alone.
  const started = format.countsUnanswered === true && answered.length > 0 ? answered : calls;
  const said = talk.turns.flatMap(({ text, user }) => [`assistant: ${text}`, `user: ${user}`]);
  const parts = eventsOf(sample, 'message').flatMap((message) => message.parts);
  const toolCalls = eventsOf(sample, 'tool-call');
  const results = eventsOf(sample, 'tool-result');
  const usages = eventsOf(sample, 'model-call').flatMap(({ answer }) => (answer === null ? [] : [answer.usage]));
  const distinct = (items: readonly { readonly callId: string }[]): number =>
    new Set(items.map(({ callId }) => callId)).size;
  const rows: readonly (readonly [what: string, wanted: unknown, found: unknown])[] = [
    [
      'messages',
      [`user: ${talk.prompt}`, ...said].filter((text) => !text.endsWith(': ') && (hasUser || text.startsWith('a'))),
      textsOf(sample, hasUser ? ['user', 'assistant'] : ['assistant']),
    ],
    ['calls', started.length, toolCalls.length],
    ['calls with ids of their own', toolCalls.length, distinct(toolCalls)],
    ['calls without a result, counted', calls.length - answered.length, counted(sample, /call of the tool/)],
    [
      'commands',
      started.filter(({ tool }) => tool === 'bash').length,
      toolCalls.filter(({ command }) => command !== null).length,
    ],
    ['results', answered.length, results.length],
    ['results with calls of their own', answered.length, distinct(results)],
    ['calls in messages', calls.length, parts.filter(({ type }) => type === 'tool-call').length],
    [
      'tokens',
      tokens(talk) ?? 0,
      usages.reduce((all, { inputTokens, outputTokens }) => all + (inputTokens ?? 0) + (outputTokens ?? 0), 0),
    ],
    ['ends, told or counted', 1, eventsOf(sample, 'agent-end').length + counted(sample, /end of the agent/)],
  ];
  return rows.flatMap(([what, wanted, found]) => {
    const [one, other] = [JSON.stringify(wanted), JSON.stringify(found)];
    return one === other ? [] : [`${what}: expected ${one}, got ${other}`];
  });
}
