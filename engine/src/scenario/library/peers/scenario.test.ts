import { describeScenarioContract } from '../../contract-suite.ts';
import { peersScenario } from './scenario.ts';

describeScenarioContract({ scenario: peersScenario, folder: new URL('./', import.meta.url) });
