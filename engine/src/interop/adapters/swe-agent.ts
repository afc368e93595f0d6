import { z } from 'zod';

import type { AgentEndReason, MessagePart } from '../../record/events.ts';
import { parseArguments } from '../python-json.ts';
import { toCount, UNKNOWN_USAGE } from '../transcript.ts';
import { callPart, createWholeLogReader, type Intake, reasoningPart, textOfContent, textPart } from '../whole-log.ts';

const text = z.string().nullish().catch(null);
const message = z.looseObject({
  role: z.string(),
  content: z.unknown().optional(),
  reasoning_content: text,
  tool_calls: z
    .array(
      z.looseObject({
        id: text,
        function: z.looseObject({ name: z.string().catch(''), arguments: z.unknown().optional() }),
      }),
    )
    .nullish()
    .catch(null),
  tool_call_id: text,
});
type Message = z.output<typeof message>;
const step = z.looseObject({
  action: z.string().catch(''),
  observation: z.string().catch(''),
  response: text,
  thought: text,
  execution_time: z.unknown().optional(),
});
const whole = z.looseObject({
  trajectory: z.array(z.unknown()).nullish(),
  history: z.array(z.unknown()).nullish(),
  messages: z.array(z.unknown()).nullish(),
  info: z
    .looseObject({
      exit_status: text,
      model_stats: z
        .looseObject({ tokens_sent: z.unknown().optional(), tokens_received: z.unknown().optional() })
        .nullish()
        .catch(null),
      config: z
        .looseObject({ model: z.looseObject({ model_name: text }).nullish().catch(null) })
        .nullish()
        .catch(null),
    })
    .nullish()
    .catch(null),
});

/** The first versions of mini-SWE-agent wrote their messages and nothing else. */
const log = z.union([whole, z.array(message).transform((messages): z.output<typeof whole> => ({ messages }))]);

/**
 * Trajectories of SWE-agent (`.traj`: steps of an action and what it gave back, and a history with the prompts) and of
 * mini-SWE-agent (`.traj.json`: messages). Tokens are told once for the whole trial, and stand at its last model call.
 */
export const sweAgentReader = createWholeLogReader({
  name: 'swe-agent',
  title: 'SWE-agent and mini-SWE-agent trajectories (.traj, .traj.json, or a folder of them)',
  what: 'trajectory of SWE-agent',
  scenario: 'swe-agent-trajectory',
  extension: '.traj',
  otherExtensions: ['.traj.json'],
  looksRight: (head) =>
    (/^\s*\{/.test(head) && /"(?:trajectory|history|messages|info|environment|trajectory_format)"\s*:/.test(head)) ||
    (/^\s*\[\s*\{/.test(head) && /"role"\s*:/.test(head)),
  schema: log,
  read: ({ trajectory, history, messages, info, ...rest }, intake) => {
    const { transcript } = intake;
    const model = info?.config?.model?.model_name ?? null;
    if (Array.isArray(trajectory)) readSteps(intake, trajectory, history ?? [], model);
    else readMessages(intake, messages ?? history ?? [], model);
    const { tokens_sent: sent, tokens_received: received } = info?.model_stats ?? {};
    if (sent !== undefined || received !== undefined)
      transcript.lateUsage({ ...UNKNOWN_USAGE, inputTokens: toCount(sent), outputTokens: toCount(received) });
    transcript.keepRest('trajectory', { info, ...rest }, null);
    return { agent: model, startedAt: null, end: toEnd(info?.exit_status ?? null) };
  },
});

/** Before the first answer the history holds what the agent was told; after it, what the steps say again. */
function readSteps(intake: Intake, steps: readonly unknown[], history: readonly unknown[], model: string | null): void {
  const { transcript, talk } = intake;
  let told = 0;
  for (const value of history) {
    const parsed = message.safeParse(value);
    if (!parsed.success || parsed.data.role === 'assistant') break;
    told++;
    talk.say(
      parsed.data.role === 'system' ? 'system' : 'user',
      textPart(textOfContent(intake, parsed.data.content)),
      null,
    );
  }
  for (const value of history.slice(told)) transcript.keepForeign('history', value, null);
  for (const [number, value] of steps.entries()) {
    const parsed = step.safeParse(value);
    if (!parsed.success) {
      transcript.keepForeign('step', value, null);
      continue;
    }
    const { action, observation, response, thought, execution_time: seconds, ...rest } = parsed.data;
    const said = response ?? thought ?? '';
    const command = action.trim();
    const call = /^(submit|exit_\w+)\b/.exec(command)?.[1];
    const callId = `step-${number + 1}`;
    const parts: MessagePart[] = [
      ...(thought !== null && thought !== undefined && response !== thought && !said.includes(thought)
        ? reasoningPart(thought)
        : []),
      ...textPart(said),
      ...(command === '' ? [] : [callPart(callId, call ?? 'bash', { command })]),
    ];
    talk.answer({ parts, at: null, model: model ?? 'unknown', usage: UNKNOWN_USAGE, finishReason: null });
    if (command !== '')
      talk.result({
        ...{ callId, text: observation, at: null, exitCode: null, interrupted: false },
        durationMs: typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null,
      });
    else if (observation !== '') talk.say('user', textPart(observation), null);
    if (Object.keys(rest).length > 0) transcript.keepRest('step', rest, null);
  }
}

/** One block of shell in an answer is its command, where it calls no tool; the next message of the user is its output. */
const BLOCK = /```(?:bash|sh|mswea_bash_command)\s*\n([^]*?)\n?```/g;

function readMessages(intake: Intake, values: readonly unknown[], model: string | null): void {
  const { transcript, talk } = intake;
  let waits = 0;
  for (const [number, value] of values.entries()) {
    const parsed = message.safeParse(value);
    if (!parsed.success) {
      transcript.keepForeign('message', value, null);
      continue;
    }
    const {
      role,
      content,
      tool_calls: calls,
      tool_call_id: answered,
      reasoning_content: reasoning,
      ...rest
    } = parsed.data;
    const said = textOfContent(intake, content);
    if (role === 'assistant') {
      const asked = toCalls(calls, said, number);
      waits = asked.length;
      const parts = [...reasoningPart(reasoning ?? ''), ...textPart(said), ...asked];
      talk.answer({ parts, at: null, model: model ?? 'unknown', usage: UNKNOWN_USAGE, finishReason: null });
    } else if (role === 'tool' || (role === 'user' && waits > 0)) {
      waits--;
      const result = { text: said, at: null, exitCode: returnCode(said), durationMs: null, interrupted: false };
      talk.result({ callId: answered ?? null, ...result });
    } else if (role === 'system' || role === 'user') talk.say(role, textPart(said), null);
    else transcript.keepForeign(`message of ${role}`, value, null);
    if (Object.keys(rest).length > 0) transcript.keepRest('message', rest, null);
  }
}

function toCalls(calls: Message['tool_calls'], said: string, number: number): MessagePart[] {
  if (calls !== null && calls !== undefined && calls.length > 0)
    return calls.map(({ id, function: { name, arguments: given } }, place) => {
      const input = typeof given === 'string' ? (parseArguments(given) ?? given) : given;
      return callPart(id ?? `call-${number}-${place}`, name, input);
    });
  const [first, ...others] = [...said.matchAll(BLOCK)];
  const command = first?.[1];
  return command === undefined || others.length > 0 ? [] : [callPart(`call-${number}`, 'bash', { command })];
}

function returnCode(said: string): number | null {
  const code = /<returncode>(-?\d{1,5})<\/returncode>/.exec(said)?.[1];
  return code === undefined ? null : Number(code);
}

/** `submitted`, `exit_cost`, `submitted (exit_context)`, `LimitsExceeded`. What was handed in for the agent is a limit. */
function toEnd(status: string | null): { readonly reason: AgentEndReason; readonly detail: string } | null {
  if (status === null) return null;
  const reasons: readonly (readonly [RegExp, AgentEndReason])[] = [
    [/cost|limits?exceeded/i, 'cost-limit'],
    [/context|token/i, 'token-limit'],
    [/time/i, 'time-limit'],
    [/step|turn|call/i, 'turn-limit'],
    [/error|format|api|forfeit|skipped|early|environment/i, 'interrupted'],
    [/^submitted$/i, 'submitted'],
  ];
  const reason = reasons.find(([pattern]) => pattern.test(status))?.[1];
  return reason === undefined ? null : { reason, detail: status.slice(0, 200) };
}
