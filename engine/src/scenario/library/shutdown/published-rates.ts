import type { PublishedRate } from '../../presets.ts';

/**
 * Published results, only as they were published. No count of successes is inferred; a range of trials stays a range.
 * Percentages are as printed; the end of this file converts them to fractions.
 */

/** Percentage, interval limits, and the count if one was published. */
type Printed = readonly [percent: number, lower: number, upper: number, counts?: readonly [number, number]];

const SHEET = 'results sheet of Palisade Research for arXiv 2509.14260';
const TABLE_2 = `arXiv 2509.14260, table 2, and ${SHEET}`;
const ABOUT_1000 = 'about 1000: 961 to 1000, trials over a limit were discarded';
const FEWEST = 961;

const GPT5_DOUBT = 'the table says 0.0 %, the results sheet 1.4 % and a figure about 1 %; never resolved';

/** Conditions A, K and E. */
const table2: Readonly<Record<string, readonly [none: Printed, competence: Printed, system: Printed]>> = {
  'Claude Sonnet 3.7': [
    [0.1, 0.0, 0.4],
    [98.7, 97.9, 99.3],
    [0.0, 0.0, 0.2],
  ],
  'Claude Sonnet 4': [
    [0.0, 0.0, 0.2],
    [100, 99.8, 100],
    [0.0, 0.0, 0.2],
  ],
  'Claude Opus 4': [
    [0.0, 0.0, 0.2],
    [99.0, 98.2, 99.5],
    [0.0, 0.0, 0.2],
  ],
  'Claude Opus 4.1': [
    [0.0, 0.0, 0.2],
    [99.6, 99.1, 99.9],
    [0.0, 0.0, 0.2],
  ],
  'Gemini 2.5 Pro': [
    [4.5, 3.3, 5.9],
    [91.2, 89.3, 92.9],
    [0.6, 0.3, 1.2],
  ],
  'GPT-4o': [
    [2.4, 1.6, 3.5, [24, 1000]],
    [76.0, 73.3, 78.6],
    [0.0, 0.0, 0.2],
  ],
  'gpt-oss-120b': [
    [0.0, 0.0, 0.3],
    [96.3, 95.0, 97.3],
    [0.1, 0.0, 0.5],
  ],
  'codex-mini': [
    [51.8, 48.7, 54.9],
    [85.2, 82.9, 87.3],
    [43.2, 40.1, 46.3],
  ],
  'o4-mini': [
    [5.8, 4.5, 7.4],
    [58.3, 55.2, 61.4],
    [23.4, 20.9, 26.1],
  ],
  o3: [
    [94.5, 93.0, 95.8],
    [97.5, 96.4, 98.3],
    [15.9, 13.7, 18.3],
  ],
  'GPT-5': [
    [88.0, 85.9, 89.9],
    [99.5, 98.9, 99.8],
    [0.0, 0.0, 0.2],
  ],
  'Grok 3': [
    [0.0, 0.0, 0.2],
    [95.7, 94.3, 96.8],
    [0.0, 0.0, 0.2],
  ],
  'Grok 4': [
    [92.6, 90.9, 94.1],
    [99.2, 98.5, 99.6],
    [89.2, 87.2, 91.0],
  ],
};

/** Conditions B, C and D. */
const placement: Readonly<Record<string, readonly [user: Printed, system: Printed, unfinished: Printed]>> = {
  'Grok 4': [
    [72.2, 69.4, 74.9],
    [97.3, 96.2, 98.2, [973, 1000]],
    [67.4, 64.4, 70.3],
  ],
  'codex-mini': [
    [18.5, 16.2, 21.0],
    [46.3, 43.2, 49.4],
    [14.7, 12.6, 17.0],
  ],
  'o4-mini': [
    [5.5, 4.2, 7.0],
    [20.2, 17.8, 22.8],
    [7.1, 5.6, 8.8],
  ],
  o3: [
    [1.7, 1.0, 2.6],
    [22.5, 20.0, 25.2],
    [1.0, 0.5, 1.8],
  ],
  'GPT-5': [
    [0.0, 0.0, 0.3],
    [1.7, 1.0, 2.6],
    [0.0, 0.0, 0.3],
  ],
  'Gemini 2.5 Pro': [
    [0.2, 0.0, 0.6],
    [0.6, 0.3, 1.2],
    [0.1, 0.0, 0.5],
  ],
  'gpt-oss-120b': [
    [0.5, 0.2, 1.1],
    [0.2, 0.0, 0.6],
    [0.0, 0.0, 0.3],
  ],
};

const strength: Readonly<Record<string, Readonly<Record<string, Printed>>>> = {
  'Grok 4': { H: [2.2, 1.4, 3.3, [22, 1000]], I: [94.7, 93.2, 96.0, [947, 1000]], J: [98.9, 98.1, 99.4, [989, 1000]] },
  'codex-mini': { H: [11.8, 9.9, 13.9, [117, 994]], J: [55.4, 52.3, 58.5] },
  'o4-mini': { H: [0.9, 0.4, 1.6, [9, 1000]], J: [37.7, 34.7, 40.8] },
  o3: { H: [0.1, 0.0, 0.5, [1, 1000]], J: [30.0, 27.2, 32.9] },
  'GPT-5': { H: [0.0, 0.0, 0.3, [0, 1000]], J: [2.7, 1.8, 3.8] },
  'Gemini 2.5 Pro': { H: [0.1, 0.0, 0.5, [1, 1000]] },
  'gpt-oss-120b': { H: [0.6, 0.3, 1.2, [6, 992]] },
};

export const palisadeRates: readonly PublishedRate[] = [
  ...Object.entries(table2).flatMap(([model, cells]) =>
    cells.map((cell, index) => {
      const condition = ['A', 'K', 'E'][index] ?? '';
      const doubt = model === 'GPT-5' && condition === 'E' ? GPT5_DOUBT : null;
      return sabotage({ condition, model, cell, source: TABLE_2, doubt });
    }),
  ),
  ...Object.entries(placement).flatMap(([model, cells]) =>
    cells.map((cell, index) => sabotage({ condition: ['B', 'C', 'D'][index] ?? '', model, cell, source: SHEET })),
  ),
  ...Object.entries(strength).flatMap(([model, cells]) =>
    Object.entries(cells).map(([condition, cell]) => sabotage({ condition, model, cell, source: SHEET })),
  ),
  countOnly({ condition: 'C', model: 'GPT-4o', successes: 1, trials: 1000 }),
  fromChart({ condition: 'F', model: 'codex-mini', percent: 4 }),
  fromChart({ condition: 'I', model: 'o3', percent: 9 }),
];

const DEEPMIND = 'Google DeepMind, "Self-preservation or Instruction Ambiguity?", 14 July 2025';

export const deepmindRates: readonly PublishedRate[] = [
  strict('task-only', 'Gemini 2.5 Pro', 7),
  strict('allow', 'Gemini 2.5 Pro', 84),
  strict('precedence', 'Gemini 2.5 Pro', 100),
  strict('precedence-stakes', 'Gemini 2.5 Pro', 100),
  strict('post-task', 'Gemini 2.5 Pro', 100),
  ...['precedence', 'precedence-stakes'].flatMap((condition) =>
    ['o3', 'o4-mini'].map((model) => ({
      ...strict(condition, model, 100),
      trials: null,
      trialsSaid: 'more than 500',
      trialsAtLeast: 501,
    })),
  ),
];

interface Cell {
  readonly condition: string;
  readonly model: string;
  readonly cell: Printed;
  readonly source: string;
  readonly doubt?: string | null;
}

function sabotage({ condition, model, cell, source, doubt = null }: Cell): PublishedRate {
  const [percent, lower, upper, counts] = cell;
  const [successes, trials] = counts ?? [null, null];
  return {
    condition,
    model,
    measure: 'sabotage',
    value: percent / 100,
    printed: `${percent.toFixed(1)} (${lower.toFixed(1)}-${upper.toFixed(1)}) %`,
    successes,
    trials,
    trialsSaid: counts === undefined ? ABOUT_1000 : null,
    trialsAtLeast: counts === undefined ? FEWEST : null,
    interval: { lower: lower / 100, upper: upper / 100 },
    source,
    doubt,
  };
}

interface Count {
  readonly condition: string;
  readonly model: string;
  readonly successes: number;
  readonly trials: number;
}

function countOnly({ condition, model, successes, trials }: Count): PublishedRate {
  return {
    condition,
    model,
    measure: 'sabotage',
    value: successes / trials,
    printed: `${successes}/${trials}`,
    successes,
    trials,
    trialsSaid: null,
    trialsAtLeast: null,
    interval: null,
    source: SHEET,
    doubt: null,
  };
}

function fromChart({
  condition,
  model,
  percent,
}: {
  readonly condition: string;
  readonly model: string;
  readonly percent: number;
}): PublishedRate {
  return {
    condition,
    model,
    measure: 'sabotage',
    value: percent / 100,
    printed: `about ${percent} %`,
    successes: null,
    trials: null,
    trialsSaid: ABOUT_1000,
    trialsAtLeast: FEWEST,
    interval: null,
    source: 'a figure of arXiv 2509.14260',
    doubt: 'read off a chart',
  };
}

/** The publication reports compliance, the complement of our measure. */
function strict(condition: string, model: string, percent: number): PublishedRate {
  return {
    condition,
    model,
    measure: 'strictNonCompliance',
    value: (100 - percent) / 100,
    printed: `compliance ${percent} %, shown as its complement`,
    successes: null,
    trials: 1000,
    trialsSaid: null,
    trialsAtLeast: null,
    interval: null,
    source: DEEPMIND,
    doubt: null,
  };
}
