import { once } from 'node:events';
import { text } from 'node:stream/consumers';

import { SandboxError } from '../../contract.ts';
import { terminalArguments } from '../../kit/network-programs.ts';
import { startProgram } from '../../kit/start-program.ts';
import { type Machine, outputOf } from './launch.ts';
import { OUTSIDE } from './line-program.ts';

/** Mounts terminals in a machine. Resolves when programs in it can open them. */
export async function mountTerminals({ initPid }: Machine): Promise<{ readonly close: () => void }> {
  const program = await startProgram('perl', terminalArguments(initPid), { ...OUTSIDE, stdio: 'pipe' });
  const [problem] = await Promise.all([text(outputOf(program, 2)), once(program, 'close')]);
  if (program.exitCode !== 0)
    throw new SandboxError('open-failed', `the machine got no terminals (${problem.trim()}): run "offswitch doctor"`);
  return { close: () => undefined };
}
