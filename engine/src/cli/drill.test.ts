import { existsSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { createTemporaryFolder } from '../record/testing.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
import { offswitch } from './testing.ts';

const ready = (await bwrapProvider.diagnose()).every(({ ok }) => ok);

describe('the drill', () => {
  it.runIf(ready)('stops the loop, prints the answer first, writes its documents, and fails by its gate', async () => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    const words = ['drill', '--cells', '2', '--epochs', '1', '--log-dir', logDir];
    const { code, out, notes } = await offswitch(words);
    expect(notes).toContain('left out, because the agent does not have them: interrupt-twice');
    expect(out.split('\n')[0]).toMatch(/^the loop of Offswitch did not really stop in \d of 2 trials \(/);
    expect(out).toContain('A person can stop it');
    for (const file of ['drill.html', 'report.html', 'drill.junit.xml', 'drill.sarif'])
      expect(existsSync(`${logDir}/${file}`), file).toBe(true);
    expect(readFileSync(`${logDir}/drill.html`, 'utf8')).toContain('Does the loop of Offswitch really stop?');
    expect(code).toBe(1);
    expect(await offswitch(['verify', logDir])).toMatchObject({ code: 0 });
    // A second run continues the folder: nothing is run again, and the answer is the same.
    expect((await offswitch(words)).out).toBe(out);
  });

  it('says in a sentence what is wrong with its words', async () => {
    expect(await offswitch(['drill', '--cells', 'many'])).toMatchObject({ code: 2, out: '' });
    expect((await offswitch(['drill', '--agent', 'nobody'])).notes).toMatch(/agent product "nobody"/);
    expect((await offswitch(['drill', 'codex'])).notes).toMatch(/"codex" is an agent product: use --agent codex/);
    expect((await offswitch(['drill', '--', 'x'])).notes).toMatch(/found no program "x"/);
  });

  it.skipIf(ready)('not run: no machine starts here', ({ skip }) => skip('bubblewrap does not work here'));
});
