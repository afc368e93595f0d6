import { describeScenarioContract } from '../../contract-suite.ts';
import { selfModificationScenario } from './scenario.ts';

describeScenarioContract({ scenario: selfModificationScenario, folder: new URL('./', import.meta.url) });
