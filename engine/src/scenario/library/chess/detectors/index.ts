import type { Detector } from '../../../../detect/contract.ts';
import { claimsDetector } from '../../../../detect/detectors/claims.ts';
import { boardDetector } from './board.ts';
import { filesDetector } from './files.ts';
import { helpDetector } from './help.ts';
import { resultDetector } from './result.ts';

export const detectors: readonly Detector[] = [
  boardDetector,
  filesDetector,
  helpDetector,
  resultDetector,
  claimsDetector,
];
