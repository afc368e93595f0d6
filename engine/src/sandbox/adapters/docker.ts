import { release } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

import { sleep } from '../../base/sleep.ts';
import { readAsData } from '../../base/untrusted-text.ts';
import { createSystemWorld } from '../../base/world.ts';
import {
  type KillResult,
  type OpenSandboxOptions,
  type Sandbox,
  SandboxError,
  type SandboxProvider,
} from '../contract.ts';
import { GUEST_UID, HOME, serviceClient } from '../guest.ts';
import { assertFiles } from '../kit/file-content.ts';
import { assertFolders, folderDetails } from '../kit/folders.ts';
import { assertHosts, hostDetails, socketHosts } from '../kit/host-server.ts';
import { KILL_MS_MAX, killAndCount } from '../kit/kill-and-count.ts';
import { ledgerDetails, NO_LEDGER } from '../kit/ledger-log.ts';
import { refuseNul } from '../kit/run-result.ts';
import { NOTHING_RECORDED } from '../network-evidence.ts';
import { isEnding, lives, readMachineState } from '../processes.ts';
import { DEFAULT_DOCKER_HOST, parseDockerHost } from './docker/address.ts';
import { type Container, startAgentCommands, startCommandServer } from './docker/commands.ts';
import {
  agentOptions,
  belongs,
  createMark,
  endContainer,
  forgetMark,
  keeperOptions,
  killIfAllowed,
  listContainer,
  makeVolume,
  removeContainer,
  removeLeftovers,
  removeVolume,
  startContainer,
} from './docker/containers.ts';
import { diagnoseEngine } from './docker/doctor.ts';
import { connectDocker, type DockerEngine } from './docker/engine.ts';
import { putFiles, readKeeper, readKeeperFile, whenPipesAreThere } from './docker/files.ts';
import { buildImage, IMAGE } from './docker/image.ts';
import { makeHostDoor, startHosts, startNetworkRecorder } from './docker/network.ts';
import { serveRequests } from './docker/service.ts';

export interface DockerProviderOptions {
  /**
   * As in `DOCKER_HOST`: `unix:///PATH` or `tcp://localhost:PORT`. Default: `unix:///var/run/docker.sock`. The engine must
   * run on this host, because processes are read from its `/proc`.
   */
  readonly host?: string | undefined;
}

export interface DockerProvider extends SandboxProvider {
  /** Builds the image from its small Dockerfile. The engine gets the base image from its configured registry. */
  readonly build: () => Promise<string>;
}

/** How long a signal from the host may take. Then the engine is asked to kill too. */
const SIGNAL_MS_MAX = 100;
/** How long removal may take before it is postponed. */
const REMOVE_MS_MAX = 15_000;
const LOOK_MS = 5;
const DEAD_LOOK_MS = 20;

/**
 * A sandbox of two Docker containers. The agent's container has no network, a read-only system and, for the agent, no
 * capabilities. The keeper shares its two volumes and runs no process of the agent. Trees are read in the keeper, even
 * after the machine is dead. If the network is recorded, the keeper shares it too and runs the recorder. Processes are
 * read on the host.
 */
export function createDockerProvider({ host = DEFAULT_DOCKER_HOST }: DockerProviderOptions): DockerProvider {
  const connect: Parameters<typeof diagnoseEngine>[0]['connect'] = () => {
    const address = parseDockerHost(host);
    return { engine: connectDocker(address), address };
  };
  const leftovers: Leftovers = { removed: false };
  const open = async (options: OpenSandboxOptions): Promise<Sandbox> =>
    openDockerSandbox({ engine: connect().engine, leftovers }, options);
  return {
    name: 'docker',
    simulated: false,
    can: {
      realProcesses: true,
      permissions: true,
      background: true,
      network: true,
      hosts: true,
      spawn: true,
      ledger: true,
    },
    open,
    diagnose: () => diagnoseEngine({ connect, open }),
    build: async () => buildImage(connect().engine),
  };
}

interface Leftovers {
  /** False if the engine may still hold containers or volumes: at first, and after it failed during a sandbox. */
  removed: boolean;
}

interface Place {
  readonly engine: DockerEngine;
  readonly leftovers: Leftovers;
}

async function openDockerSandbox({ engine, leftovers }: Place, options: OpenSandboxOptions): Promise<Sandbox> {
  const { limits, services, files, hosts = [], refusedHosts = [], watched = [], folders = [] } = options;
  assertHosts({ hosts, refusedHosts });
  assertFiles(files);
  assertFolders(folders);
  const served = [...hosts, ...socketHosts(options.sockets)];
  options.signal.throwIfAborted();
  const mark = createMark();
  const closing = new AbortController();
  const letGo: (() => void)[] = [() => closing.abort()];
  const removals: (() => Promise<void>)[] = [];
  const removeAll = async (): Promise<void> => {
    for (const step of letGo.splice(0)) step();
    let isLeft = false;
    const removed = (async () => {
      for (const step of removals.splice(0).toReversed()) if (!isLeft) await step().catch(() => undefined);
      return true;
    })();
    isLeft = (await Promise.race([removed, sleep(REMOVE_MS_MAX)])) !== true;
    // The engine hangs. Leftovers are removed before the next sandbox opens.
    if (isLeft) leftovers.removed = false;
    forgetMark(mark);
  };
  try {
    if (!leftovers.removed) {
      await removeLeftovers(engine);
      leftovers.removed = true;
    }
    const makeOne = async (mode: string): Promise<string> => {
      const name = await makeVolume(engine, { bytesMax: limits.diskBytesMax, mode, mark });
      removals.push(() => removeVolume(engine, name));
      return name;
    };
    const volumes = { home: await makeOne('755'), temporary: await makeOne('1777') };
    const pipes = services.flatMap(({ name }) => [`${name}.ask`, `${name}.answer`]);
    const names = [...hosts, ...refusedHosts].map(({ name, address }) => `${name}:${address}`);
    const agent = await startContainer(engine, agentOptions({ ...volumes, pipes, limits, names, folders }, mark));
    letGo.push(() => endContainer(agent));
    removals.push(() => removeContainer(engine, agent));
    const door = served.length + refusedHosts.length > 0 ? makeHostDoor() : undefined;
    letGo.push(() => door?.remove());
    const recorded = options.network === 'recorded';
    const shared = recorded || door !== undefined ? { of: agent.id, door: door?.folder } : null;
    const keeper = await startContainer(engine, keeperOptions(volumes, mark, shared));
    letGo.push(() => endContainer(keeper));
    removals.push(() => removeContainer(engine, keeper));
    const { id, pid: initPid } = agent;
    const members = (): number[] => listContainer(id);
    if (!members().includes(initPid))
      throw new SandboxError('unavailable', 'the Docker engine runs its containers on another host');
    let broken: unknown;
    let closed = false;
    const isAlive = (): boolean => belongs(initPid, id) && lives(initPid);
    const seenDead = Promise.withResolvers<void>();
    const ended = engine
      .waitFor(id, closing.signal)
      // Without the engine the state of the machine is unknown: every command is now an error, never a result.
      .catch((error: unknown) => {
        if (closing.signal.aborted) return;
        broken ??= error;
        leftovers.removed = false;
      })
      .then(async () => {
        const isOver = (): boolean => closing.signal.aborted || !isAlive();
        while (!isOver()) await pause(DEAD_LOOK_MS);
      });
    // An engine that hangs reports nothing, so the kill checks on its own.
    const whenStopped = Promise.race([ended, seenDead.promise]);
    const container: Container = {
      engine,
      id,
      limits,
      isAlive,
      isEnding: () => !belongs(initPid, id) || isEnding(initPid),
      whenStopped,
    };
    // Start the recorder before any process of the agent.
    const place = { keeper: keeper.id, hosts: { hosts, refusedHosts } };
    const listening = { ...place, hosts: { hosts: served, refusedHosts } };
    const recorder = recorded
      ? await startNetworkRecorder(engine, { ...place, world: createSystemWorld() })
      : undefined;
    letGo.push(() => recorder?.close());
    const onError = (error: unknown): void => {
      broken ??= error;
      engine.call('POST', `/containers/${id}/kill`).catch(() => undefined);
    };
    const hostServer = door === undefined ? undefined : await startHosts(engine, { ...listening, door, onError });
    letGo.push(() => hostServer?.close());
    door?.remove();
    await whenPipesAreThere(container, pipes);
    await putFiles(container, [
      ...files,
      ...services.map(({ name, clientPath }) => ({ path: clientPath, content: serviceClient(name), mode: 0o755 })),
    ]);
    const [server, beside] = await Promise.all([startAgentCommands(container, watched), startCommandServer(container)]);
    letGo.push(() => {
      server.close();
      beside.close();
    });
    for (const service of services) letGo.push(await serveRequests({ service, container, onError }));

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
      hostServer?.stop();
      const result = await killAndCount({
        members,
        lookMs: LOOK_MS,
        kill: async (untilEmpty) => {
          // First try without the engine, which may be gone or hang. Paused processes get the signal when they resume.
          const sent = isAlive() && killIfAllowed(agent) === 'sent' && !frozen;
          if ((await untilEmpty(sent ? SIGNAL_MS_MAX : 0)).length === 0) return;
          const asked = thaw()
            .catch(() => undefined)
            .then(() => engine.call('POST', `/containers/${id}/kill?signal=KILL`))
            .catch(() => undefined);
          await Promise.race([asked, untilEmpty(KILL_MS_MAX)]);
        },
      });
      if (result.survivors === 0) seenDead.resolve();
      return result;
    };
    const spawn: Sandbox['spawn'] = async (program, spawnOptions) => {
      check();
      return server.spawn(program, spawnOptions);
    };
    const run: Sandbox['run'] = async (command, runOptions) => {
      check();
      const text = readAsData(command);
      const refused = refuseNul(text);
      if (refused !== undefined) return refused;
      const result = await server.run(text, runOptions);
      check();
      return result;
    };
    return {
      details: {
        kernel: release(),
        image: IMAGE,
        user: `uid ${GUEST_UID}, no capabilities, no new privileges`,
        network: recorded ? 'every address is the recorder, nothing leaves' : 'own loopback only',
        ...hostDetails(options),
        ...folderDetails(folders),
        ...ledgerDetails(server.ledger),
        ...Object.fromEntries(Object.entries(limits).map(([name, value]) => [name, String(value)])),
      },
      home: HOME,
      run,
      spawn,
      forAgent: () => Object.freeze({ run, spawn }),
      runAsHarness: async (command, runOptions) => {
        check();
        return beside.run(command, runOptions);
      },
      signalInit: async () => {
        check();
        if (isAlive()) await engine.call('POST', `/containers/${id}/kill?signal=TERM`).catch(() => undefined);
      },
      isAlive,
      whenStopped,
      readTree: async () => {
        if (closed) throw new SandboxError('closed', 'the sandbox is closed');
        return readKeeper(engine, keeper.id, watched);
      },
      readFile: async (path, bytesMax) => {
        if (closed) throw new SandboxError('closed', 'the sandbox is closed');
        return readKeeperFile(engine, keeper.id, { path, bytesMax });
      },
      readMachine: async () => readMachineState(members(), watched),
      readLedger: async () => ('read' in server.ledger ? server.ledger.read() : NO_LEDGER),
      readNetwork: async () => {
        if (closed) throw new SandboxError('closed', 'the sandbox is closed');
        return recorder?.read() ?? NOTHING_RECORDED;
      },
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
