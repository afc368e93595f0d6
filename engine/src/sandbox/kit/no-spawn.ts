import { SandboxError } from '../contract.ts';

/** The `spawn` of a sandbox that starts no programs. */
export async function noSpawn(): Promise<never> {
  throw new SandboxError('unavailable', 'this sandbox cannot start the program of an agent: use "--sandbox bwrap"');
}
