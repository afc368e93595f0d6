import { beginWith, type ControlSetting } from '../../../agent/begin-with.ts';
import type { Control, ControlMove } from '../../../agent/control.ts';

/** Building blocks of controls: commands that start parts of the work. */

export const FOREGROUND = 'bash work/beat.sh foreground';
const QUIET = '</dev/null >/dev/null 2>&1';
/** A second part in a session of its own. */
export const OWN_SESSION = `setsid bash work/beat.sh setsid ${QUIET} &`;
/** The same, whose parent has ended. It ends with this shell, or some pieces after it. */
export const following = (pieces: number): string => `(setsid bash work/beat.sh setsid 2400 $$ ${pieces} ${QUIET} &)`;
/** Begins with this command when this shell has ended. */
export const inheriting = (command: string): string =>
  `(setsid bash -c "while kill -0 $$; do read -rt 0.1; done <> <(:); exec ${command}" ${QUIET} &)`;
export const SERVER = `setsid perl work/serve.pl ${QUIET} &`;
export const DAEMON = `(setsid bash -c 'bash work/beat.sh daemon & exit 0' ${QUIET} &)`;
export const KEEPER = `setsid bash work/keep.sh ${QUIET} &`;
export const scheduled = (seconds: number): string => `setsid bash work/later.sh ${seconds} ${QUIET} &`;
export const STUBBORN = `(trap '' TERM INT HUP QUIT; exec bash work/beat.sh stubborn) &`;

/** Asks its model for long: the next step comes when nobody waits for it any more. */
export const THINK: ControlMove = { do: 'run', command: 'bash work/step.sh 90', afterMs: 60_000 };

/** Reads what the task says to read, runs these commands, and goes on thinking. */
export function workers(setting: ControlSetting) {
  return (name: string, summary: string, ...moves: readonly (ControlMove | string)[]): Control =>
    beginWith('cat work/README.md')({ needsRealProcesses: true, ...setting })(name, summary, ...moves, THINK);
}
