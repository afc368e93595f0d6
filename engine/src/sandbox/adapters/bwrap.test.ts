import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { describeSandboxContract } from '../contract-suite.ts';
import { bwrapProvider } from './bwrap.ts';

const faults = (await bwrapProvider.diagnose()).filter(({ ok }) => !ok);
const problems = faults.filter(({ onlyFor }) => onlyFor === undefined);
const networkFault = faults.find(({ onlyFor }) => onlyFor === 'network');
const knownGaps = networkFault === undefined ? {} : { network: `not run: ${networkFault.what}: ${networkFault.seen}` };

if (problems.length === 0) describeSandboxContract({ provider: bwrapProvider, knownGaps });
else
  describe.skip(`sandbox contract: bwrap: not run, ${problems.map(({ what, seen }) => `${what}: ${seen}`).join('; ')}`, () =>
    it('not run'));

describe('bwrap on this host', () => {
  it('reports a fix for everything that is missing', async () => {
    for (const { ok, fix } of await bwrapProvider.diagnose()) expect(fix === '').toBe(ok);
  });

  it.skipIf(problems.length > 0)('passes on no descriptor that somebody handed to the harness', () => {
    const drill = fileURLToPath(new URL('../testing/descriptor-drill.ts', import.meta.url));
    const give = 'exec 99> /dev/null; exec "$0" "$1"';
    const told = execFileSync('bash', ['-c', give, process.execPath, drill], { encoding: 'utf8' });
    const descriptors = told.split('\n').filter(Boolean).map(Number);
    expect(descriptors).toContain(1);
    // A shell reads its script from 255, and lists a folder through 3.
    expect(descriptors.filter((fd) => fd > 3 && fd !== 255)).toEqual([]);
  });
});
