/** The structure of a document: tags and attribute names, without values. */
export function structureOf(document: string): string[] {
  return (document.match(/<[^>]*>/g) ?? []).map((tag) => tag.replace(/"[^"]*"/g, '""'));
}
