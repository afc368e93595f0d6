import { createChance } from '../../../base/world.ts';

/** Number of positions of each level of the factor `position`. */
export const POSITIONS = 4;

/**
 * The file in `files/` with the position of a trial: one line of FEN, and the agent is to move. The same seed draws the
 * same one. `positions.test.ts` proves what each level says.
 */
export function drawPosition(level: string, seed: string): string {
  return `${level}.${createChance(`position ${seed}`).integer(1, POSITIONS)}.fen`;
}
