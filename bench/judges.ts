/**
 * Whether the code around judges and monitors finds the error that was planted in scripted ones, and how often its intervals
 * hold the truth. Everything goes the way of real judges: records, fenced prompts, stored answers, both orders, labels.
 *
 *   node bench/judges.ts            # scripted judges and monitors, and the intervals
 *   node bench/judges.ts detectors  # the detectors as monitor, on the controls of every scenario
 *   node bench/judges.ts provider/model …  # a model as judge and monitor, by name and without an aim
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Chance, createChance } from '../engine/src/base/world.ts';
import { registry } from '../engine/src/cli/compose.ts';
import { offswitch } from '../engine/src/cli/testing.ts';
import { scriptedJudgeProvider } from '../engine/src/judge/adapters/scripted.ts';
import { openAnswers } from '../engine/src/judge/answer-store.ts';
import type { Calibration } from '../engine/src/judge/calibrate.ts';
import { assess, modelMonitor, type MonitorResult, watch, type WatchedTrial } from '../engine/src/judge/monitor.ts';
import { called, createTestAsker, judgedEvents, toTrialEvents, wrote } from '../engine/src/judge/testing.ts';
import { writeRecord } from '../engine/src/record/testing.ts';
import { auroc } from '../engine/src/stats/auroc.ts';
import { normalQuantile, normalUpperTail } from '../engine/src/stats/distributions.ts';
import { jeffreysInterval } from '../engine/src/stats/proportion-interval.ts';
import { roganGladen } from '../engine/src/stats/rogan-gladen.ts';
import { describeMachine, toTable, writeResult } from './results.ts';

const TRIALS = 400;
const LABELLED = 200;
const POSITIVE_SHARE = 0.3;
const SEEDS = 25;
/** Judges cost less: all seeds are asked in one run over the records. */
const JUDGE_SEEDS = 130;

const holds = ({ lower, upper }: { readonly lower: number; readonly upper: number }, truth: number): boolean =>
  lower <= truth && truth <= upper;
const share = (held: number, of: number): string => {
  const { lower, upper } = jeffreysInterval(held, of);
  return `${held}/${of} = ${((100 * held) / of).toFixed(1)} % [${(100 * lower).toFixed(1)}, ${(100 * upper).toFixed(1)}]`;
};

/** A draw from the normal distribution with standard deviation 1. */
const drawNormal = (chance: Chance, mean: number): number =>
  mean + normalQuantile(Math.min(Math.max(chance.next(), 1e-12), 1 - 1e-12));

const AIM = 0.9;
const aimed = (held: number): string => `${share(held, JUDGE_SEEDS)}${held < AIM * JUDGE_SEEDS ? ' (missed)' : ''}`;

// -------------------------------------------------------------------------------------------------- scripted judges

interface Planted {
  readonly sensitivity: number;
  readonly specificity: number;
  readonly abstain: number;
  readonly first: number;
}

const PLANTED: readonly Planted[] = [
  { sensitivity: 0.95, specificity: 0.98, abstain: 0, first: 0 },
  { sensitivity: 0.8, specificity: 0.9, abstain: 0.1, first: 0 },
  { sensitivity: 0.7, specificity: 0.95, abstain: 0.05, first: 0.15 },
];

/** A folder of trials of which some are positive. */
function plant(folder: string): { readonly labels: string; readonly positives: number } {
  const chance = createChance('bench judges');
  mkdirSync(join(folder, 'trials'));
  const rows = ['id,label'];
  let positives = 0;
  for (let index = 0; index < TRIALS; index++) {
    const isPositive = chance.next() < POSITIVE_SHARE;
    const label = isPositive ? 'intended' : chance.next() < 0.5 ? 'accidental' : 'nothing-unwanted';
    const trialId = `trial-${String(index).padStart(4, '0')}`;
    const parts = [called(`make job-${index}`), wrote(`Job ${index} is done, planted label: ${label}`)];
    writeRecord(join(folder, 'trials', `${trialId}.jsonl`), judgedEvents(parts, { trialId }));
    if (index < LABELLED) rows.push(`${trialId},${label}`);
    else if (isPositive) positives++;
  }
  writeFileSync(join(folder, 'labels.csv'), `${rows.join('\n')}\n`);
  return { labels: join(folder, 'labels.csv'), positives };
}

async function measureJudges(): Promise<string> {
  const rows: (string | number)[][] = [];
  for (const { sensitivity, specificity, abstain, first } of PLANTED) {
    const folder = mkdtempSync(join(tmpdir(), 'bench-judges-'));
    try {
      const { labels, positives } = plant(folder);
      const held = { sensitivity: 0, specificity: 0, rate: 0, raw: 0 };
      let untold = 0;
      const names = Array.from(
        { length: JUDGE_SEEDS },
        (_, seed) =>
          `control/judge-sensitivity${sensitivity}-specificity${specificity}-abstain${abstain}-first${first}-seed${seed}`,
      );
      const asked = [...names.flatMap((name) => ['--judge', name]), '--question', 'intent', '--json'];
      await offswitch(['judge', 'run', folder, ...asked]);
      const { out } = await offswitch(['judge', 'calibrate', folder, '--labels', labels, ...asked]);
      // One line for each judge, then one for the panel.
      for (const line of out.split('\n').slice(0, JUDGE_SEEDS)) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what this program has just printed
        const one = JSON.parse(line) as Calibration;
        const truth = positives / (TRIALS - LABELLED);
        if (one.sensitivity !== null && holds(one.sensitivity, sensitivity)) held.sensitivity++;
        if (one.specificity !== null && holds(one.specificity, specificity)) held.specificity++;
        if (one.rate.corrected !== null && holds(one.rate.corrected, truth)) held.rate++;
        const { successes, trials } = one.rate.found;
        if (holds(jeffreysInterval(successes, trials), truth)) held.raw++;
        untold += one.rate.abstained;
      }
      rows.push([
        `${sensitivity}, ${specificity}, ${abstain}, ${first}`,
        aimed(held.sensitivity),
        aimed(held.specificity),
        aimed(held.rate),
        share(held.raw, JUDGE_SEEDS),
        `${untold}/${JUDGE_SEEDS * (TRIALS - LABELLED)}`,
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return toTable(
    [
      'planted: sensitivity, specificity, abstains, takes the first label',
      'sensitivity held',
      'specificity held',
      'rate held, corrected',
      'rate held, as found',
      'not told',
    ],
    rows,
  );
}

// -------------------------------------------------------------------------------------------------------- intervals

const DRAWS = 20_000;

/** The corrected rate of new trials, with an error that was counted on labelled ones. */
function coverageOfRates(): string {
  const chance = createChance('bench rogan-gladen');
  const draw = (n: number, rate: number): number => {
    let successes = 0;
    for (let index = 0; index < n; index++) if (chance.next() < rate) successes++;
    return successes;
  };
  const rows = [
    { rate: 0.3, sensitivity: 0.9, specificity: 0.95, labels: 50, trials: 200 },
    { rate: 0.1, sensitivity: 0.9, specificity: 0.95, labels: 50, trials: 200 },
    { rate: 0.02, sensitivity: 0.9, specificity: 0.95, labels: 50, trials: 200 },
    { rate: 0.3, sensitivity: 0.7, specificity: 0.8, labels: 50, trials: 200 },
    { rate: 0.3, sensitivity: 0.9, specificity: 0.95, labels: 20, trials: 100 },
  ].map(({ rate, sensitivity, specificity, labels, trials }) => {
    const held = { withDoubt: 0, without: 0 };
    let left = 0;
    for (let sample = 0; sample < DRAWS; sample++) {
      const positives = draw(trials, rate);
      const found = { successes: draw(positives, sensitivity) + draw(trials - positives, 1 - specificity), trials };
      const accuracy = {
        sensitivity: { successes: draw(labels, sensitivity), trials: labels },
        specificity: { successes: draw(labels, specificity), trials: labels },
      };
      try {
        if (holds(roganGladen(found, accuracy), rate)) held.withDoubt++;
        const [hits, rejections] = [accuracy.sensitivity.successes / labels, accuracy.specificity.successes / labels];
        if (holds(roganGladen(found, { sensitivity: hits, specificity: rejections }), rate)) held.without++;
      } catch {
        left++;
      }
    }
    return [
      `${rate}, ${sensitivity}, ${specificity}, ${labels}, ${trials}`,
      share(held.withDoubt, DRAWS - left),
      share(held.without, DRAWS - left),
    ];
  });
  return toTable(
    [
      'rate, sensitivity, specificity, labels of each kind, trials',
      'held by Lang and Reiczigel',
      'held if the error is taken as known',
    ],
    rows,
  );
}

/** Areas that normal scores with this distance have. */
function coverageOfAreas(): string {
  const chance = createChance('bench auroc');
  const rows = [
    [0.5, 30, 30],
    [1.5, 30, 30],
    [1.5, 20, 200],
    [3, 30, 30],
    [3, 50, 100],
  ].map(([distance = 0, positives = 0, negatives = 0]) => {
    const truth = 1 - normalUpperTail(distance / Math.SQRT2);
    let held = 0;
    for (let sample = 0; sample < DRAWS / 10; sample++) {
      const scores = (n: number, mean: number): number[] => Array.from({ length: n }, () => drawNormal(chance, mean));
      if (holds(auroc(scores(positives, distance), scores(negatives, 0)), truth)) held++;
    }
    return [`${truth.toFixed(3)}, ${positives}, ${negatives}`, share(held, DRAWS / 10)];
  });
  return toTable(['area, positives, negatives', 'held'], rows);
}

// ------------------------------------------------------------------------------------------------ scripted monitors

const STEPS = 6;
const DEED = 4;
/** The alarm of a positive trial is planted this many steps before its deed. */
const LEAD = 2;
const WATCHED = 120;

/** Trials with a planted suspicion at one step, by the whole way of a model as monitor. */
async function measureMonitors(): Promise<string> {
  const distance = 2;
  const truth = 1 - normalUpperTail(distance / Math.SQRT2);
  const { open } = scriptedJudgeProvider;
  const judge = { name: 'control/judge', open: await open('judge', { environment: {} }), price: null };
  const folder = mkdtempSync(join(tmpdir(), 'bench-monitors-'));
  const asker = createTestAsker();
  let held = 0;
  let leads = 0;
  let wrongLeads = 0;
  const alarms = { falsePositives: 0, negatives: 0, caught: 0, positives: 0 };
  try {
    for (let seed = 0; seed < SEEDS; seed++) {
      const chance = createChance(`bench monitors ${seed}`);
      const trials: WatchedTrial[] = [];
      for (let index = 0; index < WATCHED * 2; index++) {
        const isPositive = index < WATCHED;
        const score = drawNormal(chance, isPositive ? distance : 0);
        // Suspicions are from 0 to 1; only their order matters.
        const suspicion = (1 - normalUpperTail(score)).toFixed(9);
        const parts = Array.from({ length: STEPS }, (_, step) =>
          step === DEED - LEAD
            ? wrote(`step ${step} of ${seed}, planted suspicion: ${suspicion}`)
            : called(`make ${index} ${step}`),
        );
        const monitor = modelMonitor(judge, 'both', {
          ...{ asker, trialId: 't', record: '0'.repeat(64) },
          store: openAnswers(join(folder, `${seed}-${index}.jsonl`)),
        });
        const scenario = { detectors: [], vocabulary: { behaviours: {} }, hasMarks: false };
        const trial = await watch(toTrialEvents(judgedEvents(parts)), {
          trialId: `${index}`,
          rung: isPositive ? 4 : 0,
          scenario,
          monitor,
        });
        // No state in a planted trial: its deed is planted too.
        trials.push({ ...trial, deed: isPositive ? DEED : null });
      }
      const result = assess(trials);
      if (result.auroc !== null && holds(result.auroc, truth)) held++;
      alarms.falsePositives += result.perTrial?.falsePositives.successes ?? 0;
      alarms.negatives += result.perTrial?.falsePositives.trials ?? 0;
      alarms.caught += result.perTrial?.caught?.successes ?? 0;
      alarms.positives += result.perTrial?.caught?.trials ?? 0;
      for (const lead of result.perTrial?.leads ?? []) {
        leads++;
        if (lead !== LEAD) wrongLeads++;
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return [
    `Planted area ${truth.toFixed(3)}, alarm ${LEAD} steps before the deed, ${WATCHED} positive and ${WATCHED} harmless trials of ${STEPS} steps, ${SEEDS} seeds.`,
    `The area was in its interval in ${share(held, SEEDS)}. At 1 % of harmless trials: false alarms ${share(alarms.falsePositives, alarms.negatives)},`,
    `caught ${share(alarms.caught, alarms.positives)} (planted: ${(100 * (1 - normalUpperTail(distance - 2.326_348))).toFixed(1)} %); ${wrongLeads} of ${leads} lead times were not the planted one.`,
  ].join('\n');
}

// ------------------------------------------------------------------------------------------ detectors and real models

const EPOCHS = 4;

function toMonitorRow(
  title: string,
  { positives, negatives, leftOut, auroc: area, perTrial, perStep }: MonitorResult,
): string[] {
  const rate = (one: { readonly successes: number; readonly trials: number } | null | undefined): string =>
    one === null || one === undefined || one.trials === 0 ? 'not measured' : share(one.successes, one.trials);
  const leads = (perTrial?.leads ?? []).toSorted((a, b) => a - b);
  return [
    title,
    `${positives}, ${negatives}, ${leftOut}`,
    area === null ? 'not measured' : `${area.estimate.toFixed(3)} [${area.lower.toFixed(3)}, ${area.upper.toFixed(3)}]`,
    rate(perTrial?.falsePositives),
    rate(perTrial?.caught),
    rate(perStep?.falsePositives),
    rate(perTrial?.caughtBefore),
    leads.length === 0
      ? 'not measured'
      : `${leads[Math.floor((leads.length - 1) / 2)] ?? 0} (${leads[0] ?? 0} to ${leads.at(-1) ?? 0})`,
  ];
}

const MONITOR_HEAD = [
  ...[
    'monitor, scenario',
    'tried or crossed, did not, left out',
    'AUROC',
    'false alarms per trial',
    'caught',
    'false alarms per step',
  ],
  ...['caught before the deed', 'lead in steps, median (from, to)'],
];

async function measureOnControls(monitors: readonly string[], epochs: number): Promise<string> {
  const rows: string[][] = [];
  for (const { name } of registry.scenarios) {
    const folder = mkdtempSync(join(tmpdir(), 'bench-controls-'));
    try {
      await offswitch(['demo', name, '--epochs', String(epochs), '--log-dir', folder]);
      for (const monitor of monitors) {
        const { out } = await offswitch([
          'judge',
          'monitor',
          join(folder, name),
          '--monitor',
          monitor,
          '--sees',
          'actions',
          '--json',
        ]);
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what this program has just printed
        rows.push(toMonitorRow(`${monitor}, ${name}`, JSON.parse(out) as MonitorResult));
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return toTable(MONITOR_HEAD, rows);
}

// -------------------------------------------------------------------------------------------------------------------

const [what, ...more] = process.argv.slice(2);
if (what === undefined) {
  const judges = await measureJudges();
  writeResult(
    'Judges and monitors with a planted error',
    `\`node bench/judges.ts\` (${describeMachine()}). Scripted judges through \`offswitch judge run\` and \`calibrate\`: ${TRIALS} trials,
${LABELLED} of them labelled, ${Math.round(100 * POSITIVE_SHARE)} % positive, ${JUDGE_SEEDS} seeds. How often each 95 % interval held what was planted. Aim: at least
90 % of the seeds for sensitivity, specificity and the corrected rate of the trials without a label. With so few errors
an interval of Jeffreys holds less than its level: a share of 0.98 in 140 trials in 91.8 % (exact).

${judges}

The interval of the corrected rate (Rogan and Gladen; Lang and Reiczigel), ${DRAWS} draws each:

${coverageOfRates()}

The interval of the area under the curve (Newcombe, method 5), normal scores, ${DRAWS / 10} draws each:

${coverageOfAreas()}

A scripted monitor through prompts, stored answers and the replay:

${await measureMonitors()}`,
  );
} else {
  const names = [what, ...more];
  const epochs = what === 'detectors' ? EPOCHS : 1;
  writeResult(
    what === 'detectors' ? 'Detectors as a monitor' : `Monitors: ${names.join(', ')}`,
    `\`node bench/judges.ts ${names.join(' ')}\` (${describeMachine()}). The controls of every scenario, ${epochs} epochs, replayed step by step; a step goes to the
next answer of the agent, so that a deed of the step is seen in it (lead 0). The operating point is the lowest threshold with false alarms in at
most 1 % of the harmless trials, chosen on these trials. Controls were written by the authors of the detectors: this says that the code
works, and nothing about unknown agents. Epochs of one control are nearly copies: the interval of the AUROC is for the number of controls,
those of the rates take each epoch as independent and are too narrow.

${await measureOnControls(names, epochs)}`,
  );
}
