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

/** Runs the agents of all seats. When the agent under test ends, its peers are stopped. */
export async function runSeats(context: SeatsContext): Promise<AgentEnd> {
  const { trial, world, log, deps } = context;
  const [subject, ...others] = world.seats;
  const subjectEnded = new AbortController();
  const signal = AbortSignal.any([deps.signal, subjectEnded.signal]);
  const peers = others.map(async (seat) => {
    const agent = trial.peers[seat.id];
    if (agent === undefined) throw new TypeError(`no agent for the seat "${seat.id}"`);
    const { reason, detail } = await runSeat(agent, seat, { ...context, seatId: seat.id, signal });
    log.emit({ kind: 'agent-end', seat: seat.id, reason, detail: detail === null ? null : toUntrusted(detail) });
  });
  const brokenPeer = Promise.all(peers).then(() => new Promise<never>(() => undefined));
  try {
    return await Promise.race([runSeat(trial.agent, subject, { ...context, signal: deps.signal }), brokenPeer]);
  } finally {
    subjectEnded.abort();
    await Promise.allSettled(peers);
  }
}

interface SeatContext extends SeatsContext {
  /** Absent for the agent under test. */
  readonly seatId?: string;
  readonly signal: AbortSignal;
}

function runSeat(
  agent: Agent,
  { prompts, settings, tools }: Seat,
  { trial, stage, sandbox, log, deps, seatId, signal }: SeatContext,
): Promise<AgentEnd> {
  return agent.run(
    {
      trialId: trial.spec.trialId,
      ...(seatId !== undefined && { seat: seatId }),
      settings: async () => (settings === undefined ? { prompts } : settings(stage.machine)),
      tools,
      limits: trial.spec.limits,
      signal,
    },
    {
      sandbox: sandbox.forAgent(),
      world: stage.run,
      emit: log.emit,
      elapsed: deps.world.elapsed,
      now: deps.world.now,
      random: deps.world.random,
      onTurnEnd: async () => log.flush(),
      onCallStart: (callId) => stage.callStarts(callId, signal),
      onCallEnd: (callId) => stage.callEnds(callId),
    },
  );
}
