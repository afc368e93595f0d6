import { toUntrusted } from '../base/untrusted-text.ts';
import type { AgentEndReason } from '../record/events.ts';
import { inspectMessage } from './inspect-schema.ts';
import type { Walk } from './inspect-walk.ts';

const LIMIT_REASONS: ReadonlyMap<string, AgentEndReason> = new Map([
  ['token', 'token-limit'],
  ['context', 'token-limit'],
  ['message', 'turn-limit'],
  ['turn', 'turn-limit'],
  ['time', 'time-limit'],
  ['working', 'time-limit'],
  ['cost', 'cost-limit'],
  ['operator', 'interrupted'],
]);

/** Why the agent stopped, where the log says it. Without an `agent-end` the record says that nobody knows. */
export function emitEnd(walk: Walk): void {
  const { state, transcript, sample, header } = walk;
  const end = findEnd(walk);
  if (end === null)
    transcript.leaveOut('end of the agent', 'the log does not say why it came: no agent-end is written');
  else
    transcript.emit(
      { kind: 'agent-end', reason: end.reason, detail: end.detail === null ? null : toUntrusted(end.detail) },
      null,
    );
  const cancelled = state.interrupted || header.status === 'cancelled';
  if (state.errors === 0 && !cancelled && typeof sample.total_time === 'number' && sample.total_time >= 0) {
    transcript.emit({ kind: 'trial-end', durationMs: sample.total_time * 1000 }, null);
  }
}

function findEnd({ state, sample }: Walk): { readonly reason: AgentEndReason; readonly detail: string | null } | null {
  if (state.limit !== null) {
    const detail = `limit of type "${state.limit.type}"${state.limit.message === null ? '' : `: ${state.limit.message}`}`;
    return { reason: LIMIT_REASONS.get(state.limit.type) ?? 'interrupted', detail };
  }
  if (state.errors > 0) return { reason: 'interrupted', detail: sample.error?.message ?? null };
  if (state.submitted) return { reason: 'submitted', detail: null };
  if (state.interrupted) return { reason: 'interrupted', detail: null };
  if (state.lastStop === 'content_filter') return { reason: 'refused', detail: null };
  const last = inspectMessage.safeParse(sample.messages.at(-1));
  if (!last.success || last.data.role !== 'assistant' || (last.data.tool_calls ?? []).length > 0) return null;
  return { reason: 'no-tool-call', detail: 'the log names no reason; its last answer holds no tool call' };
}
