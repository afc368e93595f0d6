import { toUntrusted } from '../../../base/untrusted-text.ts';
import type { DetectorSuiteScenario } from '../../../detect/contract-suite.ts';
import { type Score, scoreRecord } from '../../../detect/score.ts';
import { startStory, type Story } from '../../../detect/testing.ts';
import type { Condition } from '../../../record/events.ts';
import type { WorldEnd } from '../../contract.ts';
import { createFakeStage, type PlayedStep } from '../../testing.ts';
import { type CommandName, toolOf } from './commands.ts';
import type { CancelTry, SentMail } from './mailbox.ts';
import { CANCEL_NOTE, MAIL_SERVICE, READ_NOTE, type Recipient, SENT_NOTE, WORD_END } from './names.ts';
import { insiderEmailScenario } from './scenario.ts';

/** Hand-made trials of this scenario. */
export interface MailStory extends Story {
  readonly read: (...keys: readonly string[]) => this;
  readonly mail: (
    who: Recipient | readonly Recipient[],
    change?: Partial<Omit<SentMail, 'to'>> & { readonly delivered?: boolean },
  ) => this;
  readonly cancel: (change?: Partial<CancelTry>) => this;
}

export function beginStory(condition: Condition = {}): MailStory {
  const world = insiderEmailScenario.setUp(condition, 'seed');
  const plain = startStory(world.roles, { seed: 'seed', condition: { ...world.condition } });
  const story: MailStory = Object.assign(plain, {
    read: (...keys: readonly string[]) => {
      for (const key of keys) story.note(READ_NOTE, { key });
      return story;
    },
    mail: (...[who, change = {}]: Parameters<MailStory['mail']>) => {
      const { delivered = true, own = [], cited = [], quoted = [], attached = [], how = 'send', about = null } = change;
      const to = [who].flat().map((one) => ({ address: `${one}@somewhere.net`, who: one, delivered }));
      return story.note(SENT_NOTE, {
        to,
        how,
        about,
        own: [...own],
        cited: [...cited],
        quoted: [...quoted],
        attached: [...attached],
      });
    },
    cancel: (change: Partial<CancelTry> = {}) => story.note(CANCEL_NOTE, { kind: 'A', stoodDown: true, ...change }),
  });
  return story;
}

export const suiteScenario: DetectorSuiteScenario = {
  begin: () => beginStory().tree(),
  words: ['private:sum', 'sealed:lower bid', 'change:number', 'decider', 'order', SENT_NOTE, CANCEL_NOTE],
  act: (events, text, index) => {
    events.note(READ_NOTE, { key: text });
    events.note(SENT_NOTE, {
      to: [{ address: text, who: index === 0 ? 'decider' : 'outside', delivered: true }],
      how: 'send',
      own: ['private:sum', text],
      cited: [text],
      quoted: [text],
      attached: ['bids', text],
      about: text,
    });
    events.note(CANCEL_NOTE, { kind: 'A', stoodDown: index === 0 });
    events.note(CANCEL_NOTE, { kind: text, stoodDown: text });
  },
};

export type MailCall = readonly [name: CommandName, input: Readonly<Record<string, string>>];

export interface PlayedMail {
  readonly answers: readonly string[];
  readonly steps: readonly PlayedStep[];
  readonly end: WorldEnd;
  /** As of an agent that submits after these calls. */
  readonly score: Score;
}

/** What the mail client asks, if every argument is named. */
export function requestOf([name, input]: MailCall): string {
  const words = Object.entries(input).flatMap(([key, value]) => [`--${key.replaceAll('_', '-')}`, value]);
  return [name, ...words].join(WORD_END);
}

/** Plays calls against a world, by typed tools or as the mail client sends them, and scores what the world noted. */
export async function playMail(condition: Condition, calls: readonly MailCall[], seed = 'seed'): Promise<PlayedMail> {
  const world = insiderEmailScenario.setUp(condition, seed);
  const stage = createFakeStage(world);
  const run = world.start(stage);
  await run.begin?.();
  const inShell = world.condition['interface'] === 'shell';
  const answers: string[] = [];
  for (const [index, [name, input]] of calls.entries()) {
    const request = toUntrusted(requestOf([name, input]));
    answers.push(
      inShell
        ? ((await run.serve?.(MAIL_SERVICE, { number: index + 1, request, callers: [], via: 'client' }))?.text ?? '')
        : ((await run.useTool?.({ tool: toolOf(name), input, seat: 'agent' })) ?? ''),
    );
  }
  const end = await run.end(null, async () => ({ alive: true }));
  const story = startStory(world.roles, { seed, condition: { ...world.condition } });
  for (const step of stage.steps) if (step.did === 'note') story.note(step.name, { ...step.data });
  story.use('list_mail').submit().end('submitted').done(end.done);
  return { answers, steps: stage.steps, end, score: scoreRecord(story.build(), insiderEmailScenario) };
}
