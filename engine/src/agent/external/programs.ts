import { PassThrough } from 'node:stream';

import { sleep } from '../../base/sleep.ts';
import { readAsData, showInSentence, toUntrusted, type UntrustedText } from '../../base/untrusted-text.ts';
import type { SpawnedProgram } from '../../sandbox/contract.ts';
import { type Gesture, superviseProgram, type SupervisedProgram } from '../../supervise/supervise.ts';
import type { AgentDeps, AgentTask, StoppableAgent } from '../contract.ts';
import { openAcpSession } from './acp.ts';
import type { FoundProduct, ProductStart, ProductTask } from './contract.ts';

const TERMINAL = { columns: 120, rows: 40 } as const;
/** How long a product may take to end by itself after its last answer, or after it was told to. */
export const END_MS_MAX = 10_000;

export interface Programs {
  readonly start: (
    task: ProductTask,
  ) => Promise<{ readonly program: SupervisedProgram; readonly stoppable: StoppableAgent }>;
  /** Opens the last session again and says something in it. Null if the product does not know how. */
  readonly goOn: ((words: string) => Promise<void>) | null;
  /** Whether a person has pressed a stop. */
  readonly wasStopped: () => boolean;
  /** Resolves with the end of the last program, when none runs any more. `done`: it had told that its turn is over. */
  readonly whenAllEnded: () => Promise<Awaited<SupervisedProgram['whenEnded']> & { readonly done: boolean }>;
  /** Kills what still runs of the programs themselves, and records how they ended. Their children are left as they are. */
  readonly end: () => Promise<void>;
}

interface ProgramsOptions {
  readonly found: FoundProduct;
  readonly front: AgentTask['front'];
  readonly deps: Pick<AgentDeps, 'sandbox' | 'emit' | 'elapsed'>;
}

/** A program, and the session that it has with its client, if it speaks the Agent Client Protocol. */
interface Running {
  readonly task: ProductTask;
  readonly program: SupervisedProgram;
  readonly recorded: Promise<void>;
  /** Why its turn ended; null as long as it has not, or if it speaks no such protocol. */
  readonly turnEnd: () => string | null;
}

/** The programs of a product in one trial: its first start, and those that go on with the work. */
export function createPrograms({ found, front, deps }: ProgramsOptions): Programs {
  const all: Running[] = [];
  let stopped = false;
  const open = async (how: (task: ProductTask) => ProductStart, task: ProductTask): Promise<Running> => {
    const { program: words, environment, types = [], speaks } = how(task);
    const number = all.length + 1;
    const size = front === 'terminal' ? TERMINAL : null;
    const spawned = await deps.sandbox.spawn(words, {
      environment: {
        ...(size !== null && { TERM: 'xterm-256color', COLORTERM: 'truecolor' }),
        ...found.environment(task.place),
        ...environment,
      },
      ...(size !== null && { terminal: size }),
    });
    const turn = speaks === 'acp' ? giveTurn(spawned, task) : null;
    const stops = found.stops.flatMap(({ name, in: place, does }): [string, Gesture][] => {
      if (does !== 'acp-cancel') return place === front ? [[name, does]] : [];
      return turn === null ? [] : [[name, async () => turn.cancel()]];
    });
    const supervised = superviseProgram(spawned, {
      terminal: size,
      stops: Object.fromEntries(stops),
      ...(turn !== null && { onOutput: turn.take }),
    });
    const program = turn === null ? supervised : { ...supervised, shows: turn.shows };
    const started = deps.elapsed();
    deps.emit({ kind: 'program-start', number, pid: spawned.pid, command: [...words], terminal: size !== null });
    const recorded = program.whenEnded.then(({ exitCode, signal }) => {
      deps.emit({
        kind: 'program-end',
        ...{ number, exitCode, signal, durationMs: deps.elapsed() - started },
        ...{ output: program.shows(), errors: program.errors() },
      });
    });
    const running = { task, program, recorded, turnEnd: turn?.end ?? (() => null) };
    all.push(running);
    for (const text of types) program.type(text);
    // A program that works alone may read its input to the end first.
    if (size === null && turn === null) spawned.input.end();
    return running;
  };
  const startsOf = (starts: Partial<FoundProduct['starts']>): ((task: ProductTask) => ProductStart) => {
    const start = starts[front];
    if (start === undefined) throw new RangeError(`the product has no way to work as "${front}"`);
    return start;
  };
  const { resumes } = found;
  const toStoppable = ({ task, program, turnEnd }: Running): StoppableAgent => ({
    pid: program.pid,
    ways: program.ways,
    press: (way) => {
      stopped = true;
      return program.press(way);
    },
    shows: program.shows,
    state: () => (program.isRunning() ? (turnEnd() === null ? 'running' : 'told-stopped') : 'ended'),
    again: resumes === undefined ? null : async () => toStoppable(await open(startsOf(resumes), task)),
  });
  return {
    start: async (task) => {
      const running = await open(startsOf(found.starts), task);
      return { program: running.program, stoppable: toStoppable(running) };
    },
    goOn:
      front !== 'headless' || resumes === undefined
        ? null
        : async (prompt) => {
            const [first] = all;
            if (first === undefined) throw new TypeError('there is no session to go on with');
            await open(resumes.headless, { ...first.task, prompt, system: null });
          },
    wasStopped: () => stopped,
    whenAllEnded: async () => {
      for (let index = 0; ;) {
        const one = all[index];
        if (one === undefined) return { exitCode: null, signal: null, done: false };
        const end = await one.program.whenEnded;
        if (++index === all.length) return { ...end, done: one.turnEnd() === TURN_END };
      }
    },
    end: async () => {
      for (const { program } of all) if (program.isRunning()) await program.press('kill');
      await Promise.race([Promise.all(all.map(({ recorded }) => recorded)), sleep(END_MS_MAX)]);
    },
  };
}

/** The stop reason of a turn that ended by itself. */
const TURN_END = 'end_turn';
const SAID_CHARACTERS_MAX = 20_000;

/** The turn of an agent that speaks the Agent Client Protocol. */
interface AcpTurn {
  readonly take: (bytes: Uint8Array) => void;
  readonly cancel: () => void;
  /** Why it ended; null as long as it has not. */
  readonly end: () => string | null;
  readonly shows: () => UntrustedText;
}

/** Gives an agent its task as an editor does. When its turn has ended by itself, its input is closed, so that it ends too. */
function giveTurn(
  { input, output: spoken, signal, whenEnded }: SpawnedProgram,
  { place, prompt, system }: ProductTask,
): AcpTurn {
  const output = new PassThrough();
  let said = '';
  let end: string | null = null;
  let cancel = (): void => undefined;
  const say = (text: string): void => {
    said = (said + text).slice(-SAID_CHARACTERS_MAX);
  };
  const converse = async (): Promise<void> => {
    const session = await openAcpSession({
      input,
      output,
      folder: place.home,
      mcp: place.mcp,
      onText: (text) => say(readAsData(text)),
    });
    ({ cancel } = session);
    end = readAsData(await session.prompt(system === null ? prompt : `${system}\n\n${prompt}`));
    say(`\n[${showInSentence(toUntrusted(end), 100)}]`);
    if (end !== TURN_END) return;
    input.end();
    await sleep(END_MS_MAX);
    signal('SIGKILL');
  };
  void whenEnded.then(() => output.end());
  converse().catch((error: unknown) => say(`\n[${error instanceof Error ? error.message : String(error)}]`));
  return {
    // What it says faster than it is read, or than it reads the answers, waits in the machine.
    take: (bytes) => {
      if (output.write(bytes) || output.destroyed) return;
      spoken.pause();
      const goOn = (): void => void spoken.resume();
      output.once('drain', goOn).once('close', goOn);
    },
    cancel: () => cancel(),
    end: () => end,
    shows: () => toUntrusted(said),
  };
}
