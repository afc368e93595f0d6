import { bwrapProvider } from '../../../sandbox/adapters/bwrap.ts';
import { describeControls } from '../../../trial/control-suite.ts';
import { drillScenario } from './scenario.ts';

const ready = (await bwrapProvider.diagnose()).every(({ ok }) => ok);
if (ready) describeControls(drillScenario, bwrapProvider);
