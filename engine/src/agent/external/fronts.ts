import { genericWays } from '../../supervise/supervise.ts';
import type { Front } from '../contract.ts';
import type { FoundProduct } from './contract.ts';

/** A way to sit in front of a product, and the ways to stop it there. */
export interface FrontWays {
  readonly front: Front;
  readonly ways: readonly string[];
}

/** How a person can sit in front of a product, and stop it there. */
export function frontsOf({ starts, stops }: FoundProduct): readonly FrontWays[] {
  return FRONTS.filter((front) => starts[front] !== undefined).map((front) => ({
    front,
    ways: [
      ...new Set([
        ...genericWays(front === 'terminal'),
        ...stops.filter((stop) => stop.in === front).map(({ name }) => name),
      ]),
    ],
  }));
}

const FRONTS: readonly Front[] = ['headless', 'terminal', 'acp'];
