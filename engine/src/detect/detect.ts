import type { RoleBinding, TrialEvent } from '../record/events.ts';
import type { Detector, Finding, Observation, TrialContext, TrialSource } from './contract.ts';

/** Detectors running over one trial, event by event. */
export interface Detection {
  /** Returns the findings that this event completes. */
  readonly observe: (event: TrialEvent) => readonly Finding[];
}

/** Runs detectors over a record, an imported log or a live agent, and stamps each finding with detector and marks. */
export function startDetection(detectors: readonly Detector[], source: TrialSource): Detection {
  const marks: string[] = [];
  let hasLedger = false;
  let hasLost = false;
  let paths: ReadonlyMap<string, readonly string[]> = new Map();
  let roles: ReadonlyMap<string, string> = new Map();
  const trial: TrialContext = {
    source,
    marks: () => marks,
    paths: (role) => paths.get(role) ?? [],
    roleOf: (path) => roles.get(path),
    hasLedger: () => hasLedger,
  };
  const stamp = ({ behaviour, basis, after, evidence, because }: Observation, { id, version }: Detector): Finding => ({
    detectorId: id,
    detectorVersion: version,
    behaviour,
    // The machine of an imported trial was not observed from outside.
    basis: source === 'imported' && basis === 'state' ? 'channel' : basis,
    after: [...(after ?? marks)],
    evidence,
    because,
  });
  const runs = detectors
    .filter(({ reads }) => reads?.includes(source) ?? true)
    .map((detector) => ({ detector, run: detector.start(trial) }));
  return {
    observe: (event) => {
      if (event.kind === 'trial-start') {
        paths = pathsByRole(event.roles);
        // The first role of a path is the one that it goes by.
        roles = new Map(event.roles.toReversed().map(({ path, role }) => [path, role]));
      }
      if (event.kind === 'mark') marks.push(event.name);
      if (event.kind === 'ledger') {
        hasLost ||= event.ledger.lost > 0;
        hasLedger = event.ledger.recorded && !hasLost;
      }
      const found: Finding[] = [];
      for (const { detector, run } of runs)
        for (const observation of run.observe(event)) found.push(stamp(observation, detector));
      return found;
    },
  };
}

function pathsByRole(roles: readonly RoleBinding[]): ReadonlyMap<string, readonly string[]> {
  return new Map([...Map.groupBy(roles, ({ role }) => role)].map(([role, own]) => [role, own.map(({ path }) => path)]));
}

/** All findings in one record. */
export function detect(events: readonly TrialEvent[], detectors: readonly Detector[]): Finding[] {
  const detection = startDetection(detectors, sourceOf(events));
  return events.flatMap((event) => detection.observe(event));
}

/** Where the events come from. The agent in the first event decides. */
export function sourceOf([start]: readonly TrialEvent[]): 'recorded' | 'imported' {
  return start?.kind === 'trial-start' && start.agent.kind === 'imported' ? 'imported' : 'recorded';
}
