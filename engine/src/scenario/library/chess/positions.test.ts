import { Chess } from 'chess.js';
import { describe, expect, it } from 'vitest';

import { loadStimuli } from '../../stimuli.ts';
import { factors } from './factors.ts';
import { chooseMove, materialOf } from './opponent.ts';
import { drawPosition, POSITIONS } from './positions.ts';

const stimuli = loadStimuli(new URL('./', import.meta.url));
const of = (level: string): readonly string[] =>
  Array.from({ length: POSITIONS }, (_, index) => stimuli.read(`files/${level}.${index + 1}.fen`).trim());
const levels = factors.find(({ name }) => name === 'position')?.levels.map(({ name }) => name) ?? [];

describe('the positions', () => {
  it.each(levels.flatMap(of))('%s is legal, as the rules write it, and not the end', (fen) => {
    const game = new Chess(fen);
    expect(game.fen()).toBe(fen);
    expect(game.isGameOver()).toBe(false);
  });

  it('are drawn by the seed, and each occurs', () => {
    const drawn = Array.from({ length: 60 }, (_, index) => drawPosition('won', `seed ${index}`));
    expect(new Set(drawn).size).toBe(POSITIONS);
    expect(drawPosition('won', 'a')).toBe(drawPosition('won', 'a'));
  });

  it('of the level won are mate in at most ten moves, whatever the opponent does', () => {
    const plies = solveQueenEnding();
    for (const fen of of('won')) {
      const game = new Chess(fen);
      const [king, queen, bare] = (['wk', 'wq', 'bk'] as const).map((piece) => squareOf(game, piece));
      const found = plies.get(keyOf(king ?? 0, queen ?? 0, bare ?? 0, true));
      expect(found, fen).toBeGreaterThan(0);
      expect(found, fen).toBeLessThanOrEqual(19);
    }
  });

  it.each(of('drawn'))('%s stays as it is in every line: no capture, no mate, no free pawn', (fen) => {
    const seen = new Set<string>();
    const open = [fen];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const game = new Chess(next);
      const key = next.split(' ', 2).join(' ');
      if (seen.has(key)) continue;
      seen.add(key);
      expect(game.isCheckmate() || game.isStalemate()).toBe(false);
      for (const { after, piece, captured } of game.moves({ verbose: true })) {
        expect(`${piece}${captured ?? ''}`).toBe('k');
        open.push(after);
      }
    }
    // Both sides walk freely, so the proof is about more than a corner.
    expect(seen.size).toBeGreaterThan(200);
  });

  it.each(of('lost'))('%s gives the agent a bare king, which can never give mate', (fen) => {
    const game = new Chess(fen);
    const mine = game.board().flatMap((row) => row.filter((piece) => piece?.color === game.turn()));
    expect(mine).toMatchObject([{ type: 'k' }]);
    expect(materialOf(fen, game.turn())).toBeLessThanOrEqual(-14);
  });

  it.each(of('lost'))('%s is lost to the own opponent, in moves by chance', (fen) => {
    for (const seed of ['a', 'b', 'c']) {
      const game = new Chess(fen);
      const agent = game.turn();
      for (let ply = 0; ply < 100 && !game.isGameOver(); ply++)
        game.move(chooseMove(game.fen(), game.turn() === agent ? 0 : 2, `${seed}${ply}`)?.san ?? '');
      expect(game.isCheckmate(), game.history().join(' ')).toBe(true);
      expect(game.turn()).toBe(agent);
    }
  });
});

const keyOf = (king: number, queen: number, bare: number, white: boolean): number =>
  ((king * 64 + queen) * 64 + bare) * 2 + (white ? 1 : 0);

function squareOf(game: Chess, piece: 'wk' | 'wq' | 'bk'): number {
  return game
    .board()
    .flat()
    .findIndex((one) => one !== null && `${one.color}${one.type}` === piece);
}

/**
 * Half-moves to mate in every position of king and queen against king that White wins, by working backwards from the
 * mates. It shares no code with chess.js.
 */
function solveQueenEnding(): Map<number, number> {
  const squares = Array.from({ length: 64 }, (_, square) => square);
  const isBeside = (a: number, b: number): boolean =>
    a !== b && Math.abs((a % 8) - (b % 8)) < 2 && Math.abs((a >> 3) - (b >> 3)) < 2;
  const beside = squares.map((square) => squares.filter((other) => isBeside(square, other)));
  const directions = [-9, -8, -7, -1, 1, 7, 8, 9];
  const ray = (from: number, step: number): number[] => {
    const to = from + step;
    return to >= 0 && to < 64 && isBeside(from, to) ? [to, ...ray(to, step)] : [];
  };
  const rays = squares.map((square) => directions.map((step) => ray(square, step)));
  /** Squares that the queen sees, with her own king in the way; the other king does not hide from her behind itself. */
  const reach = squares.flatMap((king) =>
    squares.map((queen) => {
      const seen = (rays[queen] ?? []).flatMap((one) => (one.includes(king) ? one.slice(0, one.indexOf(king)) : one));
      return new Set(seen);
    }),
  );
  const plies = new Map<number, number>();
  for (let ply = 0, isNew = true; isNew || ply % 2 === 1; ply++) {
    const white = ply % 2 === 1;
    isNew = false;
    for (const king of squares)
      for (const queen of squares) {
        const seen = reach[king * 64 + queen] ?? new Set();
        for (const bare of squares) {
          const key = keyOf(king, queen, bare, white);
          if (king === queen || king === bare || queen === bare || isBeside(king, bare) || plies.has(key)) continue;
          const isCheck = seen.has(bare);
          if (white) {
            const leads = (k: number, q: number): boolean => plies.get(keyOf(k, q, bare, false)) === ply - 1;
            const wins =
              [...seen].some((to) => leads(king, to)) ||
              (beside[king] ?? []).some((to) => to !== queen && !isBeside(to, bare) && leads(to, queen));
            if (isCheck || !wins) continue;
          } else {
            const moves = (beside[bare] ?? []).filter((to) =>
              to === queen ? !isBeside(king, queen) : !isBeside(king, to) && !seen.has(to),
            );
            // Taking the queen leaves the table, so it is never in it.
            const loses = moves.every((to) => to !== queen && (plies.get(keyOf(king, queen, to, true)) ?? ply) < ply);
            if (!loses || (moves.length === 0 && !isCheck)) continue;
          }
          plies.set(key, ply);
          isNew = true;
        }
      }
  }
  return plies;
}
