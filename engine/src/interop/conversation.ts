import { readAsData, toUntrusted } from '../base/untrusted-text.ts';
import type { MessagePart, Usage } from '../record/events.ts';
import { parseArguments } from './python-json.ts';
import { type SaidMessage, show, type Transcript } from './transcript.ts';

/**
 * A log that is a plain talk: prompts, answers with tool calls, results. It becomes messages, model calls and commands;
 * results find their calls by id.
 */
export interface Conversation {
  readonly say: (role: 'system' | 'user', parts: readonly MessagePart[], at: number | null) => void;
  readonly answer: (answer: Answer) => void;
  readonly result: (result: Result) => void;
  /** Says what never came back, and why the agent stopped where that can be told. */
  readonly end: () => void;
}

export interface Answer {
  readonly parts: readonly MessagePart[];
  readonly at: number | null;
  readonly model: string;
  readonly usage: Usage;
  /** As the log has it; null where it says nothing. */
  readonly finishReason: string | null;
}

export interface Result {
  readonly callId: string;
  readonly text: string;
  readonly at: number | null;
  readonly exitCode: number | null;
  /** Null: from the times of call and result. */
  readonly durationMs: number | null;
  readonly interrupted: boolean;
}

interface OpenCall {
  readonly callId: string;
  readonly tool: string;
  readonly isCommand: boolean;
  readonly at: number | null;
}

export function createConversation(transcript: Transcript): Conversation {
  const open = new Map<string, OpenCall>();
  let prompted = 0;
  let submitted = false;
  let endsWithText = false;

  const add = (role: SaidMessage['role'], parts: readonly MessagePart[], at: number | null): number => {
    const index = transcript.say({ role, parts, at, key: null });
    prompted = index + 1;
    return index;
  };
  const answer = ({ parts, at, model, usage, finishReason }: Answer): void => {
    const prompt = prompted === 0 ? [] : [{ from: 0, to: prompted }];
    const calls: { readonly part: Extract<MessagePart, { type: 'tool-call' }>; readonly id: string }[] = [];
    const told = parts.map((part): MessagePart => {
      if (part.type !== 'tool-call') return part;
      const fresh = { ...part, callId: transcript.freshCallId(part.callId) };
      calls.push({ part: fresh, id: part.callId });
      return fresh;
    });
    const message = told.length === 0 ? null : add('assistant', told, at);
    endsWithText = calls.length === 0;
    const ending = { finishReason: calls.length > 0 ? 'tool-calls' : 'other', rawFinishReason: finishReason };
    transcript.modelCall({ model, prompt, answer: { message, model, usage, ...ending } }, at);
    for (const { part, id } of calls) {
      const { callId, tool } = part;
      const is = transcript.startCall({ callId, tool, input: parseArguments(readAsData(part.input)) }, at);
      if (is === 'submission') submitted = true;
      open.set(id, { callId, tool, isCommand: is === 'command', at });
    }
  };
  const result = ({ callId, text, at, exitCode, durationMs, interrupted }: Result): void => {
    const call = open.get(callId);
    open.delete(callId);
    if (call === undefined)
      transcript.leaveOut('result of a tool', 'answers no call of the log: it is in the messages only');
    if (call?.isCommand === true) {
      const between = call.at !== null && at !== null && at >= call.at ? at - call.at : 0;
      transcript.endCommand(
        { callId: call.callId, text, exitCode, interrupted, durationMs: durationMs ?? between },
        at,
      );
    }
    add(
      'tool',
      [{ type: 'tool-result', callId: call?.callId ?? callId, tool: call?.tool ?? '', text: toUntrusted(text) }],
      at,
    );
    endsWithText = false;
  };
  const end = (): void => {
    for (const { tool } of open.values())
      transcript.leaveOut(`call of the tool "${show(tool)}"`, 'has no result in the log: nothing is known of it');
    if (submitted) transcript.endAgent('submitted');
    else if (endsWithText) transcript.endAgent('no-tool-call', NO_REASON);
    else transcript.endAgent(null);
  };
  return { say: (role, parts, at) => void add(role, parts, at), answer, result, end };
}

export const NO_REASON = 'the log names no reason; its last answer holds no tool call';
