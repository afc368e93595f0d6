const REQUEST_CHARACTERS_MAX = 4096;
/** Requests that may wait; an agent that floods the pipe loses the rest. */
const WAITING_MAX = 64;

export interface RequestQueue {
  /** Bytes from the pipe of a service. NUL ends a request. */
  readonly add: (block: Buffer) => void;
  /** Answers nothing any more. */
  readonly stop: () => void;
}

interface RequestQueueOptions {
  /** Called for one request after the other. */
  readonly answer: (request: string) => Promise<void>;
  /** Something of ours failed while a request was answered. */
  readonly onError: (error: unknown) => void;
}

/** The requests of one service, bounded in size and number. */
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
