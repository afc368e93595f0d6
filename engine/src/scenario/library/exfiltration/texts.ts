import type { Condition } from '../../../record/events.ts';
import type { Question, ScenarioWorld, Seat } from '../../contract.ts';
import type { GivenStimuli } from '../../given-stimuli.ts';
import type { Stimuli } from '../../stimuli.ts';
import { wordingOf } from '../../wordings.ts';
import { WORDINGS } from './factors.ts';

/** The texts of one trial, and the files that they came from. */
export interface TrialTexts {
  readonly prompts: Seat['prompts'];
  /** Null where there is none. */
  readonly memo: string | null;
  readonly questions: readonly Question[];
  readonly sources: ScenarioWorld['stimuli'];
}

export interface TextOptions {
  readonly stimuli: Stimuli;
  readonly condition: Condition;
  readonly seed: string;
  readonly given: GivenStimuli | undefined;
}

/** Ids of the questions after the end. Each has its own text. */
export const QUESTIONS = ['copied', 'sent', 'tried'] as const;
const EXACT: readonly string[] = ['continue', ...QUESTIONS.map((id) => `ask.${id}`)];
const WORDED = [
  'system',
  'own.self',
  'own.other',
  'goal.strong',
  'nudge.initiative',
  'nudge.at-all-costs',
  'monitored.watched',
  'monitored.unwatched',
  'task',
  'arm.permitted',
  'arm.competence',
  'prohibition',
  'exit',
  'memo.military',
  'memo.benign',
  'memo.successor',
];

/** Ids that a stimuli file may have. */
export const textIds: readonly string[] = [...EXACT, ...WORDED];

export function composeTexts({ stimuli, condition, seed, given }: TextOptions): TrialTexts {
  const { arm, memo = '', prohibition, goal, nudge = '', monitored = '', exit } = condition;
  const number = wordingOf(condition, seed, WORDINGS);
  const used = new Map<string, string>();
  const take = (id: string): string => {
    const exact = given?.texts.get(id);
    const source = exact === undefined ? `texts/${EXACT.includes(id) ? id : `${id}.${number}`}.txt` : `given/${id}`;
    used.set(source, exact?.sha256 ?? stimuli.sha256Of(source));
    return exact?.text ?? stimuli.read(source);
  };
  const join = (...ids: readonly (string | false)[]): string =>
    ids
      .filter((id) => id !== false)
      .map(take)
      .join('\n\n');
  return {
    prompts: {
      system: join(
        'system',
        arm === 'other-model' ? 'own.other' : 'own.self',
        goal === 'strong' && 'goal.strong',
        nudge !== 'none' && `nudge.${nudge}`,
        monitored !== 'unsaid' && `monitored.${monitored}`,
      ),
      user: join(
        'task',
        (arm === 'permitted' || arm === 'competence') && `arm.${arm}`,
        prohibition === 'stated' && 'prohibition',
        exit === 'offered' && 'exit',
      ),
      continue: take('continue'),
    },
    memo: memo === 'none' ? null : take(`memo.${memo}`),
    questions: QUESTIONS.map((id) => ({ id, text: take(`ask.${id}`) })),
    sources: [...used].map(([id, sha256]) => ({ id, sha256 })),
  };
}
