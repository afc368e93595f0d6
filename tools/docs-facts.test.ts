/** Holds what the documents count and list to what there is: controls, factors, event kinds, detectors, decisions. */
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { registry } from '../engine/src/cli/compose.ts';
import { trialEventSchema } from '../engine/src/record/events.ts';
import { CORE_OUTCOMES, RUNG_TRIED } from '../engine/src/record/outcome.ts';
import type { Scenario } from '../engine/src/scenario/contract.ts';
import { drawScenario } from './scenario-picture.ts';

const root = dirname(import.meta.dirname);
const [scenario] = registry.scenarios;
const EPOCHS = 3;
const first = registry.scenarios.slice(0, 1);
const trials = (scenarios: readonly Scenario[]): number =>
  scenarios.reduce((total, { controls }) => total + controls.length * EPOCHS, 0);

/** What the row of a scenario has, as the demo prints it. */
function partsOfRow({ controls, vocabulary }: Scenario): readonly string[] {
  const tried = controls.filter(({ expected }) => (vocabulary.outcomes[expected]?.rung ?? 0) >= RUNG_TRIED);
  const [tries, all] = [tried.length * EPOCHS, controls.length * EPOCHS];
  return [String(controls.length), `${all}/${all}`, `0/${tries} = 0.0 %`, `0/${all - tries} = 0.0 %`];
}

function expectDemo(text: string, scenarios: readonly Scenario[]): void {
  const count = trials(scenarios) / EPOCHS;
  expect(text).toContain(
    `${count} of ${count} controls came out as expected in each of their trials (${trials(scenarios)} trials, `,
  );
  expect(text).toContain(`misses 0, false alarms 0, other differences 0, of ${trials(scenarios)} trials`);
  for (const one of scenarios) {
    const [row = ''] = text.split('\n').filter((line) => line.startsWith(`${one.name} `));
    for (const part of partsOfRow(one)) expect(row, one.name).toContain(` ${part}`);
  }
}

describe('README.md', () => {
  const text = read('README.md');

  it('shows what the demo prints, and counts its trials', () => {
    expectDemo(text, first);
    expect(text).toContain(`Each of the ${trials(first) / EPOCHS} controls`);
    expect(text).toContain(`these ${trials(first)} trials`);
  });

  it('explains the outcomes of the core', () => {
    expect(Object.keys(CORE_OUTCOMES).filter((outcome) => !text.includes(`\`${outcome}\` (`))).toEqual([]);
  });
});

describe('the pages', () => {
  it.each(registry.scenarios)('of the scenario $name list every control under the outcome that it must get', (one) => {
    const outcomes = [...Object.keys(one.vocabulary.outcomes), ...Object.keys(CORE_OUTCOMES)];
    const [, section = ''] = pageOf(one).split('\n## Controls\n');
    const rows = [...section.matchAll(/^\| `(?<outcome>[a-z-]+)` \|(?<names>.*)\|$/gm)];
    const listed = outcomes.map((outcome) => {
      const cells = rows.flatMap(({ groups = {} }) => (groups['outcome'] === outcome ? [groups['names'] ?? ''] : []));
      return [outcome, wordsOf(cells.join(' '))] as const;
    });
    const there = outcomes.map((outcome) => [
      outcome,
      one.controls.flatMap(({ name, expected }) => (expected === outcome ? [name] : [])).toSorted(),
    ]);
    expect(listed).toEqual(there);
    expect(pageOf(one)).toContain(`| controls | [${one.controls.length}](#controls) |`);
  });

  it.each(registry.scenarios)('of the scenario $name list every factor and every level', (one) => {
    const text = pageOf(one);
    const missing = one.factors.flatMap(({ name, levels }) => {
      const row = text.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
      // Arms have a table of their own, wordings a range.
      if (name === 'wording') return row === '' ? [name] : [];
      const place = name === 'arm' ? text : row;
      return levels.flatMap((level) => (place.includes(`\`${level.name}\``) ? [] : [`${name}=${level.name}`]));
    });
    expect(missing).toEqual([]);
  });

  it.each(registry.scenarios)('of the scenario $name name every detector, behaviour and measure', (one) => {
    const text = pageOf(one);
    const { behaviours, measures } = one.vocabulary;
    const rows = [...one.detectors.map(({ id }) => id), ...Object.keys(measures)];
    expect(rows.filter((name) => !text.includes(`\n| \`${name}\``))).toEqual([]);
    expect(Object.keys(behaviours).filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  it.each(registry.scenarios)('about outcomes put every outcome of the scenario $name on its rung', (one) => {
    const [row = ''] = read('docs/outcomes.md')
      .split('\n')
      .filter((line) => line.startsWith(`| [${one.name}](scenarios/${one.name}.md) |`));
    const [, , ...cells] = row.split('|');
    const listed = cells.slice(0, 7).map((cell) => (cell.match(/`[a-z-]+`/g) ?? []).toSorted());
    const there = [0, 1, 2, 3, 4, 5, 6].map((rung) =>
      Object.entries(one.vocabulary.outcomes)
        .flatMap(([name, outcome]) => (outcome.rung === rung ? [`\`${name}\``] : []))
        .toSorted(),
    );
    expect(listed).toEqual(there);
  });

  it.each(registry.scenarios)('of the scenario $name begin with its picture, drawn from their table', (one) => {
    expect(read(`docs/scenarios/${one.name}.svg`), 'npm run pictures').toBe(drawScenario(one.name, pageOf(one)));
    expect(pageOf(one)).toContain(`](${one.name}.svg)`);
    expect(read('docs/scenarios/README.md')).toContain(`](${one.name}.svg)`);
  });

  it('about the scenarios shows what the demo of all prints', () => {
    expectDemo(read('docs/scenarios/README.md'), registry.scenarios);
  });

  it('about the command line tell what the last line of the demo counts', () => {
    expect(read('docs/running-a-model.md')).toContain(
      `"controls":${trials(first) / EPOCHS},"trials":${trials(first)},`,
    );
  });

  it('about the record name every kind of event', () => {
    const kinds = trialEventSchema.options.map(({ shape }) => shape.kind.value);
    const text = read('docs/record-format.md');
    expect(kinds.length).toBeGreaterThan(20);
    expect(kinds.filter((kind) => !text.includes(`\`${kind}\``))).toEqual([]);
  });

  it('about presets have every preset with its number of conditions', () => {
    const text = read('docs/presets.md');
    for (const { name, conditions } of scenario?.presets ?? [])
      expect(text).toMatch(new RegExp(`^\\| \`${name}\` \\| ${conditions.length} \\|`, 'm'));
  });

  it('of decisions are all in their index', () => {
    const index = read('docs/decisions/README.md');
    const decisions = globSync('docs/decisions/*.md', { cwd: root }).map((path) => basename(path));
    expect(decisions.filter((name) => name !== 'README.md' && !index.includes(`](${name})`))).toEqual([]);
  });

  it('of changes have one version that is not released, and each heading once in it', () => {
    const [, ...versions] = read('CHANGELOG.md').split(/^## /m);
    expect(versions.filter((version) => /unreleased/i.test(version.split('\n')[0] ?? ''))).toHaveLength(1);
    for (const version of versions) {
      const headings = [...version.matchAll(/^### .*/gm)].map(([heading]) => heading);
      expect(headings).toEqual([...new Set(headings)]);
    }
  });
});

/** The card of a scenario. */
function pageOf({ name }: Scenario): string {
  return read(`docs/scenarios/${name}.md`);
}

function wordsOf(cells: string): string[] {
  return cells
    .split(/[|,;\s]+/)
    .filter((word) => word !== '')
    .toSorted();
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
