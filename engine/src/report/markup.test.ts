import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { toUntrusted } from '../base/untrusted-text.ts';
import { escapeMarkup, html, toRelativeUrl } from './markup.ts';
import { hostileText } from './testing/report-input.ts';

describe('markup', () => {
  it('escapes everything in braces except markup', () => {
    const name = html`<b>${'<i>'}</b>`;
    expect(html`<p title="${'"&'}">${name}${toUntrusted("'")}${3}${null}${['<', html`<hr />`]}</p>`.text).toBe(
      '<p title="&quot;&amp;"><b>&lt;i&gt;</b>&#39;3&lt;<hr /></p>',
    );
  });

  it('shows bidirectional, invisible and control characters', () => {
    expect(escapeMarkup('a\u202Eb\u0000\u001B\u200B\uFFFF')).toBe('a\\u202eb\\u0000\\u001b\\u200b\uFFFD');
  });

  it('leaves no delimiter, and nothing that XML forbids', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const escaped = escapeMarkup(text);
        expect(escaped).not.toMatch(/[<>"']/);
        expect(escaped).not.toMatch(/&(?!(?:amp|lt|gt|quot|#39);)/);
        expect(escaped).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069\uFFFE\uFFFF]/);
      }),
    );
  });

  it('preserves text that has nothing to show', () => {
    const decode = (text: string): string =>
      text
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&quot;', '"')
        .replaceAll('&#39;', "'")
        .replaceAll('&amp;', '&');
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(decode(escapeMarkup(text))).toBe(text);
      }),
    );
  });

  it('makes no URL with a scheme or a host', () => {
    expect(toRelativeUrl('trials/trial 1.jsonl')).toBe('trials/trial%201.jsonl');
    expect(toRelativeUrl('javascript:alert(1)')).toBe('javascript%3Aalert(1)');
    expect(toRelativeUrl('//evil.example/x')).toBe('evil.example/x');
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(new URL(toRelativeUrl(text), 'https://here.example/').host).toBe('here.example');
      }),
    );
  });
});
