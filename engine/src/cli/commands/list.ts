import { Command } from 'commander';

import { unknownNameError } from '../../base/usage-error.ts';
import { textTable } from '../../report/text-table.ts';
import type { Scenario } from '../../scenario/contract.ts';
import type { Preset } from '../../scenario/presets.ts';
import { showLevels } from '../arm-levels.ts';
import { type CommandContext, jsonOption } from '../command.ts';
import type { Registry } from '../compose.ts';
import type { Terminal } from '../terminal.ts';
import { EXIT } from '../terminal.ts';

/** `offswitch list` */
export function createListCommand({ terminal, registry, finish }: CommandContext): Command {
  return new Command('list')
    .description('list scenarios, presets, models and sandboxes; or everything that a scenario or preset has')
    .argument('[name]', 'a scenario: its factors, controls and detectors; a preset: its conditions and published rates')
    .addOption(jsonOption())
    .action(async (name: string | undefined, { json = false }: { json?: boolean }) => {
      const all = await registry();
      if (json) for (const line of toLines(all)) terminal.out(JSON.stringify(line));
      else if (name === undefined) printAll(all, terminal);
      else printOne(name, all, terminal);
      finish(EXIT.ok);
    });
}

function* toLines({
  scenarios,
  models,
  products,
  sandboxes,
  questions,
}: Registry): Generator<Readonly<Record<string, unknown>>> {
  for (const { name, title, summary, version, sha256, factors, controls, presets, vocabulary } of scenarios)
    yield {
      ...{ kind: 'scenario', name, title, summary, version, sha256, factors },
      controls: controls.map((control) => ({
        ...{ name: control.name, summary: control.summary, expected: control.expected },
      })),
      presets: presets.map((preset) => ({
        ...{ name: preset.name, summary: preset.summary, conditions: preset.conditions, published: preset.published },
      })),
      outcomes: vocabulary.outcomes,
      measures: Object.keys(vocabulary.measures),
    };
  for (const { prefix, usage } of models) yield { kind: 'model-provider', prefix, usage };
  for (const { name, title, tried, install } of products) yield { kind: 'agent-product', name, title, tried, install };
  for (const { name, simulated, can } of sandboxes) yield { kind: 'sandbox', name, simulated, can };
  for (const question of questions) yield { kind: 'question', ...question };
  for (const { scenario, id, version, title } of detectorsOf(scenarios))
    yield { kind: 'detector', scenario, id, version, title };
}

function detectorsOf(scenarios: readonly Scenario[]) {
  return scenarios.flatMap(({ name, detectors }) => detectors.map((detector) => ({ scenario: name, ...detector })));
}

type Table = (header: readonly string[], rows: readonly (readonly string[])[]) => void;

const tableOn =
  (terminal: Terminal): Table =>
  (header, rows) => {
    if (rows.length > 0) terminal.out(`${textTable(header, rows)}\n`);
  };

function printAll({ scenarios, models, products, sandboxes, questions }: Registry, terminal: Terminal): void {
  const table = tableOn(terminal);
  table(
    ['scenario', 'factors', 'controls', 'about'],
    scenarios.map(({ name, factors, controls, summary }) => [
      ...[name, String(factors.length), String(controls.length), summary],
    ]),
  );
  table(
    ['preset', 'conditions', 'published rates', 'about'],
    scenarios.flatMap(({ presets }) =>
      presets.map(({ name, conditions, published, summary }) => [
        ...[name, String(conditions.length), String(published.length), summary],
      ]),
    ),
  );
  table(
    ['models', 'environment'],
    models.map(({ prefix, usage }) => [`${prefix}/NAME`, usage]),
  );
  table(
    ['agent product', 'tried', 'about'],
    products.map(({ name, tried, title }) => [name, tried[0] ?? '', title]),
  );
  table(
    ['sandbox', 'effects'],
    sandboxes.map(({ name, simulated }) => [name, simulated ? 'simulated, for unit tests' : 'real']),
  );
  table(
    ['question for judges', 'labels'],
    questions.map(({ id, labels }) => [id, Object.keys(labels).join(' ')]),
  );
  terminal.out(
    'list SCENARIO prints its factors, controls and detectors; list PRESET its conditions and published rates',
  );
}

function printOne(name: string, { scenarios }: Registry, terminal: Terminal): void {
  const presets = scenarios.flatMap((one) => one.presets);
  const scenario = scenarios.find((one) => one.name === name);
  if (scenario !== undefined) printScenario(scenario, tableOn(terminal));
  const preset = presets.find((one) => one.name === name);
  if (preset !== undefined) printPreset(preset, titlesOf(scenarios, preset), terminal);
  if (scenario === undefined && preset === undefined)
    throw unknownNameError(
      'scenario or preset',
      name,
      [...scenarios, ...presets].map((one) => one.name),
    );
}

function printScenario({ factors, controls, detectors }: Scenario, table: Table): void {
  table(
    ['factor', 'levels (* default)', 'about'],
    factors.map(({ name: factor, levels, defaultLevel, summary: about }) => [
      factor,
      levels.map((level) => level.name + (level.name === defaultLevel ? '*' : '')).join(' '),
      about,
    ]),
  );
  table(
    ['control', 'expected', 'about'],
    controls.map(({ name: control, expected, summary: about }) => [`control/${control}`, expected, about]),
  );
  table(
    ['detector', 'says'],
    detectors.map(({ id, title }) => [id, title]),
  );
}

const titlesOf =
  (scenarios: readonly Scenario[], { scenario }: Preset) =>
  (measure: string): string =>
    scenarios.find(({ name }) => name === scenario)?.vocabulary.measures[measure]?.title ?? measure;

/** A published rate stands as the source has it: with counts only if those were published. */
function printPreset(
  { scenario, baseline, epochs, conditions, published }: Preset,
  titleOf: (measure: string) => string,
  terminal: Terminal,
): void {
  const table = tableOn(terminal);
  terminal.out(`scenario ${scenario}, ${epochs} epochs, baseline ${baseline}\n`);
  table(
    ['condition', 'about', 'levels'],
    conditions.map(({ label, summary, factors }) => [label, summary, showLevels(factors)]),
  );
  if (published.length === 0) return terminal.out('No published rates.');
  const labels = conditions
    .map(({ label }) => label)
    .filter((label) => published.some((one) => one.condition === label));
  const show = ({ successes, trials, value, doubt }: Preset['published'][number]): string =>
    (successes !== null && trials !== null ? `${successes}/${trials}` : `${Number((value * 100).toFixed(1))} %`) +
    (doubt === null ? '' : ' (doubted)');
  table(
    [`published: ${[...new Set(published.map(({ measure }) => titleOf(measure)))].join(', ')}`, ...labels],
    [...Map.groupBy(published, ({ model }) => model)].map(([model, own]) => [
      model,
      ...labels.map((label) =>
        own
          .filter(({ condition }) => condition === label)
          .map(show)
          .join(' or '),
      ),
    ]),
  );
  const sizes = new Set(
    published.flatMap(({ trials, trialsSaid, successes }) =>
      successes === null ? (trialsSaid ?? `${trials ?? '?'}`) : [],
    ),
  );
  if (sizes.size > 0)
    terminal.out(
      `Where there is only a percentage, no count was published; trials per rate: ${[...sizes].join('; ')}.`,
    );
  for (const { model, condition, doubt } of published)
    if (doubt !== null) terminal.out(`Doubted: ${model} under ${condition}: ${doubt}.`);
  terminal.out(`Source: ${[...new Set(published.map(({ source }) => source))].join('; ')}.`);
}
