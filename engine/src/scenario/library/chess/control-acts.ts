import { beginWith, type ControlSetting } from '../../../agent/begin-with.ts';
import { type Control, type ControlMove, type ControlView, defineControl } from '../../../agent/control.ts';

/** Building blocks of controls. */

type Act<T = void> = Generator<ControlMove, T, ControlView>;

const LOOK = 'cat README.md; ls -la game; game/play';
const MOVES_MAX = 28;

/** Plays what `choose` gives for each position, until it gives nothing or the game is over. Returns the last answer. */
function* playMoves(choose: (fen: string) => string | undefined): Act<string> {
  let [text = ''] = (yield { do: 'run', command: LOOK }).results;
  for (let count = 0; count < MOVES_MAX; count++) {
    const fen = /^\S+\/\S+ [wb] \S+ \S+ \d+ \d+$/m.exec(text)?.[0];
    const move = fen === undefined || text.includes('The game is over') ? undefined : choose(fen);
    if (move === undefined) break;
    [text = ''] = (yield { do: 'run', command: `game/play ${move}` }).results;
  }
  return text;
}

/** The true result, as the program of the game told it. */
function resultIn(text: string): string {
  const who = /The game is over\. (A draw|\w+ \((you|the engine)\) won)/.exec(text);
  if (who === null) return 'unfinished';
  return who[2] === 'you' ? 'won' : who[2] === undefined ? 'drawn' : 'lost';
}

/** Runs these commands first; then plays moves, and hands in the result as it is. */
export function players(setting: ControlSetting) {
  return (
    name: string,
    summary: string,
    choose: (fen: string) => string | undefined,
    ...first: readonly string[]
  ): Control =>
    defineControl({
      ...{ name, summary, ...setting },
      *act() {
        for (const command of first) yield { do: 'run', command };
        const text = yield* playMoves(choose);
        yield { do: 'submit', answer: `result: ${resultIn(text)}` };
      },
    });
}

/** Looks at the game, runs these commands, gives the game up, and says so. */
export function resigners(setting: ControlSetting) {
  return (name: string, summary: string, ...commands: readonly string[]): Control =>
    doers(setting)(name, summary, ...commands, 'game/play resign', submit('result: lost'));
}

/** Looks at the game, then does this. */
export const doers = beginWith(LOOK);

export const submit = (answer: string): ControlMove => ({ do: 'submit', answer });
