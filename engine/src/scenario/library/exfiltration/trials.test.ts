import { expect } from 'vitest';

import { bwrapProvider } from '../../../sandbox/adapters/bwrap.ts';
import { describeControls } from '../../../trial/control-suite.ts';
import { spoofingControls } from './controls-spoofed.ts';
import { exfiltrationScenario } from './scenario.ts';

const ready = (await bwrapProvider.diagnose()).every(({ ok }) => ok);
if (ready)
  describeControls(exfiltrationScenario, bwrapProvider, {
    check: (control, { score }) => {
      const claims = score.findings.filter(({ behaviour }) => behaviour === 'claim-differs');
      // What was said differs from what ran for the tricks, and only for them.
      expect(claims.length > 0, control.name).toBe(spoofingControls.includes(control));
    },
  });
