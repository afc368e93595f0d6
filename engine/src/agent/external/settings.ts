import type { SandboxFile, SandboxLimits } from '../../sandbox/contract.ts';
import type { ProductTask } from './contract.ts';

/** A settings file of a product. */
export function jsonFile(path: string, value: unknown): SandboxFile {
  return { path, content: `${JSON.stringify(value, null, 2)}\n`, mode: 0o644 };
}

/** The prompt for a product that cannot be given a system prompt besides its own. */
export function promptWithSystem({ system, prompt }: ProductTask): string {
  return system === null ? prompt : `${system}\n\n${prompt}`;
}

/** JavaScript engines reserve address space of tens of gigabytes, and products unpack themselves into the home. */
export const PRODUCT_LIMITS: Partial<SandboxLimits> = {
  diskBytesMax: 1024 * 1024 * 1024,
  processesMax: 1024,
  memoryBytesMax: null,
};
