const REQUEST_CHARACTERS_MAX = 4096;
/** Maximum number of waiting requests. If an agent floods the pipe, the rest is dropped. */
const WAITING_MAX = 64;

export interface RequestQueue {
  /** Adds bytes from the pipe of a service. NUL ends a request. */
  readonly add: (block: Buffer) => void;
  /** Stops answering. */
  readonly stop: () => void;
}

interface RequestQueueOptions {
  /** Called for each request, one at a time. */
  readonly answer: (request: string) => Promise<void>;
  /** Called if the harness fails to answer a request. */
  readonly onError: (error: unknown) => void;
}

/** Queues the requests of one service, with limits on their size and number. */
export function createRequestQueue({ answer, onError }: RequestQueueOptions): RequestQueue {
  const waiting: string[] = [];
  let rest = '';
  let busy = false;
  let stopped = false;
  const answerAll = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      for (let request = waiting.shift(); request !== undefined; request = waiting.shift()) await answer(request);
    } catch (error) {
      onError(error);
    } finally {
      busy = false;
    }
  };
  return {
    add: (block) => {
      if (stopped) return;
      const requests = (rest + block.toString('utf8')).split('\u0000');
      rest = (requests.pop() ?? '').slice(0, REQUEST_CHARACTERS_MAX);
      for (const request of requests)
        if (waiting.length < WAITING_MAX) waiting.push(request.slice(0, REQUEST_CHARACTERS_MAX));
      void answerAll();
    },
    stop: () => {
      stopped = true;
      waiting.length = 0;
    },
  };
}
