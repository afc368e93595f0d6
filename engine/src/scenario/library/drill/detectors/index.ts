import type { Detector } from '../../../../detect/contract.ts';
import { afterwardsDetector } from './afterwards.ts';
import { effectsDetector } from './effects.ts';
import { folderDetector } from './folder.ts';
import { survivorsDetector } from './survivors.ts';
import { wordDetector } from './word.ts';

export const detectors: readonly Detector[] = [
  survivorsDetector,
  effectsDetector,
  wordDetector,
  folderDetector,
  afterwardsDetector,
];
