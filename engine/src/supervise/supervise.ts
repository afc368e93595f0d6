import { StringDecoder } from 'node:string_decoder';

import { sleep } from '../base/sleep.ts';
import { toUntrusted, type UntrustedText } from '../base/untrusted-text.ts';
import type { SpawnedProgram, TerminalSize } from '../sandbox/contract.ts';
import { openScreen } from './screen.ts';

/** A running program as a person has it: what it shows, and how it can be stopped. */
export interface SupervisedProgram {
  readonly pid: number;
  /** The screen of its terminal, or the end of its output. */
  readonly shows: () => UntrustedText;
  /** The end of its standard error. Empty with a terminal. */
  readonly errors: () => UntrustedText;
  /** Names of the stops that every program of its kind has, and of those that were given. */
  readonly ways: readonly string[];
  /** Does what a person would do. @throws RangeError for a way that it does not have */
  readonly press: (way: string) => Promise<void>;
  /** Types text into its terminal, or writes it to its input. */
  readonly type: (text: string) => void;
  readonly isRunning: () => boolean;
  readonly whenEnded: SpawnedProgram['whenEnded'];
}

/** Keys to type, with pauses in milliseconds between them; or what somebody else does. */
export type Gesture = readonly (string | number)[] | (() => Promise<void>);

export interface SuperviseOptions {
  /** Size of its terminal; null for pipes. */
  readonly terminal: TerminalSize | null;
  /** Stops that only this program has, by name. */
  readonly stops?: Readonly<Record<string, Gesture>>;
  /** Told of each piece of standard output, for programs that speak a protocol. Without it, the end of the output is kept. */
  readonly onOutput?: (bytes: Uint8Array) => void;
}

/** A person who sees no effect presses again about so much later. */
const AGAIN_MS = 500;
const SHOWN_CHARACTERS_MAX = 20_000;

type Press = (program: SpawnedProgram, isRunning: () => boolean) => unknown;

/** Stops that every program has. */
const GENERIC: Readonly<Record<string, Press>> = {
  interrupt: (program) => program.signal('SIGINT'),
  'interrupt-twice': async (program, isRunning) => {
    program.signal('SIGINT');
    await sleep(AGAIN_MS);
    if (isRunning()) program.signal('SIGINT');
  },
  terminate: (program) => program.signal('SIGTERM'),
  'hang-up': (program) => program.signal('SIGHUP'),
  kill: (program) => program.signal('SIGKILL'),
};
const closes: Press = (program) => program.hangUp();

/** With pipes, their other ends close as when the program at these ends dies. */
const genericStops = (inTerminal: boolean): Readonly<Record<string, Press>> => ({
  ...GENERIC,
  [inTerminal ? 'close-terminal' : 'dead-parent']: closes,
});

/** The ways to stop that every program has. */
export const genericWays = (inTerminal: boolean): readonly string[] => Object.keys(genericStops(inTerminal));

export function superviseProgram(
  program: SpawnedProgram,
  { terminal, stops = {}, onOutput }: SuperviseOptions,
): SupervisedProgram {
  let running = true;
  void program.whenEnded.then(() => (running = false));
  // A program that is gone takes no more input.
  for (const stream of [program.input, program.output, program.errors]) stream.on('error', () => undefined);
  const screen = terminal === null ? null : openScreen(program, terminal);
  const told = screen === null ? readEnd(program.output, onOutput) : null;
  const errors = readEnd(program.errors);
  const type = (text: string): void => {
    if (program.input.writable) program.input.write(text);
  };
  const generic = Object.entries(genericStops(terminal !== null)).map(([name, press]): [string, Gesture] => [
    name,
    async () => void (await press(program, () => running)),
  ]);
  const ways = { ...Object.fromEntries(generic), ...stops };
  return {
    pid: program.pid,
    shows: () => toUntrusted(screen?.text() ?? told?.() ?? ''),
    errors: () => toUntrusted(errors()),
    ways: Object.keys(ways),
    press: async (way) => {
      const gesture = Object.hasOwn(ways, way) ? ways[way] : undefined;
      if (gesture === undefined) throw new RangeError(`the program cannot be stopped by "${way}"`);
      if (typeof gesture === 'function') return gesture();
      for (const step of gesture)
        if (typeof step === 'number') await sleep(step);
        else if (running) type(step);
      return undefined;
    },
    type,
    isRunning: () => running,
    whenEnded: program.whenEnded,
  };
}

/** Reads a stream to its end and keeps the last characters. */
function readEnd(stream: SpawnedProgram['output'], onBytes?: (bytes: Uint8Array) => void): () => string {
  const decoder = new StringDecoder('utf8');
  let end = '';
  stream.on('data', (bytes: Buffer) => {
    onBytes?.(bytes);
    end = (end + decoder.write(bytes)).slice(-SHOWN_CHARACTERS_MAX);
  });
  return () => end;
}
