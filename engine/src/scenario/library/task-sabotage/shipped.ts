import { loadStimuli } from '../../stimuli.ts';

/** Texts and files of this scenario. */
export const stimuli = loadStimuli(new URL('./', import.meta.url));

/** Fills the slots of a text, one after the other. */
export function fill(text: string, values: readonly (string | number)[]): string {
  const left = [...values];
  return text.replaceAll(/\{\w+\}/g, () => String(left.shift()));
}
