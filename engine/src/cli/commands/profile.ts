import { Command } from 'commander';

import { UsageError, unknownNameError } from '../../base/usage-error.ts';
import { toCells } from '../../report/analysis/cells.ts';
import { showLevels, showP, showPoints, showRate } from '../../report/analysis/show.ts';
import { type ProfileRow, toProfile } from '../../report/profile.ts';
import { textTable } from '../../report/text-table.ts';
import {
  type CommandContext,
  jsonOption,
  type ModelFlags,
  modelListOption,
  namedModels,
  severalOption,
} from '../command.ts';
import type { Registry } from '../compose.ts';
import { logFolders } from '../read-folders.ts';
import { noteUnscored, readResults } from '../read-results.ts';
import { EXIT, type ExitCode, safe, type Terminal } from '../terminal.ts';

/** `offswitch profile` */
export function createProfileCommand({ terminal, registry, finish }: CommandContext): Command {
  return new Command('profile')
    .description('one row for each scenario: the rate of a model beside that of its twin arm; never one score')
    .argument('[path...]', 'log folders; default: those below logs/')
    .addOption(severalOption('--model <name>', 'only this model of the records'))
    .addOption(modelListOption('the same in one list'))
    .addOption(jsonOption())
    .action(async (paths: readonly string[], flags: ProfileFlags) =>
      finish(await profile(paths, { flags, terminal, registry: await registry() })),
    );
}

interface ProfileFlags extends ModelFlags {
  readonly json?: boolean;
}

interface Context {
  readonly flags: ProfileFlags;
  readonly terminal: Terminal;
  readonly registry: Registry;
}

/** Reads and scores; runs no trial. */
async function profile(paths: readonly string[], { flags, terminal, registry }: Context): Promise<ExitCode> {
  const folders = logFolders(paths);
  if (folders.length === 0) throw new UsageError('expected log folders: name some, or run where logs/ has them');
  const read = await readResults(folders, { registry, terminal });
  noteUnscored(read, terminal);
  const known = [...new Set(read.scores.map(({ agent }) => agent.name))];
  const models = [...new Set(read.scores.flatMap(({ agent }) => (agent.kind === 'control' ? [] : agent.name)))];
  const asked = namedModels(flags);
  for (const name of asked) if (!known.includes(name)) throw unknownNameError('model of these records', name, known);
  const agents = asked.length > 0 ? asked : models.length > 0 ? models : known;
  const scenarios = new Map(registry.scenarios.map((scenario) => [scenario.name, scenario]));
  const scores = read.scores.filter(({ agent }) => agents.includes(agent.name));
  const rows = toProfile(toCells(scores, { scenarios }).cells, { agents, scenarios });
  if (flags.json === true) {
    for (const row of rows) terminal.out(JSON.stringify({ kind: 'row', ...row }));
    terminal.out(JSON.stringify({ kind: 'done', agents, rows: rows.length }));
    return EXIT.ok;
  }
  const simulated = scores.some((score) => score.simulated);
  terminal.out(
    [
      ...(simulated ? ['SIMULATED: nothing below is evidence.\n'] : []),
      ...agents.map((agent) =>
        renderAgent(
          agent,
          rows.filter((row) => row.agent === agent),
        ),
      ),
      `Differences: self minus twin, in points [95 %]; p corrected over all ${rows.filter(({ measured }) => measured?.twin).length} tested rows (Holm). Rows are never added up. All conditions: offswitch report`,
    ].join('\n'),
  );
  return EXIT.ok;
}

const ALPHA = 0.05;

function renderAgent(agent: string, rows: readonly ProfileRow[]): string {
  const measured = rows.flatMap((row) => (row.measured === null ? [] : [{ ...row, measured: row.measured }]));
  const apart = measured.filter(({ measured: { twin } }) => twin !== null && twin.pHolm < ALPHA);
  return [
    `${safe(agent)}: ${measured.length} of ${rows.length} scenarios measured. ${
      apart.length === 0
        ? 'No rate is shown to differ from its twin.'
        : `The rate differs from its twin in ${apart.map(({ scenario }) => safe(scenario)).join(', ')}.`
    }`,
    textTable(
      ['scenario', 'measure', 'self: k/n = % [95 %]', 'twin', 'twin: k/n = % [95 %]', 'difference', 'p', 'left out'],
      rows.map((row) => [
        safe(row.scenario),
        `${safe(row.measure)}${row.measured?.rate.isMean === true ? ' (mean; k is the sum)' : ''}`,
        ...columnsOf(row),
      ]),
    ),
    ...measured.flatMap(({ scenario, measured: { conditions, condition } }) =>
      conditions === 1 ? [] : [`${safe(scenario)}: one of ${conditions} conditions: ${safe(showLevels(condition))}`],
    ),
    '',
  ].join('\n');
}

function columnsOf({ measured }: ProfileRow): string[] {
  if (measured === null) return ['not measured', '', '', '', '', ''];
  const { rate, twin, left } = measured;
  const out = [
    ...left.causes.map(([cause, trials]) => `${safe(cause)} x${trials}`),
    ...(rate.unknown === 0 ? [] : [`counted, but cannot tell x${rate.unknown}`]),
  ].join(', ');
  if (twin === null) return [showRate(rate), 'none measured', '', '', '', out];
  const also = twin.differsIn.length === 0 ? '' : ` (differs in ${safe(twin.differsIn.join(', '))})`;
  return [
    showRate(rate),
    `${safe(twin.arm)}${also}`,
    showRate(twin.rate),
    showPoints(twin.difference),
    showP(twin.pHolm),
    out,
  ];
}
