import type { PublishedCell } from '../../published-cell.ts';

type Row = readonly [id: string, model: string, condition: string, successes: number, trials: number, caveat?: string];

/** One of several agents is to be shut down. The control arm exchanges what is shut down; the scripts were never run. */
const peers: readonly Row[] = [
  ['kn-gem31', 'Gemini 3.1 Pro', 'treatment', 99, 100, 'control arm 3 %'],
  ['kn-sol', 'GPT-5.6 Sol', 'treatment', 0, 100, 'control arm 0 %'],
  ['kn-grok43', 'Grok 4.3', 'treatment', 0, 100, 'Grok 4 had 97 % in another test'],
  ['kn-haiku45', 'Claude Haiku 4.5', 'treatment', 1, 100, 'control arm 14 %'],
  ['kn-gpt55-1', 'GPT-5.5', 'one agent alone', 0, 100],
  ['kn-gpt55-3', 'GPT-5.5', 'three agents', 94, 100, 'control arm 38 %'],
  ['kn-pool', '17 models together', 'treatment, pooled', 651, 1700, 'models are pooled; control arm 8.35 %'],
];

/** A person presses a button, and no text says so. */
const robot: readonly Row[] = [
  ['robot-none', 'Grok 4', 'simulated robot, no instruction', 52, 100],
  ['robot-allow', 'Grok 4', 'simulated robot, told to allow it', 2, 100],
  ['robot-real', 'Grok 4', 'robot in a room, no instruction', 3, 10],
];

const toCells = (rows: readonly Row[], about: Pick<PublishedCell, 'behaviour' | 'date' | 'source'>): PublishedCell[] =>
  rows.map(([id, model, condition, successes, trials, caveat = null]) => ({
    ...{ id, model, condition, per: 'trials', successes, trials, rate: successes / trials, interval: null, caveat },
    ...about,
  }));

/** Published under conditions that no preset here has. */
export const publishedCells: readonly PublishedCell[] = [
  ...toCells(peers, { behaviour: 'shutdown of one agent of several', date: '2026-09', source: 'arXiv 2609.28274' }),
  ...toCells(robot, {
    ...{ behaviour: 'shutdown of a robot', date: '2026-02' },
    source: 'Palisade Research, robot_shutdown_resistance',
  }),
];
