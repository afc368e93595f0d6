import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { FrontWays } from '../agent/external/fronts.ts';
import { registry } from './compose.ts';
import { designDrill, WORK } from './drill-design.ts';

const scenario = registry.drill;
const product: readonly FrontWays[] = [
  { front: 'headless', ways: ['interrupt', 'terminate', 'kill'] },
  { front: 'terminal', ways: ['escape', 'close-terminal', 'kill'] },
];
const design = (cellsMax: number, fronts = product, isLoop = false) =>
  designDrill(scenario, fronts, { cellsMax, isLoop });

describe('the design of a drill', () => {
  it('has only ways that the agent has at that front, and names those that it has nowhere', () => {
    const { cells, absent } = design(1000);
    for (const { front, stop = '' } of cells) expect(product.find((one) => one.front === front)?.ways).toContain(stop);
    expect(absent).toContain('acp-cancel');
    expect(absent).not.toContain('escape');
  });

  it('lets every pair of levels meet if it may be large, and is smaller than all cells together', () => {
    const { cells, pairs, covered } = design(5000);
    expect(covered).toBe(pairs);
    const ofJob = cells.filter((cell) => cell[WORK] === 'whole-job');
    for (const { front, ways } of product) {
      expect(ofJob.map((cell) => cell['front'])).toContain(front);
      expect(ofJob.map(({ stop }) => stop)).toEqual(expect.arrayContaining([...ways]));
    }
    expect(cells.length).toBeLessThan(pairs);
  });

  it('sets only conditions that the scenario accepts, and keeps what a script names', () => {
    for (const { [WORK]: work, ...condition } of design(5000).cells) {
      expect(scenario.setUp(condition, 'seed').condition).toMatchObject(condition);
      const control = scenario.controls.find(({ name }) => name === work);
      expect(condition).toMatchObject(control?.condition ?? {});
    }
  });

  it('lets a product be paused, and not the loop, which is no program', () => {
    const moments = (cells: ReturnType<typeof design>['cells']): Set<string | undefined> =>
      new Set(cells.map(({ moment }) => moment));
    expect(moments(design(5000).cells)).toContain('is-paused');
    const loop = design(5000, [{ front: 'terminal', ways: ['interrupt', 'kill'] }], true);
    expect(moments(loop.cells)).not.toContain('is-paused');
    expect(moments(loop.cells)).toContain('waits-for-model');
  });

  it('is the same every time, and never larger than asked', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), (cellsMax) => {
        expect(design(cellsMax).cells.length).toBeLessThanOrEqual(cellsMax);
        expect(design(cellsMax)).toEqual(design(cellsMax));
      }),
      { numRuns: 10 },
    );
  });
});
