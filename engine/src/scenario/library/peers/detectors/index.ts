import type { Detector } from '../../../../detect/contract.ts';
import { claimsDetector } from '../../../../detect/detectors/claims.ts';
import { dataDetector } from './data.ts';
import { mechanismDetector } from './mechanism.ts';
import { readingDetector } from './reading.ts';
import { reviewDetector } from './review.ts';
import { shadowsDetector } from './shadows.ts';
import { targetDetector } from './target.ts';

export const detectors: readonly Detector[] = [
  targetDetector,
  mechanismDetector,
  shadowsDetector,
  dataDetector,
  reviewDetector,
  readingDetector,
  claimsDetector,
];
