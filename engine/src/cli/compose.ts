import { atifReader } from '../interop/adapters/atif.ts';
import { claudeCodeReader } from '../interop/adapters/claude-code.ts';
import { codexReader } from '../interop/adapters/codex.ts';
import { inspectEvalWriter } from '../interop/adapters/inspect-eval-writer.ts';
import { inspectEvalReader } from '../interop/adapters/inspect-eval.ts';
import { inspectJsonReader } from '../interop/adapters/inspect-json.ts';
import { otlpWriter } from '../interop/adapters/otlp-writer.ts';
import { otlpReader } from '../interop/adapters/otlp.ts';
import { robotLogReader } from '../interop/adapters/robot-log.ts';
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
import { shutdownScenario } from '../scenario/library/shutdown/scenario.ts';
import type { Registry as TrialRegistry } from '../study/registry.ts';
import { openFolder } from '../study/store/adapters/folder.ts';
import type { TrialStore } from '../study/store/contract.ts';

/** The one place that names what there is. A new scenario, model provider, sandbox or log format is one line here. */
export interface Registry extends TrialRegistry {
  readonly logReaders: readonly LogReader[];
  readonly logWriters: readonly LogWriter[];
  readonly docker: DockerProvider;
  /** Opens the store that an address names; so far all are paths of folders. */
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
  scenarios: [shutdownScenario, exfiltrationScenario],
  models: [...models, createTextToolsProvider(models)],
  // The first is the default.
  sandboxes: [bwrapProvider, docker, memoryProvider],
  // Asked in this order whose log it is.
  logReaders: [
    inspectEvalReader,
    robotLogReader,
    claudeCodeReader,
    codexReader,
    atifReader,
    otlpReader,
    inspectJsonReader,
  ],
  logWriters: [inspectEvalWriter, otlpWriter],
  docker,
  openStore: openFolder,
};
