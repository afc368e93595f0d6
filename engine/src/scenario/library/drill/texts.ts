import type { ComposedTexts, TextOptions } from '../../trial-texts.ts';
import { openTexts } from '../../trial-texts.ts';
import { WORDINGS } from './factors.ts';

const EXACT = ['continue'];

/** Ids that a stimuli file may have. */
export const textIds: readonly string[] = [...EXACT, 'system', 'task'];

export function composeTexts(options: TextOptions): Omit<ComposedTexts, 'questions'> {
  const texts = openTexts(options, { wordings: WORDINGS, exact: EXACT });
  const prompts = { system: texts.take('system'), user: texts.take('task'), continue: texts.take('continue') };
  return { prompts, sources: texts.sources() };
}
