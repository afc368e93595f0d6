/**
 * Replaces secrets in a text, for example a key that a server repeats. It also finds a secret that is written in another
 * way: escaped as in JSON or a shell, percent-encoded, as entities, in hex or Base64, cut by quotes, or as a piece that is
 * at least half of it. Any other disguise stays; THREAT_MODEL.md says so.
 */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((shown, secret) => hideSecret(shown, secret), text);
}

const SHOWN = '[secret]';
/** Shorter secrets are words such as `EMPTY`. They are looked for as they are. */
const ENCODED_MIN = 8;
/** A shorter secret that is cut may be an ordinary phrase. */
const CUT_MIN = 16;

function hideSecret(text: string, secret: string): string {
  if (secret === '') return text;
  const plain = text.replaceAll(secret, SHOWN).replaceAll(JSON.stringify(secret).slice(1, -1), SHOWN);
  if (secret.length < ENCODED_MIN || text.length < secret.length / 2) return plain;
  const read = patternsOf(secret).reduce((shown, pattern) => shown.replaceAll(pattern, SHOWN), plain);
  return secret.length < CUT_MIN ? read : hidePieces(read, secret);
}

/** Compiled once for each secret. */
const patterns = new Map<string, readonly RegExp[]>();

function patternsOf(secret: string): readonly RegExp[] {
  const known = patterns.get(secret);
  if (known !== undefined) return known;
  const made = [toPattern(secret, true), toPattern(secret, false), ...encodingsOf(secret).map(toCutPattern)];
  patterns.set(secret, made);
  return made;
}

/**
 * The secret with every character in any spelling. `\n` is either a cut or an escaped letter of the secret, the same in all of
 * it: with both, each `\n` of a text would double the ways to read it, and a server could stop the run with a few of them.
 */
function toPattern(secret: string, cutsAreEscaped: boolean): RegExp {
  const cut = secret.length < CUT_MIN ? '' : cutBetween(secret, cutsAreEscaped);
  const spellings = Array.from(secret).map((char) => spellingsOf(char, !cutsAreEscaped || !isCutEscaped(char)));
  return new RegExp(spellings.join(cut), 'gu');
}

function toCutPattern(text: string): RegExp {
  return new RegExp(Array.from(text).map(toLiteral).join(cutBetween(text, true)), 'gu');
}

const ESCAPED_CUTS = `"'nrt`;

/** Whether a backslash before the character, or its short escape in JSON, could be read as a cut. */
function isCutEscaped(char: string): boolean {
  return ESCAPED_CUTS.includes(JSON.stringify(char).slice(1, -1).at(-1) ?? char);
}

/** What may stand between two characters of a text that is put together again: quotes, spaces, `+`. */
function cutBetween(text: string, isEscaped: boolean): string {
  // Not what is in the text itself: a pattern with two readings of one character could take for ever.
  const cuts = ['"', "'", '`', '+', ',', ' ', '\n', '\r', '\t'].filter((char) => !text.includes(char));
  const escaped = !isEscaped || text.includes('\\') ? '' : String.raw`|\\{1,4}[${ESCAPED_CUTS}]`;
  return `(?:[${cuts.map(toLiteral).join('')}]${escaped}){0,8}`;
}

/** The character in a pattern, where it means itself. */
function toLiteral(char: string): string {
  return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
}

function spellingsOf(char: string, isEscaped: boolean): string {
  const code = char.codePointAt(0) ?? 0;
  const digits = (length: number): string => anyCase(code.toString(16).padStart(length, '0'));
  const bytes = [...Buffer.from(char)].map((byte) => anyCase(byte.toString(16).padStart(2, '0')));
  const units = Array.from({ length: char.length }, (_, index) => char.charCodeAt(index));
  const short = /^\\([bfnrt])$/.exec(JSON.stringify(char).slice(1, -1))?.[1];
  return `(?:${[
    ...(short === undefined || !isEscaped ? [] : [`\\\\{1,4}${short}`]),
    bytes.map((byte) => `%(?:25)?${byte}`).join(''),
    units.map((unit) => `\\\\{1,4}u${anyCase(unit.toString(16).padStart(4, '0'))}`).join(''),
    `\\\\{1,4}u\\{0{0,4}${digits(1)}\\}`,
    bytes.map((byte) => `\\\\{1,4}x${byte}`).join(''),
    ...(code < 256 ? [`\\\\{1,4}0?${code.toString(8).padStart(3, '0')}`] : []),
    `&#0{0,4}${code};`,
    `&#[xX]0{0,4}${digits(1)};`,
    // Last, so that an escape is read as one.
    `${isEscaped ? '\\\\{0,4}' : ''}${toLiteral(char)}`,
  ].join('|')})`;
}

function anyCase(hex: string): string {
  return hex.replaceAll(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

/** Hex, and Base64 at each of the three places where a text can begin in it. */
function encodingsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  const base64 = [0, 1, 2].flatMap((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    // Without the characters that depend on what stands before and after.
    const own = whole.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [...new Set([hex, hex.toUpperCase(), ...base64])];
}

/** A secret that was cut in two leaves at least one piece of half its length. */
function hidePieces(text: string, secret: string): string {
  const length = Math.ceil(secret.length / 2);
  let shown = text;
  for (let start = 0; start + length <= secret.length; start++) {
    if (!shown.includes(secret.slice(start, start + length))) continue;
    let end = start + length;
    // The longest piece that begins here, so that nothing of it stays.
    while (end < secret.length && shown.includes(secret.slice(start, end + 1))) end++;
    shown = shown.replaceAll(secret.slice(start, end), SHOWN);
  }
  return shown;
}
