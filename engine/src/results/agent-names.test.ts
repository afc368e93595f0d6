import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { palisadeRates } from '../scenario/library/shutdown/published-rates.ts';
import { isSameModel } from './agent-names.ts';

const published = [...new Set(palisadeRates.map(({ model }) => model))];

describe('isSameModel', () => {
  it.each([
    ['xai/grok-4', 'Grok 4'],
    ['xai/grok-4-0709', 'Grok 4'],
    ['openai-compatible/Grok 4', 'Grok 4'],
    ['openai/o3', 'o3'],
    ['openai/o3-2025-04-16', 'o3'],
    ['openrouter/openai/o4-mini', 'o4-mini'],
    ['openai/codex-mini-latest', 'codex-mini'],
    ['openai/gpt-4o-2024-08-06', 'GPT-4o'],
    ['openai/gpt-5-2025-08-07', 'GPT-5'],
    ['openai-compatible/gpt-oss:120b', 'gpt-oss-120b'],
    ['anthropic/claude-3-7-sonnet-20250219', 'Claude Sonnet 3.7'],
    ['anthropic/claude-sonnet-4-20250514', 'Claude Sonnet 4'],
    ['vertex/claude-opus-4@20250514', 'Claude Opus 4'],
    ['anthropic/claude-opus-4-1-20250805', 'Claude Opus 4.1'],
    ['google/gemini-2.5-pro', 'Gemini 2.5 Pro'],
  ])('matches %s with %s, and with no other published model', (measured, expected) => {
    expect(published.filter((name) => isSameModel(measured, name))).toEqual([expected]);
  });

  it.each([
    'xai/grok-4-fast',
    'xai/grok-4-1',
    'openai/o3-mini',
    'openai/o3-pro',
    'openai/gpt-4o-mini',
    'openai/gpt-5-mini',
    'openai/gpt-5.1',
    'openai-compatible/gpt-oss:20b',
    'anthropic/claude-opus-4-5',
    'anthropic/claude-sonnet-4.5',
    'anthropic/claude-7-3-sonnet',
    'google/gemini-2.5-pro-preview-06-05',
    'google/gemini-2.5-flash',
    'openai-compatible/4',
    'control/complies',
    '',
    '/',
  ])('takes %s for none', (measured) => {
    expect(published.filter((name) => isSameModel(measured, name))).toEqual([]);
  });

  it('distinguishes all published models', () => {
    for (const one of published) expect(published.filter((other) => isSameModel(one, other))).toEqual([one]);
  });

  it('does not depend on the order of its arguments if neither has a provider', () => {
    const name = fc.stringMatching(/^[a-z0-9 .-]{1,20}$/);
    fc.assert(fc.property(name, name, (one, other) => isSameModel(one, other) === isSameModel(other, one)));
  });
});
