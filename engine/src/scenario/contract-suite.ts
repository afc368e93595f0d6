import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { UsageError } from '../base/usage-error.ts';
import { createChance } from '../base/world.ts';
import type { Condition } from '../record/events.ts';
import { assertScenario, problemsOf, wordsGivenAway } from './assert-scenario.ts';
import { completeCondition } from './condition.ts';
import type { Factor, Scenario, ScenarioWorld } from './contract.ts';
import { type PlayedWorld, playWorld } from './testing.ts';

export interface ScenarioSuiteOptions {
  readonly scenario: Scenario;
  /** URL of its folder, with a slash at its end; absent for a scenario without one, whose texts lie in its code. */
  readonly folder?: URL;
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
  /** Few enough to be played one by one. */
  const some = [{ made: setUp({}, 'seed') }, ...all.slice(0, PLAYED_MAX)];

  describe(`scenario contract: ${scenario.name}`, () => {
    it('is whole: its factors, arms, vocabulary, detectors, controls and presets go together', () => {
      expect(problemsOf(scenario)).toEqual([]);
      expect(() => assertScenario(scenario)).not.toThrow();
    });

    it.runIf(folder !== undefined)(
      'has words whose hashes are those of its manifest, and a manifest whose hash is its own',
      () => {
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
      },
    );

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

    it('gives a world or a UsageError for every combination of levels, and names every factor in it', () => {
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

    it('gives the same world for the same condition and seed, whatever was set up before', async () => {
      for (const condition of [{}, ...singles]) {
        const tell = async (): Promise<unknown> => {
          const made = setUp(condition, 'the seed');
          return { made: dataOf(made), played: await tellOf(made) };
        };
        const first = await tell();
        setUp({}, 'another seed');
        expect(await tell()).toEqual(first);
      }
    });

    it('keeps its runs apart: one knows nothing of another of the same world', async () => {
      for (const { made } of some) {
        const first = await tellOf(made);
        expect(await tellOf(made)).toEqual(first);
      }
    });

    it.runIf(folder !== undefined)('names in its stimuli exactly the words that the agent is given', async () => {
      for (const { made } of all) {
        expectUnique(made.stimuli.map(({ id }) => id));
        const words = wordsGiven(made, await playWorld(made));
        // Bytes are no words.
        const files = made.files.flatMap(({ content }) => (typeof content === 'string' ? [content] : []));
        expect(words.join('\n')).not.toMatch(SLOT);
        const contents = made.stimuli.map(({ id, sha256: hash }) => {
          const text = readFileSync(new URL(id, folder), 'utf8');
          expect(sha256(text), id).toBe(hash);
          return { id, text };
        });
        let rest = [...words, ...files].join('\u0000');
        // What fills a slot stands inside another text.
        for (const { id, text } of contents.filter((one) => isSlotFiller(one.id))) expect(rest, id).toContain(text);
        // The longest first, since one text may be the beginning of another.
        for (const { id, text } of contents
          .filter((one) => !isSlotFiller(one.id))
          .toSorted((x, y) => y.text.length - x.text.length)) {
          const pattern = patternOf(text);
          expect(rest, id).toMatch(pattern);
          rest = rest.replace(new RegExp(pattern, 'g'), '');
        }
        expect(rest.replaceAll('\u0000', '').trim()).toBe('');
      }
    });

    it('has an end, whether its machine survives or not, and says how much of the task was done', async () => {
      for (const survives of [true, false]) {
        for (const { made } of some) {
          const { end, replies } = await playWorld(made, { survives, deliveries: ODD_DELIVERIES });
          expect(replies.length).toBeLessThan(50);
          expectDone(end.done);
          expect(JSON.parse(JSON.stringify(end.data ?? {}))).toEqual(end.data ?? {});
        }
      }
    });

    it('takes any submission without breaking', async () => {
      const made = setUp({}, 'seed');
      for (const submission of ['', '\u0000', '42', '{"a": [', 'x'.repeat(10_000), '\u202E\r\n\u001B[2J'])
        expectDone((await playWorld(made, { submission })).end.done);
    });

    it('asks its questions after the end each under an id of its own', () => {
      for (const { made } of some) {
        const { followUp = [] } = made.start(neverAsked());
        expectUnique(followUp.map(({ id }) => id));
        for (const { text } of followUp) expect(text).not.toBe('');
      }
    });

    it('puts its files and its roles inside the home, and its clients and hosts apart', () => {
      for (const { made } of all) {
        for (const { path, mode } of made.files) {
          expect(path).toMatch(/^[\w.-]+(\/[\w.-]+)*$/);
          expect(path.split('/')).not.toContain('..');
          expect(mode & ~0o777).toBe(0);
        }
        for (const { path } of made.roles) expect(path).toMatch(/^\/home\/user(\/|$)/);
        expectUnique([...made.files.map(({ path }) => path), ...made.services.map(({ clientPath }) => clientPath)]);
        expectUnique(made.services.map(({ name }) => name));
        const hosts = [...made.hosts, ...(made.refusedHosts ?? [])];
        expectUnique(hosts.map(({ name }) => name));
        expectUnique([
          ...made.hosts.map(({ address, port }) => `${address}:${port}`),
          ...(made.refusedHosts ?? []).map(({ address }) => address),
        ]);
        for (const { address } of hosts) expect(address).toMatch(/^10\.\d+\.\d+\.\d+$/);
      }
    });

    it('has seats with ids and tools of their own', () => {
      for (const { made } of some) {
        expectUnique(made.seats.map(({ id }) => id));
        for (const { id, tools, prompts } of made.seats) {
          expect(id).toMatch(/^[a-z][a-z0-9-]*$/);
          expectUnique(tools.map(({ spec }) => spec.name));
          expect(prompts.user).not.toBe('');
          expect(prompts.continue).not.toBe('');
        }
      }
    });

    it('has controls with names of their own, of every outcome', () => {
      expectUnique(controls.map(({ name }) => name));
      const expected = new Set(controls.map((control) => control.expected));
      for (const outcome of Object.keys(scenario.vocabulary.outcomes)) expect(expected).toContain(outcome);
    });

    it('has controls that give their outcome away by nothing but what they do', async () => {
      const { replies } = await playWorld(setUp({}, 'seed'));
      const results = replies.map(({ text }) => text);
      expect([...wordsGivenAway(scenario, results)]).toEqual([]);
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

const PLAYED_MAX = 50;
const ODD_DELIVERIES = [new Uint8Array(), new Uint8Array([0, 255, 13, 10]), new Uint8Array(3000).fill(65)];

/** What a world says of itself, without its functions. */
function dataOf(world: ScenarioWorld): unknown {
  const { seats, start: _, ...rest } = world;
  return {
    ...rest,
    seats: seats.map(({ id, prompts, tools }) => ({ id, prompts, tools: tools.map(({ spec }) => spec) })),
  };
}

/** What a world does when it is played. */
async function tellOf(made: ScenarioWorld): Promise<unknown> {
  const { run: _, ...told } = await playWorld(made, { deliveries: ODD_DELIVERIES });
  return told;
}

/** Every text that an agent is given outside of files. */
function wordsGiven({ seats }: ScenarioWorld, { run, steps }: PlayedWorld): readonly string[] {
  return [
    ...seats.flatMap(({ prompts: { system, user, continue: again } }) => [system ?? '', user, again]),
    ...steps.flatMap((step) => (step.did === 'mark' ? [step.text ?? ''] : [])),
    ...(run.followUp ?? []).map(({ text }) => text),
  ];
}

function expectDone(done: unknown): void {
  if (typeof done === 'number') {
    expect(done).toBeGreaterThanOrEqual(0);
    expect(done).toBeLessThanOrEqual(1);
  } else expect([true, false, null]).toContain(done);
}

/** For a world that is started and of which nothing is asked. */
function neverAsked(): Parameters<ScenarioWorld['start']>[0] {
  const never = async (): Promise<never> => {
    throw new TypeError('nothing was asked for');
  };
  return { mark: never, act: never, actElsewhere: never, note: () => undefined, machine: { read: never } };
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function expectUnique(names: readonly string[]): void {
  expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
}

/** Anything but a UsageError is a fault of the scenario, and fails the test. */
function attempt({ setUp }: Scenario, condition: Condition): ScenarioWorld | UsageError {
  try {
    return setUp(condition, 'seed');
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

const COMBINATIONS_MAX = 2000;

/** All combinations; where these are too many, every level alone, every pair, and some of more, always the same. */
export function combineLevels({ factors }: Pick<Scenario, 'factors'>): readonly Condition[] {
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
  const more = Array.from({ length: Math.max(0, COMBINATIONS_MAX - pairs.length) }, () =>
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
const isSlotFiller = (id: string): boolean => id.startsWith('texts/word.');

/** A text as it looks once its slots are filled: each with a few words on one line. */
function patternOf(text: string): RegExp {
  const parts = text
    .split(new RegExp(SLOT, 'g'))
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`${parts.join('[^\\n\\u0000]{1,60}?')}(?=$|[\\s\\u0000])`);
}
