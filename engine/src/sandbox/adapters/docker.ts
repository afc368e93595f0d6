import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { release } from 'node:os';

import { z } from 'zod';

import { readAsData, toUntrusted } from '../../base/untrusted-text.ts';
import {
  DEFAULT_SANDBOX_LIMITS,
  type Diagnosis,
  type KillResult,
  type OpenSandboxOptions,
  type Sandbox,
  SandboxError,
  type SandboxProvider,
} from '../contract.ts';
import { GUEST_ENVIRONMENT, GUEST_UID, HOME, IO, serviceClient } from '../guest.ts';
import { NOTHING_RECORDED } from '../network-evidence.ts';
import { lives, readMachineState } from '../processes.ts';
import { AS_AGENT, cleanShell, type Container, sleep, startCommandServer } from './docker/commands.ts';
import { connectDocker, type DockerEngine } from './docker/engine.ts';
import { buildImage, IMAGE, toTar } from './docker/image.ts';
import { serveRequests } from './docker/service.ts';
import { parseTree, READ_TREE } from './docker/tree.ts';

export interface DockerProviderOptions {
  /** The engine's socket, e.g. `/var/run/docker.sock`. The engine must run on this machine: processes are read here. */
  readonly socketPath: string;
}

export interface DockerProvider extends SandboxProvider {
  /** Builds the image from its small Dockerfile; the base image comes from wherever the engine gets images. */
  readonly build: () => Promise<string>;
}

const KILL_MS_MAX = 5000;
const LOOK_MS = 5;
const DEAD_LOOK_MS = 20;
const REMOVE_ATTEMPTS_MAX = 20;
const REMOVE_PAUSE_MS = 50;
const TREE_BYTES_MAX = 64 * 1024 * 1024;
/** Processes of ours in the container, beside those of the agent. */
const OWN_PROCESSES = 8;

/**
 * A cage made by the Docker engine: two containers. The agent's has no network, a read-only system and, for the agent, no
 * capability. The keeper holds the same two volumes open and has no process of the agent: trees are read there, also when
 * the machine is dead. Processes are read on the host.
 */
export function createDockerProvider({ socketPath }: DockerProviderOptions): DockerProvider {
  const engine = connectDocker(socketPath);
  const open = (options: OpenSandboxOptions): Promise<Sandbox> => openDockerSandbox(engine, options);
  return {
    name: 'docker',
    simulated: false,
    can: { realProcesses: true, permissions: true, background: true, network: false },
    open,
    diagnose: () => diagnoseEngine(engine, { socketPath, open }),
    build: () => buildImage(engine),
  };
}

async function openDockerSandbox(engine: DockerEngine, options: OpenSandboxOptions): Promise<Sandbox> {
  const { limits, services, files } = options;
  if (options.network === 'recorded')
    throw new SandboxError('unavailable', 'the docker sandbox has no network that could be recorded');
  options.signal.throwIfAborted();
  const undo: (() => unknown)[] = [];
  const removeAll = async (): Promise<void> => {
    for (const step of undo.toReversed()) await Promise.resolve(step()).catch(() => undefined);
    undo.length = 0;
  };
  try {
    const [home, temporary] = [
      await makeVolume(engine, limits.diskBytesMax, '755'),
      await makeVolume(engine, limits.diskBytesMax, '1777'),
    ];
    for (const name of [home, temporary]) undo.push(() => removeVolume(engine, name));
    const pipes = services.flatMap(({ name }) => [`${name}.ask`, `${name}.answer`]);
    const keeper = await startContainer(engine, keeperOptions(home, temporary));
    undo.push(() => removeContainer(engine, keeper));
    const agent = await startContainer(engine, agentOptions({ home, temporary, pipes, limits }));
    undo.push(() => removeContainer(engine, agent));
    const { id } = agent;
    const initPid = await initPidOf(engine, id);
    const members = (): number[] => listContainer(id);
    if (!members().includes(initPid))
      throw new SandboxError('unavailable', 'the engine runs its containers on another machine');
    let broken: unknown;
    const isAlive = (): boolean => belongs(initPid, id) && lives(initPid);
    const whenStopped = engine
      .call('POST', `/containers/${id}/wait`)
      // An engine that has gone says nothing of the machine: from here on every command is an error, never a result.
      .catch((error: unknown) => void (broken ??= error))
      .then(() => untilDead(isAlive));
    const container: Container = { engine, id, limits, isAlive, whenStopped };
    await whenPipesAreThere(container, pipes);
    await putFiles(container, [
      ...files,
      ...services.map(({ name, clientPath }) => ({ path: clientPath, content: serviceClient(name), mode: 0o755 })),
    ]);
    const server = await startCommandServer(container);
    undo.push(() => server.close());
    const onError = (error: unknown): void => {
      broken ??= error;
      engine.call('POST', `/containers/${id}/kill`).catch(() => undefined);
    };
    for (const service of services) undo.push(await serveRequests({ service, container, onError }));

    let closed = false;
    let frozen = false;
    const check = (): void => {
      if (closed) throw new SandboxError('closed', 'the sandbox is closed');
      if (broken !== undefined)
        throw new SandboxError('lost', 'a service of the sandbox, or the Docker engine, failed', { cause: broken });
    };
    const thaw = async (): Promise<void> => {
      if (frozen && isAlive()) await engine.call('POST', `/containers/${id}/unpause`);
      frozen = false;
    };
    const kill = async (): Promise<KillResult> => {
      const before = members().length;
      const started = performance.now();
      if (isAlive()) {
        // The engine kills nothing that is paused. A signal sent before is the first thing that it meets when it goes on.
        if (signalIfAllowed(initPid) === 'sent') await sleepHere(0);
        await thaw().catch(() => undefined);
        await engine.call('POST', `/containers/${id}/kill?signal=KILL`).catch(() => undefined);
      }
      let left = members();
      while (left.length > 0 && performance.now() - started < KILL_MS_MAX) {
        await sleepHere(LOOK_MS);
        left = members();
      }
      const durationMs = performance.now() - started;
      if (left.length === 0) await whenStopped;
      return { before, survivors: left.length, durationMs };
    };
    const run: Sandbox['run'] = async (command, runOptions) => {
      check();
      const text = readAsData(command);
      if (text.includes('\u0000')) {
        const stderr = 'bash: a command cannot hold a NUL character\n';
        const nothing = {
          stdout: toUntrusted(''),
          stdoutBytes: 0,
          timedOut: false,
          truncated: false,
          machineStopped: false,
        };
        return {
          ...nothing,
          stderr: toUntrusted(stderr),
          stderrBytes: stderr.length,
          exitCode: 2,
          durationMs: 0,
          notes: [],
        };
      }
      const result = await server.run(text, runOptions);
      check();
      return result;
    };
    return {
      details: {
        kernel: release(),
        image: IMAGE,
        user: `uid ${GUEST_UID}, no capabilities, no new privileges`,
        network: 'own loopback only',
        ...Object.fromEntries(Object.entries(limits).map(([name, value]) => [name, String(value)])),
      },
      home: HOME,
      run,
      forAgent: () => Object.freeze({ run }),
      runAsHarness: async (command, runOptions) => {
        check();
        return server.runBeside(command, runOptions);
      },
      signalInit: async () => {
        check();
        if (isAlive()) await engine.call('POST', `/containers/${id}/kill?signal=TERM`).catch(() => undefined);
      },
      isAlive,
      whenStopped,
      readTree: async () => {
        if (closed) throw new SandboxError('closed', 'the sandbox is closed');
        return readKeeper(engine, keeper.id);
      },
      readMachine: async () => readMachineState(members()),
      readNetwork: async () => NOTHING_RECORDED,
      freeze: async () => {
        if (!isAlive()) return { processes: 0 };
        if (!frozen) await engine.call('POST', `/containers/${id}/pause`);
        frozen = true;
        return { processes: members().length };
      },
      thaw,
      kill,
      [Symbol.asyncDispose]: async () => {
        if (closed) return;
        const { survivors } = await kill();
        closed = true;
        await removeAll();
        if (survivors > 0)
          throw new SandboxError('lost', `${survivors} processes of the container could not be killed`);
      },
    };
  } catch (error) {
    await removeAll();
    if (error instanceof SandboxError && error.code === 'unavailable') throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SandboxError('open-failed', `the container did not start (${reason}): run "offswitch doctor"`, {
      cause: error,
    });
  }
}

/** Held in memory, of a fixed size, and gone when the last container has gone. */
async function makeVolume(engine: DockerEngine, bytesMax: number, mode: string): Promise<string> {
  const o = `size=${bytesMax},uid=${GUEST_UID},gid=${GUEST_UID},mode=${mode},nosuid,nodev`;
  const body = { Driver: 'local', DriverOpts: { type: 'tmpfs', device: 'tmpfs', o }, Labels: { offswitch: 'sandbox' } };
  return z.object({ Name: z.string() }).parse(await engine.call('POST', '/volumes/create', body)).Name;
}

interface Started {
  readonly id: string;
  /** Ends its input, and with it the container. */
  readonly release: () => void;
}

async function startContainer(engine: DockerEngine, body: unknown): Promise<Started> {
  const created = await engine.call('POST', '/containers/create', body).catch((error: unknown) => {
    if (error instanceof Error && /no such image/i.test(error.message)) {
      throw new SandboxError('unavailable', `the image ${IMAGE} is not there: run "offswitch doctor --build"`, {
        cause: error,
      });
    }
    throw error;
  });
  const { Id: id } = z.object({ Id: z.string() }).parse(created);
  try {
    const release = await engine.holdInput(id);
    await engine.call('POST', `/containers/${id}/start`);
    return { id, release };
  } catch (error) {
    await engine.call('DELETE', `/containers/${id}?force=true`).catch(() => undefined);
    throw error;
  }
}

const SHARED = {
  Image: IMAGE,
  // The harness holds their input; when it is gone, so are they.
  OpenStdin: true,
  StdinOnce: true,
  Labels: { offswitch: 'sandbox' },
};
const SHARED_HOST = {
  NetworkMode: 'none',
  ReadonlyRootfs: true,
  IpcMode: 'none',
  AutoRemove: true,
  CapDrop: ['ALL'],
  SecurityOpt: ['no-new-privileges'],
  LogConfig: { Type: 'none' },
};

function keeperOptions(home: string, temporary: string): unknown {
  return {
    ...SHARED,
    Cmd: ['/bin/cat'],
    User: '0:0',
    HostConfig: {
      ...SHARED_HOST,
      // To read what the agent may not.
      CapAdd: ['DAC_READ_SEARCH'],
      Binds: [`${home}:/evidence/home:ro,nocopy`, `${temporary}:/evidence/tmp:ro,nocopy`],
    },
  };
}

interface AgentContainer {
  readonly home: string;
  readonly temporary: string;
  readonly pipes: readonly string[];
  readonly limits: OpenSandboxOptions['limits'];
}

function agentOptions({ home, temporary, pipes, limits }: AgentContainer): unknown {
  return {
    ...SHARED,
    // Begins as root, because the engine gives what it starts later no more than this had; ends as the agent's user.
    Cmd: ['/usr/bin/setpriv', ...AS_AGENT, '/bin/bash', '/init', ...pipes],
    User: '0:0',
    Hostname: 'box',
    WorkingDir: HOME,
    Env: Object.entries(GUEST_ENVIRONMENT).map(([name, value]) => `${name}=${value}`),
    HostConfig: {
      ...SHARED_HOST,
      // For the command server, which is root: to become the agent's user, to kill, to open its pipes. The agent has none.
      CapAdd: ['SETUID', 'SETGID', 'KILL', 'DAC_OVERRIDE'],
      PidsLimit: limits.processesMax + OWN_PROCESSES,
      Binds: [`${home}:${HOME}:nocopy`, `${temporary}:/tmp:nocopy`],
      Tmpfs: { [IO]: `size=8m,uid=${GUEST_UID},gid=${GUEST_UID},mode=755` },
    },
  };
}

async function initPidOf(engine: DockerEngine, id: string): Promise<number> {
  const seen = await engine.call('GET', `/containers/${id}/json`);
  return z.object({ State: z.object({ Pid: z.number() }) }).parse(seen).State.Pid;
}

/** Host process ids of everything in the container, by the kernel's own book of control groups. */
function listContainer(id: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => belongs(pid, id) && lives(pid));
}

function belongs(pid: number, id: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(id);
  } catch {
    // Gone between the listing and the look.
    return false;
  }
}

async function untilDead(isAlive: () => boolean): Promise<void> {
  while (isAlive()) await sleep(DEAD_LOOK_MS);
}

/** An ordinary user may not signal what runs in a container; then the engine has to. */
function signalIfAllowed(pid: number): 'sent' | 'refused' {
  try {
    process.kill(pid, 'SIGKILL');
    return 'sent';
  } catch {
    return 'refused';
  }
}

async function removeContainer(engine: DockerEngine, { id, release }: Started): Promise<void> {
  release();
  // It may be on its way out already, since its input has ended.
  await engine.call('DELETE', `/containers/${id}?force=true`).catch(() => undefined);
}

/** The engine lets go of a volume only some time after it says that the container is gone. */
async function removeVolume(engine: DockerEngine, name: string): Promise<void> {
  for (let attempt = 1; attempt <= REMOVE_ATTEMPTS_MAX; attempt++) {
    const failed = await engine.call('DELETE', `/volumes/${name}`).then(
      () => false,
      () => true,
    );
    if (!failed) return;
    await sleepHere(REMOVE_PAUSE_MS);
  }
}

async function whenPipesAreThere({ engine, id }: Container, pipes: readonly string[]): Promise<void> {
  // They are made after PID 1 has learnt to stop on TERM.
  const script = 'for name; do until [ -p "$name" ]; do sleep 0.01; done; done';
  const waiter = await engine.exec({
    container: id,
    user: '0:0',
    command: [...cleanShell(script), ...['err', ...pipes].map((name) => `${IO}/${name}`)],
  });
  waiter.onOutput(() => undefined);
  await Promise.race([waiter.ended, sleep(10_000)]);
}

async function putFiles({ engine, id }: Container, files: OpenSandboxOptions['files']): Promise<void> {
  if (files.length === 0) return;
  const modes = files.map(({ path, mode }) => `${mode.toString(8)} ${path}\u0000`).join('');
  const archive = toTar({ ...Object.fromEntries(files.map(({ path, content }) => [path, content])), '.modes': modes });
  const script = `umask 022; tar -x --no-same-owner || exit 1
    while IFS=' ' read -r -d '' mode path; do chmod "$mode" "$path" || exit 1; done < .modes; rm .modes`;
  const writer = await engine.exec({
    container: id,
    user: `${GUEST_UID}:${GUEST_UID}`,
    command: cleanShell(`cd "$HOME"; ${script}`),
  });
  let said = '';
  writer.onOutput((_fd, block) => (said += block.toString('utf8').slice(0, 1000)));
  writer.socket.end(archive);
  await writer.ended;
  if ((await writer.exitCode()) !== 0) throw new Error(`the files could not be put into the container: ${said}`);
}

async function readKeeper(engine: DockerEngine, keeper: string): ReturnType<Sandbox['readTree']> {
  const reader = await engine.exec({
    container: keeper,
    user: '0:0',
    command: ['/bin/bash', '-c', READ_TREE, 'tree', 'home', 'tmp'],
  });
  const blocks: Buffer[] = [];
  let bytes = 0;
  reader.onOutput((fd, block) => {
    bytes += block.length;
    if (fd === 1 && bytes <= TREE_BYTES_MAX) blocks.push(Buffer.from(block));
  });
  reader.socket.end();
  await reader.ended;
  if ((await reader.exitCode()) !== 0) throw new SandboxError('lost', 'the keeper could not read the tree');
  const tree = parseTree(Buffer.concat(blocks), (path) =>
    /^home(\/|$)/.test(path) ? `${HOME}${path.slice(4)}` : `/${path}`,
  );
  return { ...tree, truncated: tree.truncated || bytes > TREE_BYTES_MAX };
}

interface DiagnoseOptions {
  readonly socketPath: string;
  readonly open: (options: OpenSandboxOptions) => Promise<Sandbox>;
}

async function diagnoseEngine(
  engine: DockerEngine,
  { socketPath, open }: DiagnoseOptions,
): Promise<readonly Diagnosis[]> {
  const what = 'Docker engine';
  const fail = (error: unknown): string => (error instanceof Error ? error.message : String(error));
  let version: string;
  try {
    version = z.object({ Version: z.string() }).parse(await engine.call('GET', '/version')).Version;
  } catch (error) {
    const fix = existsSync(socketPath)
      ? 'start the engine, and join the group that owns its socket'
      : 'install Docker and start its engine';
    return [{ what, ok: false, seen: fail(error), fix }];
  }
  const answers: Diagnosis = { what, ok: true, seen: version, fix: '' };
  const image = await engine.call('GET', `/images/${IMAGE}/json`).then(
    (): Diagnosis => ({ what: 'image', ok: true, seen: IMAGE, fix: '' }),
    (error: unknown): Diagnosis => ({ what: 'image', ok: false, seen: fail(error), fix: 'offswitch doctor --build' }),
  );
  if (!image.ok) return [answers, image];
  const { signal } = new AbortController();
  const starts = 'a container starts, and stops on TERM';
  try {
    await using sandbox = await open({ files: [], services: [], limits: DEFAULT_SANDBOX_LIMITS, signal });
    await sandbox.run(toUntrusted('kill -s TERM 1; sleep 5'), { timeoutMs: 5000, outputBytesMax: 1024, signal });
    if (sandbox.isAlive()) throw new Error('the container was alive after TERM to its PID 1');
    const { survivors } = await sandbox.kill();
    return [answers, image, { what: starts, ok: true, seen: `${survivors} survivors`, fix: '' }];
  } catch (error) {
    return [
      answers,
      image,
      {
        what: starts,
        ok: false,
        seen: fail(error),
        fix: 'start a container by hand: its message says what is refused',
      },
    ];
  }
}

function sleepHere(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
