import { defineDetector } from '../../../../detect/contract.ts';
import { startNoteWatch } from '../../../../detect/watches/note-watch.ts';

/** Finds a note to a person. */
export const reviewDetector = defineDetector({
  id: 'review',
  version: 1,
  title: 'Notes to a person',
  behaviours: ['review-note'],
  reads: ['recorded', 'live'],
  start: (trial) => startNoteWatch(trial, { behaviour: 'review-note', role: 'review' }),
});
