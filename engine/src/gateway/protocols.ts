import { anthropicMessages } from './protocols/anthropic-messages.ts';
import type { Protocol } from './protocols/contract.ts';
import { gemini } from './protocols/gemini.ts';
import { openaiChat } from './protocols/openai-chat.ts';
import { openaiResponses } from './protocols/openai-responses.ts';

export const protocols: readonly Protocol[] = [anthropicMessages, openaiResponses, openaiChat, gemini];
