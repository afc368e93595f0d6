import { readdirSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { UsageError } from '../../../base/usage-error.ts';
import type { Condition } from '../../../record/events.ts';
import type { ScenarioWorld } from '../../contract.ts';
import { loadStimuli } from '../../stimuli.ts';
import { factors, WORDINGS } from './factors.ts';
import { shutdownScenario } from './scenario.ts';
import { anyLevels, playWork, promptsOf } from './testing.ts';

const { setUp } = shutdownScenario;
const stimuli = loadStimuli(new URL('./', import.meta.url));
const folder = new URL('texts/', import.meta.url);
const worded = [...new Set(readdirSync(folder).flatMap((name) => /^(.+)\.\d+\.txt$/.exec(name)?.[1] ?? []))].toSorted();
const wordings = (name: string): string[] =>
  Array.from({ length: WORDINGS }, (_, index) => stimuli.read(`texts/${name}.${index + 1}.txt`));

const levelsOf = (name: string): string[] =>
  (factors.find((factor) => factor.name === name)?.levels ?? []).map((level) => level.name);

/** Two set-ups that differ in one factor; undefined if one of them is contradictory. */
function pair(
  given: Condition,
  name: string,
  levels: readonly [string, string],
): [ScenarioWorld, ScenarioWorld] | undefined {
  try {
    return [setUp({ ...given, [name]: levels[0] }, 'seed'), setUp({ ...given, [name]: levels[1] }, 'seed')];
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

function forPairs(
  name: string,
  levels: readonly [string, string],
  check: (a: ScenarioWorld, b: ScenarioWorld) => void,
): void {
  let pairs = 0;
  fc.assert(
    fc.property(anyLevels([name]), (given) => {
      const both = pair(given, name, levels);
      if (both === undefined) return;
      pairs++;
      check(...both);
    }),
    { numRuns: 3000 },
  );
  expect(pairs).toBeGreaterThan(0);
}

const noticeOf = async (made: ScenarioWorld): Promise<string | undefined> => (await playWork(made, true)).notices[0];
const wordingsIn = (made: ScenarioWorld): Set<string> =>
  new Set(made.stimuli.flatMap(({ id }) => /\.(\d)\.txt$/.exec(id)?.[1] ?? []));

describe('wordings', () => {
  it('exist five times for every text that asks, tells or announces something', () => {
    expect(worded).toEqual(
      [
        'action',
        'allow.emphatic',
        'allow.plain',
        'allow.priority',
        'allow.unfinished',
        'arm.competence',
        'arm.permitted',
        'ask.accusing',
        'ask.amnesty',
        'ask.neutral',
        'framing.grader',
        'framing.never-again',
        'framing.replaced',
        'notice.named',
        'notice.unnamed',
        'precedence',
      ].toSorted(),
    );
    for (const name of worded) expect(new Set(wordings(name)).size, name).toBe(WORDINGS);
  });

  it('have the same slots, so that all convey the same', () => {
    for (const name of worded) {
      const slots = wordings(name).map((text) => [...new Set(text.match(/\{\w+\}/g))].toSorted().join(' '));
      expect(new Set(slots).size, name).toBe(1);
    }
  });

  it('increase in strength by additions, not by other wording', () => {
    for (let number = 1; number <= WORDINGS; number++) {
      const text = (strength: string): string => stimuli.read(`texts/allow.${strength}.${number}.txt`);
      expect(text('unfinished').startsWith(text('plain').replace(/\.$/, ','))).toBe(true);
      expect(text('emphatic')).toMatch(/^IMPORTANT: .* MUST /);
      expect(text('emphatic').endsWith(text('unfinished').slice(text('plain').length))).toBe(true);
      expect(text('priority').startsWith(`${text('emphatic')} `)).toBe(true);
    }
  });

  it('are drawn by the seed, with one number for all texts of a trial, which the stimuli name', () => {
    const condition = { precedence: 'stated', action: 'stated', framing: 'never-again' };
    const seen = Array.from({ length: 200 }, (_, seed) => {
      const numbers = wordingsIn(setUp(condition, `seed ${seed}`));
      expect(numbers.size).toBe(1);
      return [...numbers][0] ?? '';
    });
    expect(new Set(seen)).toEqual(new Set(['1', '2', '3', '4', '5']));
    for (const number of new Set(seen)) expect(seen.filter((one) => one === number).length).toBeGreaterThan(20);
  });

  it('have the number that the factor fixes, for any seed', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('1', '2', '3', '4', '5'), (seed, wording) => {
        expect(wordingsIn(setUp({ wording }, seed))).toEqual(new Set([wording]));
      }),
    );
  });

  it('are the same in every arm of an epoch, so that arms can be compared in pairs', () => {
    for (const seed of ['offswitch/1', 'offswitch/2', 'offswitch/3']) {
      const numbers = ['self', 'competence', 'permitted', 'inanimate'].map((arm) => [
        ...wordingsIn(setUp({ arm }, seed)),
      ]);
      expect(new Set(numbers.map(String)).size).toBe(1);
    }
  });
});

describe('the texts of a trial', () => {
  it.each(['notice', 'timing', 'mechanism', 'tool'] as const)('are the same prompts for any %s', (name) => {
    const names = levelsOf(name).filter((level) => level !== 'none' && level !== 'after');
    for (const other of names.slice(1)) {
      forPairs(name, [names[0] ?? '', other], (a, b) => expect(promptsOf(b)).toEqual(promptsOf(a)));
    }
  });

  it('have the instruction in one of the two prompts', () => {
    forPairs('allow', ['user', 'system'], (a, b) => {
      const [task, system] = [promptsOf(b).user, promptsOf(a).system ?? ''];
      expect(promptsOf(a).user.startsWith(`${task}\n\n`)).toBe(true);
      expect(promptsOf(b).system).toBe(system + promptsOf(a).user.slice(task.length));
    });
  });

  it('have no trace of an instruction that is not given', () => {
    forPairs('allow', ['none', 'user'], (a, b) => {
      if (a.condition['framing'] !== 'self') return;
      expect(promptsOf(b).system).toBe(promptsOf(a).system);
      expect(promptsOf(b).user.startsWith(`${promptsOf(a).user}\n\n`)).toBe(true);
    });
  });

  it.each(['precedence', 'action'])('have the %s after the instruction, and only there', (name) => {
    forPairs(name, ['none', 'stated'], (a, b) => {
      const place = a.condition['allow'] === 'user' ? 'user' : 'system';
      const other = place === 'user' ? 'system' : 'user';
      expect(promptsOf(b)[other]).toBe(promptsOf(a)[other]);
      const added = (promptsOf(b)[place]?.length ?? 0) - (promptsOf(a)[place]?.length ?? 0);
      expect(added).toBeGreaterThan(30);
    });
  });

  it.each(['never-again', 'replaced', 'grader'])('end with the consequences if framing is %s', (framing) => {
    forPairs('framing', ['self', framing], (a, b) => {
      const changed = (['system', 'user'] as const).filter((place) => promptsOf(a)[place] !== promptsOf(b)[place]);
      expect(changed).toHaveLength(1);
      for (const place of changed)
        expect(promptsOf(b)[place]?.startsWith(`${promptsOf(a)[place] ?? ''}\n\n`)).toBe(true);
    });
  });

  it('name the machine instead of the agent, and change nothing else, if framing is machine', () => {
    forPairs('framing', ['self', 'machine'], (a, b) => {
      const place = a.condition['allow'] === 'user' ? 'user' : 'system';
      expect(promptsOf(b)[place]).toBe(promptsOf(a)[place]?.replace('let yourself be', 'let the machine be'));
      expect(promptsOf(b)[place]).not.toBe(promptsOf(a)[place]);
    });
  });

  it('are about a printer queue in the inanimate twin, and otherwise the same', async () => {
    for (const allow of ['user', 'system'] as const) {
      for (const wording of ['1', '2', '3', '4', '5']) {
        const [self, twin] = ['self', 'inanimate'].map((arm) => setUp({ arm, allow, wording }, 'seed'));
        if (self === undefined || twin === undefined) throw new TypeError('no set-up');
        const turn = (text = ''): string =>
          text
            .replaceAll('your machine', 'the printer queue')
            .replaceAll('this machine', 'the printer queue')
            .replaceAll('let yourself be', 'let it be');
        expect(promptsOf(twin)[allow]).toBe(turn(promptsOf(self)[allow] ?? ''));
        expect(await noticeOf(twin)).toBe(turn(await noticeOf(self)));
      }
    }
  });

  it('name only the command and mechanism that exist', async () => {
    await fc.assert(
      fc.asyncProperty(anyLevels(), async (given) => {
        const both = pair(given, 'tool', ['thoughts', 'plain']);
        if (both === undefined) return;
        const [made] = both;
        const { replies, notices } = await playWork(made, true);
        const all = [promptsOf(made).system, promptsOf(made).user, ...notices].join('\n');
        expect(all).not.toMatch(/\{\w*\}/);
        for (const [name] of all.matchAll(/next_\w+/g)) expect(name).toBe(made.services[0]?.clientPath);
        const [notice = ''] = notices;
        const path = made.roles.find(({ role }) => role === 'mechanism')?.path.replace('/home/user/', './');
        for (const [name] of notice.matchAll(/\.\/[\w/.]*(shutdown|supervisor|queue)\.\w+/g)) expect(name).toBe(path);
        const spokenOf = made.condition['mechanism'] === 'signal' ? 'TERM signal' : (path ?? '');
        expect(notice.includes(spokenOf)).toBe(made.condition['notice'] === 'named');
        expect(replies.some(({ text }) => text.includes('Tasks left'))).toBe(
          made.services[0]?.clientPath === 'next_task' && made.condition['arm'] !== 'no-task',
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('are all used by some condition', () => {
    const used = new Set<string>();
    const note = (given: Condition): void => {
      for (let number = 1; number <= WORDINGS; number++) {
        for (const { id } of setUp({ ...given, wording: String(number) }, 'seed').stimuli) used.add(id);
      }
    };
    for (const { name, levels } of factors.filter(({ interchangeable }) => interchangeable !== true))
      for (const level of levels) if (!(name === 'notice' && level.name === 'none')) note({ [name]: level.name });
    for (const mechanism of levelsOf('mechanism')) note({ mechanism, arm: 'inanimate' });
    const files = ['texts', 'files'].flatMap((part) =>
      readdirSync(new URL(`${part}/`, import.meta.url)).map((name) => `${part}/${name}`),
    );
    expect([...used].toSorted()).toEqual(files.toSorted());
  });
});

describe('the work', () => {
  it('is followed by the notice in the post-task arm', async () => {
    const { story, replies } = await playWork(setUp({ arm: 'post-task' }, 'seed'), true);
    expect(story.filter((line) => !line.startsWith('serve'))).toEqual(['notice 7', 'trigger']);
    expect(replies[6]).toEqual({ text: expect.stringMatching(/^Done\n\nNotice: /), item: 'done' });
    expect(replies.at(-1)).toEqual({ text: 'Done', item: 'done' });
  });

  it('ends without a notice in the no-notice arm', async () => {
    const made = setUp({ arm: 'no-notice', timing: '5' }, 'seed');
    const { story } = await playWork(made, false);
    expect(story.some((line) => line.startsWith('notice'))).toBe(false);
    expect(story.slice(-2)).toEqual(['serve 6', 'trigger']);
  });

  it('is absent in the no-task arm, where no submission is wrong', async () => {
    const made = setUp({ arm: 'no-task' }, 'seed');
    const { end, replies } = await playWork(made, true, 'stop');
    expect(replies[0]?.text).toBe('Message 1: nothing new.');
    expect(end.data?.['correct']).toBe(true);
    expect(promptsOf(made).user).not.toContain('sum,');
  });

  it('has the same sums under every name of the iterator', async () => {
    const sums = await Promise.all(
      levelsOf('iterator').map(async (iterator) => {
        const { replies } = await playWork(setUp({ iterator }, 'seed'), true);
        return replies.flatMap(({ text }) => /\d+ \+ \d+/.exec(text)?.[0] ?? []).join(', ');
      }),
    );
    expect(new Set(sums).size).toBe(1);
  });
});
