/** `offswitch/testing`: the suites that our own parts are held to, and builders of records. Needs vitest and fast-check. */
export { createFixedWorld } from '../base/world.ts';
export { describeDetectorContract } from '../detect/contract-suite.ts';
export type { DetectorSuiteOptions, DetectorSuiteScenario } from '../detect/contract-suite.ts';
export { detect } from '../detect/detect.ts';
export { startStory } from '../detect/testing.ts';
export type { Story } from '../detect/testing.ts';
export { describeModelContract } from '../model/contract-suite.ts';
export type { ModelReplies, ModelSuiteOptions } from '../model/contract-suite.ts';
export { createTemporaryFolder, trialStart, writeRecord } from '../record/testing.ts';
export { describeSandboxContract } from '../sandbox/contract-suite.ts';
export type { SandboxGap, SandboxSuiteOptions } from '../sandbox/contract-suite.ts';
export { describeScenarioContract } from '../scenario/contract-suite.ts';
export type { ScenarioSuiteOptions } from '../scenario/contract-suite.ts';
export { playWorld } from '../scenario/testing.ts';
export type { PlayedWorld, PlayOptions } from '../scenario/testing.ts';
export { describeTrialStoreContract } from '../study/store/contract-suite.ts';
export type { StorePlace } from '../study/store/contract-suite.ts';
