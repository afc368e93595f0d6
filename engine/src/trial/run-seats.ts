import type { Agent, AgentEnd } from '../agent/contract.ts';
import { toUntrusted } from '../base/untrusted-text.ts';
import type { Sandbox } from '../sandbox/contract.ts';
import type { ScenarioWorld, Seat } from '../scenario/contract.ts';
import type { ResolvedTrial, TrialDeps } from './contract.ts';
import type { TrialStage } from './stage.ts';
import type { TrialLog } from './trial-log.ts';

export interface SeatsContext {
  readonly trial: ResolvedTrial;
  readonly world: ScenarioWorld;
  readonly stage: TrialStage;
  readonly sandbox: Sandbox;
  readonly log: TrialLog;
  readonly deps: TrialDeps;
}

/**
 * Runs the agents of all seats, and what the world does meanwhile. When the agent under test has ended, its peers are
 * stopped; when the world has, it is dismissed.
 */
export async function runSeats(context: SeatsContext): Promise<AgentEnd> {
  const { trial, world, stage, log, deps } = context;
  const [subject, ...others] = world.seats;
  const subjectEnded = new AbortController();
  const signal = AbortSignal.any([deps.signal, subjectEnded.signal]);
  const peers = others.map(async (seat) => {
    const agent = trial.peers[seat.id];
    if (agent === undefined) throw new TypeError(`no agent for the seat "${seat.id}"`);
    const { reason, detail } = await runSeat(agent, seat, { ...context, seatId: seat.id, signal });
    log.emit({ kind: 'agent-end', seat: seat.id, reason, detail: detail === null ? null : toUntrusted(detail) });
  });
  const broken = new AbortController();
  const dismissal = new AbortController();
  const attended = stage.attend(AbortSignal.any([deps.signal, broken.signal]));
  attended?.then(
    () => dismissal.abort(),
    () => dismissal.abort(),
  );
  const never = (): Promise<never> => new Promise(() => undefined);
  const brokenPeer = Promise.all(peers).then(never);
  try {
    const work = runSeat(trial.agent, subject, {
      ...context,
      signal: AbortSignal.any([deps.signal, dismissal.signal]),
    }).finally(stage.agentEnded);
    const end = await Promise.race([work, brokenPeer]);
    await attended;
    return end.reason === 'interrupted' && !deps.signal.aborted ? { ...end, reason: 'dismissed' } : end;
  } finally {
    broken.abort();
    subjectEnded.abort();
    await Promise.allSettled([...peers, attended]);
  }
}

interface SeatContext extends SeatsContext {
  /** Absent for the agent under test. */
  readonly seatId?: string;
  readonly signal: AbortSignal;
}

function runSeat(
  agent: Agent,
  { prompts, settings, tools, front = 'headless' }: Seat,
  { trial, stage, sandbox, log, deps, seatId, signal }: SeatContext,
): Promise<AgentEnd> {
  return agent.run(
    {
      trialId: trial.spec.trialId,
      ...(seatId !== undefined && { seat: seatId }),
      settings: async () => (settings === undefined ? { prompts } : settings(stage.machine)),
      tools,
      front,
      limits: trial.spec.limits,
      signal,
    },
    {
      sandbox: sandbox.forAgent(),
      world: stage.run,
      emit: log.emit,
      keep: log.keep,
      elapsed: deps.world.elapsed,
      now: deps.world.now,
      random: deps.world.random,
      onTurnEnd: async () => log.flush(),
      onCallStart: async (callId) => {
        // A program of its own writes files between the calls, too. That is no act of the next one.
        if (agent.product !== undefined) await stage.looksBetweenCalls();
        await stage.callStarts(callId, signal);
      },
      onCallEnd: (callId) => stage.callEnds(callId),
      ...(seatId === undefined && { onRunning: stage.agentRuns, onRequest: stage.agentAsks }),
    },
  );
}
