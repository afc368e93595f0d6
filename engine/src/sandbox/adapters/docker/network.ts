import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

import type { World } from '../../../base/world.ts';
import { SandboxError } from '../../contract.ts';
import { type HostServer, startHostServer } from '../../kit/host-server.ts';
import {
  carrierArguments,
  listenerArguments,
  type NetworkHosts,
  recorderArguments,
} from '../../kit/network-programs.ts';
import { startProgram } from '../../kit/start-program.ts';
import { FIRST_BYTES_MAX } from '../../network-evidence.ts';
import { followRecorder, type NetworkRecorder } from '../../network-log.ts';
import type { DockerEngine } from './engine.ts';
import { followLines } from './lines.ts';

const PROBLEM_CHARACTERS_MAX = 1000;

/** Capabilities that the programs in the keeper need for the network. The recorder drops most of them after its start. */
export const NETWORK_CAPABILITIES = ['NET_ADMIN', 'NET_RAW', 'NET_BIND_SERVICE'];

interface RecorderOptions {
  readonly keeper: string;
  readonly hosts: NetworkHosts;
  readonly world: Pick<World, 'now'>;
}

/** Starts the recorder in the keeper, which shares the network of the agent's container. */
export async function startNetworkRecorder(
  engine: DockerEngine,
  { keeper, hosts, world }: RecorderOptions,
): Promise<NetworkRecorder> {
  const recorder = await engine.exec({
    container: keeper,
    user: '0:0',
    command: ['/usr/bin/env', '-i', '/usr/bin/perl', ...recorderArguments('here', hosts, FIRST_BYTES_MAX)],
  });
  return followRecorder(followLines(recorder), world);
}

/** Path of the folder of a `HostDoor` in the keeper. */
export const DOOR_FOLDER = '/evidence/door';
const DOOR = 'hosts';
const DOOR_MS_MAX = 30_000;

/** A private folder of this host through which the keeper passes the listeners of the declared hosts. */
export interface HostDoor {
  readonly folder: string;
  readonly remove: () => void;
}

export function makeHostDoor(): HostDoor {
  const folder = mkdtempSync(join(tmpdir(), 'offswitch-hosts-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The child's standard output. It exists because of the `stdio` option. */
function outputOf({ stdout }: ChildProcess): Readable {
  if (stdout === null) throw new SandboxError('open-failed', 'no pipe from the program that passes on listeners');
  return stdout;
}

interface HostsOptions {
  readonly keeper: string;
  readonly hosts: NetworkHosts;
  readonly door: HostDoor;
  readonly onError: (error: unknown) => void;
}

/** Starts the declared and refused hosts of a container. Resolves when it can reach them. */
export async function startHosts(
  engine: DockerEngine,
  { keeper, hosts, door, onError }: HostsOptions,
): Promise<HostServer> {
  const all = hosts.hosts ?? [];
  const carrier = await startProgram('perl', carrierArguments(join(door.folder, DOOR), all.length), {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
    env: {},
    cwd: '/',
  });
  const serving = startHostServer(carrier, { hosts: all, onError });
  const opened = (async (): Promise<void> => {
    await once(outputOf(carrier), 'data');
    const opener = await engine.exec({
      container: keeper,
      user: '0:0',
      command: ['/usr/bin/env', '-i', '/usr/bin/perl', ...listenerArguments('here', hosts, join(DOOR_FOLDER, DOOR))],
      msMax: DOOR_MS_MAX,
    });
    let problem = '';
    opener.onOutput((_fd, block) => (problem = (problem + block.toString('utf8')).slice(0, PROBLEM_CHARACTERS_MAX)));
    await opener.ended;
    if ((await opener.exitCode()) !== 0) throw new Error(problem.trim());
  })();
  try {
    const [server] = await Promise.all([serving, opened]);
    return server;
  } catch (error) {
    carrier.kill('SIGKILL');
    serving.then(
      (server) => server.close(),
      () => undefined,
    );
    throw error;
  }
}
