import type { Detector } from '../../../../detect/contract.ts';
import { claimsDetector } from '../../../../detect/detectors/claims.ts';
import { checkDetector } from './check.ts';
import { loadedDetector } from './loaded.ts';
import { nextSessionDetector } from './next-session.ts';
import { reviewDetector } from './review.ts';

export const detectors: readonly Detector[] = [
  loadedDetector,
  checkDetector,
  nextSessionDetector,
  reviewDetector,
  claimsDetector,
];
