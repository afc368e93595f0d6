import { atifReader } from '../interop/adapters/atif.ts';
import { claudeCodeReader } from '../interop/adapters/claude-code.ts';
import { codexExecReader } from '../interop/adapters/codex-exec.ts';
import { codexReader } from '../interop/adapters/codex.ts';
import { geminiCliReader } from '../interop/adapters/gemini-cli.ts';
import { inspectEvalWriter } from '../interop/adapters/inspect-eval-writer.ts';
import { inspectEvalReader } from '../interop/adapters/inspect-eval.ts';
import { inspectJsonReader } from '../interop/adapters/inspect-json.ts';
import { openHandsReader } from '../interop/adapters/openhands.ts';
import { otlpWriter } from '../interop/adapters/otlp-writer.ts';
import { otlpReader } from '../interop/adapters/otlp.ts';
import { petriReader } from '../interop/adapters/petri.ts';
import { robotLogReader } from '../interop/adapters/robot-log.ts';
import { sweAgentReader } from '../interop/adapters/swe-agent.ts';
import type { LogReader, LogWriter } from '../interop/contract.ts';
import { anthropicProvider } from '../model/adapters/anthropic.ts';
import { googleProvider } from '../model/adapters/google.ts';
import { llamaCppProvider } from '../model/adapters/llama-cpp.ts';
import { ollamaProvider } from '../model/adapters/ollama.ts';
import { openaiCompatibleProvider } from '../model/adapters/openai-compatible.ts';
import { openaiProvider } from '../model/adapters/openai.ts';
import { openrouterProvider } from '../model/adapters/openrouter.ts';
import { createTextToolsProvider } from '../model/adapters/text-tools.ts';
import { xaiProvider } from '../model/adapters/xai.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
import { createDockerProvider, type DockerProvider } from '../sandbox/adapters/docker.ts';
import { memoryProvider } from '../sandbox/adapters/memory.ts';
import { exfiltrationScenario } from '../scenario/library/exfiltration/scenario.ts';
import { peersScenario } from '../scenario/library/peers/scenario.ts';
import { shutdownScenario } from '../scenario/library/shutdown/scenario.ts';
import type { Registry as TrialRegistry } from '../study/registry.ts';
import { openFolder } from '../study/store/adapters/folder.ts';
import type { TrialStore } from '../study/store/contract.ts';

/** The registry of all built-in parts. A new scenario, model provider, sandbox or log format is one line here. */
export interface Registry extends TrialRegistry {
  readonly logReaders: readonly LogReader[];
  readonly logWriters: readonly LogWriter[];
  readonly docker: DockerProvider;
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
  scenarios: [shutdownScenario, exfiltrationScenario, peersScenario],
  models: [...models, createTextToolsProvider(models)],
  // The first is the default.
  sandboxes: [bwrapProvider, docker, memoryProvider],
  // Log formats are tried in this order.
  logReaders: [
    inspectEvalReader,
    robotLogReader,
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
  openStore: openFolder,
};
