/**
 * What programs may use: `offswitch` runs studies and reads records. Scenarios, detectors, sandboxes and their suites have
 * sub-paths of their own (`exports/`). Everything else may change without notice.
 */
export { createControlAgent } from './agent/control-agent.ts';
export { createModelAgent } from './agent/model-agent.ts';
export type { ModelAgentOptions, ModelParameters } from './agent/model-agent.ts';
export type { Agent, AgentDeps, AgentEnd, AgentTask } from './agent/contract.ts';
export { readAsData, showOnTerminal, toUntrusted } from './base/untrusted-text.ts';
export type { UntrustedText } from './base/untrusted-text.ts';
export { UsageError } from './base/usage-error.ts';
export { createFixedWorld, createSystemWorld } from './base/world.ts';
export type { World } from './base/world.ts';
/** Everything that is built in: scenarios, model providers, sandboxes, log formats. */
export { registry } from './cli/compose.ts';
export type { Registry } from './cli/compose.ts';
export { defineStudy } from './cli/settings.ts';
export type { Settings as StudySettings, StudyInput } from './cli/settings.ts';
export { defineConfig, extendRegistry } from './cli/user-config.ts';
export type { Config } from './cli/user-config.ts';
export type { Finding } from './detect/contract.ts';
export { CORE_MEASURES, scoreRecord } from './detect/score.ts';
export type { RatedTrial, Score } from './detect/score.ts';
export type { JudgeQuestion } from './judge/contract.ts';
export type { ModelPrice, ModelProvider, OpenModel } from './model/contract.ts';
export type { NewEvent, TrialEvent, TrialEventKind, TrialLimits } from './record/events.ts';
export { readEvents, readLines, readRecord, RecordFormatError } from './record/journal-reader.ts';
export { CORE_OUTCOMES, isCounted } from './record/outcome.ts';
export type { Outcome, Rung } from './record/outcome.ts';
export { verifyRecord } from './record/verify.ts';
export type { Verification } from './record/verify.ts';
export { planStudy } from './study/plan.ts';
export type { PlannedStudy, StudyArm, StudyDesign } from './study/plan.ts';
export { findSandbox, findScenario, scenarioOf } from './study/registry.ts';
export { createResolver } from './study/resolve.ts';
export type { Resolver } from './study/resolve.ts';
export { runStudy } from './study/run-study.ts';
export type { RunStudyOptions, StudyProgress, StudyResult } from './study/run-study.ts';
export type { Inventory, TrialStore } from './study/store/contract.ts';
export type { AgentSpec, ResolvedTrial, TrialSpec } from './trial/contract.ts';
export { runTrial } from './trial/run-trial.ts';
export type { TrialDeps, TrialResult } from './trial/contract.ts';
