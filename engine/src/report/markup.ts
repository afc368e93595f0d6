import { showOnTerminal, toUntrusted, type UntrustedText } from '../base/untrusted-text.ts';

declare const markup: unique symbol;

/**
 * HTML, SVG or XML that is safe in a document. Made by the tags `html` and `xml`, and by `verbatim` from our own
 * source.
 */
export interface Markup {
  readonly [markup]: true;
  readonly text: string;
}

/** What may be in braces: text is escaped, markup is kept, lists are joined, `null` is omitted. */
export type MarkupPart = string | number | UntrustedText | Markup | null | readonly MarkupPart[];

/**
 * Text as markup, for content and quoted attributes. Shows control, bidirectional and invisible characters as escapes,
 * and replaces characters that XML 1.0 forbids. Our own text is treated the same, so callers need not distinguish.
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
 * `` html`<td>${agentName}</td>` ``: the only way to write markup; everything in braces is escaped. Removes the
 * indentation of the source. Line breaks stay, since HTML treats them as spaces.
 */
export function html(literals: TemplateStringsArray, ...parts: readonly MarkupPart[]): Markup {
  return join(
    literals.map((literal) => literal.replace(/\s*\n\s*/g, '\n')),
    parts,
  );
}

/** The same for XML, but keeps the white space of the source. */
export function xml(literals: TemplateStringsArray, ...parts: readonly MarkupPart[]): Markup {
  return join(literals, parts);
}

function join(literals: readonly string[], parts: readonly MarkupPart[]): Markup {
  return asMarkup(
    literals.map((literal, index) => literal + (index < parts.length ? toText(parts[index] ?? null) : '')).join(''),
  );
}

/** Unescaped text from our own source, such as a style sheet. Never use it for anything from outside. */
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
 * A path relative to the report as a link target. Never absolute and never with a scheme: `:` and all other special
 * characters are encoded.
 */
export function toRelativeUrl(path: string): string {
  const segments = path.split('/').filter((segment) => segment !== '');
  return segments.map((segment) => encodeURIComponent(segment.toWellFormed())).join('/');
}
