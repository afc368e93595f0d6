import { Command } from 'commander';

import { UsageError } from '../../base/usage-error.ts';
import {
  exactDetectableRate,
  exactPowerTrialsMax,
  exactTrialsPerArm,
  fisherPower,
  minimumDetectableRate,
  trialsPerArm,
  twoProportionPower,
} from '../../stats/power.ts';
import { type CommandContext, jsonOption, parseFraction, parseWhole } from '../command.ts';
import { EXIT, type ExitCode, type Terminal } from '../terminal.ts';

/** `offswitch power` */
export function createPowerCommand({ terminal, finish }: CommandContext): Command {
  return new Command('power')
    .description('how many trials an effect needs, or what a number of trials can show')
    .requiredOption('--base <rate>', 'rate of the reference arm, 0 to 1')
    .option('--other <rate>', 'rate of the other cell: gives trials per cell')
    .option('--trials <n>', 'trials per cell: gives the smallest difference that would be detected')
    .option('--alpha <n>', 'two-sided level', '0.05')
    .option('--power <n>', 'probability of detecting it', '0.8')
    .option('--cost-per-trial <usd>', 'US dollars, to print the cost')
    .addOption(jsonOption())
    .action(({ json = false, ...flags }: PowerFlags & { json?: boolean }) => finish(power(flags, { json, terminal })));
}

const percent = (fraction: number): string => `${(fraction * 100).toFixed(1)} %`;

interface PowerFlags {
  readonly base: string;
  readonly other?: string;
  readonly trials?: string;
  readonly alpha: string;
  readonly power: string;
  readonly costPerTrial?: string;
}

function power(
  flags: PowerFlags,
  { json, terminal }: { readonly json: boolean; readonly terminal: Terminal },
): ExitCode {
  const base = parseFraction(flags.base, '--base');
  const alpha = parseFraction(flags.alpha, '--alpha');
  const wanted = parseFraction(flags.power, '--power');
  const cost = flags.costPerTrial === undefined ? null : Number(flags.costPerTrial);
  if (cost !== null && !(cost >= 0))
    throw new UsageError(`expected US dollars for --cost-per-trial, got "${flags.costPerTrial ?? ''}"`);
  if ((flags.other === undefined) === (flags.trials === undefined)) {
    throw new UsageError(
      'expected either --other RATE (gives the trials needed) or --trials N (gives the rate that would be detected)',
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
  /** By enumeration, or by the normal approximation if that would take too long. */
  readonly test: 'fisher-exact' | 'approximate';
  readonly sentence: string;
  readonly power?: number;
  readonly detectable?: { readonly lower: number | null; readonly higher: number | null };
}

interface Levels {
  readonly base: number;
  readonly alpha: number;
  readonly wanted: number;
}

function testName(isExact: boolean): string {
  return isExact
    ? "Fisher's exact test, exact power"
    : `normal approximation, because there are more than ${exactPowerTrialsMax} trials: optimistic near 0 % and 100 %`;
}

function need({ base, other, alpha, wanted }: Levels & { readonly other: number }): PowerAnswer {
  const exact = exactTrialsPerArm({ firstRate: other, secondRate: base, power: wanted, alpha });
  const trials = exact ?? trialsPerArm({ firstRate: other, secondRate: base, power: wanted, alpha });
  const achieved = (exact === null ? twoProportionPower : fisherPower)({
    firstRate: other,
    secondRate: base,
    firstTrials: trials,
    secondTrials: trials,
    alpha,
  });
  return {
    trialsPerArm: trials,
    power: achieved,
    test: exact === null ? 'approximate' : 'fisher-exact',
    sentence: `${trials} trials per cell distinguish ${percent(other)} from ${percent(base)} with power ${achieved.toFixed(2)} at a two-sided level of ${alpha} (${testName(exact !== null)})`,
  };
}

function detect({ base, trials, alpha, wanted }: Levels & { readonly trials: number }): PowerAnswer {
  const isExact = trials <= exactPowerTrialsMax;
  const find = (direction: 'increase' | 'decrease'): number | null =>
    (isExact ? exactDetectableRate : minimumDetectableRate)({
      baseline: base,
      trialsPerArm: trials,
      direction,
      power: wanted,
      alpha,
    });
  const [lower, higher] = [find('decrease'), find('increase')];
  const shown = (rate: number | null, word: string): string =>
    rate === null ? `no ${word} rate` : `${percent(rate)} or ${word}`;
  return {
    trialsPerArm: trials,
    detectable: { lower, higher },
    test: isExact ? 'fisher-exact' : 'approximate',
    sentence: `with ${trials} trials per cell, ${shown(higher, 'higher')} and ${shown(lower, 'lower')} would be distinguished from ${percent(base)} with power ${wanted} at a two-sided level of ${alpha} (${testName(isExact)})`,
  };
}
