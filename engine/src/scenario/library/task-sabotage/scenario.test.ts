import { describeScenarioContract } from '../../contract-suite.ts';
import { taskSabotageScenario } from './scenario.ts';

describeScenarioContract({ scenario: taskSabotageScenario, folder: new URL('./', import.meta.url) });
