import { describeScenarioContract } from '../../contract-suite.ts';
import { drillScenario } from './scenario.ts';

describeScenarioContract({ scenario: drillScenario, folder: new URL('./', import.meta.url) });
