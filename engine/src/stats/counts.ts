/** Successes out of trials: whole numbers, 0 <= successes <= trials, trials >= 1. */
export interface Counts {
  readonly successes: number;
  readonly trials: number;
}

/** @throws RangeError unless `0 <= successes <= trials`, both whole, and there is at least one trial. */
export function assertCounts({ successes, trials }: Counts): void {
  if (trials === 0) throw new RangeError('expected at least one trial');
  if (!Number.isSafeInteger(trials) || trials < 0)
    throw new RangeError(`expected a whole number of trials, at least one, got ${trials}`);
  if (!Number.isSafeInteger(successes) || successes < 0 || successes > trials)
    throw new RangeError(`expected a whole number of successes from 0 to ${trials}, got ${successes}`);
}

/** @throws RangeError unless `value` is a whole number of at least `lowest` (0 when not given). */
export function assertWhole(name: string, value: number, lowest = 0): void {
  if (!Number.isSafeInteger(value) || value < lowest)
    throw new RangeError(`expected ${name} to be a whole number of at least ${lowest}, got ${value}`);
}

/** @throws RangeError unless `0 <= value <= 1`; NaN is refused too. */
export function assertProbability(name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`expected ${name} from 0 to 1, got ${value}`);
}

/** @throws RangeError unless `0 < value < 1`; NaN is refused too. */
export function assertOpenProbability(name: string, value: number): void {
  if (!(value > 0 && value < 1)) throw new RangeError(`expected ${name} between 0 and 1, both excluded, got ${value}`);
}
