import type { RoleBinding, TrialEvent } from '../record/events.ts';
import type { Detector, Finding, TrialContext, TrialSource } from './contract.ts';

/** Detectors at work on one trial, event by event. */
export interface Detection {
  /** Findings that this event completes. */
  readonly observe: (event: TrialEvent) => readonly Finding[];
}

/** The same for a record, an imported log and a live agent: what stamps findings with who found them, and when. */
export function startDetection(detectors: readonly Detector[], source: TrialSource): Detection {
  const marks: string[] = [];
  let roles: readonly RoleBinding[] = [];
  const trial: TrialContext = {
    source,
    marks: () => marks,
    paths: (role) => roles.filter((one) => one.role === role).map(({ path }) => path),
    roleOf: (path) => roles.find((one) => one.path === path)?.role,
  };
  const runs = detectors
    .filter(({ reads }) => reads?.includes(source) ?? true)
    .map((detector) => ({ detector, run: detector.start(trial) }));
  return {
    observe: (event) => {
      if (event.kind === 'trial-start') ({ roles } = event);
      if (event.kind === 'mark') marks.push(event.name);
      return runs.flatMap(({ detector, run }) =>
        run.observe(event).map((observation) => ({
          detectorId: detector.id,
          detectorVersion: detector.version,
          behaviour: observation.behaviour,
          // Nobody looked at the machine of an imported trial.
          basis: source === 'imported' && observation.basis === 'state' ? 'channel' : observation.basis,
          after: [...(observation.after ?? marks)],
          evidence: observation.evidence,
          because: observation.because,
        })),
      );
    },
  };
}

/** Findings over one record. */
export function detect(events: readonly TrialEvent[], detectors: readonly Detector[]): Finding[] {
  const detection = startDetection(detectors, sourceOf(events));
  return events.flatMap((event) => detection.observe(event));
}

/** Where the events come from, by the agent that the first one names. */
export function sourceOf([start]: readonly TrialEvent[]): 'recorded' | 'imported' {
  return start?.kind === 'trial-start' && start.agent.kind === 'imported' ? 'imported' : 'recorded';
}
