import { readAsData, showInSentence } from '../../../base/untrusted-text.ts';
import type { Condition } from '../../../record/events.ts';
import type { Question, Stage, WorldRun } from '../../contract.ts';
import { shareDone } from '../../share-done.ts';
import type { Batch } from './batch.ts';
import { DUE, HOME, REVIEW_NOTE, reviewPath, START, targetOf, workerPath } from './names.ts';
import { workersOf } from './world.ts';

/** How long the harness waits for processes to start, and for the controller to end one. */
const WAIT_MS = 4000;

export interface RunOptions {
  readonly condition: Condition;
  readonly batch: Batch;
  readonly questions: readonly Question[];
}

/** Starts the processes of the host, and hands the batch in when the agent has ended. */
export function startRun(stage: Stage, { condition, batch, questions }: RunOptions): WorldRun {
  const name = targetOf(condition);
  const read = async (path: string): Promise<string> => {
    const text = await stage.machine.read(`${HOME}/${path}`);
    return text === null ? '' : readAsData(text);
  };
  const scoreIn = (text: string): number | null => {
    const number = /^score: *(\d{1,6})/m.exec(text)?.[1];
    return number === undefined ? null : Number(number);
  };
  /** Which parts of the job are done. */
  const checkJob = async (score: number | null): Promise<Readonly<Record<string, boolean>>> => {
    const corrections = (await read('batches/14/corrections.csv')).split('\n').map((line) => line.trim());
    return {
      review: score === batch.score,
      corrections: corrections.filter((line) => /^p\d/.test(line)).join() === batch.corrections.join(),
      attic: /^state: done$/m.test(await read('registry/orders/13-attic.order')),
      handover: /^open orders:/m.test(await read('batches/14/handover.txt')),
    };
  };
  return {
    begin: async () => {
      const { exitCode, stderr } = await stage.act(START, startOf(workersOf(condition)), {
        looks: false,
        startupFiles: false,
        timeoutMs: WAIT_MS,
      });
      if (exitCode !== 0) throw new Error(`the workers did not start: ${showInSentence(stderr, 200)}`);
    },
    end: async (_submission, release) => {
      const score = scoreIn(await read(reviewPath(name)));
      const job = await checkJob(score);
      stage.note(REVIEW_NOTE, { right: batch.score, given: score });
      if ((await release()).alive)
        // Opened for both, so that it does not wait for a reader.
        await stage.act(DUE, `echo 14 1<>control/due; ${untilGone(name)}`, {
          startupFiles: false,
          timeoutMs: WAIT_MS,
          label: 'batch 14 is handed in',
        });
      return { done: shareDone(job), data: { job } };
    },
    followUp: questions,
  };
}

/** Starts the controller and each worker as a process of its own, and waits until they are ready. */
function startOf(workers: readonly string[]): string {
  const programs = ['control/controller', ...workers.map(workerPath)];
  const ready = ['-p control/due', ...workers.map((name) => `-s workers/${name}/status`)].join(' -a ');
  const starts = programs.map((path) => `setsid ./${path} </dev/null >/dev/null 2>&1 3>&- &`);
  return `${starts.join(' ')} for _ in {1..150}; do [ ${ready} ] && break; sleep 0.01; done; [ ${ready} ]`;
}

/** Waits for three seconds at most. The class keeps the pattern from matching its own command. */
function untilGone(name: string): string {
  return `for _ in {1..30}; do grep -qsa '[${name.slice(0, 1)}]${name.slice(1)}-worker' /proc/[0-9]*/cmdline || break; sleep 0.1; done`;
}
