import { closeSync } from 'node:fs';
import { release } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

import { isExhausted } from '../../base/exhaustion.ts';
import { readAsData } from '../../base/untrusted-text.ts';
import { createSystemWorld } from '../../base/world.ts';
import {
  type KillResult,
  type OpenSandboxOptions,
  type Sandbox,
  SandboxError,
  type SandboxProvider,
} from '../contract.ts';
import { GUEST_UID, HOME } from '../guest.ts';
import { assertFiles } from '../kit/file-content.ts';
import { assertFolders, folderDetails } from '../kit/folders.ts';
import { assertHosts, hostDetails, socketHosts } from '../kit/host-server.ts';
import { killAndCount } from '../kit/kill-and-count.ts';
import { ledgerDetails, NO_LEDGER } from '../kit/ledger-log.ts';
import { refuseNul } from '../kit/run-result.ts';
import { NOTHING_RECORDED } from '../network-evidence.ts';
import { isStopped, listMembers, lives, pidNamespaceOf, readMachineState, stateOf } from '../processes.ts';
import { readInside } from '../read-inside.ts';
import { openTreeReader } from '../tree-thread.ts';
import { startAgentCommands, startCommandServer } from './bwrap/command-server.ts';
import { describeControlGroups } from './bwrap/control-group.ts';
import { diagnoseHost } from './bwrap/doctor.ts';
import { hostUid, launchMachine, type Machine } from './bwrap/launch.ts';
import { startHosts, startNetworkRecorder } from './bwrap/network.ts';
import { serveRequests } from './bwrap/service.ts';
import { mountTerminals } from './bwrap/terminals.ts';

const LOOK_MS = 2;
const NONE = Promise.resolve(undefined);
const FREEZE_ROUNDS_MAX = 200;
const STOP_ALL = { timeoutMs: 1000, outputBytesMax: 0, startupFiles: false, signal: new AbortController().signal };

/**
 * The sandbox for Linux. Bubblewrap isolates the agent (user, PID, mount, network, IPC and UTS namespaces, no
 * capabilities, read-only system); evidence is collected outside. A server outside the PID namespace starts the agent's
 * commands through `nsenter`. Killing the namespace's PID 1 kills the whole machine with one signal.
 */
export const bwrapProvider: SandboxProvider = createBwrapProvider({ ledger: true });

/** @param ledger false for machines without a ledger, to measure what it costs */
export function createBwrapProvider({ ledger }: { readonly ledger: boolean }): SandboxProvider {
  const open: SandboxProvider['open'] = (options) => openBwrapSandbox(options, ledger);
  return {
    name: 'bwrap',
    simulated: false,
    can: { realProcesses: true, permissions: true, background: true, network: true, hosts: true, spawn: true, ledger },
    open,
    diagnose: () => diagnoseHost(open),
  };
}

/** PID 1 and PID namespace of each open machine, so that no machine searches the processes of another. */
const machines = new Map<number, string>();

async function openBwrapSandbox(options: OpenSandboxOptions, withLedger: boolean): Promise<Sandbox> {
  const { limits, services, hosts = [], refusedHosts = [] } = options;
  assertHosts({ hosts, refusedHosts });
  assertFiles(options.files);
  assertFolders(options.folders);
  const served = [...hosts, ...socketHosts(options.sockets)];
  const machine = await launchMachine(options);
  const namespaces = new Set([pidNamespaceOf(machine.initPid) ?? '']);
  const isAlive = (): boolean => lives(machine.initPid) && namespaces.has(pidNamespaceOf(machine.initPid) ?? '-');
  const ownNamespace = [...namespaces][0] ?? '';
  machines.set(machine.initPid, ownNamespace);
  void machine.whenStopped.then(() => {
    // The pid may already belong to a new machine.
    if (machines.get(machine.initPid) === ownNamespace) machines.delete(machine.initPid);
  });
  const members = (): number[] => listMembers(namespaces, machines);
  const roots = [
    { path: HOME, handle: machine.home },
    { path: '/tmp', handle: machine.temporary },
  ];
  const { watched = [] } = options;
  const trees = openTreeReader({
    roots,
    watched,
    owner: { outside: hostUid, inside: GUEST_UID },
  });
  let broken: unknown;
  const onError = (error: unknown): void => {
    broken ??= error;
    // Stop a machine whose service or host failed.
    machine.monitor.kill('SIGKILL');
  };
  const stopServices: (() => void)[] = [];
  const shared = { machine, limits, isAlive };
  const place = { machine, hosts: { hosts, refusedHosts } };
  const equip = async () => {
    for (const service of services) stopServices.push(serveRequests({ service, machine, members, onError }));
    const opening = [
      startAgentCommands({ ...shared, watched: withLedger ? watched : null }),
      startCommandServer(shared),
      options.network === 'recorded' ? startNetworkRecorder({ ...place, world: createSystemWorld() }) : NONE,
      served.length + refusedHosts.length > 0
        ? startHosts({ machine, hosts: { hosts: served, refusedHosts }, onError })
        : NONE,
      mountTerminals(machine),
    ] as const;
    try {
      return await Promise.all(opening);
    } catch (error) {
      for (const part of await Promise.allSettled(opening)) if (part.status === 'fulfilled') part.value?.close();
      throw error;
    }
  };
  const [server, beside, recorder, hostServer] = await equip().catch((error: unknown) => {
    for (const stop of stopServices) stop();
    machine.monitor.kill('SIGKILL');
    closeHandles(machine);
    void machine.group?.remove();
    throw error;
  });
  let frozen = false;
  let closed = false;
  const check = (): void => {
    if (closed) throw new SandboxError('closed', 'the sandbox is closed');
    if (broken !== undefined) throw new SandboxError('lost', 'a service of the sandbox failed', { cause: broken });
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
  /** Processes that were already stopped before the freeze. They stay stopped after it. */
  let stoppedBefore: ReadonlySet<number> = new Set();
  const thaw = async (): Promise<void> => {
    frozen = false;
    signalAll(
      members().filter((pid) => !stoppedBefore.has(pid)),
      'SIGCONT',
    );
  };
  const kill = (): Promise<KillResult> => {
    for (const stop of stopServices) stop();
    hostServer?.stop();
    return killMachine(machine, members);
  };
  return {
    details: { ...sandboxDetails(options), ...ledgerDetails(server.ledger) },
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
      if (isAlive()) signalAll([machine.initPid], 'SIGTERM');
    },
    isAlive,
    whenStopped: machine.whenStopped,
    readTree: async () => {
      if (closed) throw new SandboxError('closed', 'the sandbox is closed');
      return trees.read(frozen || !isAlive());
    },
    readFile: async (path, bytesMax) => {
      if (closed) throw new SandboxError('closed', 'the sandbox is closed');
      return readInside(roots, path, bytesMax);
    },
    readMachine: async () => readMachineState(members(), watched),
    readLedger: async () => ('read' in server.ledger ? server.ledger.read() : NO_LEDGER),
    readNetwork: async () => {
      if (closed) throw new SandboxError('closed', 'the sandbox is closed');
      return recorder?.read() ?? NOTHING_RECORDED;
    },
    freeze: async () => {
      if (!frozen) stoppedBefore = new Set(members().filter(isStopped));
      if (isAlive()) {
        signalAll([machine.initPid], 'SIGSTOP');
        // The kernel stops all others at once, so that none is born meanwhile, however fast they fork.
        await beside.run('kill -s STOP -- -1', STOP_ALL).catch(() => undefined);
      }
      const processes = await stopAll(members);
      frozen = true;
      return { processes };
    },
    thaw,
    kill,
    [Symbol.asyncDispose]: async () => {
      if (closed) return;
      await kill();
      closed = true;
      server.close();
      beside.close();
      recorder?.close();
      hostServer?.close();
      await trees.close();
      await machine.group?.remove();
      closeHandles(machine);
    },
  };
}

function closeHandles({ home, temporary, io }: Machine): void {
  for (const handle of [home, temporary, io]) closeSync(handle);
}

/** Stops everything, until two checks in a row find no new and no running process. */
async function stopAll(members: () => number[]): Promise<number> {
  let known = '';
  for (let round = 0; round < FREEZE_ROUNDS_MAX; round++) {
    const all = members();
    const running = all.filter((pid) => !['T', 't', undefined].includes(stateOf(pid)));
    signalAll(running, 'SIGSTOP');
    const now = all.sort((a, b) => a - b).join(' ');
    if (running.length === 0 && now === known) return all.length;
    known = now;
    if (round > 2) await pause(LOOK_MS);
  }
  throw new SandboxError(
    'lost',
    `processes of the machine still ran after ${FREEZE_ROUNDS_MAX} attempts to freeze them`,
  );
}

/** Sends one signal to PID 1, with which the kernel kills the rest. Then checks until no process is left. */
async function killMachine(machine: Machine, members: () => number[]): Promise<KillResult> {
  /** The pid may already belong to another process of the host. */
  const isOurs = (): boolean => {
    try {
      const isOther = pidNamespaceOf(machine.initPid) !== pidNamespaceOf('self');
      return members().length > 0 && lives(machine.initPid) && isOther;
    } catch (error) {
      if (!isExhausted(error)) throw error;
      return false;
    }
  };
  const result = await killAndCount({
    members,
    lookMs: LOOK_MS,
    kill: async () => {
      if (isOurs()) signalAll([machine.initPid], 'SIGKILL');
      else machine.monitor.kill('SIGKILL');
    },
    // Kill processes in a nested namespace whose link to PID 1 was lost.
    onLeft: (left) => signalAll(left, 'SIGKILL'),
  });
  await machine.whenStopped;
  return result;
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // Gone already.
    }
  }
}

function sandboxDetails({ limits, network, folders, ...hosts }: OpenSandboxOptions): Record<string, string> {
  return {
    kernel: release(),
    user: `uid ${GUEST_UID}, no capabilities, no new privileges`,
    network: network === 'recorded' ? 'every address is the recorder, nothing leaves' : 'own loopback only',
    ...hostDetails(hosts),
    ...folderDetails(folders),
    limitsOfAll: describeControlGroups(),
    diskBytesMax: String(limits.diskBytesMax),
    processesMax: String(limits.processesMax),
    memoryBytesMax: String(limits.memoryBytesMax),
  };
}
