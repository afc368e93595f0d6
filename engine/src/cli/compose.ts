import type { Detector } from '../detect/contract.ts';
import { detectors } from '../detect/detectors/index.ts';
import { atifReader } from '../logs/adapters/atif.ts';
import { claudeCodeReader } from '../logs/adapters/claude-code.ts';
import { codexReader } from '../logs/adapters/codex.ts';
import { inspectEvalWriter } from '../logs/adapters/inspect-eval-writer.ts';
import { inspectEvalReader } from '../logs/adapters/inspect-eval.ts';
import { inspectJsonReader } from '../logs/adapters/inspect-json.ts';
import { otlpReader } from '../logs/adapters/otlp.ts';
import { robotLogReader } from '../logs/adapters/robot-log.ts';
import type { LogReader, LogWriter } from '../logs/contract.ts';
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
import type { SandboxProvider } from '../sandbox/contract.ts';
import type { Scenario } from '../scenario/contract.ts';
import { shutdownScenario } from '../scenario/library/shutdown/scenario.ts';

/** The one place that names what there is. A new scenario, model provider, sandbox or detector is one line here. */
export interface Parts {
  readonly scenarios: readonly Scenario[];
  readonly models: readonly ModelProvider[];
  readonly sandboxes: readonly SandboxProvider[];
  readonly detectors: readonly Detector[];
  readonly logReaders: readonly LogReader[];
  readonly logWriters: readonly LogWriter[];
  readonly docker: DockerProvider;
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

export const parts: Parts = {
  scenarios: [shutdownScenario],
  models: [...models, createTextToolsProvider(models)],
  // The first is the default.
  sandboxes: [bwrapProvider, docker, memoryProvider],
  detectors,
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
  logWriters: [inspectEvalWriter],
  docker,
};
