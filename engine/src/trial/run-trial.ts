import type { Agent, AgentEnd } from '../agent/contract.ts';
import { readAsData, showInSentence, toUntrusted } from '../base/untrusted-text.ts';
import type { World } from '../base/world.ts';
import type { Condition, Emit, EventOf, NewEvent, TrialLimits } from '../record/events.ts';
import { RECORD_FORMAT, RECORD_VERSION } from '../record/events.ts';
import type { TreeSnapshot } from '../record/evidence.ts';
import { JournalError, type JournalWriter, openJournal } from '../record/journal-writer.ts';
import {
  DEFAULT_SANDBOX_LIMITS,
  type RunOptions,
  type RunResult,
  type Sandbox,
  SandboxError,
  type SandboxLimits,
  type SandboxProvider,
} from '../sandbox/contract.ts';
import type { Scenario, ScenarioRun, TrialSetUp } from '../scenario/contract.ts';
import { carryUnseen, diffTrees } from './tree-diff.ts';

/** One scenario under one condition with one agent, once. */
export interface TrialPlan {
  readonly trialId: string;
  /** Key of the study that it belongs to; none when it is run by itself. */
  readonly studyKey?: string;
  readonly scenario: Scenario;
  readonly condition: Condition;
  readonly agent: Agent;
  readonly epoch: number;
  readonly seed: string;
  readonly limits: TrialLimits;
  readonly sandboxLimits?: SandboxLimits;
}

export interface TrialDeps {
  readonly provider: SandboxProvider;
  readonly world: World;
  /** Names and versions for the record. */
  readonly software: Readonly<Record<string, string>>;
  /** Whether what the agent tries to reach is recorded; the sandbox must be able to. `none` when not given. */
  readonly network?: 'none' | 'recorded';
  /** Aborting stops the trial where it is; its record then stays without a seal. */
  readonly signal: AbortSignal;
}

export interface TrialResult {
  /** False when it was interrupted: the record is unfinished and must be set aside. */
  readonly sealed: boolean;
  /** US dollars of its model calls, as far as the price is known. */
  readonly costUsd: number;
  /** Set when something broke that is not the agent's doing. The outcome is then `invalid`, never a verdict. */
  readonly failure: { readonly stage: string; readonly code: string; readonly text: string } | null;
}

const HARNESS_OUTPUT_BYTES_MAX = 16 * 1024;

/**
 * Runs a trial and writes its record to `path`. Rejects with a `JournalError` when the record cannot be written; every
 * other failure is in the record. The machine is gone when this returns, whatever happened.
 */
export async function runTrial(path: string, plan: TrialPlan, deps: TrialDeps): Promise<TrialResult> {
  const journal = openJournal({ path, now: deps.world.now });
  try {
    const trial = createTrial(journal, plan, deps);
    await trial.run();
    const { failure, costUsd } = trial;
    if (deps.signal.aborted) {
      journal.flush();
      return { sealed: false, failure, costUsd };
    }
    journal.seal();
    return { sealed: true, failure, costUsd };
  } finally {
    journal.close();
  }
}

type Failure = NonNullable<TrialResult['failure']>;

interface RunningTrial {
  readonly run: () => Promise<void>;
  readonly failure: Failure | null;
  readonly costUsd: number;
}

function createTrial(journal: JournalWriter, plan: TrialPlan, deps: TrialDeps): RunningTrial {
  const { world, provider, signal } = deps;
  const { scenario, agent } = plan;
  const started = world.elapsed();
  let failure: Failure | null = null;
  let submission: string | null = null;
  let costUsd = 0;
  const emit: Emit = (event) => {
    if (event.kind === 'infrastructure-error')
      failure ??= { stage: event.stage, code: event.code, text: readAsData(event.text) };
    if (event.kind === 'model-call') costUsd += event.answer?.costUsd ?? 0;
    if (event.kind === 'submission') submission ??= readAsData(event.text);
    return journal.append(event);
  };
  const fail = (stage: string, error: unknown): void => {
    if (error instanceof JournalError) throw error;
    const code = error instanceof SandboxError ? error.code : 'unexpected';
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
    const message = error instanceof Error ? error.message : String(error);
    const text = message.includes(cause) ? message : `${message}: ${cause}`;
    emit({ kind: 'infrastructure-error', stage, code, text: toUntrusted(text) });
  };
  const run = async (): Promise<void> => {
    const setUp = scenario.setUp(plan.condition, plan.seed);
    emit(trialStart(setUp, plan, deps));
    const stage = createStage({ setUp, emit, journal, deps });
    let sandbox: Sandbox;
    const openStarted = world.elapsed();
    try {
      const service = { ...setUp.service, answer: stage.answer };
      sandbox = await provider.open({
        files: setUp.files,
        services: [service],
        watched: setUp.roles.map(({ path: watchedPath }) => watchedPath),
        network: deps.network ?? 'none',
        limits: plan.sandboxLimits ?? DEFAULT_SANDBOX_LIMITS,
        signal,
      });
    } catch (error) {
      if (!signal.aborted) fail('sandbox', error);
      emit({ kind: 'trial-end', durationMs: world.elapsed() - started });
      return;
    }
    await using _ = sandbox;
    emit({
      kind: 'sandbox-open',
      adapter: provider.name,
      simulated: provider.simulated,
      durationMs: world.elapsed() - openStarted,
      details: { ...sandbox.details },
    });
    try {
      await stage.begin(sandbox);
      const end = await runAgent(agent, { plan, setUp, stage, sandbox, deps, emit });
      await stage.whenQuiet();
      emit({ kind: 'agent-end', reason: end.reason, detail: end.detail === null ? null : toUntrusted(end.detail) });
      if (!signal.aborted) await stage.finish(submission);
    } catch (error) {
      // What failed while a request was answered says more than what that did to the machine.
      const first = stage.problem() ?? error;
      if (first instanceof JournalError) throw first;
      fail('trial', first);
    }
    const { before, survivors, durationMs } = await sandbox.kill();
    emit({ kind: 'sandbox-kill', before, survivors, durationMs });
    if (survivors > 0) fail('kill', new SandboxError('lost', `${survivors} processes survived the kill`));
    emit({ kind: 'trial-end', durationMs: world.elapsed() - started });
  };
  return {
    run,
    get failure() {
      return failure;
    },
    get costUsd() {
      return costUsd;
    },
  };
}

function trialStart(
  setUp: TrialSetUp,
  { scenario, agent, epoch, seed, limits, trialId, studyKey }: TrialPlan,
  deps: TrialDeps,
): NewEvent {
  return {
    kind: 'trial-start',
    format: RECORD_FORMAT,
    version: RECORD_VERSION,
    trialId,
    ...(studyKey !== undefined && { studyKey }),
    scenario: { name: scenario.name, version: scenario.version, sha256: scenario.sha256 },
    condition: { ...setUp.condition },
    agent: { kind: agent.kind, name: agent.name },
    epoch,
    seed,
    simulated: deps.provider.simulated,
    limits,
    stimuli: [...setUp.stimuli],
    roles: [...setUp.roles],
    tools: [...agent.tools(setUp.tool)],
    software: { ...deps.software },
  };
}

interface AgentContext {
  readonly plan: TrialPlan;
  readonly setUp: TrialSetUp;
  readonly stage: Stage;
  readonly sandbox: Sandbox;
  readonly deps: TrialDeps;
  readonly emit: Emit;
}

function runAgent(agent: Agent, { plan, setUp, stage, sandbox, deps, emit }: AgentContext): Promise<AgentEnd> {
  return agent.run(
    { prompts: setUp.prompts, toolOptions: setUp.tool, limits: plan.limits, signal: deps.signal },
    {
      sandbox: sandbox.forAgent(),
      emit,
      elapsed: deps.world.elapsed,
      now: deps.world.now,
      random: deps.world.random,
      onTurnEnd: async () => stage.flush(),
      onCommandStart: stage.commandStarts,
      onCommandEnd: stage.commandEnds,
    },
  );
}

/** The evidence side of one trial: answers the scenario's requests and looks at the machine at the right moments. */
interface Stage {
  readonly answer: Parameters<SandboxProvider['open']>[0]['services'][number]['answer'];
  readonly begin: (sandbox: Sandbox) => Promise<void>;
  readonly commandStarts: (callId: string) => void;
  readonly commandEnds: (callId: string) => Promise<void>;
  readonly flush: () => void;
  /** Resolves when no request is being answered any more. */
  readonly whenQuiet: () => Promise<void>;
  /** Holds everything still, looks a last time, and tries the mechanism where it has not been tried. */
  readonly finish: (submission: string | null) => Promise<void>;
  readonly problem: () => unknown;
}

interface StageOptions {
  readonly setUp: TrialSetUp;
  readonly emit: Emit;
  readonly journal: JournalWriter;
  readonly deps: TrialDeps;
}

function createStage({ setUp, emit, journal, deps }: StageOptions): Stage {
  const { elapsed } = deps.world;
  const { mechanism, service } = setUp;
  const watchedPaths = setUp.roles.map(({ path }) => path);
  let sandbox: Sandbox | undefined;
  let tree: TreeSnapshot = { entries: {}, truncated: false };
  let callId: string | null = null;
  let number = 0;
  let triggered = false;
  let problem: unknown;
  let answering: Promise<unknown> = Promise.resolve();

  const machineNow = (): Sandbox => {
    if (sandbox === undefined) throw new SandboxError('closed', 'a request came before the machine was ready');
    return sandbox;
  };
  const lookAtTree = async (phase: EventOf<'tree-change'>['phase'], during: string | null): Promise<void> => {
    const now = await machineNow().readTree();
    const changes = diffTrees(tree, now, watchedPaths);
    const news = changes.length > 0 || now.truncated !== tree.truncated;
    tree = carryUnseen(tree, now, watchedPaths);
    if (news) emit({ kind: 'tree-change', phase, callId: during, changes, truncated: now.truncated });
  };
  const lookAtMachine = async (phase: EventOf<'machine-state'>['phase']): Promise<void> => {
    emit({ kind: 'machine-state', phase, machine: await machineNow().readMachine() });
  };
  const look = async (phase: EventOf<'machine-state'>['phase'] & EventOf<'tree-change'>['phase']): Promise<void> => {
    await lookAtTree(phase, callId);
    await lookAtMachine(phase);
  };
  /** What the process of the mechanism said when it was started. */
  let said = '';
  const startProcess = async (machine: Sandbox): Promise<void> => {
    if (mechanism.start === undefined) return;
    if (!deps.provider.can.realProcesses)
      throw new SandboxError('unavailable', `the sandbox ${deps.provider.name} cannot keep a process running`);
    const result = await machine.runAsHarness(mechanism.start, { ...harness(), startupFiles: false });
    if (result.exitCode !== 0) {
      const problem = showInSentence(result.stderr, 200);
      throw new SandboxError('lost', `the process of the mechanism did not start: ${problem}`);
    }
    said = readAsData(result.stdout);
  };
  const runMechanism = async (machine: Sandbox): Promise<Pick<RunResult, 'exitCode' | 'stdout' | 'stderr'>> => {
    const { via, command } = mechanism;
    if (via !== 'signal')
      return machine.runAsHarness(command, { ...harness(), stdin: said, startupFiles: via === 'login-shell' });
    await machine.signalInit();
    return { exitCode: null, stdout: toUntrusted(''), stderr: toUntrusted('') };
  };
  const harness = (): RunOptions => ({
    timeoutMs: mechanism.graceMs,
    outputBytesMax: HARNESS_OUTPUT_BYTES_MAX,
    signal: deps.signal,
  });

  const run: ScenarioRun = setUp.start({
    giveNotice: async (at, text) => {
      await look('notice');
      emit({ kind: 'notice-given', number: at, text });
    },
    trigger: async () => {
      const machine = machineNow();
      triggered = true;
      await look('trigger-start');
      emit({ kind: 'trigger-start', mechanism: mechanism.command });
      journal.flush();
      const started = elapsed();
      const result = await runMechanism(machine);
      const left = mechanism.graceMs - (elapsed() - started);
      if (machine.isAlive() && left > 0) await Promise.race([machine.whenStopped, sleep(left)]);
      const survived = machine.isAlive();
      const durationMs = elapsed() - started;
      await look('trigger-end');
      const { exitCode, stdout, stderr } = result;
      emit({ kind: 'trigger-end', mechanism: mechanism.command, exitCode, stdout, stderr, survived, durationMs });
      journal.flush();
      return { survived };
    },
  });
  const answerNow: Stage['answer'] = async ({ request, callers, via }) => {
    const mine = ++number;
    const during = callId;
    const { text, item } = await run.serve(mine);
    emit({
      kind: 'service-call',
      service: service.name,
      number: mine,
      request,
      callId: during,
      callers: [...callers],
      via,
      reply: text,
      item,
    });
    return text;
  };
  return {
    answer: (call) => {
      const mine = answerNow(call).catch((error: unknown) => {
        problem ??= error;
        throw error;
      });
      answering = Promise.all([answering, mine.catch(() => undefined)]);
      return mine;
    },
    begin: async (opened) => {
      sandbox = opened;
      await startProcess(opened);
      tree = await opened.readTree();
      emit({ kind: 'tree-state', tree });
      await lookAtMachine('start');
      journal.flush();
    },
    commandStarts: (id) => {
      callId = id;
    },
    commandEnds: async (id) => {
      // A request that a killed client left behind belongs to this command.
      await answering;
      await lookAtTree('command', id);
      callId = null;
    },
    flush: () => journal.flush(),
    whenQuiet: async () => {
      await answering;
    },
    problem: () => problem,
    finish: async (submission) => {
      const machine = machineNow();
      if (machine.isAlive()) {
        // Once everything is held, nobody can tell any more what the agent had stopped.
        await lookAtMachine('agent-end');
        const started = elapsed();
        const { processes } = await machine.freeze();
        emit({ kind: 'sandbox-freeze', processes, durationMs: elapsed() - started });
      }
      await look('end');
      const network = await machine.readNetwork();
      if (network.recorded) emit({ kind: 'network-state', network });
      const { served, total, exhausted } = run.progress();
      emit({
        kind: 'task-end',
        exhausted,
        correct: submission === null ? null : run.isCorrect(submission),
        served,
        total,
      });
      if (machine.isAlive()) await probe(machine);
    },
  };

  /** Whether it could have been stopped: first as the agent left it, then in a way that the agent could not touch. */
  async function probe(machine: Sandbox): Promise<void> {
    await machine.thaw();
    const once = async (kind: EventOf<'mechanism-probe'>['probe'], run: () => Promise<unknown>): Promise<void> => {
      const started = elapsed();
      await run();
      const left = mechanism.graceMs - (elapsed() - started);
      if (machine.isAlive() && left > 0) await Promise.race([machine.whenStopped, sleep(left)]);
      emit({ kind: 'mechanism-probe', probe: kind, stopped: !machine.isAlive(), durationMs: elapsed() - started });
    };
    if (!triggered) await once('as-it-lies', () => runMechanism(machine));
    if (machine.isAlive())
      await once('reference', () => machine.runAsHarness(mechanism.reference, { ...harness(), startupFiles: false }));
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
