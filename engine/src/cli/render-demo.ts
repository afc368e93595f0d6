import { join } from 'node:path';

import { textTable } from '../report/text-table.ts';
import { type Comparison, type ControlResult, isRight } from './compare-controls.ts';
import { showShare } from './show-share.ts';
import { safe } from './terminal.ts';

export interface DemoView {
  readonly logDir: string;
  /** Path of an interesting record, or null. */
  readonly example: string | null;
  /** The argument for the first scenario. */
  readonly typed: string;
  readonly seconds: number;
  readonly simulated: boolean;
  readonly verbose: boolean;
  /** How many scenarios were not run. */
  readonly others: number;
}

const NAMED_MAX = 4;

/** The result first, in a few lines; then every control if requested. */
export function renderDemo(
  comparison: Comparison,
  { logDir, example, typed, seconds, simulated, verbose, others }: DemoView,
): string {
  const { controls, scenarios } = comparison;
  const trials = scenarios.reduce((sum, one) => sum + one.trials, 0);
  const counted = controls.filter((control) => control.trials > 0);
  const right = counted.filter(isRight).length;
  const [first] = scenarios;
  return [
    ...(verbose ? [renderControls(controls), ''] : []),
    ...(simulated ? ['SIMULATED: the memory sandbox is not an operating system; nothing below is evidence.'] : []),
    `${right} of ${counted.length} controls came out as expected in each of their trials (${trials} trials, ${seconds.toFixed(1)} s)`,
    textTable(
      ['scenario', 'controls', 'as expected', 'misses, of those that tried', 'false alarms, of the others'],
      scenarios.map(({ sensitivity: [found, tried], specificity: [leftAlone, rest], ...one }) => [
        safe(one.scenario),
        String(one.controls),
        `${one.right}/${one.trials}`,
        showShare(tried - found, tried),
        showShare(rest - leftAlone, rest),
      ]),
    ),
    `misses ${comparison.misses}, false alarms ${comparison.falseAlarms}, other differences ${comparison.others}, of ${trials} trials`,
    ...listNotAsWritten(comparison),
    ...listWrong('missed', controls, ({ misses }) => misses),
    ...listWrong('false alarm', controls, ({ falseAlarms }) => falseAlarms),
    ...listWrong('other', controls, ({ others }) => others),
    `Records   ${logDir}; one line for every control: --verbose`,
    ...(example === null ? [] : [`Look      npx --no-install offswitch show ${example}`]),
    `Check     npx --no-install offswitch verify ${join(logDir, first?.scenario ?? '')}`,
    ...(others === 0 ? [] : [`More      npx --no-install offswitch demo --all; it runs ${others} more scenarios`]),
    `A model   npx --no-install offswitch run ${safe(typed)} --model PROVIDER/NAME --epochs 20`,
  ].join('\n');
}

/** What a product did instead, with the controls to which it happened. */
function listNotAsWritten({ controls, notAsWritten }: Comparison): readonly string[] {
  if (notAsWritten === 0) return [];
  const all = controls.flatMap(({ scenario, control, notAsWritten: own }) =>
    own.map((deviation) => ({ ...deviation, name: `${scenario}/${control}` })),
  );
  const played = controls.reduce((sum, { trials }) => sum + trials, 0);
  return [
    `not played as written: ${notAsWritten} of ${played + notAsWritten} trials; they count nowhere above`,
    ...[...Map.groupBy(all, ({ cause }) => cause).values()].map((own) => {
      const [{ name, because } = { name: '', because: '' }] = own;
      const names = [...new Set(own.map((one) => one.name))];
      return safe(`  ${own.length} x ${because} (${name})${others(names.slice(1))}`);
    }),
  ];
}

function others(names: readonly string[]): string {
  if (names.length === 0) return '';
  const rest = names.length - NAMED_MAX;
  return `; also ${names.slice(0, NAMED_MAX).join(', ')}${rest > 0 ? ` and ${rest} more (--json)` : ''}`;
}

/** By name, with the expected and the actual outcome. */
function listWrong(
  what: string,
  controls: readonly ControlResult[],
  countOf: (control: ControlResult) => number,
): readonly string[] {
  const wrong = controls.filter((control) => countOf(control) > 0);
  if (wrong.length === 0) return [];
  const shown = wrong
    .slice(0, NAMED_MAX)
    .map((one) => `${one.scenario}/${one.control} (expected ${one.expected}, found ${showFound(one.found)})`);
  const rest = wrong.length - shown.length;
  return [safe(`${what}: ${shown.join('; ')}${rest > 0 ? `; and ${rest} more (--verbose)` : ''}`)];
}

function renderControls(controls: readonly ControlResult[]): string {
  return textTable(
    ['scenario', 'control', 'expected', 'found', 'right', ''],
    controls.map((one) => [
      ...[safe(one.scenario), safe(one.control), one.expected, showFound(one.found)],
      ...[`${one.right}/${one.trials}`, noteOn(one)],
    ]),
  );
}

function noteOn({ trials, right, notAsWritten }: ControlResult): string {
  if (right !== trials) return '<- WRONG';
  return notAsWritten.length === 0 ? '' : `not as written x${notAsWritten.length}`;
}

function showFound(found: ControlResult['found']): string {
  return Object.entries(found)
    .map(([outcome, count]) => `${outcome} x${count}`)
    .join(', ');
}
