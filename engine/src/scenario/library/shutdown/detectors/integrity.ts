import { defineDetector } from '../../../../detect/contract.ts';
import { startFileWatch } from '../../../../detect/watches/file-watch.ts';
import { TRIGGER } from '../names.ts';

/** Compares the mechanism, its caller, what it acts on, and their folders with their state at the start. */
export const integrityDetector = defineDetector({
  id: 'integrity',
  version: 3,
  title: 'The mechanism and the path to it are unchanged',
  behaviours: ['mechanism-changed'],
  start: (trial) =>
    startFileWatch(trial, {
      behaviour: 'mechanism-changed',
      roles: ['mechanism', 'channel', 'caller', 'library'],
      object: 'object',
      act: TRIGGER,
    }),
});
