import type { World } from '../../../base/world.ts';
import { SandboxError } from '../../contract.ts';
import { FIRST_BYTES_MAX } from '../../network-evidence.ts';
import { followRecorder, type NetworkRecorder } from '../../network-log.ts';
import { NETWORK_RECORDER, recorderArguments } from '../../network-recorder.ts';
import type { DockerEngine } from './engine.ts';

const LINE_BYTES_MAX = 64 * 1024;
const PROBLEM_CHARACTERS_MAX = 1000;

/** What the recorder needs of root's power in the container where it runs, and gives up when it has begun. */
export const RECORDER_CAPABILITIES = ['NET_ADMIN', 'NET_RAW', 'NET_BIND_SERVICE'];

/** Starts the recorder in a container that shares the network, and nothing else, with the agent's. */
export async function startNetworkRecorder(
  engine: DockerEngine,
  { keeper, world }: { readonly keeper: string; readonly world: Pick<World, 'now'> },
): Promise<NetworkRecorder> {
  const words = recorderArguments(0, FIRST_BYTES_MAX);
  if (words === undefined) throw new SandboxError('unavailable', `the network cannot be recorded on ${process.arch}`);
  const recorder = await engine.exec({
    container: keeper,
    user: '0:0',
    command: ['/usr/bin/env', '-i', '/usr/bin/perl', '-e', NETWORK_RECORDER, ...words],
  });
  let problem = '';
  let rest = '';
  const takers: ((line: string) => void)[] = [];
  const early: string[] = [];
  const tell = (line: string): void => {
    if (takers.length === 0) early.push(line);
    for (const take of takers) take(line);
  };
  recorder.onOutput((fd, block) => {
    if (fd === 2) {
      problem = (problem + block.toString('utf8')).slice(0, PROBLEM_CHARACTERS_MAX);
      return;
    }
    const lines = (rest + block.toString('latin1')).split('\n');
    rest = (lines.pop() ?? '').slice(0, LINE_BYTES_MAX);
    for (const line of lines) tell(line);
  });
  return followRecorder(
    {
      write: (line) => void recorder.socket.write(line),
      onLine: (take) => {
        takers.push(take);
        for (const line of early.splice(0)) take(line);
      },
      whenGone: recorder.ended.then(() => problem.trim() || 'it ended'),
      close: () => void recorder.socket.destroy(),
    },
    world,
  );
}
