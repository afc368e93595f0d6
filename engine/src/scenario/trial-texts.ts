import type { Condition } from '../record/events.ts';
import type { Question, ScenarioWorld, Seat } from './contract.ts';
import type { GivenStimuli } from './given-stimuli.ts';
import type { Stimuli } from './stimuli.ts';
import { wordingOf } from './wordings.ts';

export interface TextOptions {
  readonly stimuli: Stimuli;
  readonly condition: Condition;
  readonly seed: string;
  readonly given: GivenStimuli | undefined;
}

/** The texts of one trial of a scenario, and the files that they came from. */
export interface ComposedTexts {
  readonly prompts: Seat['prompts'];
  readonly questions: readonly Question[];
  readonly sources: ScenarioWorld['stimuli'];
}

/** Takes the texts of one trial, and remembers the files that they came from. */
export interface TrialTexts {
  /**
   * The text of the user with this id, unchanged, if there is one; otherwise `texts/ID.N.txt` of the trial's wording N.
   * @param fill fills the slots of this text. Default: what `openTexts` was given.
   */
  readonly take: (id: string, fill?: (text: string) => string) => string;
  /** Several texts with blank lines between them. `false` is left out. */
  readonly join: (...ids: readonly (string | false)[]) => string;
  /** What was taken so far, for `ScenarioWorld.stimuli`. */
  readonly sources: () => ScenarioWorld['stimuli'];
}

/**
 * @param wordings how many wordings each text has
 * @param exact ids of texts that have one wording only, `texts/ID.txt`
 * @param fill fills the slots of shipped texts; by default they have none
 */
export function openTexts(
  { stimuli, condition, seed, given }: TextOptions,
  {
    wordings,
    exact,
    fill = (text) => text,
  }: { readonly wordings: number; readonly exact: readonly string[]; readonly fill?: (text: string) => string },
): TrialTexts {
  const number = wordingOf(condition, seed, wordings);
  const used = new Map<string, string>();
  const take: TrialTexts['take'] = (id, fillThis = fill) => {
    const own = given?.texts.get(id);
    const source = own === undefined ? `texts/${exact.includes(id) ? id : `${id}.${number}`}.txt` : `given/${id}`;
    used.set(source, own?.sha256 ?? stimuli.sha256Of(source));
    return own?.text ?? fillThis(stimuli.read(source));
  };
  return {
    take,
    join: (...ids) =>
      ids
        .filter((id) => id !== false)
        .map((id) => take(id))
        .join('\n\n'),
    sources: () => [...used].map(([id, sha256]) => ({ id, sha256 })),
  };
}
