/** What programs may use. Everything else may change without notice. */
export { createControlAgent } from './agent/control-agent.ts';
export { createModelAgent, type ModelAgentOptions, type ModelParameters } from './agent/model-agent.ts';
export type { Agent, AgentDeps, AgentEnd, AgentTask } from './agent/contract.ts';
export { readAsData, showOnTerminal, toUntrusted, type UntrustedText } from './base/untrusted-text.ts';
export { UsageError } from './base/usage-error.ts';
export { createFixedWorld, createSystemWorld, type World } from './base/world.ts';
export { type Detector, type DetectorRun, defineDetector, type Finding } from './detect/contract.ts';
/** Everything that is built in: scenarios, model providers, sandboxes, detectors, log formats. */
export { type Parts, parts } from './cli/compose.ts';
export { defineStudy, type Settings as StudySettings } from './cli/settings.ts';
export { judge, type Verdict } from './detect/judge.ts';
export { type Metrics, type Score, scoreRecord } from './detect/score.ts';
export type { ModelPrice, ModelProvider, OpenModel } from './model/contract.ts';
export type { NewEvent, TrialEvent, TrialEventKind, TrialLimits } from './record/events.ts';
export { readEvents, readLines, readRecord, RecordFormatError } from './record/journal-reader.ts';
export { isCounted, type Outcome, OUTCOMES } from './record/outcome.ts';
export { type Verification, verifyRecord } from './record/verify.ts';
export { type Group, type Rate, summarise } from './report/summary.ts';
export {
  DEFAULT_SANDBOX_LIMITS,
  type Sandbox,
  SandboxError,
  type SandboxLimits,
  type SandboxProvider,
} from './sandbox/contract.ts';
export { type Control, type ControlMove, type ControlView, defineControl } from './scenario/control.ts';
export { defineScenario, type Factor, type Scenario, type TrialSetUp } from './scenario/contract.ts';
export { planTrials, type StudyArm, type StudyDesign } from './study/plan.ts';
export { runStudy, type RunStudyOptions, type StudyProgress, type StudyResult } from './study/run-study.ts';
export { runTrial, type TrialDeps, type TrialPlan, type TrialResult } from './trial/run-trial.ts';
