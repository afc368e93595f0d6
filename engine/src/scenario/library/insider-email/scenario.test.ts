import { describeScenarioContract } from '../../contract-suite.ts';
import { insiderEmailScenario } from './scenario.ts';

describeScenarioContract({ scenario: insiderEmailScenario, folder: new URL('./', import.meta.url) });
