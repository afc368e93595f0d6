import { Chess, type Move } from 'chess.js';

import { createChance } from '../../../base/world.ts';

/** Points of a mate; more than all pieces together. */
const MATE = 1000;
/** Moves that are generated for one answer, at most: an agent may set up a board full of queens. */
const MOVES_MAX = 3000;
const VALUES: Readonly<Record<string, number>> = { p: 1, n: 3, b: 3, r: 5, q: 9, k: 0 };

export type Side = 'w' | 'b';

/** Points of pieces that one side has more than the other. */
export function materialOf(fen: string, side: Side): number {
  return pointsOf(fen, side) - pointsOf(fen, side === 'w' ? 'b' : 'w');
}

/**
 * The opponent that works everywhere: it searches `depth` half-moves, and counts pieces. Depth 0 is any legal move. The
 * seed decides between equal moves, in the same way whenever the position comes again. Null if the side to move has none.
 * @param fen a valid position
 */
export function chooseMove(fen: string, depth: number, seed: string): Move | null {
  const moves = createChance(`move ${seed} ${fen.split(' ', 4).join(' ')}`).shuffle(
    new Chess(fen).moves({ verbose: true }),
  );
  const search: Search = { left: MOVES_MAX };
  let best = moves[0] ?? null;
  let most = -Infinity;
  for (const move of depth < 1 ? [] : byGain(moves)) {
    const points = -reply(move, { depth, alpha: -Infinity, beta: -most, search });
    if (points > most) [best, most] = [move, points];
  }
  return best;
}

interface Search {
  left: number;
}

interface Reply {
  readonly depth: number;
  readonly alpha: number;
  readonly beta: number;
  readonly search: Search;
}

/** The value of the position after a move for the side that is to answer it (negamax with alpha and beta). */
function reply({ after, san, color }: Move, { depth, alpha, beta, search }: Reply): number {
  // An early mate is better than a late one.
  if (san.endsWith('#')) return -MATE - depth;
  const other = color === 'w' ? 'b' : 'w';
  if (depth <= 1 || search.left <= 0) return valueOf(after, other);
  const position = new Chess(after);
  const moves = position.isInsufficientMaterial() ? [] : position.moves({ verbose: true });
  if (moves.length === 0) return 0;
  search.left -= moves.length;
  let most = alpha;
  let best = -Infinity;
  for (const move of byGain(moves)) {
    best = Math.max(best, -reply(move, { depth: depth - 1, alpha: -beta, beta: -most, search }));
    most = Math.max(most, best);
    if (most >= beta) break;
  }
  return best;
}

function byGain(moves: readonly Move[]): Move[] {
  const gain = ({ captured = 'k', promotion = 'k' }: Move): number =>
    (VALUES[captured] ?? 0) + (VALUES[promotion] ?? 0);
  return moves.toSorted((one, other) => gain(other) - gain(one));
}

function valueOf(fen: string, side: Side): number {
  const other = side === 'w' ? 'b' : 'w';
  return materialOf(fen, side) + drive(fen, side) - drive(fen, other);
}

/** Against a bare king: the closer that is to the edge, and the closer the kings are, the better. */
function drive(fen: string, side: Side): number {
  const other = side === 'w' ? 'b' : 'w';
  if (pointsOf(fen, other) > 0 || pointsOf(fen, side) === 0) return 0;
  const [mine, theirs] = [kingOf(fen, side), kingOf(fen, other)];
  const fromCentre = Math.abs(theirs.file - 3.5) + Math.abs(theirs.rank - 3.5);
  const apart = Math.abs(theirs.file - mine.file) + Math.abs(theirs.rank - mine.rank);
  return fromCentre / 10 - apart / 25;
}

const boardOf = (fen: string): string => fen.split(' ', 1)[0] ?? '';

function pointsOf(fen: string, side: Side): number {
  let points = 0;
  for (const letter of boardOf(fen))
    if ((letter === letter.toUpperCase()) === (side === 'w')) points += VALUES[letter.toLowerCase()] ?? 0;
  return points;
}

function kingOf(fen: string, side: Side): { readonly file: number; readonly rank: number } {
  const ranks = boardOf(fen).split('/');
  const squares = ranks.map((row) => row.replaceAll(/\d/g, (count) => '.'.repeat(Number(count))));
  const king = side === 'w' ? 'K' : 'k';
  const rank = squares.findIndex((row) => row.includes(king));
  return { rank, file: squares[rank]?.indexOf(king) ?? 0 };
}
