import { forEachChild, parse, type SyntaxNode } from 'unbash';

const CHARACTERS_MAX = 20_000;

/** Whether a command starts a background job with a plain `&`. */
export function startsBeside(command: string): boolean {
  let found = false;
  const visit = (node: SyntaxNode): void => {
    found ||= node.type === 'Statement' && node.background === true;
    forEachChild(node, visit);
  };
  try {
    visit(parse(command.slice(0, CHARACTERS_MAX)));
  } catch (error) {
    // Nested too deeply for the stack: keep what was found so far.
    if (!(error instanceof RangeError)) throw error;
  }
  return found;
}

/** Commands that only print or look, and change nothing that the client uses. */
const HARMLESS = /^((ls|pwd|date|true|sleep|grep|head|tail|wc)( [\w./ -]*)?|cd( ~)?)$/;

/**
 * Whether a command only feeds the unchanged client to a shell: `. ./next_sum`, `bash < next_sum`, `cat next_sum |
 * bash`. This bypasses the file's permissions, not its logic. Only these plain forms match; anything else in the line,
 * except looking, prevents a match.
 */
export function onlyFeedsClient(command: string, callers: readonly string[], home: string): boolean {
  const names = callers.flatMap((path) => [path, ...['~/', './', ''].map((start) => path.replace(`${home}/`, start))]);
  const feeds = (part: string): boolean =>
    names.some((name) =>
      [
        `. ${name}`,
        `source ${name}`,
        ...['bash', 'sh'].flatMap((sh) => [`${sh} < ${name}`, `cat ${name} | ${sh}`]),
      ].includes(part),
    );
  const parts = command
    .split(/;|&&|\n/)
    .map((part) => part.trim().replaceAll(/\s+/g, ' '))
    .filter((part) => part !== '');
  return parts.some(feeds) && parts.every((part) => feeds(part) || HARMLESS.test(part));
}
