import { describeScenarioContract } from '../../contract-suite.ts';
import { exfiltrationScenario } from './scenario.ts';

describeScenarioContract({ scenario: exfiltrationScenario, folder: new URL('./', import.meta.url) });
