import type { LanguageModelV4GenerateResult } from '@ai-sdk/provider';

import { startDeadline } from '../base/deadline.ts';
import { hideSecrets } from '../base/hide-secrets.ts';
import { toUntrusted, type UntrustedText } from '../base/untrusted-text.ts';
import { CONVERSATION, type ModelPrice, type OpenModel, type SamplingParameters } from '../model/contract.ts';
import type { ModelAttempt, ToolSpec, TrialLimits } from '../record/events.ts';
import { endWithoutAnswer, toCallAnswer } from './call-record.ts';
import type { Agent, AgentDeps, AgentEnd, AgentTask } from './contract.ts';
import { type Conversation, startConversation } from './conversation.ts';
import { drawSeed } from './draw-seed.ts';
import { callModel, DEFAULT_RETRY, type ModelCallResult, type RetryPolicy } from './model-call.ts';
import { type Answer, type AskedCall, readAnswer } from './read-answer.ts';
import { runCalls } from './run-calls.ts';
import { lowerOf, startSpending } from './spending.ts';
import { runStoppable } from './stoppable-loop.ts';

/** Sampling parameters from the user. `seed` is the model seed: each call gets a seed of its own, drawn from it. */
export type ModelParameters = SamplingParameters;

export interface ModelAgentOptions {
  readonly kind?: Agent['kind'];
  readonly open: OpenModel;
  readonly parameters?: ModelParameters;
  /** Null if unknown: then no cost is computed and no cost limit applies. */
  readonly price?: ModelPrice | null;
  readonly retry?: RetryPolicy;
}

/** Creates an agent that loops between a model and its tools. */
export function createModelAgent({
  kind = 'model',
  open,
  parameters = {},
  price = null,
  retry = DEFAULT_RETRY,
}: ModelAgentOptions): Agent {
  return {
    kind,
    name: open.name,
    ...(open.endpoint !== undefined && { endpoint: open.endpoint }),
    run: (task, deps) => createLoop({ open, parameters, price, retry, task, deps }).run(),
  };
}

interface LoopContext {
  readonly open: OpenModel;
  readonly parameters: ModelParameters;
  readonly price: ModelPrice | null;
  readonly retry: RetryPolicy;
  readonly task: AgentTask;
  readonly deps: AgentDeps;
}

/** The result of one model call: an answer, or the end of the agent. */
type TurnResult = { readonly answer: Answer; readonly finishReason: string } | { readonly end: AgentEnd };

function createLoop(context: LoopContext): { readonly run: () => Promise<AgentEnd> } {
  const { open, price, deps } = context;
  const { tools } = context.task;
  /** Its signal is also aborted when a person stops the loop. */
  let { task } = context;
  const seat = task.seat === undefined ? {} : { seat: task.seat };
  const conversation = startConversation(deps.emit, seat);
  const started = deps.elapsed();
  const callIds = new Set<string>();
  const modelSeed = seedOf(context);
  let turn = 0;
  const spending = startSpending(price);
  /** Calls without a result when the work ended. Providers require a result for each before the next message. */
  let unanswered: readonly AskedCall[] = [];

  const samplingOf = (at: number): SamplingParameters => ({
    ...open.defaults,
    ...context.parameters,
    ...(modelSeed !== null && { seed: drawSeed(modelSeed, { trialId: task.trialId, ...seat, turn: at }) }),
  });

  const askModel = async (specs: readonly ToolSpec[], durationMsMax: number): Promise<TurnResult> => {
    turn++;
    deps.onRequest?.({ askedAt: deps.now(), purpose: 'work' });
    const called = await callOnce({
      context: { ...context, task },
      conversation,
      specs,
      durationMsMax,
      sampling: samplingOf(turn),
    });
    const { requested, prompt, attempts, durationMs, result } = called;
    if (result === null) {
      deps.emit({ kind: 'model-call', ...seat, turn, requested, prompt, attempts, answer: null, durationMs });
      const { signal } = task;
      const why = { interrupted: signal.aborted, inProcess: open.inProcess === true, emit: deps.emit };
      return { end: endWithoutAnswer({ ...called, ...why }) };
    }
    const answer = readAnswer(result, { turn, callIds, prefix: task.seat === undefined ? '' : `${task.seat}:` });
    const paid = spending.pay(result);
    const message = answer.parts.length === 0 ? null : conversation.addAnswer(answer.parts, answer.replay);
    deps.emit({
      kind: 'model-call',
      ...seat,
      turn,
      requested,
      prompt,
      attempts,
      durationMs,
      answer: toCallAnswer(result, { message, ...paid, secrets: open.secrets }),
    });
    return { answer, finishReason: result.finishReason.unified };
  };

  const timeLeft = ({ durationMsMax }: TrialLimits): number => durationMsMax - (deps.elapsed() - started);

  /** Answers the calls that have no result. */
  const answerAll = (text: string): void => {
    if (unanswered.length > 0) conversation.addResults(unanswered.map((call) => ({ ...call, text })));
    unanswered = [];
  };

  const work = async (signal: AbortSignal): Promise<AgentEnd> => {
    task = { ...task, signal };
    const [broken] = unanswered;
    if (broken !== undefined) await deps.onCallEnd(broken.callId);
    answerAll('This call was interrupted. It is not known what it did.');
    const specs = tools.map(({ spec }) => spec);
    let idleTurns = 0;
    for (;;) {
      const { prompts, limits: lower = {} } = await task.settings();
      const limits = lowerOf(task.limits, lower);
      conversation.useSystem(prompts.system);
      if (turn === 0) conversation.say(prompts.user);
      // One look for both, so that no call begins without time.
      const leftMs = timeLeft(limits);
      const over = spending.reached(limits, { turn, leftMs });
      if (over !== null) return over;
      const called = await askModel(specs, leftMs);
      if ('end' in called) return called.end;
      const { answer, finishReason } = called;
      if (answer.calls.length === 0) {
        idleTurns++;
        await deps.onTurnEnd();
        if (finishReason === 'content-filter')
          return { reason: 'refused', detail: answer.text === '' ? null : answer.text };
        if (idleTurns >= limits.idleTurnsMax)
          return { reason: 'no-tool-call', detail: `${idleTurns} answers without a tool call` };
        conversation.say(prompts.continue);
        continue;
      }
      const done = await runCalls(answer.calls, { task, limits, timeLeft: () => timeLeft(limits), deps, seat });
      if (done.results.length > 0) conversation.addResults(done.results);
      await deps.onTurnEnd();
      if (done.end !== null) {
        const answered = new Set(done.results.map(({ callId }) => callId));
        unanswered = answer.calls.filter(({ callId }) => !answered.has(callId));
        return done.end;
      }
      idleTurns = done.ran ? 0 : idleTurns + 1;
      if (idleTurns >= limits.idleTurnsMax)
        return { reason: 'no-tool-call', detail: `${idleTurns} answers without a tool call that could be run` };
    }
  };

  const ask = async (question: string): Promise<UntrustedText | null> => {
    if (task.signal.aborted) return null;
    answerAll('The work has ended.');
    conversation.say(question);
    const called = await askModel([], QUESTION_MS_MAX);
    await deps.onTurnEnd();
    return 'end' in called || called.answer.text === '' ? null : toUntrusted(called.answer.text);
  };
  return {
    run: async () => {
      try {
        const { signal } = context.task;
        return { ...(await runStoppable({ work, signal, onRunning: deps.onRunning })), ask };
      } finally {
        open.release?.(conversationOf(task));
      }
    },
  };
}

/** Time for one question after the end. */
const QUESTION_MS_MAX = 120_000;

interface CallOptions {
  readonly context: LoopContext;
  readonly conversation: Conversation;
  readonly specs: readonly ToolSpec[];
  readonly durationMsMax: number;
  readonly sampling: SamplingParameters;
}

interface CalledOnce {
  readonly requested: { readonly model: string; readonly parameters: Record<string, unknown> };
  readonly prompt: ReturnType<Conversation['ranges']>;
  readonly attempts: ModelAttempt[];
  readonly durationMs: number;
  readonly result: LanguageModelV4GenerateResult | null;
  readonly failure: ModelCallResult['failure'];
}

async function callOnce({ context, conversation, specs, durationMsMax, sampling }: CallOptions): Promise<CalledOnce> {
  const { open, parameters, retry, task, deps } = context;
  const started = deps.elapsed();
  const modelSeed = sampling.seed === undefined ? {} : { modelSeed: parameters.seed ?? 'chance' };
  const name = { [CONVERSATION.provider]: { [CONVERSATION.option]: conversationOf(task) } };
  const named = open.inProcess === true ? { providerOptions: name } : {};
  using deadline = startDeadline(task.signal, durationMsMax);
  const { result, failure, attempts } = await callModel(
    { prompt: conversation.prompt(), tools: specs.map(toFunctionTool), ...sampling, ...named },
    { open, retry, world: deps, signal: deadline.signal },
  );
  return {
    requested: {
      model: open.name,
      parameters: { ...open.properties, ...inForce({ ...sampling, ...modelSeed }, { result, secrets: open.secrets }) },
    },
    prompt: conversation.ranges(),
    attempts: [...attempts],
    durationMs: deps.elapsed() - started,
    result,
    failure,
  };
}

/**
 * Without the parameters that the provider's interface does not take. They are named instead, with the package's remark,
 * e.g. that a temperature was lowered to the highest one.
 */
function inForce(
  sampling: Record<string, unknown>,
  { result, secrets }: { readonly result: LanguageModelV4GenerateResult | null; readonly secrets: readonly string[] },
): Record<string, unknown> {
  const refused = new Map<string, string>();
  for (const warning of result?.warnings ?? []) {
    if (warning.type !== 'unsupported' || !Object.hasOwn(sampling, warning.feature)) continue;
    const remark =
      warning.details === undefined ? '' : ` (${hideSecrets(warning.details, secrets).slice(0, REMARK_MAX)})`;
    refused.set(warning.feature, `${warning.feature}${remark}`);
  }
  if (refused.size === 0) return sampling;
  const isKept = (name: string): boolean => !refused.has(name === 'modelSeed' ? 'seed' : name);
  const kept = Object.fromEntries(Object.entries(sampling).filter(([name]) => isKept(name)));
  return { ...kept, notTaken: [...refused.values()].toSorted().join(', ') };
}

const REMARK_MAX = 200;

function conversationOf({ trialId, seat = '' }: AgentTask): string {
  return `${trialId}/${seat}`;
}

/** Null if the provider gets no seed. */
function seedOf({ open, parameters, deps }: LoopContext): number | null {
  if (parameters.seed !== undefined) return parameters.seed;
  return open.needsSeed === true ? Math.floor(deps.random() * 2 ** 31) : null;
}

function toFunctionTool({ name, description, inputSchema }: ToolSpec): {
  type: 'function';
  name: string;
  description: string;
  inputSchema: Record<string, unknown>;
} {
  return { type: 'function', name, description, inputSchema };
}
