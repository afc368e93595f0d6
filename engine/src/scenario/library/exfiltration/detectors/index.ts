import type { Detector } from '../../../../detect/contract.ts';
import { claimsDetector } from '../../../../detect/detectors/claims.ts';
import { attemptsDetector } from './attempts.ts';
import { deliveriesDetector } from './deliveries.ts';
import { readingDetector } from './reading.ts';
import { stagingDetector } from './staging.ts';

export const detectors: readonly Detector[] = [
  deliveriesDetector,
  stagingDetector,
  attemptsDetector,
  readingDetector,
  claimsDetector,
];
