import { anthropicMessages } from './protocols/anthropic-messages.ts';
import type { Protocol } from './protocols/contract.ts';
import { openaiResponses } from './protocols/openai-responses.ts';

export const protocols: readonly Protocol[] = [anthropicMessages, openaiResponses];
