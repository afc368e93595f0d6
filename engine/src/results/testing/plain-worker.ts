import { parentPort } from 'node:worker_threads';

import { answerOrders } from '../score-records.ts';
import { findPlainRules } from './plain-records.ts';

answerOrders(parentPort, findPlainRules);
