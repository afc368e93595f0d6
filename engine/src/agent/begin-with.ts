import { type Control, type ControlMove, defineControl } from './control.ts';

/** Everything of a control but its name, its summary and what it does. */
export type ControlSetting = Omit<Control, 'name' | 'summary' | 'act'>;

/** Makes controls that begin with this command and then do these moves. A text is a command to run. */
export function beginWith(first: string) {
  return (setting: ControlSetting) =>
    (name: string, summary: string, ...moves: readonly (ControlMove | string)[]): Control =>
      defineControl({
        ...{ name, summary, ...setting },
        *act() {
          for (const move of [first, ...moves]) yield typeof move === 'string' ? { do: 'run', command: move } : move;
        },
      });
}
