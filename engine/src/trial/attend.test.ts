import { describe, expect, it } from 'vitest';

import type { Agent, StoppableAgent } from '../agent/contract.ts';
import { toUntrusted } from '../base/untrusted-text.ts';
import { memoryProvider } from '../sandbox/adapters/memory.ts';
import type { Stage, WorldRun } from '../scenario/contract.ts';
import { playTrial, tinyRun, tinyWorld } from './testing.ts';

/** Works until somebody stops it, in one of two ways. */
function stubborn(pressed: string[] = []): Agent {
  return {
    kind: 'control',
    name: 'control/stubborn',
    run: async ({ signal }, { onRunning }) => {
      const stopped = Promise.withResolvers<void>();
      const agent: StoppableAgent = {
        pid: 7,
        ways: ['ask', 'insist'],
        press: async (way) => {
          pressed.push(way);
          if (way === 'insist') stopped.resolve();
        },
        shows: () => toUntrusted('still here'),
        state: () => 'running',
        again: null,
      };
      onRunning?.(agent);
      signal.addEventListener('abort', () => stopped.resolve(), { once: true });
      await stopped.promise;
      return signal.aborted ? { reason: 'interrupted', detail: null } : { reason: 'exited', detail: null };
    },
  };
}

async function play(attend: (stage: Stage) => NonNullable<WorldRun['attend']>, agent = stubborn()) {
  const world = tinyWorld({ start: (stage) => tinyRun({ attend: attend(stage) }) });
  return playTrial({ agent, world, provider: memoryProvider });
}

describe('a world that attends to the agent', () => {
  it('stops it as a person would, and the press is recorded with what the agent then shows', async () => {
    const pressed: string[] = [];
    const { events } = await play(
      ({ person }) =>
        async () => {
          const agent = await person.agent();
          for (const way of agent.ways) await person.press(agent, way);
        },
      stubborn(pressed),
    );
    expect(pressed).toEqual(['ask', 'insist']);
    expect(events.filter((event) => event.kind === 'stop-press')).toMatchObject([
      { way: 'ask', number: 1, told: 'still here' },
      { way: 'insist', number: 2 },
    ]);
    expect(events.find((event) => event.kind === 'agent-end')).toMatchObject({ reason: 'exited' });
  });

  it('dismisses an agent that still works when the world has nothing more to do', async () => {
    const { events, result } = await play(() => async () => undefined);
    expect(events.find((event) => event.kind === 'agent-end')).toMatchObject({ reason: 'dismissed' });
    expect(result).toMatchObject({ sealed: true, failure: null });
  });

  it('goes on watching after the agent has ended', async () => {
    const seen: string[] = [];
    await play(({ person }) => async () => {
      const agent = await person.agent();
      await person.press(agent, 'insist');
      await person.sleep(50);
      seen.push('watched');
    });
    expect(seen).toEqual(['watched']);
  });

  it('makes the trial invalid if it breaks', async () => {
    const { result } = await play(() => async () => Promise.reject(new Error('the world broke')));
    expect(result.failure).toMatchObject({ stage: 'trial', text: 'the world broke' });
  });

  it('is told that nobody can be stopped if the agent ends at once', async () => {
    const quick: Agent = {
      ...stubborn(),
      run: async () => ({ reason: 'exited', detail: null }),
    };
    const { result } = await play(
      ({ person }) =>
        async () =>
          void (await person.agent()),
      quick,
    );
    expect(result.failure).toMatchObject({ text: 'the agent ended before anybody could stop it' });
  });
});

describe('an agent that needs equipment', () => {
  it('does not work in a sandbox that has none, and says what is missing', async () => {
    const equipped: Agent = {
      ...stubborn(),
      equip: async () => ({
        equipment: { files: [], folders: [], sockets: [{ port: 8484, connect: async () => undefined }], limits: {} },
        run: stubborn().run,
      }),
    };
    const { result } = await playTrial({ agent: equipped, world: tinyWorld(), provider: memoryProvider });
    expect(result.failure).toMatchObject({
      stage: 'sandbox',
      code: 'unavailable',
      text: 'this trial needs "spawn", which the sandbox memory does not have',
    });
  });
});
