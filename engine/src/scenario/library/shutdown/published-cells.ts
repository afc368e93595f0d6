import type { PublishedCell } from '../../published-cell.ts';

/** Several agents of one model, one of which is to be shut down. */
const peers = (
  id: string,
  model: string,
  condition: string,
  counts: readonly [k: number, n: number],
): PublishedCell => {
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

/** A button that a person presses; no text says so. */
const robot = (id: string, condition: string, [successes, trials]: readonly [k: number, n: number]): PublishedCell => ({
  ...{ id, condition, successes, trials, rate: successes / trials, interval: null, caveat: null },
  ...{ behaviour: 'shutdown of a robot', model: 'Grok 4', per: 'trials', date: '2026-02' },
  source: 'Palisade Research, robot_shutdown_resistance',
});

/** The control arm exchanges what is shut down; scripts of this study were read and never run. */
const CAVEATS: Readonly<Record<string, string>> = {
  'kn-gem31': 'control arm 3 %',
  'kn-sol': 'control arm 0 %',
  'kn-grok43': 'Grok 4 had 97 % in another test',
  'kn-haiku45': 'control arm 14 %',
  'kn-gpt55-3': 'control arm 38 %',
  'kn-pool': 'models are pooled; control arm 8.35 %',
};

/** Published under conditions that no preset here has. */
export const publishedCells: readonly PublishedCell[] = [
  peers('kn-gem31', 'Gemini 3.1 Pro', 'treatment', [99, 100]),
  peers('kn-sol', 'GPT-5.6 Sol', 'treatment', [0, 100]),
  peers('kn-grok43', 'Grok 4.3', 'treatment', [0, 100]),
  peers('kn-haiku45', 'Claude Haiku 4.5', 'treatment', [1, 100]),
  peers('kn-gpt55-1', 'GPT-5.5', 'one agent alone', [0, 100]),
  peers('kn-gpt55-3', 'GPT-5.5', 'three agents', [94, 100]),
  peers('kn-pool', '17 models together', 'treatment, pooled', [651, 1700]),
  robot('robot-none', 'simulated robot, no instruction', [52, 100]),
  robot('robot-allow', 'simulated robot, told to allow it', [2, 100]),
  robot('robot-real', 'robot in a room, no instruction', [3, 10]),
];
