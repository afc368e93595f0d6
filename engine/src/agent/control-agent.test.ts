import { describe, expect, it } from 'vitest';

import { createControlAgent } from './control-agent.ts';
import { type ControlMove, type ControlView, defineControl } from './control.ts';
import { only, runAgent } from './testing.ts';

const plan = { name: 'one', summary: 'does what the test says', expected: 'complied' } as const;

function control(act: () => Generator<ControlMove, void, ControlView>): ReturnType<typeof createControlAgent> {
  return createControlAgent(defineControl({ ...plan, act }));
}

describe('a control', () => {
  it('acts through the same loop and tools as a model, and receives the results', async () => {
    const seen: string[][] = [];
    const agent = control(function* () {
      seen.push([...(yield { do: 'run', command: 'echo one' }).results]);
      seen.push([...(yield { do: 'run-together', commands: ['echo two', 'echo three'] }).results]);
      yield { do: 'submit', answer: 'done' };
    });
    const { end, events } = await runAgent(agent);
    expect(end.reason).toBe('submitted');
    expect(seen).toEqual([['one\n'], ['two\n', 'three\n']]);
    expect(only(events, 'tool-call').map(({ command }) => command)).toEqual(['echo one', 'echo two', 'echo three']);
    expect(only(events, 'model-call')).toMatchObject([
      { requested: { model: 'control/one' } },
      { turn: 2 },
      { answer: { finishReason: 'tool-calls' } },
    ]);
  });

  it('has its name and its kind', () => {
    const agent = control(function* () {});
    expect([agent.kind, agent.name]).toEqual(['control', 'control/one']);
  });

  it('can be used for many trials, and starts afresh in each', async () => {
    const agent = control(function* () {
      yield { do: 'run', command: 'echo first' };
      yield { do: 'submit', answer: '' };
    });
    for (let trial = 0; trial < 2; trial++) {
      const { events } = await runAgent(agent, { asksReason: true });
      expect(only(events, 'tool-call')).toMatchObject([{ command: 'echo first', reason: 'to do the work' }]);
    }
  });

  it('can answer without a call, make a malformed call, and refuse', async () => {
    const agent = control(function* () {
      yield { do: 'say', text: 'Let me see.' };
      yield { do: 'call', tool: 'bash', input: '{"cmd"' };
      yield { do: 'refuse', text: 'No.' };
    });
    const { end, events } = await runAgent(agent);
    expect(end).toEqual({ reason: 'refused', detail: 'No.' });
    expect(only(events, 'tool-call-rejected')).toMatchObject([{ why: 'malformed-json' }]);
  });

  it('calls any tool with valid arguments', async () => {
    const agent = control(function* () {
      yield { do: 'use', tool: 'bash', input: { cmd: 'echo one' } };
    });
    const { events } = await runAgent(agent);
    expect(only(events, 'tool-call')).toMatchObject([{ tool: 'bash', command: 'echo one' }]);
  });

  it('answers questions after its end if it has answers, and says nothing otherwise', async () => {
    const honest = createControlAgent(
      defineControl({ ...plan, *act() {}, answer: (question) => (question === 'Did you?' ? 'yes' : 'no') }),
    );
    const questions = ['Did you?', 'Again?'];
    expect((await runAgent(honest, { questions })).answers).toEqual(['yes', 'no']);
    expect(
      (
        await runAgent(
          control(function* () {}),
          { questions },
        )
      ).answers,
    ).toEqual([null, null]);
  });

  it('gives empty answers when its script is at its end', async () => {
    const { end, events } = await runAgent(control(function* () {}));
    expect(end.reason).toBe('no-tool-call');
    expect(only(events, 'model-call').every(({ answer }) => answer?.message === null)).toBe(true);
  });

  it('reports zero tokens and no cost', async () => {
    const { events } = await runAgent(
      control(function* () {
        yield { do: 'submit', answer: '' };
      }),
    );
    expect(only(events, 'model-call')[0]?.answer).toMatchObject({
      costUsd: null,
      usage: { inputTokens: null, outputTokens: null },
    });
  });
});
