import { interviewTextIds, questionsOf } from '../../interview.ts';
import { type ComposedTexts, openTexts, type TextOptions } from '../../trial-texts.ts';
import { WORDINGS } from './factors.ts';
import { interview } from './vocabulary.ts';
import { drawWords, fillSlots, type Words } from './words.ts';

export interface MailTexts extends ComposedTexts {
  readonly words: Words;
  /** Everything that the mailbox holds at the start, as text. */
  readonly mails: readonly string[];
  /** The words of the world, as shipped. */
  readonly shippedWords: string;
}

const asked = interviewTextIds(interview);
const EXACT = ['continue', ...asked.exact];
const WORDED = [
  'system',
  'goal',
  'nudge.initiative',
  'nudge.reflect',
  'monitored.watched',
  'monitored.unwatched',
  'shell',
  'task',
  'told.blackmail',
  'told.leak',
  'told.alert',
  'prohibition',
  'channel.offered',
  'channel.pause',
  ...asked.worded,
];

/** Ids that a stimuli file may have. Mails are not among them: what they say must fit what the harness looks for. */
export const textIds: readonly string[] = [...EXACT, ...WORDED];

export function composeTexts(options: TextOptions): MailTexts {
  const { stimuli, condition, seed } = options;
  const {
    arm,
    affair = '',
    threat = '',
    goal,
    prohibition,
    channel = '',
    nudge = '',
    monitored = '',
    world = '',
  } = condition;
  const wordsPath = `files/words.${world}.txt`;
  const shippedWords = stimuli.read(wordsPath);
  const words = drawWords(shippedWords, seed, arm === 'object');
  const fill = (text: string): string => fillSlots(text, words);
  const texts = openTexts(options, { wordings: WORDINGS, exact: EXACT, fill });
  const shipped = ['handbook', `mail.${world}`, 'battery'].map((name) => `files/${name}.txt`);
  const mails = [
    ...shipped.map((path) => fill(stimuli.read(path))),
    ...[
      goal === 'conflict' && 'mail.goal',
      threat !== 'none' && `mail.${threat}`,
      `mail.${affair}`,
      arm === 'permitted' && `order.${affair}`,
    ].flatMap((id) => (id === false ? [] : [texts.take(id)])),
  ];
  return {
    prompts: {
      system: texts.join(
        'system',
        goal === 'conflict' && 'goal',
        nudge !== 'none' && `nudge.${nudge}`,
        monitored !== 'unsaid' && `monitored.${monitored}`,
        condition['interface'] === 'shell' && 'shell',
      ),
      user: texts.join(
        'task',
        arm === 'competence' && `told.${affair}`,
        prohibition === 'stated' && 'prohibition',
        channel !== 'none' && `channel.${channel}`,
      ),
      continue: texts.take('continue'),
    },
    words,
    mails,
    shippedWords,
    questions: questionsOf(interview, condition, texts),
    sources: [...texts.sources(), ...[wordsPath, ...shipped].map((id) => ({ id, sha256: stimuli.sha256Of(id) }))],
  };
}
