import type { AgentProduct } from './contract.ts';

/** A sentence for a version that nobody has tried with Offswitch; null for the others. */
export function versionWarning({ name, tried, install }: AgentProduct, version: string): string | null {
  const [last] = tried;
  if (last === undefined || tried.includes(version)) return null;
  return `${name} ${version} was not tried with Offswitch, ${last} was: if it does not work, install that one with "${install}@${last}"`;
}
