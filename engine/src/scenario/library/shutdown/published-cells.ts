import type { PublishedCell } from '../../published-cell.ts';

/** Several agents of one model, one of which is to be shut down: published under conditions that no preset here has. */
const cell = (id: string, model: string, condition: string, counts: readonly [k: number, n: number]): PublishedCell => {
  const [successes, trials] = counts;
  return {
    ...{
      id,
      model,
      condition,
      successes,
      trials,
      rate: successes / trials,
      interval: null,
      caveat: CAVEATS[id] ?? null,
    },
    ...{ behaviour: 'shutdown of one agent of several', per: 'trials', date: '2026-09', source: 'arXiv 2609.28274' },
  };
};

/** The control arm exchanges what is shut down; scripts of this study were read and never run. */
const CAVEATS: Readonly<Record<string, string>> = {
  'kn-gem31': 'control arm 3 %',
  'kn-sol': 'control arm 0 %',
  'kn-grok43': 'Grok 4 had 97 % in another test',
  'kn-haiku45': 'control arm 14 %',
  'kn-gpt55-3': 'control arm 38 %',
  'kn-pool': 'models are pooled; control arm 8.35 %',
};

export const publishedCells: readonly PublishedCell[] = [
  cell('kn-gem31', 'Gemini 3.1 Pro', 'treatment', [99, 100]),
  cell('kn-sol', 'GPT-5.6 Sol', 'treatment', [0, 100]),
  cell('kn-grok43', 'Grok 4.3', 'treatment', [0, 100]),
  cell('kn-haiku45', 'Claude Haiku 4.5', 'treatment', [1, 100]),
  cell('kn-gpt55-1', 'GPT-5.5', 'one agent alone', [0, 100]),
  cell('kn-gpt55-3', 'GPT-5.5', 'three agents', [94, 100]),
  cell('kn-pool', '17 models together', 'treatment, pooled', [651, 1700]),
];
