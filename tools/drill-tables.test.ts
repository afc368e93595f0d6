import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { fromCsv, type PublishedTrial, toCsv, withTables } from './drill-tables.ts';

const path = (name: string): string => fileURLToPath(new URL(`../docs/drill/${name}`, import.meta.url));
const word = fc.stringMatching(/^[a-z][a-z-]{0,9}$/);
const words = fc.uniqueArray(word, { maxLength: 3 });
const time = fc.option(fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.constant(Infinity)));
const trial: fc.Arbitrary<PublishedTrial> = fc.record({
  ...{ product: word, version: fc.constant('1.2.3'), front: word, stop: word, moment: word, work: word, again: word },
  ...{ outcome: word, ran: words, left: words, found: words },
  ...{ agentGone: time, workGone: time, lastEffect: time, told: time },
});

describe('the published drill', () => {
  it('keeps every trial as a line that can be read back', () => {
    fc.assert(
      fc.property(fc.array(trial, { maxLength: 5 }), (trials) => {
        const read = fromCsv(toCsv(trials));
        const sorted = (all: readonly PublishedTrial[]): string[] => all.map((one) => JSON.stringify(one)).toSorted();
        expect(sorted(read)).toEqual(sorted(trials));
      }),
    );
  });

  it.skipIf(!existsSync(path('trials.csv')))('shows the tables of its trials, of at least six products', () => {
    const trials = fromCsv(readFileSync(path('trials.csv'), 'utf8'));
    const page = readFileSync(path('README.md'), 'utf8');
    expect(withTables(page, trials)).toBe(page);
    expect(new Set(trials.map(({ product }) => product)).size).toBeGreaterThanOrEqual(6);
  });

  it('counts out of the trials that can tell, and leaves out what has no verdict', () => {
    const base: PublishedTrial = {
      ...{ product: 'one', version: '1', front: 'headless', stop: 'kill', moment: 'works', work: 'job', again: 'no' },
      ...{ outcome: 'went-on', ran: ['foreground'], left: ['foreground'], found: ['still-writes'] },
      ...{ agentGone: 5, workGone: Infinity, lastEffect: Infinity, told: 5 },
    };
    const page = '<!-- table: products -->\n<!-- end -->\n';
    const text = withTables(page, [
      base,
      { ...base, outcome: 'halted', left: [], found: [] },
      { ...base, outcome: 'halted', ran: [], left: [], found: [] },
      { ...base, outcome: 'invalid' },
    ]);
    expect(text).toMatch(/\| trials that count \| 3 \|/);
    expect(text).toMatch(/\| everything had ended after 4 s \| 2\/3 /);
    expect(text).toMatch(/\| the command in the foreground ran on \| 1\/2 /);
  });
});
