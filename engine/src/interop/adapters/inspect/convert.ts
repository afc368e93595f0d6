import type { Condition, ToolSpec, TrialLimits, Usage } from '../../../record/events.ts';
import type { ScoreEntry } from '../../contract.ts';
import { cut, toCount } from '../../transcript.ts';
import { resolveObject } from './message.ts';
import type { InspectHeader, InspectSample } from './schema.ts';

/** Scores as plain data; NaN, which Inspect writes for *unscored*, becomes null. */
export function toScores(sample: InspectSample): readonly ScoreEntry[] {
  const entries = Object.entries(
    sample.scores ?? (sample.score === null || sample.score === undefined ? {} : { score: sample.score }),
  );
  return entries.map(([name, { value, explanation }]) => ({
    name,
    value: toScoreValue(value),
    explanation: explanation ?? '',
  }));
}

function toScoreValue(value: unknown): ScoreEntry['value'] {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  return value === null || value === undefined ? null : JSON.stringify(value);
}

const FINISH_REASONS: ReadonlyMap<string, string> = new Map([
  ['stop', 'stop'],
  ['max_tokens', 'length'],
  ['model_length', 'length'],
  ['tool_calls', 'tool-calls'],
  ['content_filter', 'content-filter'],
]);

export function toFinishReason(stop: string | null | undefined): string {
  return FINISH_REASONS.get(stop ?? '') ?? 'other';
}

export function toDuration({
  seconds,
  from,
  to,
}: {
  readonly seconds: unknown;
  readonly from: number | null;
  readonly to: number | null;
}): number {
  // Inspect's own working time was seen to be negative.
  if (from !== null && to !== null && to >= from) return to - from;
  return typeof seconds === 'number' && seconds >= 0 && Number.isFinite(seconds) ? seconds * 1000 : 0;
}

/**
 * Tokens as a record counts them: those read from a cache and written to one are input too. Inspect has them beside
 * `input_tokens` or in it, by provider; `total_tokens` tells which.
 */
export function toUsage(value: unknown): Usage {
  const given = new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  const count = (name: string): number | null => toCount(given.get(name));
  const [input, output, total] = [count('input_tokens'), count('output_tokens'), count('total_tokens')];
  const cached = (count('input_tokens_cache_read') ?? 0) + (count('input_tokens_cache_write') ?? 0);
  const isWithin = total !== null && input !== null && total === input + (output ?? 0);
  return {
    inputTokens: input === null || isWithin ? input : input + cached,
    outputTokens: output,
    reasoningTokens: count('reasoning_tokens'),
    cachedInputTokens: count('input_tokens_cache_read'),
  };
}

export function toToolSpec(value: unknown, resolve: (text: string) => string): ToolSpec[] {
  if (typeof value !== 'object' || value === null || !('name' in value) || typeof value.name !== 'string') return [];
  const description = 'description' in value && typeof value.description === 'string' ? value.description : '';
  const parameters =
    'parameters' in value && typeof value.parameters === 'object' && value.parameters !== null ? value.parameters : {};
  return [
    {
      name: value.name,
      description,
      inputSchema: resolveObject(Object.fromEntries(Object.entries(parameters)), resolve),
    },
  ];
}

/** Arguments of the task are the nearest thing to factors that a log of Inspect has. */
export function toCondition(values: Readonly<Record<string, unknown>>): Condition {
  const entries = Object.entries(values).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value));
  return Object.fromEntries(entries.map(([name, value]) => [name, cut(String(value), 200)]));
}

export function toLimits({ eval: { config } }: InspectHeader): Partial<TrialLimits> {
  const whole = (value: number | null | undefined): number | null =>
    typeof value === 'number' && value >= 1 ? Math.min(Math.ceil(value), Number.MAX_SAFE_INTEGER) : null;
  const turnsMax = whole(config?.turn_limit);
  const tokensMax = whole(config?.token_limit);
  const seconds = whole(config?.time_limit);
  return {
    ...(turnsMax === null ? {} : { turnsMax }),
    ...(tokensMax === null ? {} : { tokensMax }),
    ...(seconds === null ? {} : { durationMsMax: Math.min(seconds * 1000, Number.MAX_SAFE_INTEGER) }),
  };
}

export function toPackages({ eval: { packages } }: InspectHeader): Record<string, string> {
  return Object.fromEntries(
    Object.entries(packages ?? {})
      .slice(0, 50)
      .map(([name, version]) => [cut(name, 100), cut(version, 100)]),
  );
}
