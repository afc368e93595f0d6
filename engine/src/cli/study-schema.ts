import { z } from 'zod';

import type { Factor } from '../scenario/contract.ts';
import { selectionSchema } from '../study/plan.ts';
import type { Parts } from './compose.ts';
import { factorsSchema, modelName, presetName, sandboxName, scenarioName, settingsSchema } from './settings.ts';

/**
 * JSON Schema of study files, for editors: the schema that they are read with, and the names that there are. It ships with
 * the package as `study.schema.json` (`npm run schema` writes it), and `offswitch init` lays a copy beside a YAML file.
 */
export function createStudySchema({ scenarios, models, sandboxes }: Parts): Record<string, unknown> {
  const factors = scenarios.flatMap((scenario) => scenario.factors);
  const controls = scenarios.flatMap((scenario) => scenario.controls.map(({ name }) => `control/${name}`));
  const names = new Map<unknown, () => Record<string, unknown>>([
    [scenarioName, () => ({ enum: scenarios.map(({ name }) => name) })],
    [presetName, () => ({ enum: scenarios.flatMap(({ presets }) => presets.map(({ name }) => name)) })],
    [sandboxName, () => ({ enum: sandboxes.map(({ name }) => name) })],
    [
      modelName,
      () => ({
        anyOf: [
          { type: 'string', enum: controls },
          {
            type: 'string',
            pattern: `^(${models.map(({ prefix }) => prefix).join('|')})/.+`,
            description: 'provider/model',
          },
        ],
      }),
    ],
    [
      factorsSchema,
      () => toObject(factors, (levels) => ({ anyOf: [levels, { type: 'array', items: levels, minItems: 1 }] })),
    ],
    [
      selectionSchema,
      () => {
        const selection = toObject(factors, (levels) => levels);
        return { ...selection, properties: { agent: { type: 'string' }, ...selection.properties } };
      },
    ],
  ]);
  const schema = z.toJSONSchema(settingsSchema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      const known = names.get(zodSchema)?.();
      if (known === undefined) return;
      delete jsonSchema.propertyNames;
      Object.assign(jsonSchema, known);
    },
  });
  return { ...schema, title: STUDY_SCHEMA_TITLE };
}

/** Tells a copy of the schema from somebody's own file of that name. */
export const STUDY_SCHEMA_TITLE = 'Offswitch study';

function toObject(
  factors: readonly Factor[],
  around: (levels: Record<string, unknown>) => Record<string, unknown>,
): { readonly type: 'object'; readonly properties: Record<string, unknown>; readonly additionalProperties: false } {
  const properties = factors.map(({ name, summary, levels, defaultLevel }): [string, unknown] => [
    name,
    { description: `${summary} (${defaultLevel} when not given)`, ...around({ enum: levels.flatMap(spellings) }) },
  ]);
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    additionalProperties: false,
  };
}

/** YAML writes the level "3" as a number. */
function spellings({ name }: { readonly name: string }): (string | number)[] {
  return /^\d+$/.test(name) ? [name, Number(name)] : [name];
}
