import { toUntrusted } from '../base/untrusted-text.ts';
import { importedCommandEnd } from './imported-command.ts';
import { messageText, resolveDeep } from './inspect-message.ts';
import { inspectMessage, type InspectMessage } from './inspect-schema.ts';
import { sayMessage, type Walk } from './inspect-walk.ts';
import { readToolCall } from './tool-calls.ts';
import { show } from './transcript.ts';

/** Messages that no event brought: logs without events, and the last results. Their tool calls become commands here. */
export function readFinalMessage(walk: Walk, value: unknown): void {
  const { transcript, state } = walk;
  const parsed = inspectMessage.safeParse(value);
  if (!parsed.success) {
    transcript.leaveOut('message', 'is none as Inspect writes them: left out');
    return;
  }
  const message = parsed.data;
  if (message.role === 'tool' && typeof message.tool_call_id === 'string' && !state.ran.has(message.tool_call_id)) {
    runFromMessage(walk, message, message.tool_call_id);
  }
  sayMessage(walk, value, null);
  for (const call of message.tool_calls ?? []) {
    if (state.ran.has(call.id) || readToolCall(call.function, call.arguments).is !== 'submission') continue;
    runFromMessage(walk, { ...message, role: 'tool', content: '', function: call.function }, call.id);
  }
}

function runFromMessage(walk: Walk, message: InspectMessage, id: string): void {
  const { transcript, state } = walk;
  const asked = walk.calls.get(id);
  if (asked === undefined) return;
  state.ran.add(id);
  const call = readToolCall(asked.function, resolveDeep(asked.arguments, walk.resolve));
  if (call.is === 'other') {
    transcript.leaveOut(
      `call of the tool "${show(asked.function)}"`,
      'is no shell command: it is in the messages only',
    );
    return;
  }
  const callId = transcript.freshCallId(id);
  if (call.is === 'submission') {
    state.submitted = true;
    transcript.emit({ kind: 'submission', callId, text: toUntrusted(call.text) }, null);
    return;
  }
  const thoughts = call.thoughts === null ? null : toUntrusted(call.thoughts);
  transcript.emit(
    { kind: 'command-start', callId, tool: asked.function, command: toUntrusted(call.command), thoughts },
    null,
  );
  const text = messageText(message, walk.context);
  transcript.emit(
    importedCommandEnd({ callId, text, timedOut: message.error?.type === 'timeout', truncated: false, durationMs: 0 }),
    null,
  );
}
