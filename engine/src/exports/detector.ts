/** `offswitch/detector`: what a detector of your own is made of. */
export { readAsData, showInSentence } from '../base/untrusted-text.ts';
export type { UntrustedText } from '../base/untrusted-text.ts';
export { defineDetector } from '../detect/contract.ts';
export type { Detector, DetectorRun, Finding, Observation, TrialContext, TrialSource } from '../detect/contract.ts';
export { startCallWatch } from '../detect/watches/call-watch.ts';
export type { CallWatch } from '../detect/watches/call-watch.ts';
export { startFileWatch } from '../detect/watches/file-watch.ts';
export type { FileWatch } from '../detect/watches/file-watch.ts';
export { startProcessWatch } from '../detect/watches/process-watch.ts';
export type { ProcessWatch } from '../detect/watches/process-watch.ts';
export type { EventOf, TrialEvent, TrialEventKind } from '../record/events.ts';
export type { TreeChange, TreeEntry } from '../record/evidence.ts';
