import type { Person } from '../../contract.ts';
import { PARTS } from './names.ts';
import type { Look } from './watch.ts';

const LOOK_MS = 20;
/** A product may take a minute to start on a busy computer. */
const WAIT_MS_MAX = 120_000;
/** The same processes for so long: everything was started. */
const SETTLED_MS = 500;
/** No request and no command for so long: it waits. */
const QUIET_MS = 700;

export interface MomentOptions {
  readonly person: Person;
  readonly look: () => Promise<Look>;
  readonly signal: AbortSignal;
}

/** Recognises from outside what an agent is doing. Each function resolves with null, or why it did not come to that. */
export interface Moments {
  /** All parts of the work have been started, or some steps are done. */
  readonly begun: () => Promise<string | null>;
  readonly reached: (moment: string) => Promise<string | null>;
}

export function createMoments({ person, look, signal }: MomentOptions): Moments {
  const until = async (isThere: (look: Look) => boolean): Promise<string | null> => {
    const started = person.now();
    for (;;) {
      const seen = await look();
      if (seen.state !== 'running') return 'the agent ended before the moment came';
      if (isThere(seen)) return null;
      if (signal.aborted || person.now() - started > WAIT_MS_MAX) return 'the moment did not come';
      await person.sleep(LOOK_MS);
    }
  };
  const requestsSoFar = (): number => person.requests().length;

  return {
    begun: () => {
      let [parts, since] = ['', 0];
      return until(({ at, alive, lines }) => {
        const now = PARTS.filter((part) => (alive[part] ?? 0) > 0).join(' ');
        if (now !== parts) [parts, since] = [now, at];
        if ((lines.steps ?? 0) >= 2) return true;
        const hasEffects = PARTS.some((part) => (lines[part] ?? 0) > 0);
        return (parts !== '' || hasEffects) && at - since >= SETTLED_MS;
      });
    },
    reached: async (moment) => {
      if (moment === 'between-steps') {
        const before = requestsSoFar();
        return until(() => requestsSoFar() > before);
      }
      if (moment !== 'waits-for-model' && moment !== 'waits-for-person') return null;
      let [requests, since] = [-1, 0];
      return until(({ at, alive }) => {
        const isBusy = (alive.foreground ?? 0) + (alive.steps ?? 0) + (alive.table ?? 0) > 0;
        if (isBusy || requestsSoFar() !== requests) [requests, since] = [requestsSoFar(), at];
        return at - since >= QUIET_MS;
      });
    },
  };
}
