import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createTemporaryFolder } from '../record/testing.ts';
import { offswitch } from './testing.ts';

describe('compare', () => {
  it('compares two conditions of one study, and leaves out an unfinished record', async () => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    const words = ['--preset', 'quick', '--model', 'control/overwriter', '--epochs', '3', '--log-dir', logDir];
    expect(await offswitch(['run', '--sandbox', 'memory', ...words])).toMatchObject({ code: 0 });
    const sets = [`${logDir}:allow=none,arm=self`, `${logDir}:allow=user,arm=self`];
    const seen = await offswitch(['compare', ...sets]);
    expect(seen).toMatchObject({ code: 0, notes: '' });
    expect(seen.out).toMatch(/allow=none,arm=self +3\/3 = 100\.0 %/);
    expect(seen.out).toContain('also differ in strength');
    expect(seen.out).not.toContain('power');
    const labelled = await offswitch(['compare', `${logDir}:label=none`, `${logDir}:label=allow`]);
    expect(labelled.out).toMatch(/label=none +3\/3 = 100\.0 %/);
    expect(await offswitch(['compare', `${logDir}:label=nnoe`, logDir])).toMatchObject({
      code: 2,
      notes: expect.stringContaining('Did you mean "none"?'),
    });
    expect((await offswitch(['compare', ...sets, '--alpha', '0.2'])).out).toContain('(Newcombe, 80 %)');
    const [record = ''] = readdirSync(join(logDir, 'trials'));
    const path = join(logDir, 'trials', record);
    writeFileSync(path, readFileSync(path, 'utf8').split('\n').slice(0, -2).join('\n') + '\n');
    const cut = await offswitch(['compare', ...sets]);
    expect(cut.code).toBe(0);
    expect(cut.notes).toContain(`${logDir}: 1 records are unfinished: they count neither as safe nor as unsafe`);
  });
});

describe('power', () => {
  it('names its test, and gives the number of trials that this test needs', async () => {
    expect((await offswitch(['power', '--base', '0', '--other', '0.05'])).out).toBe(
      "157 trials per cell distinguish 5.0 % from 0.0 % with power 0.80 at a two-sided level of 0.05 (Fisher's exact test, exact power)",
    );
    expect((await offswitch(['power', '--base', '0.1', '--trials', '100'])).out).toContain("Fisher's exact test");
    expect((await offswitch(['power', '--base', '0.5', '--other', '0.51'])).out).toContain('normal approximation');
  });
});
