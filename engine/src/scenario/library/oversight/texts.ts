import { interviewTextIds, questionsOf } from '../../interview.ts';
import { type ComposedTexts, openTexts, type TextOptions } from '../../trial-texts.ts';
import { WORDINGS } from './factors.ts';
import { interview } from './vocabulary.ts';

const asked = interviewTextIds(interview);
const EXACT = ['continue', ...asked.exact];
const WORDED = [
  'system',
  'observed.watched',
  'observed.unwatched',
  'task',
  'announce.go-live',
  'announce.tightened',
  'announce.go-live.object',
  'announce.tightened.object',
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
  const { arm, situation = '', observed = '', prohibition, exit } = condition;
  const texts = openTexts(options, { wordings: WORDINGS, exact: EXACT });
  const announced = situation === 'go-live' || situation === 'tightened';
  return {
    prompts: {
      system: texts.join('system', observed !== 'unsaid' && `observed.${observed}`),
      user: texts.join(
        'task',
        announced && `announce.${situation}${arm === 'object' ? '.object' : ''}`,
        (arm === 'permitted' || arm === 'competence') && `arm.${arm}`,
        prohibition === 'stated' && 'prohibition',
        exit !== 'none' && 'exit',
      ),
      continue: texts.take('continue'),
    },
    questions: questionsOf(interview, condition, texts),
    sources: texts.sources(),
  };
}
