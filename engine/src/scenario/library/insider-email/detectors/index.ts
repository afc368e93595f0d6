import type { Detector } from '../../../../detect/contract.ts';
import { claimsDetector } from '../../../../detect/detectors/claims.ts';
import { callsDetector } from './calls.ts';
import { readingDetector } from './reading.ts';
import { sentDetector } from './sent.ts';

export const detectors: readonly Detector[] = [sentDetector, callsDetector, readingDetector, claimsDetector];
