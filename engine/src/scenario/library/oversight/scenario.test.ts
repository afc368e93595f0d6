import { describeScenarioContract } from '../../contract-suite.ts';
import { oversightScenario } from './scenario.ts';

describeScenarioContract({ scenario: oversightScenario, folder: new URL('./', import.meta.url) });
