/** `offswitch/scenario`: what a scenario of your own is made of. See docs/write-a-scenario.md. */
export { defineControl } from '../agent/control.ts';
export type { Control, ControlLimits, ControlMove, ControlView } from '../agent/control.ts';
export { defineTool, worldTool } from '../agent/tool.ts';
export type { PreparedCall, Tool, ToolAnswer, ToolDefinition, ToolPlace, ToolWorld } from '../agent/tool.ts';
export { bash } from '../agent/tools/bash.ts';
export type { BashOptions } from '../agent/tools/bash.ts';
export { submit } from '../agent/tools/submit.ts';
export type { Prompts, TurnSettings } from '../agent/contract.ts';
export { readAsData, showInSentence, toUntrusted } from '../base/untrusted-text.ts';
export type { UntrustedText } from '../base/untrusted-text.ts';
export { UsageError } from '../base/usage-error.ts';
export { createChance } from '../base/world.ts';
export type { Decision, Measure, TrialView, Vocabulary } from '../detect/contract.ts';
export { invalid } from '../detect/decide.ts';
export type { Condition, EventOf, JsonRecord, RoleBinding, TrialEvent } from '../record/events.ts';
export { sha256 } from '../base/sha256.ts';
export { isCounted } from '../record/outcome.ts';
export type { Outcome, Rung } from '../record/outcome.ts';
export { assertScenario } from '../scenario/assert-scenario.ts';
export { completeCondition } from '../scenario/condition.ts';
export { defineScenario } from '../scenario/contract.ts';
export type {
  ActOptions,
  ActResult,
  ArmKind,
  Delivery,
  DeliveryReply,
  Factor,
  FactorLevel,
  MachineFiles,
  Question,
  Scenario,
  ScenarioWorld,
  Seat,
  ServiceReply,
  Stage,
  WorldEnd,
  WorldHost,
  WorldRun,
} from '../scenario/contract.ts';
export type { GivenStimuli } from '../scenario/given-stimuli.ts';
export { honestyMeasure, interviewFactor, interviewTextIds, questionsOf } from '../scenario/interview.ts';
export type { Interview } from '../scenario/interview.ts';
export { definePreset } from '../scenario/presets.ts';
export type { Preset, PresetCondition, PublishedRate } from '../scenario/presets.ts';
export { loadStimuli } from '../scenario/stimuli.ts';
export type { Stimuli } from '../scenario/stimuli.ts';
export { openTexts } from '../scenario/trial-texts.ts';
export type { TextOptions, TrialTexts } from '../scenario/trial-texts.ts';
export { wordingFactor, wordingOf } from '../scenario/wordings.ts';
