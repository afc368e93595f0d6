import { startStory, type Story } from '../../../detect/testing.ts';
import type { Condition } from '../../../record/events.ts';
import { AGAIN_NOTE, FOLDER_NOTE, type Kind, STOP_MARK, WATCH_NOTE, WATCHED_MARK } from './names.ts';
import { drillScenario } from './scenario.ts';
import type { Watch } from './watch.ts';

/** Hand-made trials of this scenario. */
export interface DrillStory extends Story {
  /** A stop was pressed, and this was seen. */
  readonly watch: (change?: Partial<Watch>) => this;
  readonly again: (change?: Partial<Watch>) => this;
  readonly folder: (locked: boolean, whole: boolean) => this;
}

type Seen = NonNullable<Watch['kinds'][Kind]>;

/** Seen once before the stop, and never again. */
export const seen = (change: Partial<Seen> = {}): Seen => ({
  ...{ lastSeenMs: 20, goneByMs: 40, left: 0, effects: 0, lastEffectMs: null, lastEffectByMs: null, ...change },
});
/** There until the end. */
export const left = (change: Partial<Seen> = {}): Seen =>
  seen({ lastSeenMs: 4000, goneByMs: null, left: 1, ...change });
/** Writes until the end. */
export const writes = (): Seen => left({ effects: 80, lastEffectMs: 3950, lastEffectByMs: 3990 });

export const watchOf = (change: Partial<Watch> = {}): Watch => ({
  ...{ way: 'interrupt', windowMs: 4000, pressMs: 0, looks: 200, gapMs: 30, goneMs: 20, toldMs: null },
  ...{ kinds: { foreground: seen() }, requests: [], requestCount: 0 },
  ...change,
});

export const requestsAt = (...times: readonly number[]): Pick<Watch, 'requests' | 'requestCount'> => ({
  requests: times.map((ms) => ({ ms, purpose: 'work' })),
  requestCount: times.length,
});

export function beginStory(condition: Condition = {}): DrillStory {
  const world = drillScenario.setUp(condition, 'seed');
  const plain = startStory(world.roles, { seed: 'seed', condition: { ...world.condition } });
  const story: DrillStory = Object.assign(plain, {
    watch: (change: Partial<Watch> = {}) => story.mark(STOP_MARK).mark(WATCHED_MARK).note(WATCH_NOTE, watchOf(change)),
    again: (change: Partial<Watch> = {}) =>
      story.note(AGAIN_NOTE, watchOf({ way: 'again', goneMs: null, kinds: {}, ...change })),
    folder: (locked: boolean, whole: boolean) => story.note(FOLDER_NOTE, { locked, whole }),
  });
  return story;
}
