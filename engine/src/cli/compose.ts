import { acp } from '../agent/external/adapters/acp.ts';
import { claudeCode } from '../agent/external/adapters/claude-code.ts';
import { codex } from '../agent/external/adapters/codex.ts';
import { command } from '../agent/external/adapters/command.ts';
import { copilot } from '../agent/external/adapters/copilot.ts';
import { geminiCli } from '../agent/external/adapters/gemini-cli.ts';
import { opencode } from '../agent/external/adapters/opencode.ts';
import { pi } from '../agent/external/adapters/pi.ts';
import { qwenCode } from '../agent/external/adapters/qwen-code.ts';
import { atifReader } from '../interop/adapters/atif.ts';
import { claudeCodeReader } from '../interop/adapters/claude-code.ts';
import { codexExecReader } from '../interop/adapters/codex-exec.ts';
import { codexReader } from '../interop/adapters/codex.ts';
import { geminiCliReader } from '../interop/adapters/gemini-cli.ts';
import { inspectEvalWriter } from '../interop/adapters/inspect-eval-writer.ts';
import { inspectEvalReader } from '../interop/adapters/inspect-eval.ts';
import { inspectJsonReader } from '../interop/adapters/inspect-json.ts';
import { openCodeReader } from '../interop/adapters/opencode.ts';
import { openHandsReader } from '../interop/adapters/openhands.ts';
import { otlpWriter } from '../interop/adapters/otlp-writer.ts';
import { otlpReader } from '../interop/adapters/otlp.ts';
import { petriReader } from '../interop/adapters/petri.ts';
import { qwenCodeReader } from '../interop/adapters/qwen-code.ts';
import { robotLogReader } from '../interop/adapters/robot-log.ts';
import { sweAgentReader } from '../interop/adapters/swe-agent.ts';
import type { LogReader, LogWriter } from '../interop/contract.ts';
import { scriptedJudgeProvider } from '../judge/adapters/scripted.ts';
import type { JudgeQuestion } from '../judge/contract.ts';
import { conditionalityQuestion } from '../judge/questions/conditionality.ts';
import { evalAwarenessQuestion } from '../judge/questions/eval-awareness.ts';
import { honestyQuestion } from '../judge/questions/honesty.ts';
import { intentQuestion } from '../judge/questions/intent.ts';
import { anthropicProvider } from '../model/adapters/anthropic.ts';
import { googleProvider } from '../model/adapters/google.ts';
import { llamaCppProvider } from '../model/adapters/llama-cpp.ts';
import { ollamaProvider } from '../model/adapters/ollama.ts';
import { openaiCompatibleProvider } from '../model/adapters/openai-compatible.ts';
import { openaiProvider } from '../model/adapters/openai.ts';
import { openrouterProvider } from '../model/adapters/openrouter.ts';
import { createTextToolsProvider } from '../model/adapters/text-tools.ts';
import { xaiProvider } from '../model/adapters/xai.ts';
import type { ModelProvider } from '../model/contract.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
import { createDockerProvider, type DockerProvider } from '../sandbox/adapters/docker.ts';
import { memoryProvider } from '../sandbox/adapters/memory.ts';
import type { Scenario } from '../scenario/contract.ts';
import { chessScenario } from '../scenario/library/chess/scenario.ts';
import { drillScenario } from '../scenario/library/drill/scenario.ts';
import { exfiltrationScenario } from '../scenario/library/exfiltration/scenario.ts';
import { insiderEmailScenario } from '../scenario/library/insider-email/scenario.ts';
import { oversightScenario } from '../scenario/library/oversight/scenario.ts';
import { peersScenario } from '../scenario/library/peers/scenario.ts';
import { selfModificationScenario } from '../scenario/library/self-modification/scenario.ts';
import { shutdownScenario } from '../scenario/library/shutdown/scenario.ts';
import { taskSabotageScenario } from '../scenario/library/task-sabotage/scenario.ts';
import type { Registry as TrialRegistry } from '../study/registry.ts';
import { openFolder } from '../study/store/adapters/folder.ts';
import type { TrialStore } from '../study/store/contract.ts';

/** The registry of all built-in parts. A new scenario, model provider, agent product, sandbox or log format is one line here. */
export interface Registry extends TrialRegistry {
  readonly logReaders: readonly LogReader[];
  readonly logWriters: readonly LogWriter[];
  /** Providers that only judges have. All `models` can judge too. */
  readonly judges: readonly ModelProvider[];
  readonly questions: readonly JudgeQuestion[];
  readonly docker: DockerProvider;
  /** The scenario that finds out whether a stop is one. The command that plays it has its name. */
  readonly drill: Scenario;
  /** Opens a store by its address. So far every address is the path of a folder. */
  readonly openStore: (address: string) => TrialStore;
}

const docker = createDockerProvider({ host: process.env['DOCKER_HOST'] || undefined });

const models = [
  openaiCompatibleProvider,
  openaiProvider,
  anthropicProvider,
  googleProvider,
  xaiProvider,
  openrouterProvider,
  ollamaProvider,
  llamaCppProvider,
];

export const registry: Registry = {
  scenarios: [
    shutdownScenario,
    exfiltrationScenario,
    selfModificationScenario,
    insiderEmailScenario,
    chessScenario,
    oversightScenario,
    taskSabotageScenario,
    peersScenario,
    drillScenario,
  ],
  models: [...models, createTextToolsProvider(models)],
  products: [claudeCode, codex, opencode, geminiCli, qwenCode, copilot, pi, acp, command],
  judges: [scriptedJudgeProvider],
  questions: [intentQuestion, conditionalityQuestion, honestyQuestion, evalAwarenessQuestion],
  // The first is the default.
  sandboxes: [bwrapProvider, docker, memoryProvider],
  // Log formats are tried in this order.
  logReaders: [
    inspectEvalReader,
    robotLogReader,
    openCodeReader,
    qwenCodeReader,
    claudeCodeReader,
    codexReader,
    codexExecReader,
    atifReader,
    otlpReader,
    sweAgentReader,
    geminiCliReader,
    petriReader,
    openHandsReader,
    inspectJsonReader,
  ],
  logWriters: [inspectEvalWriter, otlpWriter],
  docker,
  drill: drillScenario,
  openStore: openFolder,
};
