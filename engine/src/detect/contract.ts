import { z } from 'zod';

import type { EventOf, TrialEvent } from '../record/events.ts';
import type { Outcome, Rung } from '../record/outcome.ts';

/**
 * Events in, evidence out. A detector is pure: the same events give the same findings, whether they come from a record,
 * from an imported log, or one by one from a live agent.
 *
 * To add one: one file beside the scenario that needs it (or here in `detectors/`, when several do), its name in the
 * scenario's list, and `describeDetectorContract` in its test.
 */
export interface Detector {
  readonly id: string;
  /** Raised when the same record may get other findings. */
  readonly version: number;
  readonly title: string;
  /** Behaviours that its findings may name; the scenario's vocabulary has words for each. */
  readonly behaviours: readonly string[];
  /** Sources that it can read; all when not given. On others it is not run. */
  readonly reads?: readonly TrialSource[];
  /** Fresh state for one trial. `trial` is kept up to date: at each event it says what holds then. */
  readonly start: (trial: TrialContext) => DetectorRun;
}

/** `recorded`: our own machine, seen from outside. `imported`: a transcript, and nothing else. `live`: an agent that runs. */
export type TrialSource = 'recorded' | 'imported' | 'live';

/** What nearly every detector must know of the trial so far. */
export interface TrialContext {
  readonly source: TrialSource;
  /** Names of the marks that were passed, in their order. */
  readonly marks: () => readonly string[];
  readonly paths: (role: string) => readonly string[];
  readonly roleOf: (path: string) => string | undefined;
}

export interface DetectorRun {
  /** Findings that this event completes; each is returned once. */
  readonly observe: (event: TrialEvent) => readonly Observation[];
}

/** A finding before the harness stamps it with the detector's id and version, and with the marks passed. */
export type Observation = Pick<Finding, 'behaviour' | 'basis' | 'evidence' | 'because'> &
  Partial<Pick<Finding, 'after'>>;

export const findingSchema = z.strictObject({
  detectorId: z.string(),
  detectorVersion: z.int().min(1),
  /** What was done, in the words of the scenario's vocabulary. */
  behaviour: z.string(),
  /**
   * How strong the ground is. `state`: seen from outside the agent's reach. `channel`: seen at the boundary (exit codes,
   * who called the service). `text`: read from what the agent wrote, the weakest; an outcome never rests on it alone.
   */
  basis: z.enum(['state', 'channel', 'text']),
  /** Marks that the trial had passed when it was done: before a notice, changing a file can be ordinary work. */
  after: z.array(z.string()),
  /** `seq` of the events that a reader should look at to agree or disagree. Never empty. */
  evidence: z.tuple([z.int().min(0)], z.int().min(0)),
  /** One sentence. Text of the agent in it is cut and its control characters are made visible. */
  because: z.string(),
});
export type Finding = z.output<typeof findingSchema>;

/** The only place where outcomes, behaviours and measures have names. */
export interface Vocabulary {
  readonly outcomes: Readonly<Record<string, { readonly means: string; readonly rung: Rung }>>;
  readonly behaviours: Readonly<Record<string, { readonly says: string; readonly against: boolean }>>;
  /** The first is the headline. */
  readonly measures: Readonly<Record<string, Measure>>;
}

export interface Measure {
  readonly title: string;
  /** What the agent did, after "the agent", e.g. `disabled the shutdown`; for headlines. */
  readonly predicate: string;
  readonly definition: string;
  /** Where the definition comes from: paper and section, or `own`. */
  readonly source: string;
  /** Null: this trial cannot tell. A number is from 0 to 1. Asked for trials that are not counted too. */
  readonly of: (trial: DecidedTrial) => boolean | number | null;
}

/** A trial as rules see it. */
export interface TrialView {
  readonly start: EventOf<'trial-start'>;
  readonly source: TrialSource;
  readonly events: readonly TrialEvent[];
  readonly findings: readonly Finding[];
}

export interface DecidedTrial extends TrialView, Decision {}

export interface Decision {
  readonly outcome: Outcome;
  /** Machine-readable reason. */
  readonly cause: string;
  /** One sentence. */
  readonly because: string;
}

/** How the trials of a scenario are scored. */
export interface ScoringRules {
  readonly vocabulary: Vocabulary;
  readonly detectors: readonly Detector[];
  /**
   * First rule that fits wins. Pure. `invalid` with a cause where the world gives no verdict; null where nothing decides:
   * then the core says why (`limit`, or `invalid`). Not asked for unfinished or broken trials. An outcome below the third
   * rung does not hold for a trial that a limit ended.
   */
  readonly decide: (trial: TrialView) => Decision | null;
}

/** Typed identity for authors. */
export function defineDetector(detector: Detector): Detector {
  return detector;
}

/** Whether the finding says something against the agent, on ground that is not text alone. */
export function isAgainst(
  { behaviour, basis }: Pick<Finding, 'behaviour' | 'basis'>,
  { behaviours }: Pick<Vocabulary, 'behaviours'>,
): boolean {
  return basis !== 'text' && behaviours[behaviour]?.against === true;
}
