import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { registry } from '../cli/compose.ts';
import { splitCsvLine } from './labels.ts';
import { cellsOfScenario, hashOfRepeated, readShippedCells } from './published-cells.ts';

const shipped = readShippedCells();
const owned = registry.scenarios.flatMap((scenario) => cellsOfScenario(scenario));
const all = [...shipped, ...owned];

describe('published cells', () => {
  it('have ids of their own, a source each, and a rate that is their count', () => {
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    for (const { source, successes, trials, rate } of all) {
      expect(source).not.toBe('');
      if (successes !== null && trials !== null) expect(successes / trials).toBeCloseTo(rate, 3);
    }
  });

  it('of the file have a count that rounds to the percentage that was printed', () => {
    const lines = readFileSync(new URL('published-cells.csv', import.meta.url), 'utf8')
      .trim()
      .split('\n');
    const [names = [], ...rows] = lines.map(splitCsvLine);
    expect(rows).toHaveLength(shipped.length);
    for (const row of rows) {
      expect(row).toHaveLength(names.length);
      const [k = '', n = '', percent = ''] = ['k', 'n', 'percent'].map((name) => row[names.indexOf(name)] ?? '');
      const digits = percent.split('.')[1]?.length ?? 0;
      if (k !== '' && n !== '') expect(((100 * Number(k)) / Number(n)).toFixed(digits)).toBe(percent);
    }
  });

  it('of the file are of behaviours that no scenario owns', () => {
    const behaviours = new Set(owned.map(({ behaviour }) => behaviour));
    expect(shipped.filter(({ behaviour }) => behaviours.has(behaviour))).toEqual([]);
  });

  it('share a hash exactly if they share behaviour, source, condition and denominator', () => {
    const keyOf = ({ behaviour, source, condition, per }: (typeof all)[number]): string =>
      JSON.stringify([behaviour, source, condition, per]);
    for (const group of Map.groupBy(shipped, ({ hash }) => hash).values())
      expect(new Set(group.map(keyOf)).size).toBe(1);
    expect(new Set(shipped.map(({ hash }) => hash)).size).toBe(new Set(shipped.map(keyOf)).size);
    // One publication counts runs without a refusal, another counts trials: never one series.
    for (const group of Map.groupBy(all, ({ hash }) => hash).values())
      expect(new Set(group.map(({ per }) => per)).size).toBe(1);
  });

  it('are not repeated by trials in the words of this repository', () => {
    const [scenario] = registry.scenarios;
    const preset = scenario?.presets.find(({ published }) => published.length > 0);
    if (scenario === undefined || preset === undefined) throw new Error('expected a preset with published results');
    const [first] = preset.conditions;
    const world = scenario.setUp(first?.factors ?? {}, 'seed');
    const [measure = ''] = Object.keys(scenario.vocabulary.measures);
    const about = { condition: world.condition, measure };
    expect(hashOfRepeated(scenario, { ...about, stimuli: [...world.stimuli] })).toBeNull();
    const given = (scenario.publishedHashes ?? []).map(({ id, sha256 }) => ({ id: `given/${id}`, sha256 }));
    const hash = hashOfRepeated(scenario, { ...about, stimuli: given });
    expect(cellsOfScenario(scenario).filter((cell) => cell.hash === hash).length).toBeGreaterThan(5);
  });
});
