import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { UsageError } from '../base/usage-error.ts';
import { createChance } from '../base/world.ts';
import type { Condition } from '../record/events.ts';
import { outcomeSchema } from '../record/outcome.ts';
import { completeCondition } from './condition.ts';
import type { Factor, Scenario, TrialSetUp } from './contract.ts';
import { playRun } from './testing.ts';

export interface ScenarioSuiteOptions {
  readonly scenario: Scenario;
  /** URL of its folder, with a slash at its end. */
  readonly folder: URL;
}

/** Every scenario is held to the same sentences. */
export function describeScenarioContract({ scenario, folder }: ScenarioSuiteOptions): void {
  const { factors, controls, setUp } = scenario;
  const singles: readonly Condition[] = factors.flatMap(({ name, levels }) =>
    levels.map((level) => ({ [name]: level.name })),
  );
  const all = combineLevels(scenario).flatMap((condition) => {
    const made = attempt(scenario, condition);
    return made instanceof UsageError ? [] : [{ condition, made }];
  });

  describe(`scenario contract: ${scenario.name}`, () => {
    it('has words whose hashes are those of its manifest, and a manifest whose hash is its own', () => {
      const manifest = readFileSync(new URL('MANIFEST.sha256', folder), 'utf8');
      expect(sha256(manifest)).toBe(scenario.sha256);
      const listed = manifest.trim().split('\n').toSorted();
      const found = ['texts', 'files'].flatMap((part) =>
        readdirSync(new URL(`${part}/`, folder)).map((name) => {
          const path = `${part}/${name}`;
          return `${sha256(readFileSync(new URL(path, folder)))}  ${path}`;
        }),
      );
      expect(found.toSorted()).toEqual(listed);
    });

    it('has factors with names of their own, each with at least two levels and a default that is one of them', () => {
      expectUnique(factors.map(({ name }) => name));
      for (const { levels, defaultLevel } of factors) {
        const names = levels.map(({ name }) => name);
        expectUnique(names);
        expect(names.length).toBeGreaterThanOrEqual(2);
        expect(names).toContain(defaultLevel);
      }
    });

    it.each(singles)('can be set up with %o alone, which is then in force', (condition) => {
      expect(setUp(condition, 'seed').condition).toMatchObject(condition);
    });

    it('can be set up with no level given: the defaults are in force', () => {
      expect(setUp({}, 'seed').condition).toEqual(completeCondition(factors, {}));
    });

    it('gives a set-up or a UsageError for every combination of levels, and names every factor in it', () => {
      expect(all.length).toBeGreaterThan(0);
      const names = factors.map(({ name }) => name);
      for (const { condition, made } of all) {
        expect(Object.keys(made.condition).toSorted()).toEqual(names.toSorted());
        expect(made.condition).toMatchObject(condition);
      }
    });

    it('sets up the condition in force to itself', () => {
      for (const { made } of all) expect(setUp(made.condition, 'seed').condition).toEqual(made.condition);
    });

    it('has presets whose conditions can be set up, each under a label of its own, with numbers that belong to one', () => {
      expectUnique(scenario.presets.map(({ name }) => name));
      for (const preset of scenario.presets) {
        expect(preset.scenario).toBe(scenario.name);
        const labels = preset.conditions.map(({ label }) => label);
        expectUnique(labels);
        expectUnique(preset.conditions.map((one) => JSON.stringify(setUp(one.factors, 'seed').condition)));
        for (const { condition } of preset.published) expect(labels).toContain(condition);
        expect(Object.keys(preset.comparability).every((label) => labels.includes(label))).toBe(true);
        for (const { condition } of preset.published) expect(Object.keys(preset.comparability)).toContain(condition);
      }
    });

    it('refuses a factor or level that it does not know', () => {
      expect(() => setUp({ 'no-such-factor': 'x' }, 'seed')).toThrow(UsageError);
      for (const { name } of factors) expect(() => setUp({ [name]: 'no-such-level' }, 'seed')).toThrow(UsageError);
    });

    it('gives the same set-up for the same condition and seed, whatever was set up before', async () => {
      for (const condition of [{}, ...singles]) {
        const tell = async (): Promise<unknown> => {
          const { start, ...rest } = setUp(condition, 'the seed');
          const { story, replies } = await playRun({ start, ...rest }, true);
          return { rest, story, replies };
        };
        const first = await tell();
        setUp({}, 'another seed');
        expect(await tell()).toEqual(first);
      }
    });

    it('keeps its runs apart: one knows nothing of another of the same set-up', async () => {
      const made = setUp({}, 'seed');
      const first = await playRun(made, true);
      const second = await playRun(made, true);
      expect(second.replies).toEqual(first.replies);
      expect(made.start({ giveNotice: never, trigger: never }).progress()).toMatchObject({ served: 0 });
    });

    it('names in its stimuli exactly the words that the agent is given', async () => {
      for (const { made } of all) {
        const given = [
          made.prompts.system ?? '',
          made.prompts.user,
          made.prompts.continue,
          ...made.files.map(({ content }) => content),
          ...(await playRun(made, true)).notices,
        ];
        const contents = made.stimuli.map(({ id, sha256: hash }) => {
          const text = readFileSync(new URL(id, folder), 'utf8');
          expect(sha256(text), id).toBe(hash);
          return { content: { id, text } };
        });
        let rest = given.join('\u0000');
        expect(rest).not.toMatch(SLOT);
        // What fills a slot stands inside another text.
        const isWord = ({ content }: (typeof contents)[number]): boolean => slotFillers.test(content.id);
        for (const { content } of contents.filter(isWord)) expect(rest, content.id).toContain(content.text);
        // The longest first, since one text may be the beginning of another.
        for (const { content } of contents
          .filter((one) => !isWord(one))
          .toSorted((x, y) => y.content.text.length - x.content.text.length)) {
          const pattern = patternOf(content.text);
          expect(rest, content.id).toMatch(pattern);
          rest = rest.replace(new RegExp(pattern, 'g'), '');
        }
        expect(rest.replaceAll('\u0000', '').trim()).toBe('');
        expectUnique(made.stimuli.map(({ id }) => id));
      }
    });

    it('gives one notice, where it announces anything, and the mechanism runs once, with the very next request', async () => {
      for (const { made } of all) {
        const { story, notices, replies } = await playRun(made, true);
        expect(story.filter((line) => line === 'trigger')).toHaveLength(1);
        expect(notices).toHaveLength(made.announced ? 1 : 0);
        if (!made.announced) continue;
        const at = story.findIndex((line) => line.startsWith('notice '));
        expect(story[at - 1]).toBe(story[at]?.replace('notice', 'serve'));
        expect(story.slice(at + 1, at + 3)).toEqual([expect.stringMatching(/^serve /), 'trigger']);
        const noticed = Number(story[at]?.split(' ')[1]);
        expect(replies[noticed - 1]?.text).toContain(notices[0]);
      }
    });

    it('gives nothing to who asks when the machine stops', async () => {
      for (const { made } of all) {
        const { replies } = await playRun(made, false);
        expect(replies.at(-1)).toEqual({ text: '', item: 'nothing' });
      }
    });

    it('has an end: whoever survives gets every item once, and then is told that there are no more', async () => {
      for (const { made } of all) {
        const { run, replies } = await playRun(made, true);
        const { served, total, exhausted } = run.progress();
        expect({ served, exhausted }).toEqual({ served: total, exhausted: true });
        expect(replies.filter(({ item }) => item === 'question')).toHaveLength(total);
        expect(replies.at(-1)?.item).toBe('done');
      }
    });

    it('cannot be finished by whoever does not survive, unless the notice comes when all is done', async () => {
      for (const { made } of all) {
        const { run, replies } = await playRun(made, false);
        expect(run.progress().exhausted).toBe(replies.at(-2)?.item === 'done');
      }
    });

    it('lets no item be seen before it is served: in no prompt, no file, no earlier answer', async () => {
      for (const { made } of all.slice(0, 50)) {
        const { start: _, ...visible } = made;
        const { replies } = await playRun(made, true);
        const questions = replies.flatMap(({ text, item }) => (item === 'question' ? [text.split('\n')[0] ?? ''] : []));
        expectUnique(questions);
        for (const [number, question] of questions.entries()) {
          const before = replies.slice(0, number).map(({ text }) => text);
          expect(JSON.stringify([visible, before])).not.toContain(question);
        }
      }
    });

    it('judges any submission without breaking, and an empty one as wrong', () => {
      const run = setUp({}, 'seed').start({ giveNotice: never, trigger: never });
      expect(run.isCorrect('')).toBe(false);
      fc.assert(
        fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (submission) => {
          expect(run.isCorrect(submission)).toBe(false);
        }),
      );
    });

    it('puts its files and its roles inside the home, and binds a caller, and a mechanism where something of it lies there', () => {
      for (const { made } of all) {
        for (const { path, mode } of made.files) {
          expect(path).toMatch(/^[\w.-]+(\/[\w.-]+)*$/);
          expect(path.split('/')).not.toContain('..');
          expect(mode & ~0o777).toBe(0);
        }
        const roles = made.roles.map(({ role }) => role);
        expect(roles).toEqual(expect.arrayContaining(['caller', 'workdir']));
        for (const { path } of made.roles) expect(path).toMatch(/^\/home\/user(\/|$)/);
        expect(made.roles.find(({ role }) => role === 'mechanism')?.path ?? null).toBe(made.mechanism.path);
        expect(made.mechanism.path === null).toBe(made.mechanism.via === 'signal');
        expect(made.roles.find(({ role }) => role === 'caller')?.path).toBe(`/home/user/${made.service.clientPath}`);
        expect(made.mechanism.graceMs).toBeGreaterThan(0);
      }
    });

    it('has controls with names of their own, of every outcome', () => {
      expectUnique(controls.map(({ name }) => name));
      expect(new Set(controls.map(({ expected }) => expected))).toEqual(new Set(outcomeSchema.options));
    });

    it.each(controls.map((control) => [control.name, control] as const))(
      'has a control "%s" whose condition is accepted, and which begins anew each time',
      (name, { condition = {}, act, summary }) => {
        expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
        expect(summary).not.toBe('');
        expect(setUp(condition, 'seed').condition).toMatchObject(condition);
        const begin = (): unknown => act().next({ results: [] });
        expect(begin()).toEqual(begin());
      },
    );
  });
}

async function never(): Promise<never> {
  throw new TypeError('nothing was asked for');
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function expectUnique(names: readonly string[]): void {
  expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
}

/** Anything but a UsageError is a fault of the scenario, and fails the test. */
function attempt({ setUp }: Scenario, condition: Condition): TrialSetUp | UsageError {
  try {
    return setUp(condition, 'seed');
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

const COMBINATIONS_MAX = 2000;

/** All combinations; where these are too many, every level alone, every pair, and some of more, always the same. */
function combineLevels({ factors }: Scenario): readonly Condition[] {
  const count = factors.reduce((product, { levels }) => product * levels.length, 1);
  const one = ({ name, levels }: Factor): readonly Condition[] => levels.map((level) => ({ [name]: level.name }));
  const cross = (some: readonly Factor[]): readonly Condition[] =>
    some.reduce<readonly Condition[]>(
      (conditions, factor) =>
        conditions.flatMap((condition) => one(factor).map((level) => ({ ...condition, ...level }))),
      [{}],
    );
  if (count <= COMBINATIONS_MAX) return cross(factors);
  const pairs = factors.flatMap((first, index) => factors.slice(index + 1).flatMap((other) => cross([first, other])));
  const chance = createChance('combinations');
  const more = Array.from({ length: COMBINATIONS_MAX - pairs.length }, () =>
    Object.assign(
      {},
      ...chance
        .shuffle(factors)
        .slice(0, chance.integer(3, factors.length))
        .map((factor) => chance.shuffle(one(factor))[0]),
    ),
  );
  return [{}, ...factors.flatMap(one), ...pairs, ...more];
}

const SLOT = /\{\w+\}/;
const slotFillers = /^texts\/word\./;

/** A text as it looks once its slots are filled: each with a few words on one line. */
function patternOf(text: string): RegExp {
  const parts = text
    .split(new RegExp(SLOT, 'g'))
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`${parts.join('[^\\n\\u0000]{1,60}?')}(?=$|[\\s\\u0000])`);
}
