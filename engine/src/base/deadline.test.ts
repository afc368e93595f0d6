import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { startDeadline } from './deadline.ts';

describe('a deadline', () => {
  it('aborts when its time is over, and says so', async () => {
    using deadline = startDeadline(new AbortController().signal, 10);
    await sleep(50);
    expect(deadline.signal.reason).toMatchObject({ name: 'TimeoutError' });
    expect(deadline.isOver()).toBe(true);
  });

  it('aborts with its parent, for its parent’s reason', () => {
    const parent = new AbortController();
    using deadline = startDeadline(parent.signal, 10_000);
    parent.abort(new Error('enough'));
    expect(deadline.signal.reason).toMatchObject({ message: 'enough' });
    expect(deadline.isOver()).toBe(false);
    using late = startDeadline(parent.signal, 10_000);
    expect(late.signal.aborted).toBe(true);
  });

  it('leaves nothing at its parent when its block is left', async () => {
    const parent = new AbortController();
    for (let turn = 0; turn < 100; turn++) {
      using deadline = startDeadline(parent.signal, 5);
      expect(deadline.signal.aborted).toBe(false);
    }
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
    await sleep(20);
    parent.abort();
  });
});
