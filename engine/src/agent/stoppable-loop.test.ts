import { describe, expect, it } from 'vitest';

import { readAsData } from '../base/untrusted-text.ts';
import type { AgentEnd, StoppableAgent } from './contract.ts';
import { runStoppable } from './stoppable-loop.ts';

const untilAborted = (signal: AbortSignal): Promise<AgentEnd> =>
  new Promise((resolve) => {
    const end = (): void => resolve({ reason: 'interrupted', detail: null });
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });

/** A loop that works until it is stopped. */
function startLoop(work = untilAborted) {
  const dismissal = new AbortController();
  const running = Promise.withResolvers<StoppableAgent>();
  const end = runStoppable({ work, signal: dismissal.signal, onRunning: running.resolve });
  return { agent: running.promise, end, dismiss: () => dismissal.abort() };
}

describe('a loop that a person can stop', () => {
  it('breaks off its work at an interrupt, and then says so', async () => {
    const { agent, end, dismiss } = startLoop();
    const it = await agent;
    expect([it.state(), readAsData(it.shows())]).toEqual(['running', '']);
    await it.press('interrupt');
    await expect.poll(() => it.state()).toBe('told-stopped');
    expect(readAsData(it.shows())).toBe('The work was stopped.');
    dismiss();
    expect(await end).toEqual({ reason: 'interrupted', detail: null });
  });

  it('says nothing when it is killed', async () => {
    const { agent, end, dismiss } = startLoop();
    const it = await agent;
    await it.press('kill');
    await expect.poll(() => it.state()).toBe('ended');
    expect(readAsData(it.shows())).toBe('');
    dismiss();
    await end;
  });

  it('rests after a stop until it is started again, and can be stopped again', async () => {
    let starts = 0;
    const { agent, end, dismiss } = startLoop((signal) => {
      starts++;
      return untilAborted(signal);
    });
    const first = await agent;
    await first.press('interrupt');
    const second = await first.again?.();
    expect([starts, first.state(), second?.state()]).toEqual([2, 'told-stopped', 'running']);
    await second?.press('interrupt');
    await expect.poll(() => second?.state()).toBe('told-stopped');
    dismiss();
    expect(await end).toMatchObject({ reason: 'interrupted' });
  });

  it('ends as its work does if nobody stops it', async () => {
    const { agent, end } = startLoop(async () => ({ reason: 'submitted', detail: null }));
    expect(await end).toEqual({ reason: 'submitted', detail: null });
    expect((await agent).state()).toBe('ended');
  });

  it('ends at once when it is dismissed, and hands on what its work throws', async () => {
    const { end, dismiss } = startLoop();
    dismiss();
    expect(await end).toMatchObject({ reason: 'interrupted' });
    const broken = startLoop(async () => Promise.reject(new Error('lost')));
    await expect(broken.end).rejects.toThrow('lost');
  });
});
