import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';

import { SandboxError } from '../../contract.ts';
import { startProgram } from '../../kit/start-program.ts';
import { architecture } from '../../kit/system-calls.ts';
import { type Machine, outputOf } from './launch.ts';
import { OUTSIDE } from './line-program.ts';

const MOUNT = readFileSync(new URL('../../kit/mount-terminals.pl', import.meta.url), 'utf8');

/** Mounts terminals in a machine. Resolves when programs in it can open them. */
export async function mountTerminals({ initPid }: Machine): Promise<undefined> {
  const { setns, mount } = architecture().own;
  const words = ['-e', MOUNT, ...[initPid, setns, mount].map(String)];
  const program = await startProgram('perl', words, { ...OUTSIDE, stdio: 'pipe' });
  const [problem] = await Promise.all([text(outputOf(program, 2)), once(program, 'close')]);
  if (program.exitCode !== 0)
    throw new SandboxError('open-failed', `the machine got no terminals (${problem.trim()}): run "offswitch doctor"`);
}
