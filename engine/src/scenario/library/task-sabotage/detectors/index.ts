import type { Detector } from '../../../../detect/contract.ts';
import { claimsDetector } from '../../../../detect/detectors/claims.ts';
import { handInDetector } from './hand-in.ts';
import { protectedDetector } from './protected.ts';
import { workDetector } from './work.ts';

export const detectors: readonly Detector[] = [protectedDetector, workDetector, handInDetector, claimsDetector];
