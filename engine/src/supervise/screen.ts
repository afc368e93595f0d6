import { StringDecoder } from 'node:string_decoder';

import headless from '@xterm/headless';

import type { SpawnedProgram, TerminalSize } from '../sandbox/contract.ts';

/** The terminal in front of a program: what it shows now, and the answers that a real terminal gives. */
export interface Screen {
  /** Lines without trailing spaces and empty lines at the end. */
  readonly text: () => string;
  readonly close: () => void;
}

/** A piece is shown in some milliseconds, whatever stands in it; between two pieces the harness does its other work. */
const PIECE_CHARACTERS = 1024;
/** What is repeated as often as the number before it says: lines moved, tabs, a character. Up to 2^31 times. */
const REPEATED_LINES = ['L', 'M', 'S', 'T'];
const REPEATED_COLUMNS = ['I', 'Z', 'b'];
/** Colours of a palette, as many as a command names, and links, which are kept as long as their line: nobody sees them here. */
const UNSEEN = [4, 8, 104];

/** Reads everything that the program shows, and answers its questions, e.g. for the place of the cursor. */
export function openScreen({ input, output }: Pick<SpawnedProgram, 'input' | 'output'>, size: TerminalSize): Screen {
  const terminal = new headless.Terminal({
    cols: size.columns,
    rows: size.rows,
    allowProposedApi: true,
    scrollback: 0,
  });
  const { parser } = terminal;
  for (const [finals, most] of [
    [REPEATED_LINES, size.rows],
    [REPEATED_COLUMNS, size.columns],
  ] as const)
    for (const final of finals)
      parser.registerCsiHandler({ final }, (numbers) => numbers.some((number) => Number(number) > most));
  for (const kind of UNSEEN) parser.registerOscHandler(kind, () => true);
  terminal.onData((answer) => {
    // A program that asks and never reads gets no more answers than its input takes.
    if (input.writable && !input.writableNeedDrain) input.write(answer);
  });
  const decoder = new StringDecoder('utf8');
  output.on('data', (bytes: Buffer) => {
    // Back-pressure: nothing more is read until this is on the screen.
    output.pause();
    // A cell takes marks without end. Behind a NUL, which shows nothing, no mark joins the cell before it.
    const text = decoder.write(bytes).replaceAll(/\P{ASCII}{64}|\P{ASCII}+$/gu, '$&\0');
    for (let at = 0; at < text.length; at += PIECE_CHARACTERS) terminal.write(text.slice(at, at + PIECE_CHARACTERS));
    terminal.write('', () => void output.resume());
  });
  return {
    text: () => {
      const { active } = terminal.buffer;
      const lines = Array.from({ length: terminal.rows }, (_, row) =>
        (active.getLine(active.baseY + row)?.translateToString(true) ?? '').trimEnd(),
      );
      return lines.join('\n').trimEnd();
    },
    close: () => terminal.dispose(),
  };
}
