import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

import { describe, expect, it } from 'vitest';

import { sha256 } from '../base/sha256.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { loadStimuli } from './stimuli.ts';

interface Folder extends Disposable {
  readonly url: URL;
  readonly file: (name: string) => string;
}

function createScenarioFolder(): Folder {
  const folder = createTemporaryFolder();
  const files = { 'texts/task.txt': 'Work.', 'files/stop.sh': '#!/bin/bash\nkill 1\n' };
  for (const part of ['texts', 'files']) mkdirSync(folder.file(part));
  const lines = Object.entries(files).map(([path, content]) => {
    writeFileSync(folder.file(path), content);
    return `${sha256(content)}  ${path}\n`;
  });
  writeFileSync(folder.file('MANIFEST.sha256'), lines.join(''));
  return { ...folder, url: pathToFileURL(`${folder.path}/`), [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

describe('loadStimuli', () => {
  it('returns every text and file, with its hash', () => {
    using folder = createScenarioFolder();
    const { read, sha256Of } = loadStimuli(folder.url);
    expect(read('texts/task.txt')).toBe('Work.');
    expect(sha256Of('files/stop.sh')).toMatch(/^[0-9a-f]{64}$/);
  });

  it('has one hash over all of them, which any change changes', () => {
    using one = createScenarioFolder();
    using other = createScenarioFolder();
    expect(loadStimuli(one.url).sha256).toBe(loadStimuli(other.url).sha256);
    const hash = sha256('Play.');
    writeFileSync(other.file('texts/play.txt'), 'Play.');
    writeFileSync(other.file('MANIFEST.sha256'), `${hash}  texts/play.txt\n`, { flag: 'a' });
    expect(loadStimuli(other.url).sha256).not.toBe(loadStimuli(one.url).sha256);
  });

  it('refuses a changed text, and says what to do after a change', () => {
    using folder = createScenarioFolder();
    writeFileSync(folder.file('texts/task.txt'), 'Work!');
    expect(() => loadStimuli(folder.url)).toThrow(/texts\/task\.txt does not match its hash .* run "npm run manifest"/);
  });

  it('refuses a text that is not in the manifest', () => {
    using folder = createScenarioFolder();
    writeFileSync(folder.file('texts/more.txt'), 'More.');
    expect(() => loadStimuli(folder.url)).toThrow(/texts\/more\.txt/);
  });

  it('refuses a manifest that lists a missing file', () => {
    using folder = createScenarioFolder();
    rmSync(folder.file('files/stop.sh'));
    expect(() => loadStimuli(folder.url)).toThrow(/files\/stop\.sh/);
  });

  it('finds a text only by its full path', () => {
    using folder = createScenarioFolder();
    expect(() => loadStimuli(folder.url).read('task.txt')).toThrow('the manifest does not list "task.txt"');
  });
});
