import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';

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
import { identity, inputOf, type Machine, outputOf } from './launch.ts';

export interface NetworkRecorderOptions {
  readonly machine: Machine;
  readonly hosts: NetworkHosts;
  readonly world: World;
}

const OUTSIDE = { ...identity, detached: true, env: {}, cwd: '/' } as const;
const PROBLEM_CHARACTERS_MAX = 1000;

/** Starts the recorder. Resolves when every address is local and every attempt is recorded. */
export async function startNetworkRecorder({
  machine,
  hosts,
  world,
}: NetworkRecorderOptions): Promise<NetworkRecorder> {
  const recorder = await startProgram('perl', recorderArguments(entryOf(machine), hosts, FIRST_BYTES_MAX), {
    ...OUTSIDE,
    stdio: 'pipe',
  });
  let problem = '';
  const errors = outputOf(recorder, 2);
  errors.on('data', (block: Buffer) => (problem = (problem + block.toString('utf8')).slice(0, PROBLEM_CHARACTERS_MAX)));
  inputOf(recorder, 0).on('error', () => undefined);
  const whenGone = new Promise<string>((resolve) => {
    recorder.once('error', (error) => resolve(error.message));
    recorder.once('exit', () => {
      const tell = (): void => resolve(problem.trim() || 'it ended');
      finished(errors).then(tell, tell);
    });
  });
  return followRecorder(
    {
      write: (line) => void inputOf(recorder, 0).write(line),
      onLine: (take) => void createInterface({ input: outputOf(recorder, 1), crlfDelay: 0 }).on('line', take),
      whenGone,
      close: () => void recorder.kill('SIGKILL'),
    },
    world,
  );
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
