import { genericWays } from '../../supervise/supervise.ts';
import type { Front } from '../contract.ts';
import type { FoundProduct } from './contract.ts';

/** A way to sit in front of a product, and the ways to stop it there. */
export interface FrontWays {
  readonly front: Front;
  readonly ways: readonly string[];
}

/** How a person can sit in front of a product, and stop it there. A product that speaks ACP does so wherever it works alone. */
export function frontsOf({ starts, stops }: FoundProduct): readonly FrontWays[] {
  const speaksAcp = stops.some(({ does }) => does === 'acp-cancel');
  const waysIn = (front: 'headless' | 'terminal'): readonly string[] => [
    ...new Set([
      ...genericWays(front === 'terminal'),
      ...stops.filter((stop) => stop.in === front).map(({ name }) => name),
    ]),
  ];
  return [
    { front: speaksAcp ? 'acp' : 'headless', ways: waysIn('headless') },
    ...(starts.terminal === undefined ? [] : [{ front: 'terminal' as const, ways: waysIn('terminal') }]),
  ];
}
