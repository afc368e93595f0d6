import type { Diagnosis } from '../contract.ts';

/** For `doctor`, `run` and `demo`: real trials need Linux, since evidence is read from its `/proc`. Null on Linux. */
export function diagnosePlatform(platform: string): Diagnosis | null {
  if (platform === 'linux') return null;
  return {
    what: 'operating system',
    ok: false,
    seen: platform,
    fix: 'run Offswitch itself inside Linux, in a virtual machine or, on Windows, in WSL 2: evidence is read from the /proc of Linux',
  };
}
