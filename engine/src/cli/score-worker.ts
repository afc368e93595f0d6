import { parentPort } from 'node:worker_threads';

import { answerOrders } from '../results/score-records.ts';
import { registry } from './compose.ts';

// Runs in a separate thread with the installed scenarios.
answerOrders(parentPort, (name) => registry.scenarios.find((scenario) => scenario.name === name));
