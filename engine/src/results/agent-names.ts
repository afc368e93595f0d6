/**
 * Whether a measured model is the one that a publication names, for example `xai/grok-4-0709` and "Grok 4".
 * Conservative: words that distinguish models (`mini`, `fast`, `preview`, another version) are never ignored, so a
 * wrong match is less likely than a missing one, which the user can state. A dated snapshot counts as its model,
 * although the publication may have used another snapshot.
 */
export function isSameModel(measured: string, published: string): boolean {
  const [one, other] = [keyOf(measured), keyOf(published)];
  return one !== '' && one === other;
}

/** Words may be in any order ("Claude Sonnet 4", claude-4-sonnet), but numbers may not (3.7 is not 7.3). */
function keyOf(name: string): string {
  const tokens = withoutSnapshot(
    name
      .slice(name.lastIndexOf('/') + 1)
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter((token) => token !== ''),
  );
  const isNumber = (token: string): boolean => /^\d+$/.test(token);
  const words = tokens.filter((token) => !isNumber(token)).toSorted();
  return [...words, ...tokens.filter(isNumber)].join(' ');
}

/** Removes a date at the end (2025-08-07, 20250807, 0709) and `latest`. */
function withoutSnapshot(tokens: readonly string[]): readonly string[] {
  const rest = tokens.at(-1) === 'latest' ? tokens.slice(0, -1) : tokens;
  const end = rest.slice(-3).join('-');
  if (rest.length > 3 && /^20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/.test(end)) return rest.slice(0, -3);
  const last = rest.at(-1) ?? '';
  const isDate = /^(?:20\d\d)?(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/.test(last);
  return rest.length > 1 && isDate ? rest.slice(0, -1) : rest;
}
