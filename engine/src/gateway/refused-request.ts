import type { z } from 'zod';

export const REASON_CHARACTERS_MAX = 1000;

/** A request that does not pass. Its message is for the product and for the record. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';
  readonly status: number;

  constructor(message: string, status = 400) {
    // It may repeat what the product sent.
    super(message.slice(0, REASON_CHARACTERS_MAX));
    this.status = status;
  }
}

/**
 * Fields that the schema does not name are left out. Throws a `RefusedRequest` that names the place and what stood there.
 * @param at where the value stands in the body
 */
export function readAs<T>(schema: z.ZodType<T>, value: unknown, at = ''): T {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  const path = issue?.path.map(String) ?? [];
  const found = path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
  // A union names what it looked at: `type`, `role`.
  const what = issue?.code === 'invalid_union' ? `unknown kind ${show(found)}` : (issue?.message ?? 'invalid');
  const place = [...(at === '' ? [] : [at]), ...path].join('.');
  throw new RefusedRequest(`${place || 'body'}: ${what}`);
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 200);
}
