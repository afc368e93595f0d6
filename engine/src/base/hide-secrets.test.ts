import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { hideSecrets } from './hide-secrets.ts';

const KEY = 'sk-canary-7f3a9b2c4d5e6f70';
const each = (write: (char: string, code: number) => string): string =>
  Array.from(KEY)
    .map((char) => write(char, char.charCodeAt(0)))
    .join('');
const hex = (code: number): string => code.toString(16).padStart(2, '0');

describe('hideSecrets', () => {
  it('hides every occurrence of every secret, and nothing else', () => {
    expect(hideSecrets('a KEY1, KEY2 and KEY1', ['KEY1', 'KEY2'])).toBe('a [secret], [secret] and [secret]');
    expect(hideSecrets('nothing here', ['KEY1', ''])).toBe('nothing here');
  });

  it('hides a secret that JSON has escaped', () => {
    const secret = 'half"of\\it';
    expect(hideSecrets(JSON.stringify({ key: secret }), [secret])).toBe('{"key":"[secret]"}');
  });

  it.each([
    ['as it is', KEY],
    ['with escapes of JSON', each((_, code) => `\\u00${hex(code)}`)],
    ['with one escape', KEY.replace('c', String.raw`\u0063`)],
    ['with escapes of escapes', each((_, code) => `\\\\u00${hex(code)}`)],
    ['with escapes of a shell', each((_, code) => `\\x${hex(code)}`)],
    ['with a backslash before every character', each((char) => `\\${char}`)],
    ['with octal escapes', each((_, code) => `\\${code.toString(8).padStart(3, '0')}`)],
    ['with code points', each((_, code) => `\\u{${code.toString(16)}}`)],
    ['percent-encoded', each((_, code) => `%${hex(code).toUpperCase()}`)],
    ['percent-encoded where a URL must be', KEY.replaceAll('-', '%2D')],
    ['percent-encoded twice', each((_, code) => `%25${hex(code)}`)],
    ['as entities', each((_, code) => `&#${code};`)],
    ['as hexadecimal entities', each((_, code) => `&#x${hex(code)};`)],
    ['in hex', Buffer.from(KEY).toString('hex')],
    ['in capital hex', Buffer.from(KEY).toString('hex').toUpperCase()],
    ['cut by quotes', `${KEY.slice(0, 9)}"'${KEY.slice(9)}`],
    ['cut as in JavaScript', `${KEY.slice(0, 5)}" + "${KEY.slice(5, 14)}" +\n  '${KEY.slice(14)}`],
    ['cut, in JSON', JSON.stringify(`${KEY.slice(0, 9)}" + "${KEY.slice(9)}`).slice(1, -1)],
    ['as a list', `${KEY.slice(0, 9)}", "${KEY.slice(9)}`],
    ['a character at a time', Array.from(KEY).join(' ')],
  ])('hides a secret %s', (_what, written) => {
    expect(hideSecrets(`echo "${written}" | tee x`, [KEY])).toBe('echo "[secret]" | tee x');
  });

  it('hides a secret in Base64, wherever it begins in it', () => {
    for (const before of ['', 'B', 'Be', 'Bearer ', 'Authorization: Bearer '])
      for (const form of ['base64', 'base64url'] as const) {
        const text = Buffer.from(`${before}${KEY}, and more`).toString(form);
        const shown = hideSecrets(`echo ${text} | base64 -d`, [KEY]);
        expect(shown).toContain('[secret]');
        for (const piece of shown.split(/[^A-Za-z0-9+/_-]+/))
          expect(Buffer.from(piece, 'base64').toString()).not.toMatch(/canary|5e6f/);
      }
  });

  it('leaves no piece of half its length', () => {
    for (let at = 1; at < KEY.length; at++) {
      const shown = hideSecrets(JSON.stringify({ a: KEY.slice(0, at), b: `x${KEY.slice(at)}` }), [KEY]);
      for (let start = 0; start + KEY.length / 2 <= KEY.length; start++)
        expect(shown).not.toContain(KEY.slice(start, start + KEY.length / 2));
    }
  });

  it('leaves valid JSON valid', () => {
    const bodies = [
      `"${KEY}"`,
      `"a ${KEY.replace('c', String.raw`\u0063`)} b"`,
      `["${KEY.slice(0, 9)}","${KEY.slice(9)}"]`,
    ];
    for (const body of bodies) expect(() => JSON.parse(hideSecrets(`{"cmd":${body}}`, [KEY])) as unknown).not.toThrow();
  });

  it('changes nothing in a text that does not hold it', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        expect(hideSecrets(text, [KEY])).toBe(text);
      }),
    );
    for (const text of ['sk-', 'sk-canary', 'the canary sings', '0123456789abcdef', 'open sesame'])
      expect(hideSecrets(text, [KEY, 'opensesame'])).toBe(text);
  });

  it('takes linear time, whatever the text and the secret', () => {
    const secrets = [KEY, '\\'.repeat(40), '""""""""""""""""""""', '%%%%%%%%%%%%%%%%%%%%', 'a'.repeat(64)];
    const pieces = ['\\', '"', '%', 's', '" + "', 'sk-canary-7f3a', 'a ', 'a', '%2', String.raw`\u00`];
    const started = performance.now();
    for (const piece of pieces) hideSecrets(piece.repeat(100_000 / piece.length), secrets);
    // Everything but the last character, and escapes that are letters of the secret or cuts between them.
    for (const secret of ['sk-ant-Rt4nQ8rTnm2xK9pLwtn', 'sk-ntrntrntrntrntrntr4', `x"'"'"'"'"'"'"'"'"'x`])
      hideSecrets(secret.slice(0, -1).replaceAll(/["'nrt]/g, String.raw`\$&`.repeat(12)), [secret]);
    // Seconds are the bound of something quadratic; it takes a few hundred milliseconds.
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});
