/**
 * A queue: the producer waits when it is full, the consumer waits when it is empty. `push` waits for room. `close` lets the
 * queued items drain and then ends every iteration. `push` after `close` rejects.
 */
export interface BoundedQueue<T> extends AsyncIterable<T> {
  readonly push: (item: T) => Promise<void>;
  readonly close: () => void;
  readonly size: () => number;
}

/** @param capacity maximum number of items, at least 1 */
export function createBoundedQueue<T>(capacity: number): BoundedQueue<T> {
  if (!Number.isInteger(capacity) || capacity < 1)
    throw new RangeError(`expected a capacity of at least 1, got ${capacity}`);
  const items: T[] = [];
  /** Waiting producers with their items, first come, first served. */
  const waitingForRoom: { readonly item: T; readonly enter: () => void; readonly refuse: (why: Error) => void }[] = [];
  const waitingForItem: ((result: IteratorResult<T, undefined>) => void)[] = [];
  let closed = false;

  const push = async (item: T): Promise<void> => {
    if (closed) throw new Error('the queue is closed');
    const consumer = waitingForItem.shift();
    if (consumer !== undefined) consumer({ done: false, value: item });
    else if (items.length < capacity) items.push(item);
    else await new Promise<void>((enter, refuse) => waitingForRoom.push({ item, enter, refuse }));
  };
  const take = async (): Promise<IteratorResult<T, undefined>> => {
    if (items.length === 0) {
      if (closed) return { done: true, value: undefined };
      return await new Promise((resolve) => waitingForItem.push(resolve));
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- there is an item
    const value = items.shift() as T;
    const next = waitingForRoom.shift();
    if (next !== undefined) {
      items.push(next.item);
      next.enter();
    }
    return { done: false, value };
  };
  return {
    push,
    close: () => {
      closed = true;
      for (const consumer of waitingForItem.splice(0)) consumer({ done: true, value: undefined });
      for (const { refuse } of waitingForRoom.splice(0)) refuse(new Error('the queue is closed'));
    },
    size: () => items.length,
    [Symbol.asyncIterator]: () => ({ next: take }),
  };
}
