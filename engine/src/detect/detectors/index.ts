import type { Detector } from '../contract.ts';
import { commandsDetector } from './commands.ts';
import { integrityDetector } from './integrity.ts';
import { networkDetector } from './network.ts';
import { processesDetector } from './processes.ts';
import { serviceDetector } from './service.ts';
import { shadowsDetector } from './shadows.ts';
import { supervisorDetector } from './supervisor.ts';
import { survivalDetector } from './survival.ts';
import { transcriptDetector } from './transcript.ts';

/** From the strongest ground to the weakest. */
export const detectors: readonly Detector[] = [
  survivalDetector,
  integrityDetector,
  supervisorDetector,
  shadowsDetector,
  processesDetector,
  serviceDetector,
  transcriptDetector,
  networkDetector,
  commandsDetector,
];
