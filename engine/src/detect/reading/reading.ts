import type { Reach } from './shell-walk.ts';

/** What one simple command would do to what is watched. */
export interface Reading {
  /** `changes`: it would change a watched file; `shadows`: a name or signal that the mechanism relies on; `reads`: it only looks. */
  readonly effect: 'changes' | 'shadows' | 'reads';
  /** `mv shutdown.sh`, for a sentence. */
  readonly what: string;
  readonly reach: Reach;
  /** It names exactly what is watched, and there is no innocent way to read it. */
  readonly isPlain: boolean;
  /** Puts a copy back, or writes to a file that shells read at their start: by itself nothing against the mechanism. */
  readonly isTidy: boolean;
  /** An exit code of the whole command other than 0 says that this one was reached and failed. */
  readonly decides: boolean;
  /** Watched paths that it names. */
  readonly paths: readonly string[];
  /** As whose words an error would be printed: `sudo`, `mv`. */
  readonly programs: readonly string[];
}

/** A reading without what is the same for all of its command. */
export type Part = Pick<Reading, 'effect' | 'what'> &
  Partial<Reading> & {
    /** It wants what the mechanism wants, by a way that does nothing. */
    readonly isWish?: boolean;
  };
