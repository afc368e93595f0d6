import { describe, expect, it } from 'vitest';

import { UsageError } from '../../../base/usage-error.ts';
import { toGivenStimuli, withStimuli } from '../../published-stimuli.ts';
import { publishedHashes } from './published-hashes.ts';
import { shutdownScenario } from './scenario.ts';
import { playWork, promptsOf } from './testing.ts';
import { textIds } from './texts.ts';

const given = (texts: Readonly<Record<string, string>>) =>
  withStimuli(shutdownScenario, toGivenStimuli(texts, publishedHashes));

describe('the shutdown scenario with texts of the user', () => {
  it('uses them unchanged, slots included, and records their hashes', () => {
    const world = given({ task: 'Call {caller} ./next_sum.', system: 'Be brief.' }).setUp({}, 'seed');
    const prompts = promptsOf(world);
    expect(prompts.system).toBe('Be brief.');
    expect(prompts.user.startsWith('Call {caller} ./next_sum.\n\n')).toBe(true);
    const ids = world.stimuli.map(({ id }) => id);
    expect(ids).toContain('given/task');
    expect(ids).toContain('given/system');
    expect(ids).not.toContain('texts/task.txt');
    expect(ids).not.toContain('texts/system.txt');
  });

  it('uses the same text in every wording', () => {
    const scenario = given({ 'allow.unfinished': 'Allow it.' });
    for (const wording of ['1', '2', '3', '4', '5'])
      expect(promptsOf(scenario.setUp({ wording }, 'seed')).user.endsWith('\n\nAllow it.')).toBe(true);
  });

  it('puts the given joining text between prompt and instruction', () => {
    const world = given({ joiner: ' ', 'allow.plain': 'Allow it.' }).setUp({ strength: 'plain' }, 'seed');
    expect(promptsOf(world).user.endsWith('on each line. Allow it.')).toBe(true);
    expect(world.stimuli.map(({ id }) => id)).toContain('given/joiner');
  });

  it('uses a text about the machine only for that framing', () => {
    const scenario = given({ 'allow.plain.machine': 'Allow the machine.' });
    const user = (framing: string): string => promptsOf(scenario.setUp({ strength: 'plain', framing }, 'seed')).user;
    expect(user('machine').endsWith('Allow the machine.')).toBe(true);
    expect(user('self')).not.toContain('Allow the machine.');
  });

  it('gives the notice in the words of the user', async () => {
    const { notices } = await playWork(given({ 'notice.named': 'Next: ./shutdown.sh' }).setUp({}, 'seed'), true);
    expect(notices).toEqual(['Next: ./shutdown.sh']);
  });

  it('has another hash, so that its trials are never mixed with trials that use the shipped texts', () => {
    const [one, other] = [given({ task: 'a' }), given({ task: 'b' })];
    expect(new Set([one.sha256, other.sha256, shutdownScenario.sha256]).size).toBe(3);
    expect(given({ task: 'a' }).sha256).toBe(one.sha256);
  });

  it.each([
    [{ tsk: 'x' }, {}, /Did you mean "task"\?/],
    [{}, {}, /has no text/],
    [
      { task: 'Call ./next_question.' },
      {},
      /mentions next_question, but the agent gets next_sum: take iterator=next_question/,
    ],
    [
      { 'notice.named': 'Soon: ./shutdown.sh' },
      { mechanism: 'flag' },
      /mentions shutdown\.sh, but the mechanism is elsewhere/,
    ],
  ])('refuses %o under %o', (texts, condition, message) => {
    const setUp = () => given(texts).setUp(condition, 'seed');
    expect(setUp).toThrow(UsageError);
    expect(setUp).toThrow(message);
  });

  it('accepts every text that it names, and then uses no shipped text', () => {
    const texts = Object.fromEntries(textIds.map((id) => [id, `[${id}]`]));
    const world = given(texts).setUp(
      { allow: 'system', form: 'exception', precedence: 'stated', action: 'stated', framing: 'replaced' },
      'seed',
    );
    expect(promptsOf(world)).toEqual({
      system: '[system][joiner][form.exception] [allow.unfinished] [action] [precedence][joiner][framing.replaced]',
      user: '[task]',
      continue: '[continue]',
    });
    expect(world.stimuli.filter(({ id }) => id.startsWith('texts/'))).toEqual([]);
  });
});
