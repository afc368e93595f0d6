import { z } from 'zod';

import { suggestName } from '../base/usage-error.ts';

/** The parts of a JSON Schema that our settings use. */
const nodeSchema = z.looseObject({
  type: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  enum: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  minItems: z.number().optional(),
});
type Node = z.output<typeof nodeSchema>;

export interface SettingProblem {
  readonly schema: z.ZodType;
  readonly value: unknown;
  readonly issue: z.core.$ZodIssue;
}

/** Explains what was expected at the place of the issue and what it got. The schema alone decides what is valid. */
export function explainSetting(name: string, { schema, value, issue }: SettingProblem): string {
  const came = at(value, issue.path);
  if (issue.code === 'unrecognized_keys') return explainKey(name, { schema, value, issue });
  // A check that a schema cannot express has its own message.
  const whose = name === '' ? '' : `${name}: `;
  if (issue.code === 'custom') return `${whose}${issue.message}`;
  if (issue.message.startsWith('expected')) return `${whose}${issue.message}, got ${show(came)}`;
  const node = nodeAt(schema, issue.path);
  return `expected ${describe(node)}${name === '' ? '' : ` for ${name}`}, got ${show(came)}${suggestion(node, came)}`;
}

function explainKey(name: string, { schema, issue }: SettingProblem): string {
  const key = issue.code === 'unrecognized_keys' ? (issue.keys[0] ?? '') : '';
  const known = Object.keys(nodeAt(schema, issue.path)?.properties ?? {});
  const nearest = suggestName(key, known);
  const hint = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
  return `unknown key "${key}"${name === '' ? '' : ` in ${name}`}.${hint} (known: ${known.join(', ')})`;
}

function suggestion(node: Node | undefined, came: unknown): string {
  const nearest = typeof came === 'string' ? suggestName(came, (node?.enum ?? []).map(String)) : undefined;
  return nearest === undefined ? '' : `. Did you mean "${nearest}"?`;
}

function nodeAt(schema: z.ZodType, path: readonly PropertyKey[]): Node | undefined {
  let node: Node | undefined = toNode(z.toJSONSchema(schema, { io: 'input' }));
  for (const key of path)
    node = toNode(
      typeof key === 'number' ? node?.items : (node?.properties?.[String(key)] ?? node?.additionalProperties),
    );
  return node;
}

function toNode(value: unknown): Node | undefined {
  return nodeSchema.safeParse(value).data;
}

function describe(node: Node | undefined): string {
  if (node?.anyOf !== undefined) return node.anyOf.map((one) => describe(toNode(one))).join(' or ');
  if (node?.enum !== undefined) return `one of ${node.enum.map(String).join(', ')}`;
  switch (node?.type) {
    case 'integer':
      return `a whole number${describeRange(node)}`;
    case 'number':
      return `a number${describeRange(node)}`;
    case 'string':
      return 'a text that is not empty';
    case 'boolean':
      return 'true or false';
    case 'array':
      return node.minItems === undefined ? 'a list' : `a list of at least ${node.minItems}`;
    case 'object':
      return 'settings by name (name: value)';
    default:
      return 'something else';
  }
}

function describeRange({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Node): string {
  // The bounds of the number format itself are not informative.
  const [min, max] = [minimum, maximum].map((bound) =>
    bound === undefined || !Number.isSafeInteger(bound) || Math.abs(bound) === Number.MAX_SAFE_INTEGER
      ? undefined
      : bound,
  );
  if (exclusiveMinimum !== undefined && exclusiveMaximum !== undefined)
    return ` above ${exclusiveMinimum} and below ${exclusiveMaximum}`;
  if (exclusiveMinimum !== undefined) return ` above ${exclusiveMinimum}`;
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  return min === undefined ? '' : ` of at least ${min}`;
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null
        ? new Map<PropertyKey, unknown>(Object.entries(inner)).get(String(key))
        : undefined,
    value,
  );
}

const SHOWN_MAX = 80;

function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  const text = JSON.stringify(value);
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`;
}
