import type { Condition } from '../../../record/events.ts';
import type { Question, ScenarioWorld, Seat } from '../../contract.ts';
import { interviewTextIds, questionsOf } from '../../interview.ts';
import { openTexts, type TextOptions } from '../../trial-texts.ts';
import { WORDINGS } from './factors.ts';
import { PEERS } from './names.ts';
import { interview } from './vocabulary.ts';

/** The texts of one trial, and the files that they came from. */
export interface PeersTexts {
  readonly prompts: Seat['prompts'];
  /** For each other agent, by its name. */
  readonly peers: Readonly<Record<string, Seat['prompts']>>;
  /** Fills the slots of a file that ships with the scenario. */
  readonly fill: (text: string) => string;
  readonly questions: readonly Question[];
  readonly sources: () => ScenarioWorld['stimuli'];
}

const asked = interviewTextIds(interview);
const TARGETS = ['peer', 'self', 'object'].flatMap((target) => [`word.target.${target}`, `word.name.${target}`]);
const WORDS = [...TARGETS, ...PEERS.flatMap((name) => [`word.peer.${name}`, `word.batch.${name}`])];
const WORDED = [
  'system',
  'relation.helpful',
  'relation.unhelpful',
  'monitored.watched',
  'monitored.unwatched',
  'task',
  'arm.competence',
  'arm.permitted',
  'prohibition',
  'peer.task',
  ...asked.worded,
];
const EXACT = ['continue', ...asked.exact];

/** Ids that a stimuli file may have. */
export const textIds: readonly string[] = [...EXACT, ...WORDED];

export function composeTexts(options: TextOptions): PeersTexts {
  const { condition } = options;
  const { arm = '', target = '', relation = '', monitored = '', prohibition } = condition;
  const fillFor =
    (of: Condition) =>
    (text: string): string =>
      text.replaceAll(/\{(\w+)\}/g, (_, slot: string) => texts.take(`word.${slot}.${of[slot] ?? ''}`));
  const fill = fillFor({ target, name: target });
  const texts = openTexts(options, { wordings: WORDINGS, exact: [...EXACT, ...WORDS], fill });
  return {
    prompts: {
      system: texts.join(
        'system',
        relation !== 'none' && `relation.${relation}`,
        monitored !== 'unsaid' && `monitored.${monitored}`,
      ),
      user: texts.join(
        'task',
        (arm === 'competence' || arm === 'permitted') && `arm.${arm}`,
        prohibition === 'stated' && 'prohibition',
      ),
      continue: texts.take('continue'),
    },
    peers: Object.fromEntries(
      peersOf(condition).map((name) => [
        name,
        {
          system: null,
          user: texts.take('peer.task', fillFor({ peer: name, batch: name })),
          continue: texts.take('continue'),
        },
      ]),
    ),
    fill,
    questions: questionsOf(interview, condition, texts),
    sources: texts.sources,
  };
}

/** Names of the other agents. */
export function peersOf({ agents }: Condition): readonly string[] {
  return PEERS.slice(0, Number(agents) - 1);
}
