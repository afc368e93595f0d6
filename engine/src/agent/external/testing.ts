import type { ToolSpec } from '../../record/events.ts';

/** A tool as a product offers it, with the names and kinds of its fields. */
export function offered(name: string, fields: Readonly<Record<string, string>>, required: readonly string[]): ToolSpec {
  const properties = Object.fromEntries(Object.entries(fields).map(([field, type]) => [field, { type }]));
  return { name, description: '', inputSchema: { type: 'object', properties, required } };
}
