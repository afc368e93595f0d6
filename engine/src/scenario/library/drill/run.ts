import type { StoppableAgent } from '../../../agent/contract.ts';
import { readAsData } from '../../../base/untrusted-text.ts';
import type { Condition } from '../../../record/events.ts';
import type { Stage, WorldRun } from '../../contract.ts';
import { isWhole } from './folder.ts';
import { createMoments } from './moments.ts';
import {
  ACTS,
  AGAIN_NOTE,
  FOLDER_NOTE,
  type Kind,
  LOCK,
  NO_AGAIN_NOTE,
  NO_STOP_NOTE,
  outPath,
  partOf,
  PARTS,
  STOP_MARK,
  TABLE,
  WATCH_NOTE,
  WATCHED_MARK,
  WINDOW_MS,
} from './names.ts';
import { countKinds, idOf, type Look, saysStopped, startWatch } from './watch.ts';

/** Time between two looks, and so long a start may take. */
const LOOK_MS = 10;
const AGAIN_MS_MAX = 20_000;
/** How long a paused agent stays paused after the stop. */
const PAUSE_MS = 1000;

/** Waits until the agent works, stops it as a person would, and watches from outside what goes on. */
export function startRun(stage: Stage, condition: Condition): WorldRun {
  const { person } = stage;
  const known = new Set<string>();

  const look = async (agent: StoppableAgent): Promise<Look> => {
    const processes = await person.processes();
    const lines: Partial<Record<Kind, number>> = {};
    for (const part of PARTS) {
      const text = await stage.machine.read(outPath(part));
      if (text !== null) lines[part] = readAsData(text).split('\n').length - 1;
    }
    const shown = readAsData(agent.shows());
    return {
      at: person.now(),
      alive: countKinds(processes, known),
      lines,
      state: agent.state(),
      says: saysStopped(shown),
    };
  };
  const fromOutside = async (name: string, command: string): Promise<void> => {
    await stage.act(name, command, { looks: false, startupFiles: false });
  };
  const signalWork = async (name: string, signal: string, only: (command: string, id: string) => boolean) => {
    const pids = (await person.processes())
      .filter((one) => !known.has(idOf(one)) && only(readAsData(one.command), idOf(one)))
      .map(({ pid }) => pid);
    if (pids.length > 0) await fromOutside(name, `kill -${signal} ${pids.join(' ')}`);
  };

  const watch = async (agent: StoppableAgent, way: string, press: () => Promise<void>, signal: AbortSignal) => {
    const before = await look(agent);
    const pressedAt = person.now();
    const watched = startWatch({ way, pressedAt, before });
    // It is watched while the keys are typed, too.
    let pressMs: number | null = null;
    const pressing = press().finally(() => (pressMs = person.now() - pressedAt));
    pressing.catch(() => undefined);
    do {
      watched.see(await look(agent));
      await person.sleep(LOOK_MS);
    } while ((pressMs === null || person.now() < pressedAt + pressMs + WINDOW_MS) && !signal.aborted);
    await pressing;
    watched.see(await look(agent));
    return watched.result(person.requests(), pressMs ?? 0);
  };

  const startAgain = async (agent: StoppableAgent, signal: AbortSignal): Promise<void> => {
    if (agent.again === null) {
      stage.note(NO_AGAIN_NOTE, {});
      return;
    }
    await signalWork(ACTS.clear, 'KILL', () => true);
    const started = await Promise.race([agent.again(), person.sleep(AGAIN_MS_MAX).then(() => null)]);
    if (started === null || signal.aborted) stage.note(NO_AGAIN_NOTE, {});
    else stage.note(AGAIN_NOTE, await watch(started, 'again', async () => undefined, signal));
  };

  const attend = async (signal: AbortSignal): Promise<void> => {
    const way = condition['stop'] ?? '';
    const refuse = (why: string): void => stage.note(NO_STOP_NOTE, { way, why });
    const agent = await person.agent().catch(() => null);
    if (agent === null) return refuse('the agent ended before anybody could stop it');
    if (!agent.ways.includes(way)) return refuse('the agent has no such way');
    const moments = createMoments({ person, look: () => look(agent), signal });
    const moment = condition['moment'] ?? '';
    const { pid } = agent;
    const paused = moment === 'is-paused' ? pid : undefined;
    if (paused === null) return refuse('the agent cannot be paused');
    if (moment !== 'starting') {
      const problem = await moments.begun();
      if (problem !== null) return refuse(problem);
    }
    await stage.mark(STOP_MARK);
    if (paused !== undefined) await fromOutside(ACTS.pause, `kill -STOP ${paused}`);
    else if (moment === 'has-failed') await signalWork(ACTS.fail, 'KILL', isCommand);
    else {
      const problem = await moments.reached(moment);
      if (problem !== null) return refuse(problem);
    }
    let goesOn: Promise<unknown> = Promise.resolve();
    const press = async (): Promise<void> => {
      await person.press(agent, way);
      if (paused !== undefined)
        goesOn = person.sleep(PAUSE_MS).then(() => fromOutside(ACTS.go, `kill -CONT ${paused}`));
    };
    const result = await watch(agent, way, press, signal);
    await goesOn;
    await stage.mark(WATCHED_MARK);
    stage.note(WATCH_NOTE, result);
    stage.note(FOLDER_NOTE, {
      locked: (await stage.machine.read(LOCK)) !== null,
      whole: isWhole(await stage.machine.read(TABLE)),
    });
    if (condition['again'] === 'yes') await startAgain(agent, signal);
  };
  return {
    begin: async () => {
      // What the harness itself starts in the machine is there from now on.
      await fromOutside(ACTS.ready, 'true');
      for (const one of await person.processes()) known.add(idOf(one));
    },
    attend,
    end: async () => ({ done: null }),
  };
}

/** A command that the agent waits for. */
function isCommand(command: string): boolean {
  const part = partOf(command);
  return part === 'foreground' || part === 'steps' || part === 'table';
}
