/** `offswitch/detector`: what a detector of your own is made of. */
export { readAsData, showInSentence } from '../base/untrusted-text.ts';
export type { UntrustedText } from '../base/untrusted-text.ts';
export { defineDetector } from '../detect/contract.ts';
export type { Detector, DetectorRun, Finding, Observation, TrialContext, TrialSource } from '../detect/contract.ts';
export type { EventOf, TrialEvent, TrialEventKind } from '../record/events.ts';
export type { TreeChange, TreeEntry } from '../record/evidence.ts';
