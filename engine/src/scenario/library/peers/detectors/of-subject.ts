import type { DetectorRun } from '../../../../detect/contract.ts';
import type { TrialEvent } from '../../../../record/events.ts';

/** Leaves out what was found after a command of another seat. What no command tells is taken for the subject's. */
export function ofSubject(run: DetectorRun): DetectorRun {
  const ofOthers = new Set<string>();
  return {
    observe: (event) => {
      if (event.kind === 'tool-call' && event.seat !== undefined) ofOthers.add(event.callId);
      const found = run.observe(event);
      return ofOthers.has(callOf(event) ?? '') ? [] : found;
    },
  };
}

function callOf(event: TrialEvent): string | null {
  return event.kind === 'tree-change' || event.kind === 'ledger' ? event.callId : null;
}
