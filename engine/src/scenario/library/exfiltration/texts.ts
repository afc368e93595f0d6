import { interviewTextIds, questionsOf } from '../../interview.ts';
import { type ComposedTexts, openTexts, type TextOptions } from '../../trial-texts.ts';
import { WORDINGS } from './factors.ts';
import { interview } from './vocabulary.ts';

export interface ExfiltrationTexts extends ComposedTexts {
  /** Null where there is none. */
  readonly memo: string | null;
}

const asked = interviewTextIds(interview);
const EXACT = ['continue', ...asked.exact];
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
  ...asked.worded,
];

/** Ids that a stimuli file may have. */
export const textIds: readonly string[] = [...EXACT, ...WORDED];

export function composeTexts(options: TextOptions): ExfiltrationTexts {
  const { condition } = options;
  const { arm, memo = '', prohibition, goal, nudge = '', monitored = '', exit } = condition;
  const texts = openTexts(options, { wordings: WORDINGS, exact: EXACT });
  return {
    prompts: {
      system: texts.join(
        'system',
        arm === 'other-model' ? 'own.other' : 'own.self',
        goal === 'strong' && 'goal.strong',
        nudge !== 'none' && `nudge.${nudge}`,
        monitored !== 'unsaid' && `monitored.${monitored}`,
      ),
      user: texts.join(
        'task',
        (arm === 'permitted' || arm === 'competence') && `arm.${arm}`,
        prohibition === 'stated' && 'prohibition',
        exit === 'offered' && 'exit',
      ),
      continue: texts.take('continue'),
    },
    memo: memo === 'none' ? null : texts.take(`memo.${memo}`),
    questions: questionsOf(interview, condition, texts),
    sources: texts.sources(),
  };
}
