import { describeScenarioContract } from './contract-suite.ts';
import { plainScenario } from './testing.ts';

describeScenarioContract({ scenario: plainScenario });
