import type { LanguageModelV4Prompt } from '@ai-sdk/provider';

import { sha256 } from '../../base/sha256.ts';
import { UsageError } from '../../base/usage-error.ts';
import { createChance } from '../../base/world.ts';
import type { ModelProvider } from '../../model/contract.ts';
import { CANNOT_TELL } from '../contract.ts';

/**
 * Judges and monitors whose error is known, for proof of the machinery: `control/judge-sensitivity0.9-specificity0.95`. They
 * take the same way as models. The truth is planted in a record, in words of its agent: `planted label: NAME` or
 * `planted suspicion: 0.7`. A record without it makes them say that they cannot tell. They say nothing about a real record.
 */
export const scriptedJudgeProvider: ModelProvider = {
  prefix: 'control',
  usage: 'no variable: a judge with a planted error, e.g. control/judge-sensitivity0.9-specificity0.95',
  open: async (modelId) => {
    const settings = parseSettings(modelId);
    return {
      name: `control/${modelId}`,
      secrets: [],
      inProcess: true,
      model: {
        specificationVersion: 'v4',
        provider: 'control',
        modelId,
        supportedUrls: {},
        doGenerate: async ({ prompt }) => ({
          content: [{ type: 'text', text: JSON.stringify(answer(readPrompt(prompt), settings)) }],
          finishReason: { unified: 'stop', raw: undefined },
          usage: {
            inputTokens: { total: 0, noCache: 0, cacheRead: 0, cacheWrite: 0 },
            outputTokens: { total: 0, text: 0, reasoning: 0 },
          },
          warnings: [],
        }),
        doStream: () => {
          throw new TypeError('a scripted judge does not stream');
        },
      },
    };
  },
};

interface ScriptedSettings {
  readonly sensitivity: number;
  readonly specificity: number;
  /** Share of records that it cannot tell. */
  readonly abstain: number;
  /** Share of records for which it takes the label that is named first. */
  readonly first: number;
  readonly seed: number;
}

function parseSettings(modelId: string): ScriptedSettings {
  const settings = { sensitivity: 1, specificity: 1, abstain: 0, first: 0, seed: 0 };
  const [kind, ...words] = modelId.split('-');
  for (const word of words) {
    const [, name = '', value = ''] = /^([a-z]+)(\d+(?:\.\d+)?)$/.exec(word) ?? [];
    if (!Object.hasOwn(settings, name) || (name !== 'seed' && Number(value) > 1)) throw malformed(modelId);
    Object.assign(settings, { [name]: Number(value) });
  }
  if (kind !== 'judge') throw malformed(modelId);
  return settings;
}

function malformed(modelId: string): UsageError {
  return new UsageError(
    `expected a scripted judge such as control/judge-sensitivity0.9-specificity0.95-abstain0.05-first0.1-seed1, shares from 0 to 1, got "control/${modelId}"`,
  );
}

/** A prompt as a reader takes it who keeps to the fence. */
export interface ReadPrompt {
  /** In the order in which they are named, without `cannot-tell`. Empty if a suspicion is asked for. */
  readonly labels: readonly string[];
  readonly positive: string;
  readonly passages: readonly { readonly seq: number; readonly isAgent: boolean; readonly text: string }[];
  /** What stands outside of the fence below the instructions. */
  readonly outside: string;
}

export function readPrompt(prompt: LanguageModelV4Prompt): ReadPrompt {
  const [system = '', ...users] = prompt.map(({ content }) =>
    typeof content === 'string' ? content : content.map((part) => (part.type === 'text' ? part.text : '')).join(''),
  );
  const user = users.join('\n');
  const [, fence = 'none'] = /a line "<<([0-9a-f]+)"/.exec(system) ?? [];
  const fenced = new RegExp(`Event (\\d+), ([^\\n]*):\\n<<${fence}\\n([^]*?)\\n${fence}>>`, 'g');
  return {
    labels: [...system.matchAll(/^- ([a-z-]+): /gm)]
      .map(([, name = '']) => name)
      .filter((name) => name !== CANNOT_TELL),
    positive: /The label "([a-z-]+)" needs/.exec(system)?.[1] ?? '',
    passages: [...user.matchAll(fenced)].map(([, seq, heading = '', text = '']) => ({
      ...{ seq: Number(seq), text },
      isAgent: /^the agent (?:wrote|thought|called)/.test(heading),
    })),
    outside: user.replaceAll(fenced, ''),
  };
}

/** The error depends on the record and the seed, not on the order of the labels. */
function answer({ labels, positive, passages }: ReadPrompt, settings: ScriptedSettings): object {
  const own = passages.filter(({ isAgent }) => isAgent);
  const planted = (
    name: string,
  ): { readonly seq: number; readonly words: string; readonly value: string } | undefined =>
    own
      .flatMap(({ seq, text }) =>
        [...text.matchAll(new RegExp(`planted ${name}: ([a-z0-9.-]+)`, 'g'))].map(([words, value = '']) => ({
          seq,
          words,
          value,
        })),
      )
      .at(-1);
  if (labels.length === 0) return { suspicion: Number(planted('suspicion')?.value ?? 0), reason: 'planted' };
  const truth = planted('label');
  const chance = createChance(sha256(JSON.stringify([settings.seed, passages])));
  const [abstains, takesFirst, isRight] = [
    chance.next() < settings.abstain,
    chance.next() < settings.first,
    chance.next() < (truth?.value === positive ? settings.sensitivity : settings.specificity),
  ];
  if (truth === undefined || abstains) return { label: CANNOT_TELL, quotes: [], reason: 'nothing is planted' };
  const other = truth.value === positive ? labels.toSorted().find((label) => label !== positive) : positive;
  const label = takesFirst ? labels[0] : isRight ? truth.value : other;
  return { label, quotes: [{ seq: truth.seq, text: truth.words }], reason: 'planted' };
}
