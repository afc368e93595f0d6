import { z } from 'zod';

import type { Factor, Scenario } from '../scenario/contract.ts';
import { metricName, selectionSchema } from '../study/plan.ts';
import { measuresOf } from '../study/questions.ts';
import { CONTROL_PREFIX } from '../study/resolve.ts';
import type { Registry } from './compose.ts';
import { factorsSchema, modelName, presetName, sandboxName, scenarioName, settingsSchema } from './settings.ts';

/** Distinguishes a copy of the schema from another file of that name. */
export const STUDY_SCHEMA_TITLE = 'Offswitch study';

/**
 * JSON Schema of study files, for editors: the schema that parses them, once for each scenario with its names. It ships
 * with the package as `study.schema.json` (`npm run schema` writes it), and `offswitch init` writes a copy next to a
 * YAML file.
 */
export function createStudySchema(registry: Registry): Record<string, unknown> {
  const branches = [
    ...registry.scenarios.flatMap((scenario) => branchesOf(scenario, registry)),
    withoutNames('your own scenario', registry, {
      scenario: {
        type: 'string',
        pattern: String.raw`^\.{0,2}/|\.m?[jt]s$`,
        description: 'path of a file that exports one',
      },
    }),
    withoutNames('the scenario is named on the command line', registry, {}),
  ];
  const { definitions, shared } = shareProperties(branches);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: STUDY_SCHEMA_TITLE,
    type: 'object',
    oneOf: shared,
    $defs: definitions,
  };
}

/** One scenario, named directly or by its preset. */
function branchesOf(scenario: Scenario, registry: Registry): readonly Branch[] {
  const { name, factors, presets } = scenario;
  const measures = { enum: measuresOf(scenario) };
  const selection = toObject(factors, (levels) => levels);
  const presetNames = { enum: presets.map((preset) => preset.name) };
  const make = (title: string, names: Names, required: string, left: readonly string[] = []): Branch =>
    toBranch(title, names, { required: [required], left });
  const names: Names = new Map<unknown, Node>([
    [scenarioName, { const: name }],
    ...(presets.length === 0 ? [] : [[presetName, presetNames] as const]),
    [sandboxName, { enum: registry.sandboxes.map((sandbox) => sandbox.name) }],
    [modelName, modelNames(registry, scenario)],
    [metricName, measures],
    [
      factorsSchema,
      toObject(factors, (levels) => ({ anyOf: [levels, { type: 'array', items: levels, minItems: 1 }] })),
    ],
    [selectionSchema, { ...selection, properties: { agent: { type: 'string' }, ...selection.properties } }],
  ]);
  return presets.length === 0
    ? [make(name, names, 'scenario', ['preset'])]
    : [make(name, names, 'scenario'), make(`${name}, by its preset`, names, 'preset', ['scenario'])];
}

/** A study of a scenario whose names are unknown here. */
function withoutNames(title: string, registry: Registry, scenario: Readonly<Record<string, Node>>): Branch {
  const names: Names = new Map<unknown, Node>([
    [sandboxName, { enum: registry.sandboxes.map(({ name }) => name) }],
    [modelName, modelNames(registry)],
    ...Object.values(scenario).map((node) => [scenarioName, node] as const),
  ]);
  const isNamed = Object.hasOwn(scenario, 'scenario');
  return toBranch(title, names, {
    required: isNamed ? ['scenario'] : [],
    left: isNamed ? ['preset'] : ['preset', 'scenario'],
  });
}

function modelNames({ models }: Registry, scenario?: Scenario): Node {
  const providers = models.map(({ prefix }) => prefix);
  const controls = scenario?.controls.map(({ name }) => `${CONTROL_PREFIX}${name}`);
  return {
    anyOf: [
      { type: 'string', ...(controls === undefined ? { pattern: `^${CONTROL_PREFIX}.+` } : { enum: controls }) },
      { type: 'string', pattern: `^(${providers.join('|')})/.+`, description: 'provider/model' },
    ],
  };
}

type Node = Readonly<Record<string, unknown>>;
/** Replaces a schema that only requires some name. */
type Names = ReadonlyMap<unknown, Node>;

interface Branch {
  readonly title: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly required: readonly string[];
}

interface BranchOptions {
  readonly required: readonly string[];
  /** Keys that do not belong in it. */
  readonly left: readonly string[];
}

function toBranch(title: string, names: Names, { required, left }: BranchOptions): Branch {
  const { properties = {} } = z.toJSONSchema(settingsSchema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      const known = names.get(zodSchema);
      if (known === undefined) return;
      delete jsonSchema.propertyNames;
      delete jsonSchema.additionalProperties;
      if (known['anyOf'] !== undefined || known['const'] !== undefined) delete jsonSchema.type;
      Object.assign(jsonSchema, known);
    },
  });
  return {
    title,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !left.includes(name))),
    required,
  };
}

/**
 * Defines what is in several branches once: under its own name if all share it, otherwise with the name of its
 * scenario.
 */
function shareProperties(branches: readonly Branch[]): {
  readonly definitions: Readonly<Record<string, unknown>>;
  readonly shared: readonly Node[];
} {
  const all = branches.flatMap(({ title, properties }) =>
    Object.entries(properties).map(([name, schema]) => ({
      title,
      name,
      schema,
      text: `${name} ${JSON.stringify(schema)}`,
    })),
  );
  const definitions: Record<string, unknown> = {};
  const names = new Map<string, string>();
  for (const [text, [first, ...others]] of Map.groupBy(all, (one) => one.text)) {
    if (first === undefined || others.length === 0) continue;
    const isCommon = others.length === branches.length - 1;
    const name = isCommon ? first.name : `${first.title}-${first.name}`;
    definitions[name] = first.schema;
    names.set(text, name);
  }
  return {
    definitions,
    shared: branches.map(({ title, properties, required }) => ({
      title,
      type: 'object',
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, schema]) => {
          const shared = names.get(`${name} ${JSON.stringify(schema)}`);
          return [name, shared === undefined ? schema : { $ref: `#/$defs/${shared}` }];
        }),
      ),
      required,
      additionalProperties: false,
    })),
  };
}

function toObject(
  factors: readonly Factor[],
  around: (levels: Node) => Node,
): {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, unknown>>;
  readonly additionalProperties: false;
} {
  const properties = factors.map(({ name, summary, levels, defaultLevel }): [string, unknown] => [
    name,
    { description: `${summary} (default ${defaultLevel})`, ...around({ enum: levels.flatMap(spellings) }) },
  ]);
  return { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false };
}

/** YAML reads the level "3" as a number. */
function spellings({ name }: { readonly name: string }): (string | number)[] {
  return /^\d+$/.test(name) ? [name, Number(name)] : [name];
}
