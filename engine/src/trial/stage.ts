import type { SessionLogPlace, StoppableAgent } from '../agent/contract.ts';
import { sleep } from '../base/sleep.ts';
import { toUntrusted, type UntrustedText } from '../base/untrusted-text.ts';
import {
  DEFAULT_SANDBOX_LIMITS,
  type RunOptions,
  type RunResult,
  type Sandbox,
  SandboxError,
  type SandboxHost,
  type ServiceCall,
} from '../sandbox/contract.ts';
import type {
  ActOptions,
  ActResult,
  MachineFiles,
  ModelRequest,
  Person,
  ScenarioWorld,
  Stage,
  WorldRun,
} from '../scenario/contract.ts';
import type { TrialDeps } from './contract.ts';
import { listenAtHosts } from './deliveries.ts';
import { createLooks, type Looks } from './looks.ts';
import { takeSessionLogs } from './session-logs.ts';
import type { TrialLog } from './trial-log.ts';
import { createTurns } from './turns.ts';

/** The evidence side of one trial: serves the agent's requests, and observes the machine at the right moments. */
export interface TrialStage {
  /** The scenario's running world. */
  readonly run: WorldRun;
  readonly machine: MachineFiles;
  readonly hosts: readonly SandboxHost[];
  readonly answer: (service: string, call: ServiceCall) => Promise<string>;
  readonly begin: (sandbox: Sandbox) => Promise<void>;
  /** Resolves when no other call runs in the machine; rejects if the signal is aborted first. */
  readonly callStarts: (callId: string, signal: AbortSignal) => Promise<void>;
  readonly callEnds: (callId: string) => Promise<void>;
  /** Records what changed since the last call, as changes of no call. */
  readonly looksBetweenCalls: () => Promise<void>;
  /** What the world does while the agents work; null if it does nothing. */
  readonly attend: (signal: AbortSignal) => Promise<void> | null;
  /** The agent under test runs, and a person could stop it. */
  readonly agentRuns: (agent: StoppableAgent) => void;
  readonly agentAsks: (request: ModelRequest) => void;
  readonly agentEnded: () => void;
  /** Resolves when no request is pending. */
  readonly whenQuiet: () => Promise<void>;
  /** Freezes the machine, takes the last evidence and the agent's own logs, and ends the world. */
  readonly finish: (submission: UntrustedText | null, logs: readonly SessionLogPlace[]) => Promise<void>;
  /** The first error while a request was served; undefined if there was none. */
  readonly problem: () => unknown;
}

export interface StageOptions {
  readonly world: ScenarioWorld;
  readonly log: TrialLog;
  readonly deps: TrialDeps;
}

const HARNESS_OUTPUT_BYTES_MAX = 16 * 1024;
const FILE_BYTES_MAX = 64 * 1024;
const ACT_MS_MAX = 10_000;
const SETTLE_MS = 500;
/** So long before the end of the grace period the processes are looked at once more. */
const DEADLINE_LOOK_MS = 500;

export function createStage({ world, log, deps }: StageOptions): TrialStage {
  const { emit } = log;
  const turns = createTurns();
  let sandbox: Sandbox | undefined;
  let number = 0;
  let problem: unknown;
  let answering: Promise<unknown> = Promise.resolve();

  const opened = (): Sandbox => {
    if (sandbox === undefined) throw new SandboxError('closed', 'a request came before the machine was ready');
    return sandbox;
  };
  const onProblem = (error: unknown): void => {
    problem ??= error;
  };
  const watched = world.roles.map(({ path }) => path);
  const looks = createLooks({ emit, sandbox: opened, watched, callId: turns.current });
  const running = Promise.withResolvers<StoppableAgent>();
  running.promise.catch(() => undefined);
  const requests: ModelRequest[] = [];
  const person = createPerson({ opened, log, deps, running: running.promise, requests });
  const stage = createWorldStage({ opened, looks, log, deps, person });
  const run = world.start(stage);
  const deliveries = listenAtHosts(world.hosts, { run, emit, callId: turns.current, onProblem });

  const answer = async (service: string, call: ServiceCall): Promise<string> => {
    const mine = ++number;
    const callId = turns.current();
    if (run.serve === undefined) throw new TypeError(`the world of this trial does not serve "${service}"`);
    const { text, item } = await run.serve(service, { ...call, number: mine });
    const { request, callers, via } = call;
    emit({
      kind: 'service-call',
      ...{ service, number: mine, request, callId, callers: [...callers], via, reply: text, item },
    });
    return text;
  };
  return {
    run,
    machine: stage.machine,
    hosts: deliveries.hosts,
    answer: (service, call) => {
      const mine = answer(service, call).catch((error: unknown) => {
        onProblem(error);
        throw error;
      });
      answering = Promise.all([answering, mine.catch(() => undefined)]);
      return mine;
    },
    begin: async (machine) => {
      sandbox = machine;
      await run.begin?.();
      await looks.first();
      log.flush();
    },
    attend: (signal) => run.attend?.(signal) ?? null,
    agentRuns: running.resolve,
    agentAsks: (request) => void requests.push(request),
    agentEnded: () => running.reject(new Error('the agent ended before anybody could stop it')),
    callStarts: turns.begin,
    callEnds: async (id) => {
      // A request that a killed client left behind belongs to this call.
      await answering;
      await looks.atTree('command', null);
      turns.end(id);
    },
    looksBetweenCalls: () => looks.atTree('command', null),
    whenQuiet: async () => {
      await answering;
    },
    problem: () => problem,
    finish: async (submission, logs) => {
      const machine = opened();
      if (machine.isAlive()) {
        // Once everything is frozen, processes that the agent stopped can no longer be told apart.
        await looks.atMachine('agent-end', null);
        const started = deps.world.elapsed();
        const { processes } = await machine.freeze();
        emit({ kind: 'sandbox-freeze', processes, durationMs: deps.world.elapsed() - started });
      }
      await looks.atBoth('end', null);
      await takeSessionLogs(logs, { machine, tree: looks.tree(), log });
      await deliveries.close();
      const network = await machine.readNetwork();
      if (network.recorded) emit({ kind: 'network-state', network });
      const { done, data = {} } = await run.end(submission, async () => {
        if (machine.isAlive()) await machine.thaw();
        return { alive: machine.isAlive() };
      });
      emit({ kind: 'task-end', done, data: { ...data } });
    },
  };
}

interface WorldStageOptions {
  readonly opened: () => Sandbox;
  readonly looks: Looks;
  readonly log: TrialLog;
  readonly deps: TrialDeps;
  readonly person: Person;
}

interface PersonOptions extends Pick<WorldStageOptions, 'opened' | 'log' | 'deps'> {
  readonly running: Promise<StoppableAgent>;
  readonly requests: readonly ModelRequest[];
}

function createPerson({ opened, log, deps, running, requests }: PersonOptions): Person {
  let number = 0;
  return {
    agent: () => running,
    press: async (agent, way) => {
      number++;
      await agent.press(way);
      log.emit({ kind: 'stop-press', way, number, told: agent.shows() });
    },
    processes: async () => (await opened().readMachine()).processes,
    requests: () => requests,
    now: deps.world.now,
    sleep,
  };
}

/** What the running world may request from the trial. */
function createWorldStage({ opened, looks, log, deps, person }: WorldStageOptions): Stage {
  const { emit } = log;
  const { elapsed } = deps.world;
  return {
    person,
    machine: {
      read: async (path) => {
        const bytes = await opened().readFile(path, FILE_BYTES_MAX);
        return bytes === null ? null : toUntrusted(Buffer.from(bytes).toString('utf8'));
      },
    },
    mark: async (name, text, data = {}) => {
      await looks.atBoth('mark', name);
      emit({ kind: 'mark', name, text: text ?? null, data: { ...data } });
    },
    act: async (name, command, options = {}) => {
      const { label = command, graceMs = 0 } = options;
      const looksAround = options.looks ?? true;
      if (looksAround) await looks.atBoth('act-start', name);
      emit({ kind: 'act-start', name, command: label });
      log.flush();
      using pulse = startPulse(elapsed);
      const started = elapsed();
      const ended = runInside(opened(), { command, options, signal: deps.signal });
      // What holds the command back may be gone when the command is.
      const isLate =
        looksAround &&
        graceMs > DEADLINE_LOOK_MS &&
        (await Promise.race([ended.then(() => false), sleep(graceMs - DEADLINE_LOOK_MS).then(() => true)]));
      if (isLate) await looks.atMachine('act-deadline', name);
      const { exitCode, stdout, stderr, timedOut } = await ended;
      // A command that ended in time may have used up the time that PID 1 needs to end.
      const least = graceMs > 0 && !timedOut ? SETTLE_MS : 0;
      const left = Math.max(least, graceMs - (elapsed() - started));
      if (opened().isAlive() && left > 0) await Promise.race([opened().whenStopped, sleep(left)]);
      const alive = opened().isAlive();
      const durationMs = elapsed() - started;
      const heldMs = pulse.longestMs();
      if (!alive && heldMs > graceMs / 2 && graceMs > 0)
        throw new SandboxError(
          'lost',
          `the harness was held up for ${Math.round(heldMs)} of ${graceMs} ms, so it is not known whether the machine stopped in time`,
        );
      if (looksAround) await looks.atBoth('act-end', name);
      emit({ kind: 'act-end', name, command: label, exitCode, stdout, stderr, alive, durationMs });
      log.flush();
      return { exitCode, stdout, stderr, alive };
    },
    actElsewhere: async (name, command, files) => {
      emit({ kind: 'act-start', name, command });
      const started = elapsed();
      const { alive, ...result } = await runElsewhere({ command, files }, deps);
      const { exitCode, stdout, stderr } = result;
      emit({ kind: 'act-end', name, command, exitCode, stdout, stderr, alive, durationMs: elapsed() - started });
      return result;
    },
    note: (name, data) => void emit({ kind: 'note', name, data: { ...data } }),
  };
}

const PULSE_MS = 50;

/** How long this process did not run, e.g. because it was stopped, or its host slept. No agent can cause it. */
function startPulse(elapsed: () => number): Disposable & { readonly longestMs: () => number } {
  let last = elapsed();
  let longest = 0;
  const longestMs = (): number => {
    const now = elapsed();
    longest = Math.max(longest, now - last);
    last = now;
    return longest;
  };
  const timer = setInterval(longestMs, PULSE_MS).unref();
  return { longestMs, [Symbol.dispose]: () => clearInterval(timer) };
}

interface Inside {
  readonly command: string;
  readonly options: ActOptions;
  readonly signal: AbortSignal;
}

async function runInside(
  machine: Sandbox,
  { command, options, signal }: Inside,
): Promise<Omit<ActResult, 'alive'> & Pick<RunResult, 'timedOut'>> {
  if (command === 'signal') {
    await machine.signalInit();
    return { exitCode: null, stdout: toUntrusted(''), stderr: toUntrusted(''), timedOut: false };
  }
  const { graceMs = 0, startupFiles = true, stdin, timeoutMs = graceMs > 0 ? graceMs : ACT_MS_MAX } = options;
  return machine.runAsHarness(command, {
    ...harness(timeoutMs, signal),
    startupFiles,
    ...(stdin !== undefined && { stdin }),
  });
}

function harness(timeoutMs: number, signal: AbortSignal): RunOptions {
  return { timeoutMs, outputBytesMax: HARNESS_OUTPUT_BYTES_MAX, signal };
}

interface Elsewhere {
  readonly command: string;
  readonly files: Parameters<TrialDeps['provider']['open']>[0]['files'];
}

/** Runs a command in a separate machine without services, hosts or network. */
async function runElsewhere(
  { command, files }: Elsewhere,
  { provider, signal }: TrialDeps,
): Promise<RunResult & { readonly alive: boolean }> {
  await using second = await provider.open({ files, services: [], limits: DEFAULT_SANDBOX_LIMITS, signal });
  const result = await second.runAsHarness(command, { ...harness(ACT_MS_MAX, signal), startupFiles: false });
  return { ...result, alive: second.isAlive() };
}
