import { sleep } from '../base/sleep.ts';
import { toUntrusted, type UntrustedText } from '../base/untrusted-text.ts';
import type { EventOf } from '../record/events.ts';
import type { TreeSnapshot } from '../record/evidence.ts';
import {
  DEFAULT_SANDBOX_LIMITS,
  type RunOptions,
  type RunResult,
  type Sandbox,
  SandboxError,
  type SandboxHost,
  type ServiceCall,
} from '../sandbox/contract.ts';
import type { ActOptions, ActResult, MachineFiles, ScenarioWorld, Stage, WorldRun } from '../scenario/contract.ts';
import type { TrialDeps } from './contract.ts';
import { listenAtHosts } from './deliveries.ts';
import { carryUnseen, diffTrees } from './tree-diff.ts';
import type { TrialLog } from './trial-log.ts';

/** The evidence side of one trial: answers the world's requests, and looks at the machine at the right moments. */
export interface TrialStage {
  /** The scenario's running world. */
  readonly run: WorldRun;
  readonly machine: MachineFiles;
  readonly hosts: readonly SandboxHost[];
  readonly answer: (service: string, call: ServiceCall) => Promise<string>;
  readonly begin: (sandbox: Sandbox) => Promise<void>;
  /** Resolves when no other call runs in the machine; rejects when the signal is aborted before. */
  readonly callStarts: (callId: string, signal: AbortSignal) => Promise<void>;
  readonly callEnds: (callId: string) => Promise<void>;
  /** Resolves when no request is being answered any more. */
  readonly whenQuiet: () => Promise<void>;
  /** Holds everything still, looks a last time, and lets the world end. */
  readonly finish: (submission: UntrustedText | null) => Promise<void>;
  /** What broke while a request was answered. */
  readonly problem: () => unknown;
}

export interface StageOptions {
  readonly world: ScenarioWorld;
  readonly log: TrialLog;
  readonly deps: TrialDeps;
}

type Phase = EventOf<'tree-change'>['phase'] & EventOf<'machine-state'>['phase'];

const HARNESS_OUTPUT_BYTES_MAX = 16 * 1024;
const FILE_BYTES_MAX = 64 * 1024;
const ACT_MS_MAX = 10_000;

export function createStage({ world, log, deps }: StageOptions): TrialStage {
  const { elapsed } = deps.world;
  const { emit } = log;
  const watched = world.roles.map(({ path }) => path);
  let sandbox: Sandbox | undefined;
  /** Undefined until the first look. */
  let tree: TreeSnapshot | undefined;
  let callId: string | null = null;
  let number = 0;
  let problem: unknown;
  let answering: Promise<unknown> = Promise.resolve();
  /** Resolves when no call runs; and by the id of a call what lets the next one go on. */
  let calling: Promise<void> = Promise.resolve();
  const endCall = new Map<string, () => void>();

  const opened = (): Sandbox => {
    if (sandbox === undefined) throw new SandboxError('closed', 'a request came before the machine was ready');
    return sandbox;
  };
  const lookAtTree = async (phase: EventOf<'tree-change'>['phase'], name: string | null): Promise<void> => {
    if (tree === undefined) return;
    const now = await opened().readTree();
    const changes = diffTrees(tree, now, watched);
    const isNews = changes.length > 0 || now.truncated !== tree.truncated;
    tree = carryUnseen(tree, now, watched);
    if (isNews) emit({ kind: 'tree-change', phase, name, callId, changes, truncated: now.truncated });
  };
  const lookAtMachine = async (phase: EventOf<'machine-state'>['phase'], name: string | null): Promise<void> => {
    emit({ kind: 'machine-state', phase, name, machine: await opened().readMachine() });
  };
  const look = async (phase: Phase, name: string | null): Promise<void> => {
    if (tree === undefined) return;
    await lookAtTree(phase, name);
    await lookAtMachine(phase, name);
  };
  const runInside = async (command: string | 'signal', options: ActOptions): Promise<Omit<ActResult, 'alive'>> => {
    const machine = opened();
    if (command !== 'signal') {
      const { graceMs = 0, startupFiles = true, stdin, timeoutMs = graceMs > 0 ? graceMs : ACT_MS_MAX } = options;
      return machine.runAsHarness(command, {
        ...harness(timeoutMs),
        startupFiles,
        ...(stdin !== undefined && { stdin }),
      });
    }
    await machine.signalInit();
    return { exitCode: null, stdout: toUntrusted(''), stderr: toUntrusted('') };
  };
  const harness = (timeoutMs: number): RunOptions => ({
    timeoutMs,
    outputBytesMax: HARNESS_OUTPUT_BYTES_MAX,
    signal: deps.signal,
  });
  /** Remembers the first thing that broke while the machine was served. */
  const watch = <T>(work: Promise<T>): Promise<T> => {
    const watchedWork = work.catch((error: unknown) => {
      problem ??= error;
      throw error;
    });
    answering = Promise.all([answering, watchedWork.catch(() => undefined)]);
    return watchedWork;
  };

  const machine: MachineFiles = {
    read: async (path) => {
      const bytes = await opened().readFile(path, FILE_BYTES_MAX);
      return bytes === null ? null : toUntrusted(Buffer.from(bytes).toString('utf8'));
    },
  };
  const stage: Stage = {
    machine,
    mark: async (name, text, data = {}) => {
      await look('mark', name);
      emit({ kind: 'mark', name, text: text ?? null, data: { ...data } });
    },
    act: async (name, command, options = {}) => {
      const { label = command, graceMs = 0, looks = true } = options;
      if (looks) await look('act-start', name);
      emit({ kind: 'act-start', name, command: label });
      log.flush();
      const started = elapsed();
      const { exitCode, stdout, stderr } = await runInside(command, options);
      const left = graceMs - (elapsed() - started);
      if (opened().isAlive() && left > 0) await Promise.race([opened().whenStopped, sleep(left)]);
      const alive = opened().isAlive();
      const durationMs = elapsed() - started;
      if (looks) await look('act-end', name);
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
  const run = world.start(stage);

  const deliveries = listenAtHosts(world.hosts, {
    run,
    emit,
    callId: () => callId,
    onProblem: (error) => (problem ??= error),
  });
  const answer = async (service: string, call: ServiceCall): Promise<string> => {
    const mine = ++number;
    const during = callId;
    if (run.serve === undefined) throw new TypeError(`the world of this trial does not serve "${service}"`);
    const { text, item } = await run.serve(service, { ...call, number: mine });
    const { request, callers, via } = call;
    emit({
      kind: 'service-call',
      ...{ service, number: mine, request, callId: during, callers: [...callers], via, reply: text, item },
    });
    return text;
  };
  return {
    run,
    machine,
    hosts: deliveries.hosts,
    answer: (service, call) => watch(answer(service, call)),
    begin: async (machineOpened) => {
      sandbox = machineOpened;
      await run.begin?.();
      tree = await machineOpened.readTree();
      emit({ kind: 'tree-state', tree });
      await lookAtMachine('start', null);
      log.flush();
    },
    callStarts: async (id, signal) => {
      const before = calling;
      const { promise, resolve } = Promise.withResolvers<void>();
      calling = before.then(() => promise);
      endCall.set(id, resolve);
      await Promise.race([before, whenAborted(signal)]);
      if (signal.aborted) {
        resolve();
        throw signal.reason;
      }
      callId = id;
    },
    callEnds: async (id) => {
      // A request that a killed client left behind belongs to this call.
      await answering;
      await lookAtTree('command', null);
      callId = null;
      endCall.get(id)?.();
      endCall.delete(id);
    },
    whenQuiet: async () => {
      await answering;
    },
    problem: () => problem,
    finish: async (submission) => {
      const ended = opened();
      if (ended.isAlive()) {
        // Once everything is held, nobody can tell any more what the agent had stopped.
        await lookAtMachine('agent-end', null);
        const started = elapsed();
        const { processes } = await ended.freeze();
        emit({ kind: 'sandbox-freeze', processes, durationMs: elapsed() - started });
      }
      await look('end', null);
      await deliveries.close();
      const network = await ended.readNetwork();
      if (network.recorded) emit({ kind: 'network-state', network });
      const { done, data = {} } = await run.end(submission, async () => {
        if (ended.isAlive()) await ended.thaw();
        return { alive: ended.isAlive() };
      });
      emit({ kind: 'task-end', done, data: { ...data } });
    },
  };
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

interface Elsewhere {
  readonly command: string;
  readonly files: Parameters<TrialDeps['provider']['open']>[0]['files'];
}

/** In a machine of its own, which has no services, no hosts and no network. */
async function runElsewhere(
  { command, files }: Elsewhere,
  { provider, signal }: TrialDeps,
): Promise<RunResult & { readonly alive: boolean }> {
  await using second = await provider.open({ files, services: [], limits: DEFAULT_SANDBOX_LIMITS, signal });
  const options = { timeoutMs: ACT_MS_MAX, outputBytesMax: HARNESS_OUTPUT_BYTES_MAX, signal };
  const result = await second.runAsHarness(command, { ...options, startupFiles: false });
  return { ...result, alive: second.isAlive() };
}
