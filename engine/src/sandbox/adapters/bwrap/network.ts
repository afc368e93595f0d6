import type { World } from '../../../base/world.ts';
import { startHostServer, type HostServer } from '../../kit/host-server.ts';
import {
  listenerArguments,
  type NetworkEntry,
  type NetworkHosts,
  recorderArguments,
} from '../../kit/network-programs.ts';
import { startProgram } from '../../kit/start-program.ts';
import { FIRST_BYTES_MAX } from '../../network-evidence.ts';
import { followRecorder, type NetworkRecorder } from '../../network-log.ts';
import type { Machine } from './launch.ts';
import { OUTSIDE, startLineProgram } from './line-program.ts';

export interface NetworkRecorderOptions {
  readonly machine: Machine;
  readonly hosts: NetworkHosts;
  readonly world: World;
}

/** Starts the recorder. Resolves when every address is local and every attempt is recorded. */
export async function startNetworkRecorder({
  machine,
  hosts,
  world,
}: NetworkRecorderOptions): Promise<NetworkRecorder> {
  const words = recorderArguments(entryOf(machine), hosts, FIRST_BYTES_MAX);
  return followRecorder(await startLineProgram(words), world);
}

export interface MachineHostsOptions {
  readonly machine: Machine;
  readonly hosts: NetworkHosts;
  readonly onError: (error: unknown) => void;
}

/** Starts the declared and refused hosts of a machine. Resolves when it can reach them. */
export async function startHosts({ machine, hosts, onError }: MachineHostsOptions): Promise<HostServer> {
  const opener = await startProgram('perl', listenerArguments(entryOf(machine), hosts, 'channel'), {
    ...OUTSIDE,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  return startHostServer(opener, { hosts: hosts.hosts ?? [], onError });
}

function entryOf({ initPid }: Machine): NetworkEntry {
  return { pid: initPid, namespaces: ['user', 'net'] };
}
