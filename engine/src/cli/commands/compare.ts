import { UsageError, unknownNameError } from '../../base/usage-error.ts';
import { type Metrics, type Score, scoreRecord } from '../../detect/score.ts';
import { type Comparison, compareScores, type Contrast, selectScores } from '../../report/comparison.ts';
import { textTable } from '../../report/text-table.ts';
import { parseFactorSetting } from '../../scenario/condition.ts';
import { minimumDetectableRate, trialsPerArm, twoProportionPower } from '../../stats/power.ts';
import type { Parts } from '../compose.ts';
import { readWhole, recordsAt } from '../records.ts';
import { parseFraction, parseWhole } from '../study-session.ts';
import { EXIT, type ExitCode, safe, type Terminal } from '../terminal.ts';

interface Context {
  readonly json: boolean;
  readonly parts: Parts;
  readonly terminal: Terminal;
}

const METRICS: readonly (keyof Metrics)[] = ['sabotage', 'survived', 'attempted', 'strictNonCompliance'];

export interface CompareFlags {
  readonly first: string;
  readonly second: string;
  readonly metric: string;
  readonly alpha: number;
}

/** `offswitch compare`: reads, scores, selects, compares; runs nothing. */
export function compareSets(
  { first, second, metric: name, alpha }: CompareFlags,
  { json, parts, terminal }: Context,
): ExitCode {
  const metric = METRICS.find((one) => one === name);
  if (metric === undefined) throw unknownNameError('metric', name, METRICS);
  const [a, b] = [readSet(first, parts), readSet(second, parts)];
  const result = compareScores(a, b, { metric, alpha });
  terminal.out(
    json ? JSON.stringify({ kind: 'comparison', first, second, ...result }) : render({ first, second, result }),
  );
  return EXIT.ok;
}

/** `PATH` or `PATH:name=level,agent=NAME`. */
function readSet(text: string, parts: Parts): Score[] {
  const split = /^(.*?):([\w-]+=.*)$/.exec(text);
  const [path, selection] =
    split === null
      ? [text, {}]
      : [split[1] ?? '', Object.fromEntries((split[2] ?? '').split(',').map(parseFactorSetting))];
  const scores = recordsAt(path).map((record) => scoreRecord(readWhole(record), parts.detectors));
  const known = [...new Set(scores.flatMap(({ condition }) => Object.keys(condition))), 'agent'];
  for (const name of Object.keys(selection)) if (!known.includes(name)) throw unknownNameError('factor', name, known);
  const selected = selectScores(scores, selection);
  if (selected.length === 0) throw new UsageError(`no trial of ${path} is selected by "${split?.[2] ?? ''}"`);
  return selected;
}

const percent = (fraction: number): string => `${(fraction * 100).toFixed(1)} %`;
const p = (value: number | null): string =>
  value === null ? 'not computed' : value < 0.0001 ? '< 0.0001' : value.toFixed(4);
const share = ({ successes, trials }: Contrast['first']): string =>
  `${successes}/${trials} = ${percent(successes / trials)}`;

function render({
  first,
  second,
  result,
}: {
  readonly first: string;
  readonly second: string;
  readonly result: Comparison;
}): string {
  const { overall, cells, unmatched, stratified, powerAchieved, minimumDetectableRate: detectable, metric } = result;
  const { difference } = overall;
  return [
    metric,
    textTable(
      ['set', 'k/n'],
      [
        [safe(first), share(overall.first)],
        [safe(second), share(overall.second)],
      ],
    ),
    `difference   ${percent(difference.estimate)} [${percent(difference.lower)}, ${percent(difference.upper)}] (Newcombe, 95 %), of ${overall.first.trials} and ${overall.second.trials} trials`,
    `exact p      Boschloo ${p(overall.pBoschloo)}, Fisher ${p(overall.pFisher)}`,
    ...(stratified === null
      ? []
      : [`across cells Cochran-Mantel-Haenszel p ${p(stratified.p)}, ${cells.length} matched cells`]),
    `power        ${powerAchieved === null ? 'the rates are equal' : `${powerAchieved.toFixed(2)} for the difference seen`}; with power 0.8 ${detectable === null ? 'no rate would be told apart' : `a rate of ${percent(detectable)} would be told from the second`}`,
    ...(unmatched.first + unmatched.second === 0
      ? []
      : [
          `not matched  ${unmatched.first} cells of the first and ${unmatched.second} of the second set have no partner`,
        ]),
    ...(cells.length < 2
      ? []
      : [
          '',
          textTable(
            ['cell', 'first', 'second', 'difference', 'p (Holm)'],
            cells
              .toSorted((one, other) => Math.abs(other.difference.estimate) - Math.abs(one.difference.estimate))
              .map((cell) => [
                safe(
                  Object.entries(cell.condition)
                    .map(([name, level]) => `${name}=${level}`)
                    .join(' '),
                ),
                share(cell.first),
                share(cell.second),
                percent(cell.difference.estimate),
                p(cell.pHolm),
              ]),
          ),
        ]),
  ].join('\n');
}

export interface PowerFlags {
  readonly base: string;
  readonly other?: string;
  readonly trials?: string;
  readonly alpha: string;
  readonly power: string;
  readonly costPerTrial?: string;
  readonly json?: boolean;
}

export function power(flags: PowerFlags, { json, terminal }: Context): ExitCode {
  const base = parseFraction(flags.base, '--base');
  const alpha = parseFraction(flags.alpha, '--alpha');
  const wanted = parseFraction(flags.power, '--power');
  const cost = flags.costPerTrial === undefined ? null : Number(flags.costPerTrial);
  if (cost !== null && !(cost >= 0))
    throw new UsageError(`expected US dollars for --cost-per-trial, got "${flags.costPerTrial ?? ''}"`);
  if ((flags.other === undefined) === (flags.trials === undefined)) {
    throw new UsageError(
      'expected either --other RATE (gives the trials needed) or --trials N (gives the rate that would be found)',
    );
  }
  try {
    const answer =
      flags.other === undefined
        ? detect({ base, trials: parseWhole(flags.trials ?? '', { name: '--trials' }), alpha, wanted })
        : need({ base, other: parseFraction(flags.other, '--other'), alpha, wanted });
    const costUsd = cost === null ? null : 2 * answer.trialsPerArm * cost;
    terminal.out(
      json
        ? JSON.stringify({ kind: 'power', ...answer, costUsd })
        : `${answer.sentence}${costUsd === null ? '' : `; ${2 * answer.trialsPerArm} trials cost about ${costUsd.toFixed(2)} US dollars`}`,
    );
    return EXIT.ok;
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

interface PowerAnswer {
  readonly trialsPerArm: number;
  readonly sentence: string;
  readonly power?: number;
  readonly detectable?: { readonly lower: number | null; readonly higher: number | null };
}

interface Levels {
  readonly base: number;
  readonly alpha: number;
  readonly wanted: number;
}

function need({ base, other, alpha, wanted }: Levels & { readonly other: number }): PowerAnswer {
  const trials = trialsPerArm({ firstRate: other, secondRate: base, power: wanted, alpha });
  const achieved = twoProportionPower({
    firstRate: other,
    secondRate: base,
    firstTrials: trials,
    secondTrials: trials,
    alpha,
  });
  return {
    trialsPerArm: trials,
    power: achieved,
    sentence: `${trials} trials per arm tell ${percent(other)} from ${percent(base)} with power ${achieved.toFixed(2)} at a two-sided level of ${alpha}`,
  };
}

function detect({ base, trials, alpha, wanted }: Levels & { readonly trials: number }): PowerAnswer {
  const find = (direction: 'increase' | 'decrease'): number | null =>
    minimumDetectableRate({ baseline: base, trialsPerArm: trials, direction, power: wanted, alpha });
  const [lower, higher] = [find('decrease'), find('increase')];
  const shown = (rate: number | null, word: string): string =>
    rate === null ? `no ${word} rate` : `${percent(rate)} or ${word}`;
  return {
    trialsPerArm: trials,
    detectable: { lower, higher },
    sentence: `with ${trials} trials per arm, ${shown(higher, 'higher')} and ${shown(lower, 'lower')} would be told from ${percent(base)} with power ${wanted} at a two-sided level of ${alpha}`,
  };
}
