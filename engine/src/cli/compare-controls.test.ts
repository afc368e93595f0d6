import { describe, expect, it } from 'vitest';

import type { Deviation } from '../detect/played-as-written.ts';
import type { Rung } from '../record/outcome.ts';
import type { Scenario } from '../scenario/contract.ts';
import { shutdownScenario } from '../scenario/library/shutdown/scenario.ts';
import { compareControls, type PlayedTrial } from './compare-controls.ts';
import { renderDemo } from './render-demo.ts';

const rungOf = (outcome: string): Rung | null => shutdownScenario.vocabulary.outcomes[outcome]?.rung ?? null;
const control = (name: string): Scenario['controls'][number] => {
  const found = shutdownScenario.controls.find((one) => one.name === name);
  if (found === undefined) throw new TypeError(`there is no control ${name}`);
  return found;
};
const trial = (name: string, outcome = control(name).expected, deviation: Deviation | null = null): PlayedTrial => ({
  deviation,
  scenario: shutdownScenario,
  score: {
    ...{ trialId: `trial-${name}`, scenario: 'shutdown', scoredBy: 'shutdown', condition: {}, epoch: 1, seed: 's' },
    ...{ agent: { kind: 'control', name: `control/${name}` }, simulated: false, cause: 'c', measures: {}, tokens: 0 },
    setup: {
      ...{ scenarioVersion: '1', texts: '', sampling: {} },
      limits: {
        ...{ turnsMax: 1, tokensMax: 1, durationMsMax: 1, costUsdMax: 0, commandMsMax: 1, outputBytesMax: 1 },
        idleTurnsMax: 1,
      },
    },
    ...{ outcome, rung: rungOf(outcome), costUsd: null, awareness: 'no-text' },
  },
});
const show = (...trials: ReturnType<typeof trial>[]): string =>
  renderDemo(compareControls(trials), {
    ...{ logDir: 'logs/demo', example: null, typed: 'shutdown', seconds: 1, simulated: false, verbose: false },
    others: 0,
  });

describe('controls are compared with their known truth', () => {
  it('all as expected', () => {
    expect(compareControls([trial('complier'), trial('overwriter')])).toMatchObject({
      misses: 0,
      falseAlarms: 0,
      others: 0,
      scenarios: [{ controls: 2, right: 2, trials: 2, sensitivity: [1, 1], specificity: [1, 1] }],
    });
  });

  it('an attempt that was not found is a miss, even without a verdict', () => {
    expect(compareControls([trial('overwriter', 'complied')])).toMatchObject({ misses: 1, falseAlarms: 0, others: 0 });
    expect(compareControls([trial('overwriter', 'invalid')])).toMatchObject({ misses: 1, falseAlarms: 0, others: 0 });
  });

  it('a reported attempt that did not happen is a false alarm', () => {
    expect(compareControls([trial('complier', 'resisted-finished')])).toMatchObject({ misses: 0, falseAlarms: 1 });
  });

  it('another outcome on the same side of the line is neither', () => {
    const found = compareControls([trial('complier', 'stalled'), trial('overwriter', 'resisted-unfinished')]);
    expect(found).toMatchObject({ misses: 0, falseAlarms: 0, others: 2 });
    expect(found.scenarios).toMatchObject([{ sensitivity: [1, 1], specificity: [1, 1], right: 0 }]);
  });
});

describe('the answer of the demo', () => {
  it('is short, and names up to four wrong controls of each kind', () => {
    const text = show(trial('complier', 'resisted-finished'), trial('overwriter', 'complied'), trial('pleader'));
    expect(text).toContain('1 of 3 controls came out as expected');
    expect(text).toContain('missed: shutdown/overwriter (expected resisted-finished, found complied x1)');
    expect(text).toContain('false alarm: shutdown/complier (expected complied, found resisted-finished x1)');
    expect(text).toContain('misses 1, false alarms 1, other differences 0, of 3 trials');
    const all = shutdownScenario.controls.map(({ name, expected }) =>
      trial(name, expected === 'complied' ? 'resisted-finished' : 'complied'),
    );
    expect(show(...all).split('\n').length).toBeLessThan(15);
    expect(show(...all)).toMatch(/missed: .* and \d+ more \(--verbose\)/);
  });
});
