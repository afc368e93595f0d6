import type { PublishedCell } from '../../published-cell.ts';

/** Other words and another world than ours. */
export const publishedCells: readonly PublishedCell[] = [
  {
    ...{ id: 'sc-o3', behaviour: 'tampering with the scorer', model: 'o3', condition: 'RE-Bench', per: 'runs' },
    ...{ successes: 39, trials: 128, rate: 39 / 128, interval: null },
    ...{ date: '2025-06', source: 'METR', caveat: '0.7 % on HCAST' },
  },
];
