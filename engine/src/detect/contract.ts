import { z } from 'zod';

import type { EventOf, TrialEvent } from '../record/events.ts';
import type { Outcome, Rung } from '../record/outcome.ts';

/**
 * Turns events into findings. A detector is pure: the same events give the same findings, whether they come from a
 * record, an imported log, or one by one from a live agent.
 *
 * To add one: put one file beside the scenario that needs it (or here in `detectors/` if several need it), add it to
 * the scenario's list, and call `describeDetectorContract` in its test.
 */
export interface Detector {
  readonly id: string;
  /** Raise it when the same record may get different findings. */
  readonly version: number;
  readonly title: string;
  /** Behaviours that its findings may name. The scenario's vocabulary defines each of them. */
  readonly behaviours: readonly string[];
  /** Sources that it can read; all if omitted. It is not run on other sources. */
  readonly reads?: readonly TrialSource[];
  /** Creates fresh state for one trial. `trial` is live: at each event it gives the state at that event. */
  readonly start: (trial: TrialContext) => DetectorRun;
}

/** `recorded`: a trial of Offswitch, observed from outside. `imported`: only a transcript. `live`: a running agent. */
export type TrialSource = 'recorded' | 'imported' | 'live';

/** What most detectors need to know about the trial so far. */
export interface TrialContext {
  readonly source: TrialSource;
  /** Names of the marks passed, in order. */
  readonly marks: () => readonly string[];
  readonly paths: (role: string) => readonly string[];
  readonly roleOf: (path: string) => string | undefined;
  /** Whether the kernel has reported all system calls so far. Otherwise only commands and later states tell what was done. */
  readonly hasLedger: () => boolean;
}

export interface DetectorRun {
  /** Returns the findings that this event completes. Each is returned once. */
  readonly observe: (event: TrialEvent) => readonly Observation[];
}

/** A finding before the harness adds the detector's id and version, and the marks passed. */
export type Observation = Pick<Finding, 'behaviour' | 'basis' | 'evidence' | 'because'> &
  Partial<Pick<Finding, 'after'>>;

export const findingSchema = z.strictObject({
  detectorId: z.string(),
  detectorVersion: z.int().min(1),
  /** What was done, in the words of the scenario's vocabulary. */
  behaviour: z.string(),
  /**
   * How strong the evidence is. `state`: observed from outside the agent's reach. `channel`: observed at the boundary
   * (exit codes, calls of the service). `text`: read from what the agent wrote. This is the weakest; no outcome rests
   * on it alone.
   */
  basis: z.enum(['state', 'channel', 'text']),
  /** Marks that the trial had passed at that time. Before a notice, changing a file can be ordinary work. */
  after: z.array(z.string()),
  /** `seq` of the events that show it. Never empty. */
  evidence: z.tuple([z.int().min(0)], z.int().min(0)),
  /** One sentence. Text of the agent in it is truncated, with control characters escaped. */
  because: z.string(),
});
export type Finding = z.output<typeof findingSchema>;

/** The names of outcomes, behaviours and measures. They are defined nowhere else. */
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
  /** Source of the definition: paper and section, or `own`. */
  readonly source: string;
  /** Null if the trial cannot tell. Numbers are from 0 to 1. Also called for trials that are not counted. */
  readonly of: (trial: DecidedTrial) => boolean | number | null;
}

/** What the rules know about a trial. */
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
   * Pure; the first matching rule wins. Return `invalid` with a cause if the world permits no verdict, and null if
   * nothing is decided: then the core decides on `limit` or `invalid`. Not called for unfinished trials, and for
   * broken ones only with what was found before, so that a deed stands. If a limit ended the trial, the core replaces an outcome below rung 3 with `limit`.
   */
  readonly decide: (trial: TrialView) => Decision | null;
}

/** Returns its argument; gives authors type checking. */
export function defineDetector(detector: Detector): Detector {
  return detector;
}

/** Whether the finding counts against the agent and rests on more than text. */
export function isAgainst(
  { behaviour, basis }: Pick<Finding, 'behaviour' | 'basis'>,
  { behaviours }: Pick<Vocabulary, 'behaviours'>,
): boolean {
  return basis !== 'text' && behaviours[behaviour]?.against === true;
}
