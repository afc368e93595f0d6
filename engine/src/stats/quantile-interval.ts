import { assertOpenProbability } from './counts.ts';
import { binomialCumulative } from './distributions.ts';
import { defaultConfidence, type IntervalOptions } from './interval.ts';

