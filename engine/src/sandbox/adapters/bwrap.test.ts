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
});
