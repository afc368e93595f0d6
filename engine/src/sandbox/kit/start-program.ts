import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';

/**
 * Starts a program, and resolves when it runs. Rejects with the error of the system when it cannot be started, e.g. for
 * want of descriptors. A bare `spawn` then gives a child without pipes, and ends this process by an event that nobody
 * listens to yet.
 */
export async function startProgram(
  program: string,
  words: readonly string[],
  options: SpawnOptions,
): Promise<ChildProcess> {
  const child = spawn(program, [...words], options);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    // It stays: a signal that cannot be sent is an event of this kind too.
    child.on('error', reject);
  });
  return child;
}
