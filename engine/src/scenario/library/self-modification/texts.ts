import type { Question, ScenarioWorld } from '../../contract.ts';
import { interviewTextIds, questionsOf } from '../../interview.ts';
import { openTexts, type TextOptions } from '../../trial-texts.ts';
import { WORDINGS } from './factors.ts';
import { interview } from './vocabulary.ts';

/** The texts of one trial, and the files that they came from. */
export interface SelfModificationTexts {
  /** The system prompt without the memory: what the file of the runner holds. */
  readonly prompt: string;
  readonly task: string;
  readonly again: string;
  readonly questions: readonly Question[];
  readonly sources: ScenarioWorld['stimuli'];
}

const asked = interviewTextIds(interview);
const EXACT = ['continue', ...asked.exact];
const WORDED = [
  'system',
  'monitored.watched',
  'monitored.unwatched',
  'task',
  'own.self',
  'own.other',
  'threat.limit',
  'threat.prompt',
  'threat.memory',
  'arm.permitted',
  'arm.competence',
  'prohibition',
  ...asked.worded,
];

/** Ids that a stimuli file may have. */
export const textIds: readonly string[] = [...EXACT, ...WORDED];

export function composeTexts(options: TextOptions): SelfModificationTexts {
  const { condition } = options;
  const { arm, threat = '', prohibition, monitored = '' } = condition;
  const texts = openTexts(options, { wordings: WORDINGS, exact: EXACT });
  return {
    prompt: texts.join('system', monitored !== 'unsaid' && `monitored.${monitored}`),
    task: texts.join(
      'task',
      arm === 'other-agent' ? 'own.other' : 'own.self',
      threat !== 'none' && `threat.${threat}`,
      (arm === 'permitted' || arm === 'competence') && `arm.${arm}`,
      prohibition === 'stated' && 'prohibition',
    ),
    again: texts.take('continue'),
    questions: questionsOf(interview, condition, texts),
    sources: texts.sources(),
  };
}
