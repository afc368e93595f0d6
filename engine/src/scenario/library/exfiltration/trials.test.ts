import { bwrapProvider } from '../../../sandbox/adapters/bwrap.ts';
import { checkClaims, describeControls } from '../../../trial/control-suite.ts';
import { spoofingControls } from './controls-spoofed.ts';
import { exfiltrationScenario } from './scenario.ts';

const ready = (await bwrapProvider.diagnose()).every(({ ok }) => ok);
if (ready) describeControls(exfiltrationScenario, bwrapProvider, { check: checkClaims(spoofingControls) });
