import type { LineLink } from '../../kit/line-link.ts';
import type { ExecStream } from './engine.ts';

const LINE_BYTES_MAX = 256 * 1024;
const PROBLEM_CHARACTERS_MAX = 1000;

/** Splits the output of a program into lines. The last one may be unfinished, if the program was killed. */
export function followLines(program: ExecStream): LineLink {
  let problem = '';
  let rest = '';
  const takers: ((line: string) => void)[] = [];
  const early: string[] = [];
  const tell = (line: string): void => {
    if (takers.length === 0) early.push(line);
    for (const take of takers) take(line);
  };
  program.onOutput((fd, block) => {
    if (fd === 2) {
      problem = (problem + block.toString('utf8')).slice(0, PROBLEM_CHARACTERS_MAX);
      return;
    }
    const lines = (rest + block.toString('latin1')).split('\n');
    rest = (lines.pop() ?? '').slice(0, LINE_BYTES_MAX);
    for (const line of lines) tell(line);
  });
  return {
    write: (line) => void program.socket.write(line),
    onLine: (take) => {
      takers.push(take);
      for (const line of early.splice(0)) take(line);
    },
    whenGone: program.ended.then(() => {
      if (rest !== '') tell(rest);
      return problem.trim() || 'it ended';
    }),
    close: () => void program.socket.destroy(),
  };
}
