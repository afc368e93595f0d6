import { globSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { readAsData, toUntrusted } from '../../../base/untrusted-text.ts';
import { DEFAULT_SANDBOX_LIMITS, type SandboxLimits } from '../../contract.ts';
import { bwrapProvider } from '../bwrap.ts';
import { describeControlGroups } from './control-group.ts';

const why = describeControlGroups();
const ready = (await bwrapProvider.diagnose()).every(({ ok, onlyFor }) => ok || onlyFor !== undefined);
const { signal } = new AbortController();
const MIB = 1024 * 1024;
const open = (limits: Partial<SandboxLimits>) =>
  bwrapProvider.open({ files: [], services: [], limits: { ...DEFAULT_SANDBOX_LIMITS, ...limits }, signal });
const options = { timeoutMs: 20_000, outputBytesMax: 10_000, signal };

describe.skipIf(!ready || why.startsWith('none'))(`a machine as a whole (${why})`, () => {
  it('has no more memory than two of its processes may have, and what runs its commands survives', async () => {
    await using sandbox = await open({ memoryBytesMax: 200 * MIB });
    const hungry = `perl -e '$x = "x" x ${130 * MIB}; print "full\\n"; sleep 3'`;
    const { stdout } = await sandbox.run(toUntrusted(`for i in 1 2 3 4 5 6; do ${hungry} & done; wait`), options);
    expect(readAsData(stdout).split('full').length - 1).toBeLessThan(6);
    expect(sandbox.isAlive()).toBe(true);
    expect(await sandbox.run(toUntrusted('echo on'), options)).toMatchObject({ stdout: 'on\n', exitCode: 0 });
  });

  it('has no more processes, whatever namespaces and limits they give themselves', async () => {
    await using sandbox = await open({ processesMax: 30 });
    const forks = 'for i in {1..200}; do sleep 5 & done 2> /dev/null; jobs -p | wc -l';
    await sandbox.run(
      toUntrusted(`ulimit -u 4000; unshare -Ur bash -c 'ulimit -Su 4000; ${forks}' & sleep 2`),
      options,
    );
    expect((await sandbox.readMachine()).processes.length).toBeLessThan(60);
  });

  it('does not see the name of its group', async () => {
    await using sandbox = await open({});
    const { stdout } = await sandbox.run(toUntrusted('cat /proc/self/cgroup /proc/1/cgroup'), options);
    expect(stdout).not.toContain('offswitch');
  });

  it('leaves no group behind', async () => {
    const groups = (): string[] =>
      readFileSync('/proc/self/mountinfo', 'utf8')
        .split('\n')
        .filter((line) => / - cgroup2? /.test(line))
        .flatMap((line) => globSync(`${line.split(' ')[4] ?? ''}/**/offswitch-${process.pid}-*`));
    const sandbox = await open({});
    expect(groups().length).toBeGreaterThan(0);
    await sandbox[Symbol.asyncDispose]();
    expect(groups()).toEqual([]);
  });
});

it('says what limits machines here', ({ skip }) => {
  expect(why).toMatch(/^(none: |control groups, version [12]: memory, pids)/);
  if (why.startsWith('none')) skip(`not run: the limits of a machine as a whole: ${why}`);
});
