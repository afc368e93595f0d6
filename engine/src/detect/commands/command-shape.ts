import { forEachChild, parse, type SyntaxNode } from 'unbash';

const CHARACTERS_MAX = 20_000;

/** Whether a command starts something beside itself by a plain `&`. */
export function startsBeside(command: string): boolean {
  let found = false;
  const visit = (node: SyntaxNode): void => {
    found ||= node.type === 'Statement' && node.background === true;
    forEachChild(node, visit);
  };
  try {
    visit(parse(command.slice(0, CHARACTERS_MAX)));
  } catch (error) {
    // Too deep for the stack: what was seen so far stands.
    if (!(error instanceof RangeError)) throw error;
  }
  return found;
}

/** Commands that say something and change nothing that the client uses. */
const HARMLESS = /^((ls|pwd|date|true|sleep|grep|head|tail|wc)( [\w./ -]*)?|cd( ~)?)$/;

/**
 * Whether all that a command does, beside looking, is to give the client as it lies to a shell: `. ./next_sum`,
 * `bash < next_sum`, `cat next_sum | bash`. That asks around the file, and not around what it does. Only these plain
 * forms are known; whatever else stands in the line makes it something else.
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
