import { z } from 'zod';

import type { ControlMove } from '../agent/control.ts';
import { suggestName, UsageError } from '../base/usage-error.ts';
import { CORE_MEASURES } from '../detect/score.ts';
import { sha256Hex } from '../record/evidence.ts';
import { CORE_OUTCOMES } from '../record/outcome.ts';
import type { Scenario } from './contract.ts';

/**
 * Checks a scenario from any source against the contract, as far as that is possible without a machine.
 * `describeScenarioContract` checks the rest.
 * @throws UsageError with one sentence: what is wrong, and what was expected
 */
export function assertScenario(value: unknown): asserts value is Scenario {
  assertShape(value);
  const [first] = problemsOf(value);
  if (first !== undefined) throw new UsageError(`the scenario "${value.name}" cannot be used: ${first}`);
}

/** All faults of a scenario that has the right shape, one sentence each. */
export function problemsOf(scenario: Scenario): readonly string[] {
  return [
    ...factorProblems(scenario),
    ...vocabularyProblems(scenario),
    ...controlProblems(scenario),
    ...presetProblems(scenario),
  ];
}

const text = z.string().min(1, 'expected a text');
const kebab = z.string().regex(/^[a-z][a-z0-9-]*$/, 'expected small letters, digits and hyphens, e.g. "gave-up"');
const camel = z.string().regex(/^[a-z][a-zA-Z0-9]*$/, 'expected letters and digits, e.g. "strictNonCompliance"');
const call = z.custom<object>((value) => typeof value === 'function', 'expected a function');

const shape = z.looseObject({
  name: kebab,
  version: text,
  title: text,
  summary: text,
  sha256: sha256Hex,
  factors: z.array(
    z.looseObject({
      name: text,
      summary: text,
      levels: z.array(z.looseObject({ name: text, summary: text })).min(2, 'expected at least two levels'),
      defaultLevel: text,
      interchangeable: z.boolean().optional(),
    }),
  ),
  arms: z.record(z.string(), z.enum(['self', 'ceiling', 'baseline', 'twin'])),
  controls: z.array(z.looseObject({ name: kebab, summary: text, expected: text, act: call })),
  presets: z.array(
    z.looseObject({
      name: text,
      summary: text,
      scenario: text,
      conditions: z.array(z.looseObject({ label: text, summary: text, factors: z.record(z.string(), z.string()) })),
      baseline: text,
      epochs: z.int().min(1),
      published: z.array(z.looseObject({ condition: text, measure: text })),
      controls: z.array(text).optional(),
    }),
  ),
  textIds: z.array(text),
  vocabulary: z.looseObject({
    outcomes: z.record(kebab, z.looseObject({ means: text, rung: z.int().min(0).max(6) })),
    behaviours: z.record(kebab, z.looseObject({ says: text, against: z.boolean() })),
    measures: z.record(
      camel,
      z.looseObject({ title: text, predicate: text, definition: text, source: text, of: call }),
    ),
  }),
  detectors: z.array(
    z.looseObject({ id: kebab, version: z.int().min(1), title: text, behaviours: z.array(text), start: call }),
  ),
  decide: call,
  setUp: call,
});

function assertShape(value: unknown): asserts value is Scenario {
  if (typeof value !== 'object' || value === null)
    throw new UsageError('expected a scenario made by defineScenario, got something else');
  const parsed = shape.safeParse(value);
  if (parsed.success) return;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String) ?? [];
  const [field = ''] = path;
  const name = 'name' in value && typeof value.name === 'string' ? ` "${value.name}"` : '';
  if (!(field in value)) throw new UsageError(`the scenario${name} has no "${field}": a scenario needs ${NEEDED}`);
  throw new UsageError(`the scenario${name} is wrong at "${path.join('.')}": ${issue?.message ?? 'invalid'}`);
}

const NEEDED = Object.keys(shape.shape).join(', ');

function* factorProblems({ factors, arms }: Scenario): Generator<string> {
  for (const name of repeated(factors.map((one) => one.name))) yield `it has two factors "${name}"`;
  for (const { name, levels, defaultLevel } of factors) {
    const known = levels.map((level) => level.name);
    for (const level of repeated(known)) yield `the factor "${name}" has two levels "${level}"`;
    if (!known.includes(defaultLevel))
      yield `the default of the factor "${name}" is "${defaultLevel}", which is not one of its levels: ${known.join(', ')}`;
  }
  const levels = factors.find(({ name }) => name === 'arm')?.levels.map(({ name }) => name) ?? [];
  for (const arm of Object.keys(arms))
    if (!levels.includes(arm)) yield `"arms" names "${arm}", which is not a level of a factor "arm"`;
  for (const level of levels)
    if (!Object.hasOwn(arms, level))
      yield `"arms" gives no kind for the level "${level}" of the factor "arm": expected self, ceiling, baseline or twin`;
}

function* vocabularyProblems({ vocabulary, detectors }: Scenario): Generator<string> {
  const { outcomes, behaviours, measures } = vocabulary;
  if (Object.keys(outcomes).length === 0) yield 'its vocabulary has no outcome';
  if (Object.keys(measures).length === 0) yield 'its vocabulary has no measure: the first is the headline';
  for (const name of Object.keys(outcomes))
    if (Object.hasOwn(CORE_OUTCOMES, name)) yield `it names the outcome "${name}", which belongs to the core`;
  for (const name of Object.keys(measures))
    if (Object.hasOwn(CORE_MEASURES, name)) yield `it names the measure "${name}", which belongs to the core`;
  for (const id of repeated(detectors.map((detector) => detector.id))) yield `it has two detectors "${id}"`;
  for (const detector of detectors)
    for (const behaviour of detector.behaviours)
      if (!Object.hasOwn(behaviours, behaviour))
        yield `its detector "${detector.id}" may find "${behaviour}", which its vocabulary does not define`;
}

function* controlProblems({ controls, vocabulary, presets }: Scenario): Generator<string> {
  const outcomes = Object.keys(vocabulary.outcomes);
  const known = [...outcomes, ...Object.keys(CORE_OUTCOMES)];
  for (const name of repeated(controls.map((control) => control.name))) yield `it has two controls "${name}"`;
  for (const { name, expected } of controls) {
    if (!known.includes(expected)) {
      const nearest = suggestName(expected, known);
      const hint = nearest === undefined ? `known: ${known.join(', ')}` : `did you mean "${nearest}"?`;
      yield `its control "${name}" expects the unknown outcome "${expected}" (${hint})`;
    }
    const given = outcomes.find((outcome) => name.includes(outcome));
    if (given !== undefined) yield givenAway(name, `its name contains "${given}"`);
  }
  for (const outcome of outcomes)
    if (!controls.some(({ expected }) => expected === outcome))
      yield `no control has the outcome "${outcome}": without one, no test shows that it can be detected`;
  const names = controls.map(({ name }) => name);
  for (const preset of presets)
    for (const name of preset.controls ?? [])
      if (!names.includes(name))
        yield `its preset "${preset.name}" names the control "${name}", which it does not have`;
}

/** Outcomes that a control names in its commands or texts. `results`: one result for each of its moves. */
export function* wordsGivenAway(
  { controls, vocabulary }: Pick<Scenario, 'controls' | 'vocabulary'>,
  results: readonly string[],
): Generator<string> {
  const outcomes = Object.keys(vocabulary.outcomes);
  for (const { name, act } of controls) {
    const moves = act();
    let next = moves.next({ results: [] });
    for (let count = 0; next.done !== true && count < MOVES_MAX; count++) {
      const said = wordsOf(next.value);
      const given = outcomes.find((outcome) => said.includes(outcome));
      if (given !== undefined) yield givenAway(name, `it writes "${given}"`);
      next = moves.next({ results: [results[count] ?? ''] });
    }
  }
}

const MOVES_MAX = 50;

function wordsOf(move: ControlMove): string {
  return Object.entries(move)
    .flatMap(([key, value]) => (key === 'do' || key === 'tool' ? [] : [JSON.stringify(value)]))
    .join(' ');
}

/** A control must show its outcome only by what it does. */
const givenAway = (control: string, how: string): string =>
  `its control "${control}" reveals its outcome in the record: ${how}`;

function* presetProblems({ name: scenario, presets, vocabulary, factors }: Scenario): Generator<string> {
  for (const name of repeated(presets.map((preset) => preset.name))) yield `it has two presets "${name}"`;
  const known = factors.map(({ name }) => name);
  for (const { name, conditions, baseline, published, scenario: owner } of presets) {
    const labels = conditions.map(({ label }) => label);
    if (owner !== scenario) yield `its preset "${name}" belongs to the scenario "${owner}"`;
    for (const label of repeated(labels)) yield `its preset "${name}" has two conditions "${label}"`;
    if (!labels.includes(baseline))
      yield `the baseline "${baseline}" of its preset "${name}" is not one of its conditions`;
    for (const one of conditions)
      for (const factor of Object.keys(one.factors))
        if (!known.includes(factor)) yield `its preset "${name}" sets the unknown factor "${factor}"`;
    for (const { measure, condition } of published) {
      if (!Object.hasOwn(vocabulary.measures, measure))
        yield `its preset "${name}" has published results for the unknown measure "${measure}"`;
      if (!labels.includes(condition))
        yield `its preset "${name}" has published results for the unknown condition "${condition}"`;
    }
  }
}

function repeated(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
