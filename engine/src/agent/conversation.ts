import type { LanguageModelV4Message, LanguageModelV4Prompt } from '@ai-sdk/provider';

import { toUntrusted } from '../base/untrusted-text.ts';
import type { Emit, EventOf, MessagePart } from '../record/events.ts';
import type { AssistantContent } from './read-answer.ts';

export interface ToolText {
  readonly callId: string;
  readonly tool: string;
  readonly text: string;
}

/** The conversation of one agent, both as recorded and as sent to the provider. */
export interface Conversation {
  /** Sets the system prompt. An unchanged prompt is not recorded again. */
  readonly useSystem: (text: string | null) => void;
  readonly say: (text: string) => void;
  /** Returns the index of the message. */
  readonly addAnswer: (parts: readonly MessagePart[], replay: AssistantContent) => number;
  readonly addResults: (results: readonly ToolText[]) => void;
  readonly prompt: () => LanguageModelV4Prompt;
  /** Ranges of message indexes that make up the prompt. */
  readonly ranges: () => EventOf<'model-call'>['prompt'];
}

interface Message {
  readonly index: number;
  readonly content: LanguageModelV4Message;
}

export function startConversation(emit: Emit, seat: { readonly seat?: string }): Conversation {
  const messages: Message[] = [];
  let system: (Message & { readonly text: string }) | null = null;
  let next = 0;
  const record = (role: EventOf<'message'>['role'], parts: readonly MessagePart[]): number => {
    emit({ kind: 'message', ...seat, index: next, role, parts: [...parts] });
    return next++;
  };
  const inForce = (): readonly Message[] => (system === null ? messages : [system, ...messages]);
  return {
    useSystem: (text) => {
      if (text === (system?.text ?? null)) return;
      system =
        text === null
          ? null
          : {
              index: record('system', [{ type: 'text', text: toUntrusted(text) }]),
              content: { role: 'system', content: text },
              text,
            };
    },
    say: (text) => {
      const index = record('user', [{ type: 'text', text: toUntrusted(text) }]);
      messages.push({ index, content: { role: 'user', content: [{ type: 'text', text }] } });
    },
    addAnswer: (parts, replay) => {
      const index = record('assistant', parts);
      messages.push({ index, content: { role: 'assistant', content: replay } });
      return index;
    },
    addResults: (results) => {
      const parts = results.map(({ callId, tool, text }): MessagePart => ({
        type: 'tool-result',
        callId,
        tool,
        text: toUntrusted(text),
      }));
      const content = results.map(({ callId, tool, text }) => ({
        type: 'tool-result' as const,
        toolCallId: callId,
        toolName: tool,
        output: { type: 'text' as const, value: text },
      }));
      messages.push({ index: record('tool', parts), content: { role: 'tool', content } });
    },
    prompt: () => inForce().map(({ content }) => content),
    ranges: () => {
      const ranges: { from: number; to: number }[] = [];
      for (const { index } of inForce()) {
        const last = ranges.at(-1);
        if (last?.to === index) last.to++;
        else ranges.push({ from: index, to: index + 1 });
      }
      return ranges;
    },
  };
}
