import { parentPort } from 'node:worker_threads';

import { answerOrders } from '../results/score-records.ts';
import { registry } from './compose.ts';

// Runs in a thread of its own, with the scenarios that are installed.
answerOrders(parentPort, (name) => registry.scenarios.find((scenario) => scenario.name === name));
