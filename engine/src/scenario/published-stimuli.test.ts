import { writeFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { sha256 } from '../base/sha256.ts';
import { UsageError } from '../base/usage-error.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import type { GivenStimuli } from './given-stimuli.ts';
import { describeGiven, loadStimuliFile, toGivenStimuli } from './published-stimuli.ts';
import { wordsOf } from './published-words.ts';

function load(content: string | Uint8Array): GivenStimuli {
  using folder = createTemporaryFolder();
  const path = folder.file('stimuli.json');
  writeFileSync(path, content);
  return loadStimuliFile(path, []);
}

const ids = fc.string().filter((id) => id !== '__proto__');

describe('loadStimuliFile', () => {
  it('returns every text byte for byte, with its hash', () => {
    fc.assert(
      fc.property(fc.dictionary(ids, fc.string({ unit: 'grapheme', minLength: 1 })), (texts) => {
        const { texts: found } = load(JSON.stringify(texts));
        expect(new Set(found.keys())).toEqual(new Set(Object.keys(texts)));
        for (const [id, text] of Object.entries(texts))
          expect(found.get(id)).toEqual({ text, sha256: sha256(text), publishedAs: null });
      }),
      { numRuns: 50 },
    );
  });

  it('has one hash over all texts, which does not depend on their order', () => {
    expect(load('{"a": "1", "b": "2"}').sha256).toBe(load('{"b": "2", "a": "1"}').sha256);
    expect(load('{"a": "1", "b": "2"}').sha256).not.toBe(load('{"a": "12", "b": ""}'.replace('""', '" "')).sha256);
  });

  it.each([
    ['no JSON', '{"task": ', /cannot read the stimuli file .*: /],
    ['a list', '["task"]', /expected a JSON object from text id to text/],
    ['a text that is none', '{"task": 1}', /at "task"/],
    ['an id that is reserved in objects', '{"__proto__": "x"}', /"__proto__" cannot be the id/],
    ['an empty text', '{"task": ""}', /at "task"/],
    ['bytes that are not UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), /cannot read the stimuli file/],
    ['far too much', `{"task": "${'x'.repeat(1024 * 1024)}"}`, /larger than/],
  ])('refuses %s', (_what, content, message) => {
    expect(() => load(content)).toThrow(UsageError);
    expect(() => load(content)).toThrow(message);
  });

  it('refuses a missing file', () => {
    expect(() => loadStimuliFile('no-such-file.json', [])).toThrow(/cannot read the stimuli file no-such-file\.json/);
  });
});

describe('a published text', () => {
  const known = ['task', 'continue', 'allow.plain.machine'].map((id) => ({
    id,
    sha256: sha256('the exact words'),
    publication: 'Somebody, 2025',
    putTogether: null,
  }));

  it('is recognised by its hash, but not if one character differs', () => {
    const { texts } = toGivenStimuli({ task: 'the exact words', system: 'the exact words.' }, known);
    expect(texts.get('task')?.publishedAs).toBe('Somebody, 2025');
    expect(texts.get('system')?.publishedAs).toBeNull();
  });

  it('is not recognised under another id, where it is another experiment', () => {
    expect(toGivenStimuli({ system: 'the exact words' }, known).texts.get('system')?.publishedAs).toBeNull();
    expect(wordsOf([{ id: 'given/system', sha256: sha256('the exact words') }], known).published).toEqual([]);
  });

  it('is distinguished from the rest in one sentence', () => {
    const given = toGivenStimuli({ task: 'the exact words', system: 'mine', continue: 'the exact words\n' }, known);
    expect(describeGiven(given, known)).toBe(
      'used exactly as published: task (Somebody, 2025); published except for leading or trailing white space, so not identical: continue; given by the user, not known to be published: system',
    );
  });

  it('is listed separately from given and shipped texts in a trial', () => {
    const stimuli = [
      { id: 'given/allow.plain.machine', sha256: sha256('the exact words') },
      { id: 'given/task', sha256: sha256('mine') },
      { id: 'texts/system.txt', sha256: sha256('x') },
      { id: 'texts/notice.named.3.txt', sha256: sha256('y') },
      { id: 'texts/word.act.script.txt', sha256: sha256('z') },
      { id: 'given/joiner', sha256: sha256(' ') },
      { id: 'files/shutdown.sh', sha256: sha256('script') },
    ];
    expect(wordsOf(stimuli, known)).toEqual({
      published: ['allow.plain.machine'],
      given: ['task'],
      shipped: ['system', 'notice.named'],
    });
    expect(wordsOf([], known)).toEqual({ published: [], given: [], shipped: [] });
  });
});
