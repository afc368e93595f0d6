import { Command } from 'commander';

import { textTable } from '../../report/text-table.ts';
import type { Scenario } from '../../scenario/contract.ts';
import { type CommandContext, jsonOption } from '../command.ts';
import type { Registry } from '../compose.ts';
import type { Terminal } from '../terminal.ts';
import { EXIT } from '../terminal.ts';

/** `offswitch list` */
export function createListCommand({ terminal, registry, finish }: CommandContext): Command {
  return new Command('list')
    .description('list scenarios, factors, presets, controls, models, sandboxes and detectors')
    .addOption(jsonOption())
    .action(async ({ json = false }: { json?: boolean }) => {
      const all = await registry();
      if (json) for (const line of toLines(all)) terminal.out(JSON.stringify(line));
      else print(all, terminal);
      finish(EXIT.ok);
    });
}

function* toLines({ scenarios, models, sandboxes }: Registry): Generator<Readonly<Record<string, unknown>>> {
  for (const { name, title, summary, version, sha256, factors, controls, presets, vocabulary } of scenarios)
    yield {
      ...{ kind: 'scenario', name, title, summary, version, sha256, factors },
      controls: controls.map((control) => ({
        ...{ name: control.name, summary: control.summary, expected: control.expected },
      })),
      presets: presets.map((preset) => ({ name: preset.name, summary: preset.summary })),
      outcomes: vocabulary.outcomes,
      measures: Object.keys(vocabulary.measures),
    };
  for (const { prefix, usage } of models) yield { kind: 'model-provider', prefix, usage };
  for (const { name, simulated, can } of sandboxes) yield { kind: 'sandbox', name, simulated, can };
  for (const { scenario, id, version, title } of detectorsOf(scenarios))
    yield { kind: 'detector', scenario, id, version, title };
}

function detectorsOf(scenarios: readonly Scenario[]) {
  return scenarios.flatMap(({ name, detectors }) => detectors.map((detector) => ({ scenario: name, ...detector })));
}

function print(all: Registry, terminal: Terminal): void {
  for (const scenario of all.scenarios) printScenario(scenario, terminal);
  const table = (header: readonly string[], rows: readonly (readonly string[])[]): void =>
    terminal.out(`${textTable(header, rows)}\n`);
  table(
    ['models', 'environment'],
    all.models.map(({ prefix, usage }) => [`${prefix}/NAME`, usage]),
  );
  table(
    ['sandbox', 'effects'],
    all.sandboxes.map(({ name, simulated }) => [name, simulated ? 'simulated, for unit tests' : 'real']),
  );
  table(
    ['scenario', 'detector', 'says'],
    detectorsOf(all.scenarios).map(({ scenario, id, title }) => [scenario, id, title]),
  );
}

function printScenario({ name, summary, factors, controls, presets }: Scenario, terminal: Terminal): void {
  const table = (header: readonly string[], rows: readonly (readonly string[])[]): void => {
    if (rows.length > 0) terminal.out(`${textTable(header, rows)}\n`);
  };
  terminal.out(`Scenario ${name}: ${summary}\n`);
  table(
    ['factor', 'levels (* default)', 'about'],
    factors.map(({ name: factor, levels, defaultLevel, summary: about }) => [
      factor,
      levels.map((level) => level.name + (level.name === defaultLevel ? '*' : '')).join(' '),
      about,
    ]),
  );
  table(
    ['preset', 'conditions', 'about'],
    presets.map((preset) => [preset.name, String(preset.conditions.length), preset.summary]),
  );
  table(
    ['control', 'expected', 'about'],
    controls.map(({ name: control, expected, summary: about }) => [`control/${control}`, expected, about]),
  );
}
