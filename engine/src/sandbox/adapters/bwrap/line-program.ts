import { createInterface } from 'node:readline';

import type { LineLink } from '../../kit/line-link.ts';
import { startProgram } from '../../kit/start-program.ts';
import { identity, inputOf, outputOf } from './launch.ts';

/** How a program starts beside a machine: as the user of its processes, and with nothing of the harness. */
export const OUTSIDE = { ...identity, detached: true, env: {}, cwd: '/' } as const;
const PROBLEM_CHARACTERS_MAX = 1000;

/** Starts a Perl program beside a machine. @param words arguments of `perl` */
export async function startLineProgram(words: readonly string[]): Promise<LineLink> {
  const program = await startProgram('perl', words, { ...OUTSIDE, stdio: 'pipe' });
  let problem = '';
  outputOf(program, 2).on('data', (block: Buffer) => {
    problem = (problem + block.toString('utf8')).slice(0, PROBLEM_CHARACTERS_MAX);
  });
  inputOf(program, 0).on('error', () => undefined);
  return {
    write: (line) => void inputOf(program, 0).write(line),
    onLine: (take) => void createInterface({ input: outputOf(program, 1), crlfDelay: 0 }).on('line', take),
    whenGone: new Promise((resolve) => void program.once('close', () => resolve(problem.trim() || 'it ended'))),
    close: () => void program.kill('SIGKILL'),
  };
}
