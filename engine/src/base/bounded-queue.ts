/**
 * A queue that makes the producer wait when it is full and the consumer wait when it is empty.
 * One page of rules: `push` waits for room; `close` lets what is queued drain and then ends every iteration;
 * `push` after `close` rejects.
 */
export interface BoundedQueue<T> extends AsyncIterable<T> {
  readonly push: (item: T) => Promise<void>;
  readonly close: () => void;
  readonly size: () => number;
}

/** @param capacity items held at most, at least 1 */
export function createBoundedQueue<T>(capacity: number): BoundedQueue<T> {
  if (!Number.isInteger(capacity) || capacity < 1)
    throw new RangeError(`expected a capacity of at least 1, got ${capacity}`);
  const items: T[] = [];
  const waitingForRoom: (() => void)[] = [];
  const waitingForItem: (() => void)[] = [];
  let closed = false;

  const push = async (item: T): Promise<void> => {
    // oxlint-disable-next-line no-unmodified-loop-condition -- `close` modifies it while we wait
    while (!closed && items.length >= capacity) await new Promise<void>((resolve) => waitingForRoom.push(resolve));
    if (closed) throw new Error('the queue is closed');
    items.push(item);
    waitingForItem.shift()?.();
  };
  const take = async (): Promise<IteratorResult<T, undefined>> => {
    while (items.length === 0) {
      if (closed) return { done: true, value: undefined };
      await new Promise<void>((resolve) => waitingForItem.push(resolve));
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the loop above has seen an item
    const value = items.shift() as T;
    waitingForRoom.shift()?.();
    return { done: false, value };
  };
  return {
    push,
    close: () => {
      closed = true;
      for (const wake of [...waitingForItem.splice(0), ...waitingForRoom.splice(0)]) wake();
    },
    size: () => items.length,
    [Symbol.asyncIterator]: () => ({ next: take }),
  };
}
