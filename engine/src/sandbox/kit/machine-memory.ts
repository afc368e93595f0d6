import { totalmem } from 'node:os';

import type { SandboxLimits } from '../contract.ts';

/**
 * Bytes of memory of all processes of a machine together. Where a process may reserve any address space, a machine may use
 * three quarters of this computer's memory, so that the kernel ends its processes and not the harness.
 */
export function machineMemoryMax({ memoryBytesMax }: Pick<SandboxLimits, 'memoryBytesMax'>): number {
  return memoryBytesMax === null ? Math.floor((3 * totalmem()) / 4) : 2 * memoryBytesMax;
}
