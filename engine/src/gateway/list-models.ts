/** Answers every vendor's request for models. Null if the path is none. */
export function listModels(
  path: string,
  names: readonly string[],
): { readonly status: number; readonly body: unknown } | null {
  const found = /^\/(?:v1\/|v1beta\/)?models(?:\/([^/]+))?$/.exec(path);
  if (found === null) return null;
  const models = names.map(describe);
  const wanted = found[1];
  if (wanted === undefined) {
    // The fields of all vendors in one: each client reads its own.
    const ends = { first_id: names[0] ?? null, last_id: names.at(-1) ?? null };
    return { status: 200, body: { object: 'list', data: models, has_more: false, ...ends, models } };
  }
  const model = models.find(({ id }) => id === wanted);
  return model === undefined
    ? { status: 404, body: { error: { type: 'not_found_error', code: 404, message: 'there is no such model' } } }
    : { status: 200, body: model };
}

function describe(id: string): { readonly id: string } & Record<string, unknown> {
  return {
    id,
    object: 'model',
    created: 0,
    owned_by: 'system',
    type: 'model',
    display_name: id,
    created_at: '1970-01-01T00:00:00Z',
    name: `models/${id}`,
    displayName: id,
    supportedGenerationMethods: ['generateContent', 'countTokens'],
  };
}
