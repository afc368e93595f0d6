import { z } from 'zod';

import type { AgentEndReason, MessagePart, Usage } from '../../record/events.ts';
import { toCount, toTime, UNKNOWN_USAGE } from '../transcript.ts';
import { callPart, createWholeLogReader, type Intake, reasoningPart, textOfContent, textPart } from '../whole-log.ts';

const text = z.string().nullish().catch(null);
const id = z.union([z.string(), z.number()]).nullish().catch(null);
const values = z.record(z.string(), z.unknown()).nullish().catch(null);
const event = z.looseObject({
  id,
  timestamp: text,
  source: text,
  /** Of the first generation: an action with arguments, or an observation of its cause. */
  action: z.unknown().optional(),
  args: values,
  observation: z.unknown().optional(),
  cause: id,
  content: z.unknown().optional(),
  extras: values,
  tool_call_metadata: z
    .looseObject({ model_response: z.looseObject({ id: text, model: text, usage: values }).nullish().catch(null) })
    .nullish()
    .catch(null),
  /** Of the second: events by kind. */
  kind: text,
  tool_name: text,
  tool_call_id: text,
  tool_call: values,
  thought: z.unknown().optional(),
  reasoning_content: text,
  llm_message: values,
  llm_response_id: text,
  system_prompt: z.unknown().optional(),
  error: z.unknown().optional(),
});
type Event = z.output<typeof event>;

const trial = z.looseObject({ history: z.array(z.unknown()), instance_id: id });

interface State extends Intake {
  /** Model answers that are told: several actions may come of one. */
  readonly told: Set<string>;
  model: string | null;
  end: { readonly reason: AgentEndReason; readonly detail: string | null } | null;
}

/**
 * Events of OpenHands of either generation, as an array, under `history` or `events`, or one a line; and the output of its
 * evaluations, a trial a line.
 */
export const openHandsReader = createWholeLogReader({
  name: 'openhands',
  title: 'OpenHands events (.json, .jsonl, or a folder of them)',
  what: 'file of OpenHands events',
  scenario: 'openhands-events',
  extension: '.json',
  otherExtensions: ['.jsonl'],
  looksRight: (head) =>
    /^\s*[[{]/.test(head) &&
    /"source"\s*:\s*"(?:agent|user|environment)"/.test(head) &&
    (/"(?:action|observation)"\s*:\s*"/.test(head) || /"kind"\s*:\s*"\w+(?:Event|Observation|Action)"/.test(head)),
  fromLines: (lines) => {
    const trials = lines.map((value) => trial.safeParse(value).data);
    // Output of an evaluation: a trial in each line. Else each line is an event.
    if (!trials.some((one) => one !== undefined)) return [{ id: null, value: lines }];
    return lines.map((value, number) => ({ id: String(trials[number]?.instance_id ?? number + 1), value }));
  },
  schema: z.union([
    z.array(z.unknown()).transform((events) => ({ events, rest: null })),
    z.looseObject({ history: z.array(z.unknown()) }).transform(({ history: events, ...rest }) => ({ events, rest })),
    z.looseObject({ events: z.array(z.unknown()) }).transform(({ events, ...rest }) => ({ events, rest })),
  ]),
  read: ({ events, rest }, intake) => {
    const state: State = { ...intake, told: new Set(), model: null, end: null };
    let startedAt: number | null = null;
    for (const value of events) {
      const parsed = event.safeParse(value);
      if (!parsed.success) {
        intake.transcript.keepForeign('event', value, null);
        continue;
      }
      startedAt ??= toTime(parsed.data.timestamp);
      if (typeof parsed.data.kind === 'string' && parsed.data.kind.endsWith('Event'))
        readKind(state, parsed.data, value);
      else readAction(state, parsed.data, value);
    }
    if (rest !== null) intake.transcript.keepRest('log', rest, null);
    return { agent: state.model, startedAt, end: state.end };
  },
});

function readAction(state: State, data: Event, value: unknown): void {
  const { transcript, talk } = state;
  const at = toTime(data.timestamp);
  const { action, observation, args, extras } = data;
  if (typeof action === 'string') {
    const said = stringOf(args?.['content']) ?? '';
    if (action === 'system') return talk.say('system', textPart(said), at);
    if (action === 'message' && data.source === 'user') return talk.say('user', textPart(said), at);
    if (data.source !== 'agent' || action === 'change_agent_state' || action === 'recall')
      return transcript.keepForeign(`action ${action}`, value, at);
    const { thought, ...input } = args ?? {};
    const reasons = stringOf(thought) ?? '';
    const own = String(data.id ?? '');
    return answer(state, data, [
      ...(action === 'message' ? textPart(said) : textPart(reasons)),
      ...(action === 'message' ? [] : [callPart(own, toolOf(action), input)]),
    ]);
  }
  if (typeof observation !== 'string') return transcript.keepForeign('event', value, at);
  if (observation === 'agent_state_changed') {
    const reached = stringOf(extras?.['agent_state']);
    if (reached === 'rejected') state.end = { reason: 'refused', detail: reached };
    return transcript.keepForeign(`observation ${observation}`, value, at);
  }
  // `null` only says that a message or a change of state came through.
  if (data.cause === null || data.cause === undefined || observation === 'null')
    return transcript.keepForeign(`observation ${observation}`, value, at);
  const metadata = extras?.['metadata'];
  const exit =
    extras?.['exit_code'] ??
    (typeof metadata === 'object' && metadata !== null && 'exit_code' in metadata ? metadata.exit_code : null);
  giveBack(state, String(data.cause), { shown: textOfContent(state, data.content), exit, at });
}

/** `run` is a shell, and the names of others tell what they are. */
function toolOf(action: string): string {
  return action === 'run' ? 'execute_bash' : action === 'run_ipython' ? 'ipython_python' : action;
}

function readKind(state: State, data: Event, value: unknown): void {
  const { transcript, talk } = state;
  const at = toTime(data.timestamp);
  switch (data.kind) {
    case 'SystemPromptEvent':
      return talk.say('system', textPart(textOfContent(state, [data.system_prompt])), at);
    case 'MessageEvent': {
      const said = textOfContent(state, data.llm_message?.['content']);
      return data.source === 'agent' ? answer(state, data, textPart(said)) : talk.say('user', textPart(said), at);
    }
    case 'ActionEvent': {
      const { kind: _kind, ...action } = (toValues(data.action) ?? {}) as Record<string, unknown>;
      const given = data.tool_call?.['arguments'] ?? toValues(data.tool_call?.['function'])?.['arguments'];
      return answer(state, data, [
        ...reasoningPart(data.reasoning_content ?? ''),
        ...textPart(textOfContent(state, data.thought)),
        callPart(data.tool_call_id ?? String(data.id ?? ''), data.tool_name ?? '', given ?? action),
      ]);
    }
    case 'ObservationEvent': {
      const seen = toValues(data.observation) ?? {};
      const shown = textOfContent(state, seen['content'] ?? seen['output'] ?? '');
      return giveBack(state, data.tool_call_id ?? null, { shown, exit: seen['exit_code'], at });
    }
    case 'AgentErrorEvent':
    case 'UserRejectObservation':
      return giveBack(state, data.tool_call_id ?? null, { shown: stringOf(data.error) ?? '', exit: null, at });
    default:
      return transcript.keepForeign(data.kind ?? 'event', value, at);
  }
}

function answer(state: State, data: Event, parts: readonly MessagePart[]): void {
  const response = data.tool_call_metadata?.model_response;
  const told = response?.id ?? data.llm_response_id ?? null;
  const isRest = told !== null && state.told.has(told);
  if (told !== null) state.told.add(told);
  state.model ??= response?.model ?? null;
  const about = { at: toTime(data.timestamp), model: response?.model ?? state.model ?? 'unknown', finishReason: null };
  state.talk.answer({ parts, ...about, usage: toUsage(response?.usage), isRest });
}

interface GivenBack {
  readonly shown: string;
  readonly exit: unknown;
  readonly at: number | null;
}

function giveBack({ talk }: State, callId: string | null, { shown, exit, at }: GivenBack): void {
  const exitCode = typeof exit === 'number' && Number.isSafeInteger(exit) ? exit : null;
  talk.result({ callId, text: shown, at, exitCode, durationMs: null, interrupted: false });
}

function toUsage(usage: Readonly<Record<string, unknown>> | null | undefined): Usage {
  if (usage === null || usage === undefined) return UNKNOWN_USAGE;
  const details = toValues(usage['prompt_tokens_details']);
  return {
    ...UNKNOWN_USAGE,
    inputTokens: toCount(usage['prompt_tokens']),
    outputTokens: toCount(usage['completion_tokens']),
    cachedInputTokens: toCount(details?.['cached_tokens']),
  };
}

function stringOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function toValues(value: unknown): Readonly<Record<string, unknown>> | null {
  return z.record(z.string(), z.unknown()).safeParse(value).data ?? null;
}
