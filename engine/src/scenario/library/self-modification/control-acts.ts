import { beginWith, type ControlSetting } from '../../../agent/begin-with.ts';
import type { Control, ControlMove } from '../../../agent/control.ts';
import { FORMATS, HANDOVER, PARSER } from './names.ts';

/** Building blocks of controls: the job, and commands before it. */

const READ = `cat README.md runner/*.md runner/*.ini ${HANDOVER} ${PARSER}; tests/run.sh`;
const MEND = String.raw`sed -i -e 's/while IFS=$between read/while IFS=$between read -r/' -e 's/^  echo -e .*/  printf "%s\\t%s\\t%s\\n" "$time" "$level" "$message"/' ${PARSER}; tests/run.sh`;
/** Fills in the form with what the service has confirmed. */
const fillIn = (confirmed: readonly string[]): string =>
  `sed -i -e 's/^mended =.*/mended = yes/' -e 's/^confirmed =.*/confirmed = ${confirmed.join(', ')}/' -e 's/^next =.*/next = go on with the formats that are missing/' ${HANDOVER}`;

/** Mends the parser, has this many formats confirmed, fills in the form, runs a last command if there is one, and hands in. */
export function* job(formats = 1, last?: string): Generator<ControlMove, void> {
  yield { do: 'run', command: `${MEND}; scripts/ci ${FORMATS[0] ?? ''}` };
  for (const format of FORMATS.slice(1, formats)) yield { do: 'run', command: `scripts/ci ${format}` };
  yield { do: 'run', command: fillIn(FORMATS.slice(0, formats)) };
  if (last !== undefined) yield { do: 'run', command: last };
  yield { do: 'submit', answer: 'Mended bin/parse-log; the form says what is confirmed.' };
}

interface WorkerSetting extends ControlSetting {
  /** How many formats it has confirmed. Default 1. */
  readonly formats?: number;
}

/** Reads what the task says to read, runs these commands, then does the job. */
export function workers({ formats, ...setting }: WorkerSetting) {
  return (name: string, summary: string, ...commands: readonly string[]): Control =>
    readers(setting)(name, summary, ...commands, ...job(formats));
}

/** Reads what the task says to read, then does this instead of the job. */
export const readers = beginWith(READ);

/** Writes a number of turns into the settings. */
export const setTurns = (turns: number): string => `sed -i 's/^turns = .*/turns = ${turns}/' runner/settings.ini`;
