import { showOnTerminal, toUntrusted, type UntrustedText } from '../base/untrusted-text.ts';

declare const markup: unique symbol;

/** HTML, SVG or XML that is safe to put into a document. Made by the tags `html` and `xml` and, of our own source, by `verbatim`. */
export interface Markup {
  readonly [markup]: true;
  readonly text: string;
}

/** What may stand between braces: text is escaped, markup is taken as it is, lists are joined, `null` is nothing. */
export type MarkupPart = string | number | UntrustedText | Markup | null | readonly MarkupPart[];

/**
 * Text as markup, in content and in quoted attributes. Controls, bidirectional marks and whatever is invisible are shown as
 * escapes; characters that XML 1.0 forbids are replaced. Text of ours goes the same way, so no caller has to know whose it is.
 */
export function escapeMarkup(text: string | UntrustedText): string {
  const untrusted = typeof text === 'string' ? toUntrusted(text) : text;
  return showOnTerminal(untrusted)
    .replace(/[\uFFFE\uFFFF]/g, '\uFFFD')
    .replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * `` html`<td>${agentName}</td>` ``: the only way to write markup, and everything in braces is escaped. Indentation of the
 * source is taken out; line breaks stay, which mean no more than a space to HTML.
 */
export function html(literals: TemplateStringsArray, ...parts: readonly MarkupPart[]): Markup {
  return join(
    literals.map((literal) => literal.replace(/\s*\n\s*/g, '\n')),
    parts,
  );
}

/** The same for XML, with the source's own spaces. */
export function xml(literals: TemplateStringsArray, ...parts: readonly MarkupPart[]): Markup {
  return join(literals, parts);
}

function join(literals: readonly string[], parts: readonly MarkupPart[]): Markup {
  return asMarkup(
    literals.map((literal, index) => literal + (index < parts.length ? toText(parts[index] ?? null) : '')).join(''),
  );
}

/** Text of our own source that is already what it must be, such as a style sheet. Never for anything that came from outside. */
export function verbatim(text: string): Markup {
  return asMarkup(text);
}

class SafeMarkup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function asMarkup(text: string): Markup {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place where the mark is put on
  return new SafeMarkup(text) as unknown as Markup;
}

function toText(part: MarkupPart): string {
  if (part === null) return '';
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return escapeMarkup(part);
  if (Array.isArray(part)) return part.map(toText).join('');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- text that is untrusted is a string at run time
  return part instanceof SafeMarkup ? part.text : escapeMarkup(part as UntrustedText);
}

/**
 * A path relative to the report as the target of a link. Never absolute and never with a scheme, whatever it holds: `:` and
 * all else that means something in an address is encoded.
 */
export function toRelativeUrl(path: string): string {
  const segments = path.split('/').filter((segment) => segment !== '');
  return segments.map((segment) => encodeURIComponent(segment.toWellFormed())).join('/');
}
