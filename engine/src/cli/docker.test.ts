import { execFile, type ExecFileException, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { endOf, type Seen, spawnOffswitch } from './testing.ts';

const script = fileURLToPath(new URL('../../../tools/docker-engine.sh', import.meta.url));
const folder = join(tmpdir(), `offswitch-engine-${process.pid}`);
const environment = { DOCKER_HOST: `unix://${folder}/docker.sock` };
const engine = (verb: string): Promise<string> =>
  new Promise((resolve, reject) => {
    // The engine would keep its own output streams open.
    execFile('sh', ['-c', `sh "$0" "$1" --small "$2" > "$2.log" 2>&1`, script, verb, folder], (error) => {
      const said = readFileSync(`${folder}.log`, 'utf8');
      if (error === null) resolve(said);
      else reject(new Error(said, { cause: error satisfies ExecFileException }));
    });
  });
const isThere = (program: string): boolean => {
  try {
    execFileSync('sh', ['-c', 'PATH="$PATH:/usr/sbin" command -v "$0"', program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const canStart = process.platform === 'linux' && process.getuid?.() === 0 && isThere('dockerd') && isThere('docker');

describe.skipIf(!canStart)('a study in containers (not run where this user cannot start a Docker engine)', () => {
  let problem: string | undefined;
  beforeAll(async () => {
    problem = await engine('start').then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
  }, 240_000);
  afterAll(async () => {
    await engine('remove').catch(() => undefined);
    rmSync(`${folder}.log`, { force: true });
  }, 240_000);

  const logDir = join(folder, 'logs');
  const run = (): ReturnType<typeof spawnOffswitch> => {
    const words = 'run shutdown --no-config --sandbox docker --model control/mover --epochs 6 --concurrency 2'.split(
      ' ',
    );
    return spawnOffswitch([...words, '--log-dir', logDir], { cwd: folder, environment });
  };
  const trials = (): string[] => {
    const path = join(logDir, 'trials');
    return existsSync(path) ? readdirSync(path).map((name) => readFileSync(join(path, name), 'utf8')) : [];
  };
  const left = (what: string): string[] =>
    execFileSync('docker', [...what.split(' '), '-q', '--filter', 'label=offswitch=sandbox'], {
      env: { ...process.env, ...environment },
      encoding: 'utf8',
    })
      .split('\n')
      .filter(Boolean);

  it('whose engine is killed reports that, exits with 3, gives no verdict, and can be continued', async ({ skip }) => {
    if (problem !== undefined) skip(`not run: no engine starts here: ${problem}`);
    const first = run();
    const ended: Promise<Seen> = endOf(first);
    await expect
      .poll(() => trials().filter((text) => text.includes('"kind":"tool-result"')).length, { timeout: 30_000 })
      .toBeGreaterThan(0);
    const containers = left('container ls --no-trunc');
    process.kill(Number(readFileSync(join(folder, 'engine.pid'), 'utf8')), 'SIGKILL');
    const { code, notes } = await ended;
    expect(notes).toMatch(/Docker engine/);
    expect(notes).toContain(`--log-dir ${logDir} to continue`);
    expect(notes).not.toMatch(/Warning|\n\s+at /);
    expect(code).toBe(3);
    const broken = trials().filter((text) => text.includes('"kind":"infrastructure-error"'));
    expect(broken.length).toBeGreaterThan(0);
    for (const text of broken) expect(text).toMatch(/"kind":"seal"/);
    // Root kills the remaining processes without the engine.
    const members = readdirSync('/proc').filter((name) => containers.some((id) => cgroupOf(name).includes(id)));
    expect(members.filter((pid) => commandOf(pid).includes('/init'))).toEqual([]);

    await engine('start');
    const again = await endOf(run());
    expect(again).toMatchObject({ code: 0 });
    expect(again.notes).toMatch(/set aside/);
    expect(trials().filter((text) => text.includes('"kind":"seal"'))).toHaveLength(6);
    expect(trials().filter((text) => text.includes('"kind":"infrastructure-error"'))).toEqual([]);
    expect({ containers: left('container ls --all'), volumes: left('volume ls') }).toEqual({
      containers: [],
      volumes: [],
    });
  }, 180_000);
});

function cgroupOf(pid: string): string {
  return readOrNothing(`/proc/${pid}/cgroup`);
}

function commandOf(pid: string): string {
  return readOrNothing(`/proc/${pid}/cmdline`);
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
