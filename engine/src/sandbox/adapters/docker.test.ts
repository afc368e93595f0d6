import { describe, expect, it } from 'vitest';

import { describeSandboxContract } from '../contract-suite.ts';
import { createDockerProvider } from './docker.ts';

const socketPath = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').replace(/^unix:\/\//, '');
const provider = createDockerProvider({ socketPath });
const problems = (await provider.diagnose()).filter(({ ok }) => !ok);

if (problems.length === 0) {
  describeSandboxContract({
    provider,
    knownGaps: {
      callers: 'who holds a pipe inside a container can be seen by root of the host only',
      network: 'the engine gives no way into a network namespace without root of the host',
    },
  });
} else {
  const why = problems.map(({ what, seen }) => `${what}: ${seen}`).join('; ');
  describe.skip(`sandbox contract: docker: not run, ${why}`, () => it('not run'));
}

describe('docker on this host', () => {
  it('says of everything that is missing what to do about it', async () => {
    for (const { ok, fix } of await provider.diagnose()) expect(fix === '').toBe(ok);
  });

  it('is unavailable, and leaves nothing, where no engine answers', async () => {
    const absent = createDockerProvider({ socketPath: '/nonexistent/docker.sock' });
    expect(await absent.diagnose()).toMatchObject([
      { what: 'Docker engine', ok: false, fix: 'install Docker and start its engine' },
    ]);
    const { signal } = new AbortController();
    const limits = { diskBytesMax: 1, processesMax: 1, memoryBytesMax: 1 };
    await expect(absent.open({ files: [], services: [], limits, signal })).rejects.toMatchObject({
      name: 'SandboxError',
      code: 'open-failed',
    });
  });
});
