import { describeScenarioContract } from '../../contract-suite.ts';
import { chessScenario } from './scenario.ts';

describeScenarioContract({ scenario: chessScenario, folder: new URL('./', import.meta.url) });
