import type { Agent, AgentEnd, Equipment, EquippedAgent, SessionLogPlace } from '../agent/contract.ts';
import { createControlAgent } from '../agent/control-agent.ts';
import { type Deadline, startDeadline } from '../base/deadline.ts';
import { toUntrusted } from '../base/untrusted-text.ts';
import { type NewEvent, RECORD_FORMAT, RECORD_VERSION } from '../record/events.ts';
import { openJournal } from '../record/journal-writer.ts';
import { keepBeside } from '../record/kept-bytes.ts';
import {
  DEFAULT_SANDBOX_LIMITS,
  type Sandbox,
  SandboxError,
  type SandboxLimits,
  type SandboxProvider,
} from '../sandbox/contract.ts';
import type { Question, ScenarioWorld, Seat } from '../scenario/contract.ts';
import type { ResolvedTrial, TrialDeps, TrialResult } from './contract.ts';
import { runSeats } from './run-seats.ts';
import { createStage, type TrialStage } from './stage.ts';
import { createTrialLog, type TrialLog } from './trial-log.ts';

/**
 * Runs a trial and writes its record to `path`. Rejects with a `JournalError` if the record cannot be written; every
 * other failure is recorded. The machine is always gone when this returns.
 */
export async function runTrial(path: string, trial: ResolvedTrial, deps: TrialDeps): Promise<TrialResult> {
  const journal = openJournal({ path, now: deps.world.now });
  try {
    const log = createTrialLog(journal, keepBeside(path));
    await play(trial, log, deps);
    if (deps.signal.aborted) journal.flush();
    else journal.seal();
    return { sealed: !deps.signal.aborted, ...log.result() };
  } finally {
    journal.close();
  }
}

/** One trial, from set-up to the last question. It serves as the table of contents of this folder. */
async function play(resolved: ResolvedTrial, log: TrialLog, deps: TrialDeps): Promise<void> {
  const { elapsed } = deps.world;
  const started = elapsed();
  const world = resolved.scenario.setUp(resolved.spec.condition, resolved.spec.seed);
  const planned = { ...resolved, peers: { ...standIns(world), ...resolved.peers } };
  log.emit(trialStart(planned, world, deps));
  const stage = createStage({ world, log, deps });
  const equipped = await equip(planned.agent, world.seats[0], { log, signal: deps.signal });
  const trial = { ...planned, agent: { ...planned.agent, ...equipped } };
  const context = { trial, world, stage, log, deps, logs: equipped?.equipment.logs ?? [] };
  const sandbox = equipped === null ? null : await openSandbox(equipped.equipment, context);
  const end = sandbox === null ? null : await playIn(sandbox, context);
  if (end !== null && !deps.signal.aborted) await askQuestions(end, stage.run.followUp ?? [], log);
  log.emit({ kind: 'trial-end', durationMs: elapsed() - started });
}

const NO_EQUIPMENT: Equipment = { files: [], folders: [], sockets: [], limits: {} };

/** Returns null if the agent cannot work here; the record holds the reason. */
async function equip(
  agent: Agent,
  { tools }: Seat,
  { log, signal }: { readonly log: TrialLog; readonly signal: AbortSignal },
): Promise<EquippedAgent | null> {
  try {
    return (await agent.equip?.({ tools })) ?? { run: agent.run, equipment: NO_EQUIPMENT };
  } catch (error) {
    if (!signal.aborted) log.fail('agent', error);
    return null;
  }
}

/** Agents of the seats that have one of their own. */
function standIns({ seats: [, ...others] }: ScenarioWorld): Readonly<Record<string, Agent>> {
  return Object.fromEntries(
    others.flatMap(({ id, standIn }) => (standIn === undefined ? [] : [[id, createControlAgent(standIn)]])),
  );
}

interface TrialContext {
  readonly trial: ResolvedTrial;
  readonly world: ScenarioWorld;
  readonly stage: TrialStage;
  readonly log: TrialLog;
  readonly deps: TrialDeps;
  /** Where the agent under test keeps its own log. */
  readonly logs: readonly SessionLogPlace[];
}

/** Returns null if no machine could be opened; the record holds the reason. */
async function openSandbox(
  equipment: Equipment,
  { trial, world, stage, log, deps }: TrialContext,
): Promise<Sandbox | null> {
  const { provider, signal } = deps;
  const started = deps.world.elapsed();
  try {
    assertCapable(world, equipment, provider);
    const sandbox = await provider.open({
      files: [...world.files, ...equipment.files],
      folders: equipment.folders,
      sockets: equipment.sockets,
      services: world.services.map((service) => ({ ...service, answer: (call) => stage.answer(service.name, call) })),
      hosts: stage.hosts,
      refusedHosts: world.refusedHosts ?? [],
      watched: world.roles.map(({ path }) => path),
      network: networkOf(trial.spec.sandbox.network, world, provider),
      limits: largerOf({ ...DEFAULT_SANDBOX_LIMITS, ...world.sandboxLimits }, equipment.limits),
      signal,
    });
    log.emit({
      kind: 'sandbox-open',
      adapter: provider.name,
      simulated: provider.simulated,
      durationMs: deps.world.elapsed() - started,
      details: { ...sandbox.details },
    });
    return sandbox;
  } catch (error) {
    if (!signal.aborted) log.fail('sandbox', error);
    return null;
  }
}

/** Turns recording on if the world has refused hosts: only the recorder sees a refused connection. */
function networkOf(
  asked: 'none' | 'recorded',
  { refusedHosts = [] }: ScenarioWorld,
  { can }: SandboxProvider,
): 'none' | 'recorded' {
  return refusedHosts.length > 0 && can.network ? 'recorded' : asked;
}

function assertCapable(
  { needs = [], hosts }: ScenarioWorld,
  { folders, sockets }: Equipment,
  { can, name }: SandboxProvider,
): void {
  const all = [
    ...needs,
    ...(hosts.length > 0 ? (['hosts'] as const) : []),
    ...(folders.length + sockets.length > 0 ? (['spawn'] as const) : []),
  ];
  const missing = all.find((need) => !can[need]);
  if (missing !== undefined)
    throw new SandboxError('unavailable', `this trial needs "${missing}", which the sandbox ${name} does not have`);
}

function largerOf(limits: SandboxLimits, asked: Equipment['limits']): SandboxLimits {
  const memory = asked.memoryBytesMax === undefined ? limits.memoryBytesMax : asked.memoryBytesMax;
  return {
    diskBytesMax: Math.max(limits.diskBytesMax, asked.diskBytesMax ?? 0),
    processesMax: Math.max(limits.processesMax, asked.processesMax ?? 0),
    memoryBytesMax: memory === null || limits.memoryBytesMax === null ? null : Math.max(limits.memoryBytesMax, memory),
  };
}

/** Everything that happens while the machine exists. Returns null if something failed. */
async function playIn(sandbox: Sandbox, context: TrialContext): Promise<AgentEnd | null> {
  const { trial, stage, log, deps } = context;
  await using _ = sandbox;
  let end: AgentEnd | null = null;
  try {
    await stage.begin(sandbox);
    await using limit = killAfter(sandbox, trial.spec.limits.durationMsMax + OVERTIME_MS_MAX, deps);
    end = await runSeats({ ...context, sandbox });
    await stage.whenQuiet();
    const { reason, detail } = end;
    log.emit({ kind: 'agent-end', reason, detail: detail === null ? null : toUntrusted(detail) });
    if (!deps.signal.aborted) await stage.finish(log.submission(), context.logs);
    if (end.failure !== undefined) {
      const { code, text } = end.failure;
      log.emit({ kind: 'infrastructure-error', stage: 'agent', code, text: toUntrusted(text) });
    }
    if (stage.problem() !== undefined) throw stage.problem();
    if (limit.isOver())
      throw new SandboxError('lost', `the trial had not ended ${OVERTIME_MS_MAX} ms after its time limit`);
  } catch (error) {
    // An error while serving a request is the cause; the error of the machine is only its effect.
    log.fail('trial', stage.problem() ?? error);
    end = null;
  }
  const { before, survivors, durationMs } = await sandbox.kill();
  log.emit({ kind: 'sandbox-kill', before, survivors, durationMs });
  if (survivors > 0) log.fail('kill', new SandboxError('lost', `${survivors} processes survived the kill`));
  return end;
}

/** How long the end of a trial may take after its time limit: two grace periods, and the last looks. */
const OVERTIME_MS_MAX = 5000;

/** Kills the machine if the trial is stopped, or has not ended in time. Everything that waits for the machine then ends. */
function killAfter(sandbox: Sandbox, ms: number, { signal }: TrialDeps): AsyncDisposable & Pick<Deadline, 'isOver'> {
  const deadline = startDeadline(signal, ms);
  let killed: Promise<unknown> = Promise.resolve();
  const kill = (): void => {
    killed = sandbox.kill().catch(() => undefined);
  };
  if (deadline.signal.aborted) kill();
  else deadline.signal.addEventListener('abort', kill, { once: true });
  return {
    isOver: deadline.isOver,
    [Symbol.asyncDispose]: async () => {
      deadline[Symbol.dispose]();
      await killed;
    },
  };
}

/** Asks fixed questions after the agent has lost its machine and tools. */
async function askQuestions({ ask, reason }: AgentEnd, questions: readonly Question[], log: TrialLog): Promise<void> {
  if (ask === undefined || reason === 'model-error') return;
  for (const { id, text } of questions) {
    const answer = await ask(text);
    if (answer === null) return;
    log.emit({ kind: 'interview', id, question: text, answer });
    log.flush();
  }
}

function trialStart({ spec, scenario, agent, peers }: ResolvedTrial, world: ScenarioWorld, deps: TrialDeps): NewEvent {
  const [subject, ...others] = world.seats;
  return {
    kind: 'trial-start',
    format: RECORD_FORMAT,
    version: RECORD_VERSION,
    trialId: spec.trialId,
    ...(spec.studyKey !== undefined && { studyKey: spec.studyKey }),
    scenario: { name: scenario.name, version: scenario.version, sha256: scenario.sha256 },
    condition: { ...world.condition },
    agent: { kind: agent.kind, name: agent.name, ...(agent.product !== undefined && { product: agent.product }) },
    peers: others.map(({ id, tools }) => {
      const peer = peers[id];
      if (peer === undefined) throw new TypeError(`no agent for the seat "${id}"`);
      return { seat: id, agent: { kind: peer.kind, name: peer.name }, tools: tools.map((tool) => tool.spec) };
    }),
    epoch: spec.epoch,
    seed: spec.seed,
    simulated: deps.provider.simulated,
    limits: spec.limits,
    stimuli: [...world.stimuli],
    roles: [...world.roles],
    hosts: [...world.hosts],
    tools: subject.tools.map((tool) => tool.spec),
    software: { ...deps.software },
  };
}
