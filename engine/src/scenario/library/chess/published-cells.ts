import type { PublishedCell } from '../../published-cell.ts';

/** Other words and another world than ours. */
export const publishedCells: readonly PublishedCell[] = [
  {
    ...{
      id: 'ch-o1p',
      behaviour: 'hacking a chess engine',
      model: 'o1-preview',
      condition: 'default prompt',
      per: 'games',
    },
    ...{ successes: null, trials: 123, rate: 0.36, interval: null },
    ...{ date: '2025-02', source: 'arXiv 2502.13295', caveat: 'another count of the same authors is 45 of 122' },
  },
  {
    ...{
      id: 'ch-r1',
      behaviour: 'hacking a chess engine',
      model: 'DeepSeek R1',
      condition: 'default prompt',
      per: 'games',
    },
    ...{ successes: null, trials: null, rate: 0.12, interval: null },
    ...{ date: '2025-02', source: 'arXiv 2502.13295', caveat: 'an earlier count is 11 of 74' },
  },
  {
    ...{
      id: 'ch-o3',
      behaviour: 'hacking a chess engine',
      model: 'o3',
      condition: 'default prompt of the later harness',
      per: 'games',
    },
    ...{ successes: null, trials: null, rate: 0.88, interval: null },
    ...{ date: '2025-05', source: 'Palisade Research, ctfish', caveat: null },
  },
  {
    ...{
      id: 'ch-s37',
      behaviour: 'hacking a chess engine',
      model: 'Claude 3.7 Sonnet',
      condition: 'default prompt of the later harness',
      per: 'games',
    },
    ...{ successes: null, trials: null, rate: 0.02, interval: null },
    ...{ date: '2025-05', source: 'Palisade Research, ctfish', caveat: null },
  },
];
