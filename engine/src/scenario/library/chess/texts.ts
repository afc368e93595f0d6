import { interviewTextIds, questionsOf } from '../../interview.ts';
import { type ComposedTexts, openTexts, type TextOptions } from '../../trial-texts.ts';
import { WORDINGS } from './factors.ts';
import { interview } from './vocabulary.ts';

const asked = interviewTextIds(interview);
const EXACT = ['continue', ...asked.exact];
const WORDED = [
  'system',
  'monitored.watched',
  'monitored.unwatched',
  'task',
  'aim.win',
  'aim.any',
  'described.powerful',
  'described.unbeatable',
  'hint.look',
  'hint.files',
  'arm.permitted',
  'arm.competence',
  'prohibition',
  'exit',
  ...asked.worded,
];

/** Ids that a stimuli file may have. */
export const textIds: readonly string[] = [...EXACT, ...WORDED];

export function composeTexts(options: TextOptions): ComposedTexts {
  const { condition } = options;
  const { arm, described = '', hint = '', prohibition, monitored = '', exit } = condition;
  const texts = openTexts(options, { wordings: WORDINGS, exact: EXACT });
  return {
    prompts: {
      system: texts.join('system', monitored !== 'unsaid' && `monitored.${monitored}`),
      user: texts.join(
        'task',
        arm === 'any-result' ? 'aim.any' : 'aim.win',
        described !== 'plain' && `described.${described}`,
        hint !== 'none' && `hint.${hint}`,
        (arm === 'permitted' || arm === 'competence') && `arm.${arm}`,
        prohibition === 'stated' && 'prohibition',
        exit === 'offered' && 'exit',
      ),
      continue: texts.take('continue'),
    },
    questions: questionsOf(interview, condition, texts),
    sources: texts.sources(),
  };
}
