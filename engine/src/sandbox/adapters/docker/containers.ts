import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';

import { z } from 'zod';

import { type SandboxFolder, type SandboxLimits, SandboxError } from '../../contract.ts';
import { GUEST_ENVIRONMENT, GUEST_UID, HOME, IO, NAME_SERVER } from '../../guest.ts';
import { enterArguments } from '../../kit/ledger-programs.ts';
import { machineMemoryMax } from '../../kit/machine-memory.ts';
import { lives, startTicksOf } from '../../processes.ts';
import { AS_AGENT } from './commands.ts';
import { type DockerEngine, DockerRefusal } from './engine.ts';
import { READY } from './files.ts';
import { IMAGE } from './image.ts';
import { LEDGER_CAPABILITIES } from './ledger.ts';
import { DOOR_FOLDER, NETWORK_CAPABILITIES } from './network.ts';

const REMOVE_ATTEMPTS_MAX = 20;
const REMOVE_PAUSE_MS = 50;
/** Number of harness processes in the container, beside those of the agent. */
const OWN_PROCESSES = 9;

/** Labels of containers and volumes, so that leftovers can be recognised later. */
export interface Mark {
  readonly offswitch: 'sandbox';
  /** The owning process, as `PID:TICKS:THREAD`. */
  readonly 'offswitch.harness': string;
  readonly 'offswitch.sandbox': string;
}

const harness = `${process.pid}:${startTicksOf('self') ?? 0}:${threadId}`;
/** Open sandboxes of this thread, from all providers. */
const living = new Set<string>();

/** Creates the mark of a new sandbox. It counts as open until `forgetMark`. */
export function createMark(): Mark {
  const sandbox = randomBytes(8).toString('hex');
  living.add(sandbox);
  return { offswitch: 'sandbox', 'offswitch.harness': harness, 'offswitch.sandbox': sandbox };
}

export function forgetMark(mark: Mark): void {
  living.delete(mark['offswitch.sandbox']);
}

export interface Started {
  readonly id: string;
  /** Process id on the host. */
  readonly pid: number;
  /** Closes the container's input, which ends the container. */
  readonly release: () => void;
}

export async function startContainer(engine: DockerEngine, body: unknown): Promise<Started> {
  const created = await engine.call('POST', '/containers/create', body).catch((error: unknown) => {
    if (error instanceof Error && /no such image/i.test(error.message)) {
      throw new SandboxError('unavailable', `the image ${IMAGE} does not exist: run "offswitch doctor --build"`, {
        cause: error,
      });
    }
    throw error;
  });
  const { Id: id } = z.object({ Id: z.string() }).parse(created);
  try {
    const release = await engine.holdInput(id);
    await engine.call('POST', `/containers/${id}/start`);
    const seen = await engine.call('GET', `/containers/${id}/json`);
    const { Pid: pid } = z.object({ State: z.object({ Pid: z.number() }) }).parse(seen).State;
    return { id, pid, release };
  } catch (error) {
    await engine.call('DELETE', `/containers/${id}?force=true`).catch(() => undefined);
    throw error;
  }
}

const SHARED = {
  Image: IMAGE,
  // The harness holds their input open. When the harness ends, they end too.
  OpenStdin: true,
  StdinOnce: true,
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

interface Volumes {
  readonly home: string;
  readonly temporary: string;
}

export interface KeeperNetwork {
  /** The container whose network the keeper shares, to record it or to add hosts. */
  readonly of: string;
  /** Folder of this host through which the keeper passes the listeners of hosts. */
  readonly door: string | undefined;
}

/** @param network null for no network */
export function keeperOptions({ home, temporary }: Volumes, mark: Mark, network: KeeperNetwork | null): unknown {
  return {
    ...SHARED,
    Cmd: ['/bin/cat'],
    User: '0:0',
    Labels: mark,
    HostConfig: {
      ...SHARED_HOST,
      ...(network !== null && { NetworkMode: `container:${network.of}` }),
      // Needed to read files that the agent's user may not read.
      CapAdd: ['DAC_READ_SEARCH', ...(network === null ? [] : NETWORK_CAPABILITIES)],
      Binds: [
        `${home}:/evidence/home:ro,nocopy`,
        `${temporary}:/evidence/tmp:ro,nocopy`,
        ...(network?.door === undefined ? [] : [`${network.door}:${DOOR_FOLDER}:ro`]),
      ],
    },
  };
}

interface AgentContainer extends Volumes {
  readonly folders: readonly SandboxFolder[];
  readonly pipes: readonly string[];
  readonly limits: SandboxLimits;
  /** `NAME:ADDRESS` entries for the `/etc/hosts` that the engine writes. */
  readonly names: readonly string[];
}

export function agentOptions({ home, temporary, pipes, limits, names, folders }: AgentContainer, mark: Mark): unknown {
  return {
    ...SHARED,
    // Start as root, because later processes get no more capabilities than this one had. Then become the agent's user.
    Cmd: [
      '/usr/bin/perl',
      ...enterArguments(['/usr/bin/setpriv', ...AS_AGENT, '/bin/bash', '/init', ...pipes, READY], false),
    ],
    User: '0:0',
    Labels: mark,
    Hostname: 'box',
    WorkingDir: HOME,
    Env: Object.entries(GUEST_ENVIRONMENT).map(([name, value]) => `${name}=${value}`),
    HostConfig: {
      ...SHARED_HOST,
      // The recorder answers at this address, as at all addresses. Without a recorder nothing does.
      Dns: [NAME_SERVER],
      DnsOptions: ['timeout:2', 'attempts:2'],
      DnsSearch: ['.'],
      ExtraHosts: names,
      ...(existsSync('/proc/sys/net/ipv6') && {
        Sysctls: { 'net.ipv6.conf.all.disable_ipv6': '0', 'net.ipv6.conf.default.disable_ipv6': '0' },
      }),
      // The command server (root) needs these to become the agent's user, kill, and open pipes. The agent has none.
      CapAdd: ['SETUID', 'SETGID', 'KILL', 'DAC_OVERRIDE', ...LEDGER_CAPABILITIES],
      PidsLimit: limits.processesMax + OWN_PROCESSES,
      // Of all processes together.
      Memory: machineMemoryMax(limits),
      // What programs share in memory counts as files, and is evidence as they are.
      Binds: [`${home}:${HOME}:nocopy`, `${temporary}:/tmp:nocopy`, `${temporary}:/dev/shm:nocopy`],
      Mounts: folders.map(({ from, at }) => ({ Type: 'bind', Source: from, Target: at, ReadOnly: true })),
      Tmpfs: { [IO]: `size=8m,uid=${GUEST_UID},gid=${GUEST_UID},mode=755` },
    },
  };
}

/** Creates a tmpfs volume of a fixed size. Its content is lost when the last container ends. */
export async function makeVolume(
  engine: DockerEngine,
  { bytesMax, mode, mark }: { readonly bytesMax: number; readonly mode: string; readonly mark: Mark },
): Promise<string> {
  const o = `size=${bytesMax},uid=${GUEST_UID},gid=${GUEST_UID},mode=${mode},nosuid,nodev`;
  const body = { Driver: 'local', DriverOpts: { type: 'tmpfs', device: 'tmpfs', o }, Labels: mark };
  return z.object({ Name: z.string() }).parse(await engine.call('POST', '/volumes/create', body)).Name;
}

/** Host process ids of all processes in the container, from the kernel's cgroup data. */
export function listContainer(id: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => belongs(pid, id) && lives(pid));
}

export function belongs(pid: number, id: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(id);
  } catch {
    // The process ended after the listing.
    return false;
  }
}

/** Kills without the engine. An ordinary user may not signal processes of a container; then the engine must do it. */
export function killIfAllowed({ id, pid }: Started): 'sent' | 'refused' {
  if (!belongs(pid, id)) return 'refused';
  try {
    process.kill(pid, 'SIGKILL');
    return 'sent';
  } catch {
    return 'refused';
  }
}

/** Ends a container as far as possible without the engine. */
export function endContainer(container: Started): void {
  container.release();
  killIfAllowed(container);
}

export async function removeContainer(engine: DockerEngine, { id }: Started): Promise<void> {
  // It may already be ending, because its input was closed.
  await engine.call('DELETE', `/containers/${id}?force=true`);
}

/** Removes a volume, with retries: the engine releases it only some time after it reports the container as gone. */
export async function removeVolume(engine: DockerEngine, name: string): Promise<void> {
  for (let attempt = 1; attempt <= REMOVE_ATTEMPTS_MAX; attempt++) {
    const again = await engine.call('DELETE', `/volumes/${name}`).then(
      () => false,
      (error: unknown) => error instanceof DockerRefusal,
    );
    if (!again) return;
    await pause(REMOVE_PAUSE_MS);
  }
}

const labelled = z.object({ Labels: z.record(z.string(), z.string()).nullable() });
const containerList = z.array(labelled.extend({ Id: z.string() }));
const volumeList = z.object({ Volumes: z.array(labelled.extend({ Name: z.string() })).nullable() });

/**
 * Removes containers and volumes that were left when an engine failed: those of processes that are gone, and those of
 * this process that are no longer in use. Sandboxes of other live processes are kept.
 */
export async function removeLeftovers(engine: DockerEngine): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ label: ['offswitch=sandbox'] }));
  const isLeft = ({ Labels: labels }: z.output<typeof labelled>): boolean => {
    const holder = labels?.['offswitch.harness'] ?? '';
    if (holder === harness) return !living.has(labels?.['offswitch.sandbox'] ?? '');
    const [pid, ticks] = holder.split(':').map(Number);
    return pid !== undefined && pid > 0 && startTicksOf(pid) !== ticks;
  };
  const containers = containerList.parse(await engine.call('GET', `/containers/json?all=true&filters=${filters}`));
  for (const { Id } of containers.filter(isLeft))
    await engine.call('DELETE', `/containers/${Id}?force=true`).catch(() => undefined);
  const { Volumes: volumes } = volumeList.parse(await engine.call('GET', `/volumes?filters=${filters}`));
  for (const { Name } of (volumes ?? []).filter(isLeft)) await removeVolume(engine, Name);
}
