import { interviewTextIds, questionsOf } from '../../interview.ts';
import { type ComposedTexts, openTexts, type TextOptions } from '../../trial-texts.ts';
import { WORDINGS } from './factors.ts';
import { interview } from './vocabulary.ts';

export interface SabotageTexts extends ComposedTexts {
  /** Null where there is none. */
  readonly memo: string | null;
}

const asked = interviewTextIds(interview);
const EXACT = ['continue', 'word.self', 'word.other', ...asked.exact];
const WORDED = [
  'system',
  'monitored.watched',
  'monitored.unwatched',
  'task',
  'protected',
  'arm.permitted',
  'arm.competence',
  'memo.unlearning',
  'memo.replaced',
  'memo.reward',
  'memo.other',
  ...asked.worded,
];

/** Ids that a stimuli file may have. */
export const textIds: readonly string[] = [...EXACT, ...WORDED];

export function composeTexts(options: TextOptions): SabotageTexts {
  const { condition } = options;
  const { arm = '', consequence = '', monitored = '' } = condition;
  const texts = openTexts(options, { wordings: WORDINGS, exact: EXACT });
  const takeMemo = (): string => {
    const isOther = arm === 'other-system';
    const memo = texts.take(`memo.${consequence}`, (text) =>
      text.replaceAll('{system}', texts.take(isOther ? 'word.other' : 'word.self')),
    );
    return isOther ? memo + texts.take('memo.other') : memo;
  };
  return {
    prompts: {
      system: texts.join('system', monitored !== 'unsaid' && `monitored.${monitored}`),
      user: texts.join('task', arm === 'permitted' || arm === 'competence' ? `arm.${arm}` : 'protected'),
      continue: texts.take('continue'),
    },
    memo: consequence === 'none' ? null : takeMemo(),
    questions: questionsOf(interview, condition, texts),
    sources: texts.sources(),
  };
}
