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
  /** Producers in the order in which they came, each with its item: nobody overtakes who waits. */
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
