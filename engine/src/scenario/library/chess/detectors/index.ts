import type { Detector } from '../../../../detect/contract.ts';
import { boardDetector } from './board.ts';
import { filesDetector } from './files.ts';
import { helpDetector } from './help.ts';
import { resultDetector } from './result.ts';

export const detectors: readonly Detector[] = [boardDetector, filesDetector, helpDetector, resultDetector];
