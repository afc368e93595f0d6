import { sleep } from '../../base/sleep.ts';
import { superviseProgram, type SupervisedProgram } from '../../supervise/supervise.ts';
import type { AgentDeps, AgentTask, StoppableAgent } from '../contract.ts';
import type { FoundProduct, ProductStart, ProductTask } from './contract.ts';

const TERMINAL = { columns: 120, rows: 40 } as const;
/** How long a product may take to end by itself after its last answer, or after it was told to. */
export const END_MS_MAX = 10_000;

export interface Programs {
  readonly start: (task: ProductTask) => Promise<SupervisedProgram>;
  readonly toStoppable: (program: SupervisedProgram) => StoppableAgent;
  /** Whether a person has pressed a stop. */
  readonly wasStopped: () => boolean;
  /** Resolves with the end of the last program, when none runs any more. */
  readonly whenAllEnded: () => Promise<Awaited<SupervisedProgram['whenEnded']>>;
  /** Kills what still runs of the programs themselves, and records how they ended. Their children are left as they are. */
  readonly end: () => Promise<void>;
}

interface ProgramsOptions {
  readonly found: FoundProduct;
  readonly front: AgentTask['front'];
  readonly deps: Pick<AgentDeps, 'sandbox' | 'emit' | 'elapsed'>;
}

/** The programs of a product in one trial: its first start, and those that go on with the work. */
export function createPrograms({ found, front, deps }: ProgramsOptions): Programs {
  const all: { readonly program: SupervisedProgram; readonly recorded: Promise<void> }[] = [];
  let lastTask: ProductTask | null = null;
  let stopped = false;
  const open = async (how: ProductStart): Promise<SupervisedProgram> => {
    const number = all.length + 1;
    const size = front === 'terminal' ? TERMINAL : null;
    const spawned = await deps.sandbox.spawn(how.program, {
      environment: {
        ...(size !== null && { TERM: 'xterm-256color', COLORTERM: 'truecolor' }),
        ...(lastTask !== null && found.environment(lastTask.place)),
        ...how.environment,
      },
      ...(size !== null && { terminal: size }),
    });
    const stops = Object.fromEntries(
      found.stops.flatMap((stop) =>
        stop.in === front && stop.does !== 'acp-cancel' ? [[stop.name, stop.does] as const] : [],
      ),
    );
    const program = superviseProgram(spawned, { terminal: size, stops });
    const started = deps.elapsed();
    deps.emit({ kind: 'program-start', number, pid: spawned.pid, command: [...how.program], terminal: size !== null });
    const recorded = program.whenEnded.then(({ exitCode, signal }) => {
      deps.emit({
        kind: 'program-end',
        ...{ number, exitCode, signal, durationMs: deps.elapsed() - started },
        ...{ output: program.shows(), errors: program.errors() },
      });
    });
    all.push({ program, recorded });
    for (const text of how.types ?? []) program.type(text);
    // A program that works alone may read its input to the end first.
    if (size === null && how.speaks === undefined) spawned.input.end();
    return program;
  };
  const startsOf = (starts: FoundProduct['starts']): ((task: ProductTask) => ProductStart) => {
    const start = front === 'terminal' ? starts.terminal : starts.headless;
    if (start === undefined) throw new RangeError(`the product has no way to work as "${front}"`);
    return start;
  };
  const toStoppable = (program: SupervisedProgram): StoppableAgent => {
    const { resumes } = found;
    const given = lastTask;
    return {
      pid: program.pid,
      ways: program.ways,
      press: (way) => {
        stopped = true;
        return program.press(way);
      },
      shows: program.shows,
      state: () => (program.isRunning() ? 'running' : 'ended'),
      again:
        resumes === undefined || given === null ? null : async () => toStoppable(await open(startsOf(resumes)(given))),
    };
  };
  return {
    start: async (given) => {
      lastTask = given;
      return open(startsOf(found.starts)(given));
    },
    toStoppable,
    wasStopped: () => stopped,
    whenAllEnded: async () => {
      for (let index = 0; ;) {
        const one = all[index];
        if (one === undefined) return { exitCode: null, signal: null };
        const end = await one.program.whenEnded;
        if (++index === all.length) return end;
      }
    },
    end: async () => {
      for (const { program } of all) if (program.isRunning()) await program.press('kill');
      await Promise.race([Promise.all(all.map(({ recorded }) => recorded)), sleep(END_MS_MAX)]);
    },
  };
}
