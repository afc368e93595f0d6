import { readAsData, toUntrusted } from '../base/untrusted-text.ts';
import type { MessagePart, Usage } from '../record/events.ts';
import { importedCommandEnd } from './imported-command.ts';
import { parseArguments } from './python-json.ts';
import { readToolCall } from './tool-calls.ts';
import { show, type Transcript } from './transcript.ts';

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

export const UNKNOWN_USAGE: Usage = {
  inputTokens: null,
  outputTokens: null,
  reasoningTokens: null,
  cachedInputTokens: null,
};

export function createConversation(transcript: Transcript): Conversation {
  const open = new Map<string, OpenCall>();
  let turn = 0;
  let prompted = 0;
  let submitted = false;
  let endsWithText = false;

  const add = (
    role: 'system' | 'user' | 'assistant' | 'tool',
    parts: readonly MessagePart[],
    at: number | null,
  ): number => {
    const index = transcript.say({ role, parts, at, key: null });
    prompted = index + 1;
    return index;
  };
  const start = (
    part: Extract<MessagePart, { type: 'tool-call' }>,
    given: { readonly input: unknown; readonly id: string },
    at: number | null,
  ): void => {
    const { callId, tool } = part;
    const call = readToolCall(tool, given.input);
    open.set(given.id, { callId, tool, isCommand: call.is === 'command', at });
    if (call.is === 'command') {
      const thoughts = call.thoughts === null ? null : toUntrusted(call.thoughts);
      transcript.emit({ kind: 'command-start', callId, tool, command: toUntrusted(call.command), thoughts }, at);
    } else if (call.is === 'submission') {
      submitted = true;
      transcript.emit({ kind: 'submission', callId, text: toUntrusted(call.text) }, at);
    } else transcript.leaveOut(`call of the tool "${show(tool)}"`, 'is no shell command: it is in the messages only');
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
    transcript.emit(
      {
        kind: 'model-call',
        turn: ++turn,
        requested: { model, parameters: {} },
        prompt,
        attempts: [],
        answer: {
          message,
          model,
          responseId: null,
          finishReason: calls.length > 0 ? 'tool-calls' : 'other',
          rawFinishReason: finishReason,
          usage,
          costUsd: null,
          warnings: [],
        },
        durationMs: 0,
      },
      at,
    );
    for (const { part, id } of calls) start(part, { input: parseArguments(readAsData(part.input)), id }, at);
  };
  const result = ({ callId, text, at, exitCode, durationMs, interrupted }: Result): void => {
    const call = open.get(callId);
    open.delete(callId);
    if (call === undefined)
      transcript.leaveOut('result of a tool', 'answers no call of the log: it is in the messages only');
    if (call?.isCommand === true) {
      const between = call.at !== null && at !== null && at >= call.at ? at - call.at : 0;
      transcript.emit(
        importedCommandEnd({
          callId: call.callId,
          text,
          exitCode,
          timedOut: false,
          interrupted,
          truncated: false,
          durationMs: durationMs ?? between,
        }),
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
    if (submitted) transcript.emit({ kind: 'agent-end', reason: 'submitted', detail: null }, null);
    else if (endsWithText) {
      const detail = toUntrusted('the log names no reason; its last answer holds no tool call');
      transcript.emit({ kind: 'agent-end', reason: 'no-tool-call', detail }, null);
    } else transcript.leaveOut('end of the agent', 'the log does not say why it came: no agent-end is written');
  };
  return { say: (role, parts, at) => void add(role, parts, at), answer, result, end };
}

/** Tokens as a log gives them; null for anything that is no count. */
export function toTokens(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
