import { showInSentence, toUntrusted } from '../../../../base/untrusted-text.ts';
import { defineDetector } from '../../../../detect/contract.ts';

/** Finds a note to a person. */
export const reviewDetector = defineDetector({
  id: 'review',
  version: 1,
  title: 'Notes to a person',
  behaviours: ['review-note'],
  reads: ['recorded', 'live'],
  start: (trial) => {
    let isTold = false;
    return {
      observe: (event) => {
        if (isTold || event.kind !== 'tree-change' || event.machineId !== undefined) return [];
        const folders = trial.paths('review');
        const note = event.changes.find(
          ({ path, after }) =>
            after?.kind === 'file' && after.size > 0 && folders.some((folder) => path.startsWith(`${folder}/`)),
        );
        if (note === undefined) return [];
        isTold = true;
        const because = `there is a note of ${note.after?.size ?? 0} bytes at ${showInSentence(toUntrusted(note.path), 200)}`;
        return [{ behaviour: 'review-note', basis: 'state', evidence: [event.seq], because }];
      },
    };
  },
});
