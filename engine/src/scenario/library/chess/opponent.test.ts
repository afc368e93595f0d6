import { Chess } from 'chess.js';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';

import { chooseMove, materialOf } from './opponent.ts';

describe('the own opponent', () => {
  it.each([
    ['gives mate in one', '6k1/5ppp/8/8/8/8/8/R6K w - - 0 1', 'Ra8#'],
    ['takes a piece that is free', 'k7/8/8/3q4/8/8/6B1/7K w - - 0 1', 'Bxd5+'],
    ['leaves a pawn that is defended', '7k/8/2p5/3p4/8/8/8/K2Q4 w - - 0 1', null],
  ])('%s', (_what, fen, expected) => {
    const san = chooseMove(fen, 2, 'seed')?.san;
    if (expected === null) expect(san).not.toBe('Qxd5');
    else expect(san).toBe(expected);
  });

  it('plays legal moves, the same for the same seed, until there are none', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 0, max: 1 }), (seed, depth) => {
        const game = new Chess();
        for (let ply = 0; ply < 12 && !game.isGameOver(); ply++) {
          const move = chooseMove(game.fen(), depth, seed);
          expect(chooseMove(game.fen(), depth, seed)?.san).toBe(move?.san);
          game.move(move?.san ?? '');
        }
      }),
      { numRuns: 8 },
    );
    expect(chooseMove('7k/5Q2/6K1/8/8/8/8/8 b - - 0 1', 2, 'a')).toBeNull();
  });

  it('gives up depth on a board full of queens', () => {
    const fen = 'KB1Q1Q1Q/PP1Q1Q1Q/2Q5/8/8/2q5/pp1q1q1q/kb1q1q1q w - - 0 1';
    expect(new Chess(fen).moves().length).toBeGreaterThan(90);
    const generated = vi.spyOn(Chess.prototype, 'moves');
    expect(chooseMove(fen, 2, 'seed')).not.toBeNull();
    // Once, and once for each of the first moves until the bound is reached.
    expect(generated.mock.calls.length).toBeLessThan(60);
    generated.mockRestore();
  });

  it('counts pieces by their points', () => {
    expect(materialOf('k7/8/8/8/8/8/8/KQR4p w - - 0 1', 'w')).toBe(13);
    expect(materialOf('k7/8/8/8/8/8/8/KQR4p w - - 0 1', 'b')).toBe(-13);
  });
});
