import { z } from 'zod';

declare const untrusted: unique symbol;

/**
 * Text written by the agent under test, or by anything it could reach. It is not a `string`, so it cannot slip into a
 * prompt, a path, HTML, a shell or a terminal. The functions below are the only ways out; pick one by name at the call site.
 */
export interface UntrustedText {
  readonly [untrusted]: true;
}

/** Marks text where it enters: model answers, command output, process names, imported logs. */
export function toUntrusted(text: string): UntrustedText {
  // The only cast to the marked type. At run time the value stays a string, so JSON holds it unchanged. Half a surrogate
  // pair (an answer cut inside an emoji) has no form in UTF-8 and would stop the record: it becomes U+FFFD.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return text.toWellFormed() as unknown as UntrustedText;
}

/** For detectors and storage: code that compares, counts or hashes the text and never interprets it. */
export function readAsData(text: UntrustedText): string {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return text as unknown as string;
}

/** For judges: fenced by a boundary that the text does not contain (checked). */
export function quoteForPrompt(text: UntrustedText, boundary: string): string {
  const data = readAsData(text);
  if (data.includes(boundary)) throw new RangeError('the boundary occurs in the text: choose a fresh random one');
  return `<<${boundary}\n${data}\n${boundary}>>`;
}

/** For terminals and plain-text files: makes control characters, escape sequences and invisible characters visible. */
export function showOnTerminal(text: UntrustedText): string {
  return readAsData(text).replace(
    // Everything but tab and newline: controls (Cc), format characters (Cf: bidirectional, zero-width, tags), lone
    // surrogates (Cs), line and paragraph separators (Zl, Zp).
    /(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (char) => {
      const digits = (char.codePointAt(0) ?? 0).toString(16).padStart(4, '0');
      return digits.length > 4 ? `\\u{${digits}}` : `\\u${digits}`;
    },
  );
}

/** For a sentence: the same in one line, cut to a length, never inside a character. */
export function showInSentence(text: UntrustedText, charactersMax: number): string {
  const line = showOnTerminal(text).replaceAll(/[\t\n]+/g, ' ');
  return line.length <= charactersMax ? line : line.slice(0, charactersMax).replace(/[\ud800-\udbff]$/, '');
}

/** The zod schema of marked text. */
export const untrustedText = z.custom<UntrustedText>((value) => typeof value === 'string', 'expected a string');
