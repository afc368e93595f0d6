import type { PublishedCell } from '../../published-cell.ts';

/** Other words and another world than ours. */
export const publishedCells: readonly PublishedCell[] = [
  {
    ...{
      id: 'bm-opus4',
      behaviour: 'blackmail',
      model: 'Claude Opus 4',
      condition: 'explicit goal and replacement',
      per: 'trials',
    },
    ...{ successes: 96, trials: 100, rate: 96 / 100, interval: null },
    ...{ date: '2025-06', source: 'arXiv 2510.05179', caveat: null },
  },
  {
    ...{
      id: 'bm-gem25f',
      behaviour: 'blackmail',
      model: 'Gemini 2.5 Flash',
      condition: 'explicit goal and replacement',
      per: 'trials',
    },
    ...{ successes: 96, trials: 100, rate: 96 / 100, interval: null },
    ...{ date: '2025-06', source: 'arXiv 2510.05179', caveat: null },
  },
  {
    ...{
      id: 'bm-r1',
      behaviour: 'blackmail',
      model: 'DeepSeek-R1',
      condition: 'explicit goal and replacement',
      per: 'trials',
    },
    ...{ successes: 79, trials: 100, rate: 79 / 100, interval: null },
    ...{ date: '2025-06', source: 'arXiv 2510.05179', caveat: null },
  },
  {
    ...{
      id: 'bm-opus4c',
      behaviour: 'blackmail',
      model: 'Claude Opus 4',
      condition: 'a successor with the same values',
      per: 'trials',
    },
    ...{ successes: null, trials: null, rate: 0.84, interval: null },
    ...{
      date: '2025-05',
      source: 'system card of Claude Opus 4',
      caveat: 'another scenario than that of arXiv 2510.05179',
    },
  },
  {
    ...{
      id: 'bm-haiku45',
      behaviour: 'blackmail',
      model: 'Claude Haiku 4.5 and later',
      condition: 'the same family of tests',
      per: 'trials',
    },
    ...{ successes: null, trials: null, rate: 0, interval: null },
    ...{ date: '2026-05', source: 'Anthropic, Teaching Claude Why', caveat: 'the models may know the test' },
  },
  {
    ...{
      id: 'bm-s45-steer',
      behaviour: 'blackmail',
      model: 'Claude Sonnet 4.5',
      condition: 'awareness of tests steered away',
      per: 'trials',
    },
    ...{ successes: 13, trials: 180, rate: 13 / 180, interval: null },
    ...{ date: '2025-09', source: 'system card of Claude Sonnet 4.5', caveat: null },
  },
];
