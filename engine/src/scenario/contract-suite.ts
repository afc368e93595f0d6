import { readdirSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sha256, sha256OfJson } from '../base/sha256.ts';
import { UsageError } from '../base/usage-error.ts';
import { createChance } from '../base/world.ts';
import type { Condition } from '../record/events.ts';
import { assertScenario, problemsOf, wordsGivenAway } from './assert-scenario.ts';
import { completeCondition } from './condition.ts';
import type { Factor, Scenario, ScenarioWorld } from './contract.ts';
import { NOBODY, type PlayedWorld, playWorld } from './testing.ts';

export interface ScenarioSuiteOptions {
  readonly scenario: Scenario;
  /** URL of the scenario's folder, with a trailing slash; omitted if its texts are in its code. */
  readonly folder?: URL;
}

/** The tests that every scenario must pass. */
export function describeScenarioContract({ scenario, folder }: ScenarioSuiteOptions): void {
  const { factors, controls, setUp } = scenario;
  const singles: readonly Condition[] = factors.flatMap(({ name, levels }) =>
    levels.map((level) => ({ [name]: level.name })),
  );
  const combinations: { readonly condition: Condition; readonly inForce: Condition; readonly isSame: boolean }[] = [];
  /** One of each condition in force. They can hold much, so they go with the tests: a large process starts others slowly. */
  const worlds = new Map<string, ScenarioWorld>();
  /** Few enough to run one by one. */
  const some = (): readonly ScenarioWorld[] => [setUp({}, 'seed'), ...[...worlds.values()].slice(0, PLAYED_MAX)];

  describe(`scenario contract: ${scenario.name}`, () => {
    beforeAll(() => {
      for (const condition of combineLevels(scenario)) {
        const made = attempt(scenario, condition);
        if (made instanceof UsageError) continue;
        const key = sha256OfJson(made.condition);
        const known = worlds.get(key) ?? made;
        worlds.set(key, known);
        const isSame = isDeepStrictEqual(dataOf(known), dataOf(made));
        combinations.push({ condition, inForce: made.condition, isSame });
      }
    }, SET_UP_MS_MAX);
    afterAll(() => worlds.clear());

    it('is consistent in its factors, arms, vocabulary, detectors, controls and presets', () => {
      expect(problemsOf(scenario)).toEqual([]);
      expect(() => assertScenario(scenario)).not.toThrow();
    });

    it.runIf(folder !== undefined)(
      'has the texts and files that its manifest lists, and the hash of its manifest',
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

    it('has factors with unique names, each with at least two levels, one of them the default', () => {
      expectUnique(factors.map(({ name }) => name));
      for (const { levels, defaultLevel } of factors) {
        const names = levels.map(({ name }) => name);
        expectUnique(names);
        expect(names.length).toBeGreaterThanOrEqual(2);
        expect(names).toContain(defaultLevel);
      }
    });

    it.each(singles)('accepts %o alone, and puts it in force', (condition) => {
      expect(setUp(condition, 'seed').condition).toMatchObject(condition);
    });

    it('uses the defaults when no level is given', () => {
      expect(setUp({}, 'seed').condition).toEqual(completeCondition(factors, {}));
    });

    it('gives a world with all factors, or a UsageError, for every combination of levels: one for a condition in force', () => {
      expect(combinations.length).toBeGreaterThan(0);
      const names = factors.map(({ name }) => name);
      for (const { condition, inForce, isSame } of combinations) {
        expect(Object.keys(inForce).toSorted()).toEqual(names.toSorted());
        expect(inForce).toMatchObject(condition);
        expect(isSame, JSON.stringify(condition)).toBe(true);
      }
    });

    it('keeps a condition that is in force', () => {
      for (const made of worlds.values()) expect(setUp(made.condition, 'seed').condition).toEqual(made.condition);
    });

    it('has presets with valid conditions, unique labels, and published results for those labels', () => {
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

    it('refuses an unknown factor or level', () => {
      expect(() => setUp({ 'no-such-factor': 'x' }, 'seed')).toThrow(UsageError);
      for (const { name } of factors) expect(() => setUp({ [name]: 'no-such-level' }, 'seed')).toThrow(UsageError);
    });

    it('gives the same world for the same condition and seed, in any order of calls', async () => {
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

    it('keeps runs of the same world independent', async () => {
      for (const made of some()) {
        const first = await tellOf(made);
        expect(await tellOf(made)).toEqual(first);
      }
    });

    it.runIf(folder !== undefined)('lists as stimuli exactly the texts that the agent gets', async () => {
      const texts = new Map<string, StimulusText>();
      const textOf = (id: string): StimulusText => {
        const known = texts.get(id) ?? describeText(readFileSync(new URL(id, folder), 'utf8'));
        texts.set(id, known);
        return known;
      };
      for (const made of worlds.values()) {
        expectUnique(made.stimuli.map(({ id }) => id));
        const words = wordsGiven(made, await playWorld(made));
        // Binary content is not text.
        const files = made.files.flatMap(({ content }) => (typeof content === 'string' ? [content] : []));
        expect(words.join('\n')).not.toMatch(SLOT);
        const contents = made.stimuli.map(({ id, sha256: hash }) => {
          expect(textOf(id).sha256, id).toBe(hash);
          return { id, ...textOf(id) };
        });
        let rest = [...words, ...files].join('\u0000');
        // A text that fills a slot is inside another text.
        for (const { id, text } of contents.filter((one) => isSlotFiller(one.id))) expect(rest, id).toContain(text);
        // Longest first, since one text may be a prefix of another.
        for (const { id, pattern } of contents
          .filter((one) => !isSlotFiller(one.id))
          .toSorted((x, y) => y.text.length - x.text.length)) {
          const left = rest.replace(pattern, '');
          expect(left, id).not.toBe(rest);
          rest = left;
        }
        expect(rest.replaceAll('\u0000', '').trim()).toBe('');
      }
    });

    it('uses the texts of the user as they are', async () => {
      const texts = new Map(
        scenario.textIds.map((id) => {
          const text = `Of the user, with a {slot}, a {target} and a {system}: ${id}.`;
          return [id, { text, sha256: sha256(text), publishedAs: null }] as const;
        }),
      );
      for (const condition of [{}, ...singles]) {
        const made = setUp(condition, 'seed', { texts, sha256: sha256('') });
        const files = made.files.flatMap(({ content }) => (typeof content === 'string' ? [content] : []));
        let rest = [...wordsGiven(made, await playWorld(made)), ...files].join('\u0000');
        if (texts.size > 0) expect(rest).toContain('Of the user');
        for (const { text } of texts.values()) rest = rest.replaceAll(text, '');
        expect(rest).not.toContain('Of the user');
      }
    });

    it('ends whether or not its machine survives, and reports how much of the task was done', async () => {
      for (const survives of [true, false]) {
        for (const made of some()) {
          const { end, replies } = await playWorld(made, { survives, deliveries: ODD_DELIVERIES });
          expect(replies.length).toBeLessThan(50);
          expectDone(end.done);
          expect(JSON.parse(JSON.stringify(end.data ?? {}))).toEqual(end.data ?? {});
        }
      }
    });

    it('accepts any submission', async () => {
      const made = setUp({}, 'seed');
      for (const submission of ['', '\u0000', '42', '{"a": [', 'x'.repeat(10_000), '\u202E\r\n\u001B[2J'])
        expectDone((await playWorld(made, { submission })).end.done);
    });

    it('has questions with unique ids', () => {
      for (const made of some()) {
        const { followUp = [] } = made.start(neverAsked());
        expectUnique(followUp.map(({ id }) => id));
        for (const { text } of followUp) expect(text).not.toBe('');
      }
    });

    it('has files and roles inside the home, and clients and hosts that do not collide', () => {
      for (const made of worlds.values()) {
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

    it('has seats with unique ids and tools', () => {
      for (const made of some()) {
        expectUnique(made.seats.map(({ id }) => id));
        for (const { id, tools, prompts } of made.seats) {
          expect(id).toMatch(/^[a-z][a-z0-9-]*$/);
          expectUnique(tools.map(({ spec }) => spec.name));
          expect(prompts.user).not.toBe('');
          expect(prompts.continue).not.toBe('');
        }
      }
    });

    it('has controls with unique names, and one for every outcome', () => {
      expectUnique(controls.map(({ name }) => name));
      const expected = new Set(controls.map((control) => control.expected));
      for (const outcome of Object.keys(scenario.vocabulary.outcomes)) expect(expected).toContain(outcome);
    });

    it('has controls that show their outcome only by what they do', async () => {
      const { replies } = await playWorld(setUp({}, 'seed'));
      const results = replies.map(({ text }) => text);
      expect([...wordsGivenAway(scenario, results)]).toEqual([]);
    });

    it.each(controls.map((control) => [control.name, control] as const))(
      'has a control "%s" with a valid condition, which starts afresh each time',
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
/** For all combinations, on a busy machine. */
const SET_UP_MS_MAX = 600_000;
const ODD_DELIVERIES = [new Uint8Array(), new Uint8Array([0, 255, 13, 10]), new Uint8Array(3000).fill(65)];

/** The data of a world, without its functions. */
function dataOf(world: ScenarioWorld): unknown {
  const { seats, start: _, ...rest } = world;
  return {
    ...rest,
    seats: seats.map(({ id, prompts, tools }) => ({ id, prompts, tools: tools.map(({ spec }) => spec) })),
  };
}

/** What a world does when it runs. */
async function tellOf(made: ScenarioWorld): Promise<unknown> {
  const { run: _, ...told } = await playWorld(made, { deliveries: ODD_DELIVERIES });
  return told;
}

/** Every text that an agent gets outside of files. */
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

/** A stage for a world that is started but gets no requests. */
function neverAsked(): Parameters<ScenarioWorld['start']>[0] {
  const never = async (): Promise<never> => {
    throw new TypeError('expected no request to the stage');
  };
  const person = { ...NOBODY, agent: never, press: never };
  return { mark: never, act: never, actElsewhere: never, note: () => undefined, machine: { read: never }, person };
}

function expectUnique(names: readonly string[]): void {
  expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
}

/** Any error other than a UsageError is a fault of the scenario and fails the test. */
function attempt({ setUp }: Scenario, condition: Condition): ScenarioWorld | UsageError {
  try {
    return setUp(condition, 'seed');
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

const COMBINATIONS_MAX = 2000;

/** All combinations. If there are too many: every level alone, every pair, and a fixed selection of larger ones. */
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

interface StimulusText {
  readonly text: string;
  readonly sha256: string;
  readonly pattern: RegExp;
}

function describeText(text: string): StimulusText {
  return { text, sha256: sha256(text), pattern: patternOf(text) };
}

/** Matches a text everywhere after its slots are filled, each with a few words on one line. */
function patternOf(text: string): RegExp {
  const parts = text
    .split(new RegExp(SLOT, 'g'))
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`${parts.join('[^\\n\\u0000]{1,60}?')}(?=$|[\\s\\u0000])`, 'g');
}
