import { whenAborted } from '../base/deadline.ts';
import { toUntrusted } from '../base/untrusted-text.ts';
import type { AgentDeps, AgentEnd, StoppableAgent } from './contract.ts';

/** Both break off what is in hand. `interrupt` says so when all has ended; `kill` says nothing, as a killed program. */
export const LOOP_WAYS: readonly string[] = ['interrupt', 'kill'];

export interface StoppableLoop {
  /** Works until it has ended, or the signal is aborted. Called again, it goes on with what was broken off. */
  readonly work: (signal: AbortSignal) => Promise<AgentEnd>;
  /** Ends it for good. */
  readonly signal: AbortSignal;
  readonly onRunning: AgentDeps['onRunning'];
}

/** Lets a person stop a loop and start it again. After a stop it rests until then. */
export async function runStoppable({ work, signal, onRunning }: StoppableLoop): Promise<AgentEnd> {
  const run = async (tell: (agent: StoppableAgent) => void): Promise<AgentEnd> => {
    const stop = new AbortController();
    const restart = Promise.withResolvers<(agent: StoppableAgent) => void>();
    let pressed: string | null = null;
    let state: ReturnType<StoppableAgent['state']> = 'running';
    tell({
      pid: null,
      ways: LOOP_WAYS,
      press: async (way) => {
        pressed ??= way;
        stop.abort(new Error(`stopped by ${way}`));
      },
      shows: () => toUntrusted(state === 'told-stopped' ? 'The work was stopped.' : ''),
      state: () => state,
      again: () => new Promise((resolve) => restart.resolve(resolve)),
    });
    const end = await work(AbortSignal.any([signal, stop.signal])).finally(() => {
      state = pressed === 'interrupt' ? 'told-stopped' : 'ended';
    });
    if (pressed === null || signal.aborted || end.reason !== 'interrupted') return end;
    const startedAgain = await Promise.race([restart.promise, whenAborted(signal).then(() => null)]);
    return startedAgain === null ? end : run(startedAgain);
  };
  return run(onRunning ?? (() => undefined));
}
