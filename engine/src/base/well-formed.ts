/**
 * JSON and YAML can spell half a surrogate pair (`\ud800`). It is no character: it has no form in UTF-8 and no hash. So
 * text from outside that holds one is refused where it is read.
 */
export const HALF_CHARACTER = 'a text holds half a surrogate pair (\\ud800 to \\udfff without its other half)';

/** Whether no text of a value, keys included, holds half a surrogate pair. The value must have a form in JSON. */
export function isWellFormed(value: unknown): boolean {
  const text = JSON.stringify(value) as string | undefined;
  // It writes whole pairs as they are, and halves as escapes.
  return text === undefined || !holdsSurrogateEscape(text);
}

/** Whether JSON text spells any surrogate as an escape, in a pair or alone. */
export function holdsSurrogateEscape(json: string): boolean {
  // A backslash that is escaped itself begins no escape.
  return json.includes('\\u') && /(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]/.test(json);
}
