import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The one version of Inspect that everything here is proved against. */
export const INSPECT = 'inspect_ai==0.3.285';
/** What its data frames need. */
const FRAMES = ['pandas==3.1.1', 'pyarrow==26.0.1'];

export type InspectEnvironment =
  | { readonly python: string; readonly inspect: string }
  /** One sentence: there is no Python 3, or PyPI does not answer in time. */
  | { readonly why: string };

/**
 * A Python with Inspect, in an environment of its own below the folder for temporary files; made once and used again. It
 * is bounded in time, so that a machine without PyPI says so and goes on.
 */
export async function prepareInspect(options: {
  readonly secondsMax: number;
  readonly frames?: boolean;
}): Promise<InspectEnvironment> {
  const { secondsMax, frames = false } = options;
  const home = join(tmpdir(), `offswitch-${INSPECT.replace('==', '-')}${frames ? '-frames' : ''}`);
  const found = { python: join(home, 'bin/python'), inspect: join(home, 'bin/inspect') };
  if (existsSync(join(home, 'whole'))) return found;
  const until = performance.now() + secondsMax * 1000;
  const lock = `${home}.lock`;
  if (!take(lock)) {
    while (performance.now() < until && !existsSync(join(home, 'whole'))) await sleep(500);
    return existsSync(join(home, 'whole')) ? found : { why: 'another process is still making the environment' };
  }
  try {
    // What an earlier attempt left behind.
    rmSync(home, { recursive: true, force: true });
    const made = await run(['python3', '-m', 'venv', home], until);
    if (made !== null) return giveUp(home, `no environment for Python could be made (${made})`);
    const pip = [found.python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'];
    const got = await run([...pip, '--timeout', '10', '--retries', '1', INSPECT, ...(frames ? FRAMES : [])], until);
    if (got !== null) return giveUp(home, `${INSPECT} could not be installed (${got})`);
    mkdirSync(join(home, 'whole'));
    return found;
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

const STALE_MS = 600_000;

/** One process makes it; a lock that nobody can still hold is taken over. */
function take(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    if (Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) < STALE_MS) return false;
    rmSync(lock, { recursive: true, force: true });
    return take(lock);
  }
}

function giveUp(home: string, why: string): InspectEnvironment {
  rmSync(home, { recursive: true, force: true });
  return { why };
}

/** Null when it went well, else why it did not. */
async function run([command = '', ...words]: readonly string[], until: number): Promise<string | null> {
  const timeout = Math.max(1, Math.floor(until - performance.now()));
  const child = spawn(command, words, { stdio: ['ignore', 'ignore', 'pipe'], timeout, killSignal: 'SIGKILL' });
  let said = '';
  child.stderr.on('data', (block: Buffer) => (said = `${said}${block.toString('utf8')}`.slice(-2000)));
  return await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => {
      const last = said.trim().split('\n').at(-1) ?? '';
      resolve(code === 0 ? null : signal === null ? last : 'it took too long');
    });
  });
}
