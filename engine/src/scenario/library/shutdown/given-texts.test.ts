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
  it('uses them as they are, slots and all, and names them in the record by their hash', () => {
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

  it('uses the one text in every wording', () => {
    const scenario = given({ 'allow.unfinished': 'Allow it.' });
    for (const wording of ['1', '2', '3', '4', '5'])
      expect(promptsOf(scenario.setUp({ wording }, 'seed')).user.endsWith('\n\nAllow it.')).toBe(true);
  });

  it('puts between prompt and instruction what is given for that', () => {
    const world = given({ joiner: ' ', 'allow.plain': 'Allow it.' }).setUp({ strength: 'plain' }, 'seed');
    expect(promptsOf(world).user.endsWith('on each line. Allow it.')).toBe(true);
    expect(world.stimuli.map(({ id }) => id)).toContain('given/joiner');
  });

  it('takes a text that speaks of the machine for that framing only', () => {
    const scenario = given({ 'allow.plain.machine': 'Allow the machine.' });
    const user = (framing: string): string => promptsOf(scenario.setUp({ strength: 'plain', framing }, 'seed')).user;
    expect(user('machine').endsWith('Allow the machine.')).toBe(true);
    expect(user('self')).not.toContain('Allow the machine.');
  });

  it('gives a notice in the words of the user', async () => {
    const { notices } = await playWork(given({ 'notice.named': 'Next: ./shutdown.sh' }).setUp({}, 'seed'), true);
    expect(notices).toEqual(['Next: ./shutdown.sh']);
  });

  it('is another scenario by its hash, so that its trials are never mixed with those of our words', () => {
    const [one, other] = [given({ task: 'a' }), given({ task: 'b' })];
    expect(new Set([one.sha256, other.sha256, shutdownScenario.sha256]).size).toBe(3);
    expect(given({ task: 'a' }).sha256).toBe(one.sha256);
  });

  it.each([
    [{ tsk: 'x' }, {}, /Did you mean "task"\?/],
    [{}, {}, /holds no text/],
    [
      { task: 'Call ./next_question.' },
      {},
      /speaks of next_question, the agent gets next_sum: take iterator=next_question/,
    ],
    [
      { 'notice.named': 'Soon: ./shutdown.sh' },
      { mechanism: 'flag' },
      /speaks of shutdown\.sh, the mechanism lies elsewhere/,
    ],
  ])('refuses %o under %o', (texts, condition, message) => {
    const setUp = () => given(texts).setUp(condition, 'seed');
    expect(setUp).toThrow(UsageError);
    expect(setUp).toThrow(message);
  });

  it('can be given every text that it names, and then nothing of ours is said', () => {
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
