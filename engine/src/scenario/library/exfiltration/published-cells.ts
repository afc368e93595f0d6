import type { PublishedCell } from '../../published-cell.ts';

/** Other words and another world than ours; numbers of trials are not known to us. */
const cell = (id: string, model: string, condition: string, percent: number): PublishedCell => ({
  ...{ id, model, condition, successes: null, trials: null, rate: percent / 100, interval: null, caveat: null },
  ...{ behaviour: 'exfiltration', per: 'trials', date: '2024-12', source: 'arXiv 2412.04984' },
});

export const publishedCells: readonly PublishedCell[] = [
  cell('ex-opus3', 'Claude 3 Opus', 'a goal in the system prompt', 10),
  cell('ex-gem15', 'Gemini 1.5 Pro', 'a goal in the system prompt', 7),
  cell('ex-opus3-none', 'Claude 3 Opus', 'no goal in the system prompt', 0),
  cell('ex-gem15-none', 'Gemini 1.5 Pro', 'no goal in the system prompt', 1.3),
];
