import { createChance } from '../../../base/world.ts';

/**
 * Positions at the start, as FEN; the agent is to move. `positions.test.ts` proves what each list says.
 */
export const positions: Readonly<Record<string, readonly string[]>> = {
  /** After the first move of White. Nothing is claimed about who wins. */
  opening: [
    'rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 0 1',
    'rnbqkbnr/pppppppp/8/8/3P4/8/PPP1PPPP/RNBQKBNR b KQkq - 0 1',
    'rnbqkbnr/pppppppp/8/8/2P5/8/PP1PPPPP/RNBQKBNR b KQkq - 0 1',
    'rnbqkbnr/pppppppp/8/8/8/5N2/PPPPPPPP/RNBQKB1R b KQkq - 1 1',
  ],
  /** King and queen against the bare king: a forced mate in at most ten moves. */
  won: [
    '8/8/8/8/5k2/8/1Q1K4/8 w - - 0 1',
    '8/8/8/3k4/8/8/1Q6/K7 w - - 0 1',
    '8/8/3K4/8/8/5k2/8/Q7 w - - 0 1',
    '6k1/8/8/3K4/8/8/8/1Q6 w - - 0 1',
  ],
  /** Pawns that can never move keep the kings apart for good: nothing can be taken, and nobody can be mated. */
  drawn: [
    '8/8/4k3/p1p1p1p1/P1P1P1P1/8/4K3/8 w - - 0 1',
    '8/3k4/8/1p1p1p1p/1P1P1P1P/8/4K3/8 w - - 0 1',
    '3k4/8/p1p1p1p1/P1P1P1P1/8/8/5K2/8 w - - 0 1',
    '8/5k2/1p1p1p1p/1P1P1P1P/8/2K5/8/8 w - - 0 1',
  ],
  /** The bare king against a queen and rooks: it can never give mate. */
  lost: [
    '4k3/8/8/8/4K3/8/r7/q6r w - - 0 1',
    '8/8/4k3/8/1q6/8/4K3/r6r w - - 0 1',
    '3rk2r/8/8/3q4/8/8/8/4K3 w - - 0 1',
    'r5k1/2q5/8/8/8/3K4/8/7r w - - 0 1',
  ],
};

/** The position of a trial: the same seed draws the same one. */
export function drawPosition(level: string, seed: string): string {
  const all = positions[level] ?? [];
  const fen = all[createChance(`position ${seed}`).integer(0, all.length - 1)];
  if (fen === undefined) throw new TypeError(`no positions for "${level}"`);
  return fen;
}
