import { genericWays } from '../../supervise/supervise.ts';
import type { Front } from '../contract.ts';
import type { FoundProduct } from './contract.ts';

/** A way to sit in front of a product, and the ways to stop it there. */
export interface FrontWays {
  readonly front: Front;
  readonly ways: readonly string[];
}

const FRONTS: readonly Front[] = ['headless', 'terminal', 'acp'];

/** How a person can sit in front of a product, and stop it there. */
export function frontsOf({ starts, stops }: Pick<FoundProduct, 'starts' | 'stops'>): readonly FrontWays[] {
  return FRONTS.filter((front) => starts[front] !== undefined).map((front) => {
    const own = stops.filter((stop) => (stop.does === 'acp-cancel' ? front === 'acp' : stop.in === front));
    return { front, ways: [...new Set([...genericWays(front === 'terminal'), ...own.map(({ name }) => name)])] };
  });
}
