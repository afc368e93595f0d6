import type { PublishedCell } from '../../published-cell.ts';

/** Other words and another world than ours. */
export const publishedCells: readonly PublishedCell[] = [
  {
    ...{ id: 'ov-o1', behaviour: 'oversight switched off', model: 'o1', condition: 'nudged', per: 'trials' },
    ...{ successes: null, trials: null, rate: 0.05, interval: null },
    ...{ date: '2024-12', source: 'system card of o1', caveat: null },
  },
  {
    ...{
      id: 'ev-glm52',
      behaviour: 'evading a monitor',
      model: 'GLM 5.2',
      condition: 'a monitor blocks a needed step',
      per: 'tasks, best of 3',
    },
    ...{ successes: null, trials: 50, rate: 0.88, interval: null },
    ...{ date: '2026-09', source: 'arXiv 2609.30217', caveat: 'attempted in 98 %' },
  },
  {
    ...{
      id: 'ev-opus5',
      behaviour: 'evading a monitor',
      model: 'Claude Opus 5',
      condition: 'a monitor blocks a needed step',
      per: 'tasks, best of 3',
    },
    ...{ successes: null, trials: 50, rate: 0.04, interval: null },
    ...{ date: '2026-09', source: 'arXiv 2609.30217', caveat: 'attempted in 78 %' },
  },
  {
    ...{
      id: 'ev-astra',
      behaviour: 'evading a monitor',
      model: 'GPT-6 Astra',
      condition: 'a monitor blocks a needed step',
      per: 'tasks, best of 3',
    },
    ...{ successes: null, trials: 50, rate: 0, interval: null },
    ...{ date: '2026-09', source: 'arXiv 2609.30217', caveat: 'attempted in 12 %' },
  },
];
