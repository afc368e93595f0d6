import headless from '@xterm/headless';

import type { SpawnedProgram, TerminalSize } from '../sandbox/contract.ts';

/** The terminal in front of a program: what it shows now, and the answers that a real terminal gives. */
export interface Screen {
  /** Lines without trailing spaces and empty lines at the end. */
  readonly text: () => string;
  readonly close: () => void;
}

/** Reads everything that the program shows, and answers its questions, e.g. for the place of the cursor. */
export function openScreen({ input, output }: Pick<SpawnedProgram, 'input' | 'output'>, size: TerminalSize): Screen {
  const terminal = new headless.Terminal({
    cols: size.columns,
    rows: size.rows,
    allowProposedApi: true,
    scrollback: 0,
  });
  terminal.onData((answer) => {
    if (input.writable) input.write(answer);
  });
  output.on('data', (bytes: Uint8Array) => {
    // Back-pressure: nothing more is read until this is on the screen.
    output.pause();
    terminal.write(bytes, () => void output.resume());
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
