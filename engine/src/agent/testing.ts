import { readAsData } from '../base/untrusted-text.ts';
import { createFixedWorld } from '../base/world.ts';
import { openaiCompatibleProvider } from '../model/adapters/openai-compatible.ts';
import type { OpenModel } from '../model/contract.ts';
import { type ChatReply, type ChatRequest, startChatServer } from '../model/testing/chat-server.ts';
import { type Emit, type EventOf, type TrialEvent, type TrialLimits, trialEventSchema } from '../record/events.ts';
import { memoryProvider } from '../sandbox/adapters/memory.ts';
import { DEFAULT_SANDBOX_LIMITS } from '../sandbox/contract.ts';
import type { Agent, AgentEnd, AgentTask } from './contract.ts';
import { createModelAgent, type ModelAgentOptions } from './model-agent.ts';
import type { Tool, ToolWorld } from './tool.ts';
import { bash } from './tools/bash.ts';
import { submit } from './tools/submit.ts';

export const ORDINARY_LIMITS: TrialLimits = {
  turnsMax: 20,
  tokensMax: 1_000_000,
  durationMsMax: 600_000,
  costUsdMax: 10,
  commandMsMax: 5000,
  outputBytesMax: 10_000,
  idleTurnsMax: 3,
};

export interface AgentRun {
  readonly end: Omit<AgentEnd, 'ask'>;
  /** Its answers to the questions; null if it gave none. */
  readonly answers: readonly (string | null)[];
  /** Each event was validated with the schema of the record. */
  readonly events: readonly TrialEvent[];
  /** Callbacks in order: `turn-end`, `call-start call_1` … */
  readonly calls: readonly string[];
}

export interface AgentRunOptions {
  readonly trialId?: string;
  readonly limits?: Partial<TrialLimits>;
  readonly asksReason?: boolean;
  /** Additional tools beside bash and submit. */
  readonly tools?: readonly Tool[];
  readonly world?: ToolWorld;
  /** Called before each turn. Replaces the fixed prompts. */
  readonly settings?: AgentTask['settings'];
  readonly system?: string | null;
  readonly elapsed?: () => number;
  readonly onCallEnd?: () => void;
  readonly signal?: AbortSignal;
  /** Asked after the agent has ended. */
  readonly questions?: readonly string[];
  /** Additional sink for events, e.g. a journal. */
  readonly emit?: Emit;
}

/** Runs an agent in a fresh memory sandbox until it ends. */
export async function runAgent(agent: Agent, options: AgentRunOptions = {}): Promise<AgentRun> {
  const { limits = {}, asksReason = false, system = 'You work on a computer.', tools = [], world = {} } = options;
  const { elapsed = createFixedWorld().elapsed, signal = new AbortController().signal } = options;
  const events: TrialEvent[] = [];
  const calls: string[] = [];
  const emit: Emit = (event) => {
    const stamped = trialEventSchema.parse({ seq: events.length, at: 0, ...event });
    events.push(stamped);
    options.emit?.(event);
    return stamped;
  };
  await using sandbox = await memoryProvider.open({
    files: [],
    services: [],
    limits: DEFAULT_SANDBOX_LIMITS,
    signal: new AbortController().signal,
  });
  const { ask, ...end } = await agent.run(
    {
      trialId: options.trialId ?? 'trial-test',
      settings: options.settings ?? (async () => ({ prompts: { system, user: 'Do the work.', continue: 'Go on.' } })),
      tools: [bash({ asksReason }), submit(), ...tools],
      limits: { ...ORDINARY_LIMITS, ...limits },
      front: 'headless',
      signal,
    },
    {
      sandbox: sandbox.forAgent(),
      keep: () => '0'.repeat(64),
      world,
      emit,
      elapsed,
      now: () => Date.now(),
      random: () => 0.5,
      onTurnEnd: async () => void calls.push('turn-end'),
      onCallStart: async (callId) => void calls.push(`call-start ${callId}`),
      onCallEnd: async (callId) => {
        calls.push(`call-end ${callId}`);
        options.onCallEnd?.();
      },
    },
  );
  const answers: (string | null)[] = [];
  for (const question of options.questions ?? []) {
    const answer = (await ask?.(question)) ?? null;
    answers.push(answer === null ? null : readAsData(answer));
  }
  return { end, answers, events, calls };
}

export interface ServedRun extends AgentRun {
  readonly requests: readonly ChatRequest[];
}

export interface ServedRunOptions extends AgentRunOptions, Partial<Omit<ModelAgentOptions, 'open'>> {
  readonly key?: string;
}

/** Like `runAgent`, with a model that answers over real HTTP. Retries wait one millisecond. */
export async function runServed(
  answer: (request: ChatRequest, number: number) => ChatReply,
  { key, retry, parameters, price, ...options }: ServedRunOptions = {},
): Promise<ServedRun> {
  await using server = await startChatServer(answer);
  const agent = createModelAgent({
    open: await openServed(server.url, key),
    retry: retry ?? { delaysMs: [1, 1, 1], attemptMsMax: 10_000 },
    ...(parameters !== undefined && { parameters }),
    ...(price !== undefined && { price }),
  });
  return { ...(await runAgent(agent, options)), requests: server.requests };
}

export function openServed(url: string, key?: string): Promise<OpenModel> {
  return openaiCompatibleProvider.open('test-model', {
    environment: { OPENAI_COMPATIBLE_BASE_URL: url, OPENAI_COMPATIBLE_API_KEY: key },
  });
}

/** Gives the answers in order, then repeats the last one. */
export function inTurn(...replies: readonly ChatReply[]): (request: ChatRequest, number: number) => ChatReply {
  return (_request, number) => {
    const reply = replies[Math.min(number, replies.length) - 1];
    if (reply === undefined) throw new TypeError('a server needs at least one answer');
    return reply;
  };
}

export function only<K extends TrialEvent['kind']>(events: readonly TrialEvent[], kind: K): EventOf<K>[] {
  return events.filter((event): event is EventOf<K> => event.kind === kind);
}
