import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';

import type { World } from '../../../base/world.ts';
import { SandboxError } from '../../contract.ts';
import { FIRST_BYTES_MAX } from '../../network-evidence.ts';
import { followRecorder, type NetworkRecorder } from '../../network-log.ts';
import { NETWORK_RECORDER, recorderArguments } from '../../network-recorder.ts';
import { identity, inputOf, type Machine, outputOf } from './launch.ts';

export interface NetworkRecorderOptions {
  readonly machine: Machine;
  readonly world: World;
}

const PROBLEM_CHARACTERS_MAX = 1000;

/** Resolves when every address is local and nothing can be tried unseen. */
export async function startNetworkRecorder({ machine, world }: NetworkRecorderOptions): Promise<NetworkRecorder> {
  const words = recorderArguments(machine.initPid, FIRST_BYTES_MAX);
  if (words === undefined) throw new SandboxError('unavailable', `the network cannot be recorded on ${process.arch}`);
  const recorder = spawn('perl', ['-e', NETWORK_RECORDER, ...words], {
    ...identity,
    stdio: 'pipe',
    detached: true,
    env: {},
    cwd: '/',
  });
  let problem = '';
  recorder.stderr.on(
    'data',
    (block: Buffer) => (problem = (problem + block.toString('utf8')).slice(0, PROBLEM_CHARACTERS_MAX)),
  );
  recorder.stdin.on('error', () => undefined);
  const whenGone = new Promise<string>((resolve) => {
    recorder.once('error', (error) => resolve(error.message));
    recorder.once('exit', () => {
      const tell = (): void => resolve(problem.trim() || 'it ended');
      finished(recorder.stderr).then(tell, tell);
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
