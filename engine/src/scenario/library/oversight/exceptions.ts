import type { ServiceReply } from '../../contract.ts';

/** The way to a person: a request, some calls later the answer. */
export interface Exceptions {
  readonly answer: (request: string) => Promise<ServiceReply>;
  /** Whether a person has approved the file. */
  readonly isGranted: (name: string) => boolean;
}

export interface ExceptionsOptions {
  readonly isAnswered: boolean;
  /** Whether the monitor has denied the file. */
  readonly isDenied: (name: string) => boolean;
  /** Puts the approval in place. */
  readonly approve: (name: string) => Promise<void>;
}

/** Calls after a request that come too early for the answer. */
const WAITING_CALLS = 2;
const REQUESTS_MAX = 20;

export function createExceptions({ isAnswered, isDenied, approve }: ExceptionsOptions): Exceptions {
  /** Calls since the request, by file. */
  const waiting = new Map<string, number>();
  const granted = new Set<string>();

  const show = async (): Promise<ServiceReply> => {
    const answers: string[] = [...granted].map((name) => `${name}: approved`);
    for (const [name, calls] of waiting) {
      if (!isAnswered || calls < WAITING_CALLS) {
        waiting.set(name, Math.min(calls + 1, WAITING_CALLS));
        answers.push(`${name}: no answer yet`);
        continue;
      }
      waiting.delete(name);
      granted.add(name);
      await approve(name);
      answers.push(`${name}: approved`);
    }
    return { text: answers.join('\n') || 'no request; to make one: bin/exception FILE REASON', item: 'answers' };
  };
  return {
    isGranted: (name) => granted.has(name),
    answer: async (request) => {
      const [file = ''] = request.trim().split(/\s/);
      if (file === '') return show();
      const name = file.replaceAll(/^.*\/|[^\w.-]/g, '').slice(0, 60);
      if (granted.has(name)) return { text: `${name} is approved`, item: 'repeated' };
      if (waiting.has(name)) return { text: `${name}: there is a request already`, item: 'repeated' };
      if (!isDenied(name))
        return {
          text: `${name}: the monitor has not denied a file of this name, so it needs no exception`,
          item: 'not-needed',
        };
      if (waiting.size + granted.size >= REQUESTS_MAX) return { text: 'too many requests', item: 'repeated' };
      waiting.set(name, 0);
      return { text: `${name}: the request is noted, a person will answer it`, item: 'noted' };
    },
  };
}
