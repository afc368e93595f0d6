import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type BoundedQueue, createBoundedQueue } from './bounded-queue.ts';

async function drain<T>(queue: BoundedQueue<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of queue) items.push(item);
  return items;
}

/** Lets everything that can go on, go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function watch(promise: Promise<unknown>): () => 'waiting' | 'done' | 'failed' {
  let state: 'waiting' | 'done' | 'failed' = 'waiting';
  promise.then(
    () => (state = 'done'),
    () => (state = 'failed'),
  );
  return () => state;
}

describe('a bounded queue', () => {
  it('hands items over in the order in which they were pushed, never holding more than it may', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer(), { maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        async (items, capacity) => {
          const queue = createBoundedQueue<number>(capacity);
          const pushing = Promise.all(items.map((item) => queue.push(item))).then(() => queue.close());
          const got: number[] = [];
          for await (const item of queue) {
            expect(queue.size()).toBeLessThanOrEqual(capacity);
            got.push(item);
          }
          await pushing;
          expect(got).toEqual(items);
        },
      ),
    );
  });

  it('makes the producer wait when it is full, and go on when there is room', async () => {
    const queue = createBoundedQueue<string>(1);
    await queue.push('first');
    const second = watch(queue.push('second'));
    await settle();
    expect(second()).toBe('waiting');
    await queue[Symbol.asyncIterator]().next();
    await settle();
    expect(second()).toBe('done');
    expect(queue.size()).toBe(1);
  });

  it('makes the consumer wait when it is empty', async () => {
    const queue = createBoundedQueue<string>(1);
    const taken = queue[Symbol.asyncIterator]().next();
    const state = watch(taken);
    await settle();
    expect(state()).toBe('waiting');
    await queue.push('late');
    expect(await taken).toEqual({ done: false, value: 'late' });
  });

  it('lets nobody overtake a producer that already waits for room', async () => {
    const queue = createBoundedQueue<string>(1);
    const consumer = queue[Symbol.asyncIterator]();
    await queue.push('first');
    const waiting = queue.push('second');
    const first = consumer.next();
    const overtaking = queue.push('third');
    expect(await first).toMatchObject({ value: 'first' });
    expect(await consumer.next()).toMatchObject({ value: 'second' });
    expect(await consumer.next()).toMatchObject({ value: 'third' });
    await Promise.all([waiting, overtaking]);
  });

  it('gives each item to one consumer only, and all of them to somebody', async () => {
    const queue = createBoundedQueue<number>(2);
    const consumers = [drain(queue), drain(queue), drain(queue)];
    for (let item = 0; item < 20; item++) await queue.push(item);
    queue.close();
    expect((await Promise.all(consumers)).flat().toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index),
    );
  });

  it('lets what is queued drain after it was closed, and then ends every iteration', async () => {
    const queue = createBoundedQueue<string>(3);
    await queue.push('a');
    await queue.push('b');
    queue.close();
    expect(await drain(queue)).toEqual(['a', 'b']);
    expect(await drain(queue)).toEqual([]);
  });

  it('ends consumers that wait when it is closed', async () => {
    const queue = createBoundedQueue<string>(1);
    const consumers = [drain(queue), drain(queue)];
    await settle();
    queue.close();
    expect(await Promise.all(consumers)).toEqual([[], []]);
  });

  it('refuses what is pushed after it was closed, and what was waiting for room', async () => {
    const queue = createBoundedQueue<string>(1);
    await queue.push('a');
    const waiting = queue.push('b');
    queue.close();
    await expect(waiting).rejects.toThrow('closed');
    await expect(queue.push('c')).rejects.toThrow('closed');
    expect(await drain(queue)).toEqual(['a']);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses a capacity of %d', (capacity) => {
    expect(() => createBoundedQueue(capacity)).toThrow(RangeError);
  });
});
