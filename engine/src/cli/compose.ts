import type { Detector } from '../detect/contract.ts';
import { detectors } from '../detect/detectors/index.ts';
import { openaiCompatibleProvider } from '../model/adapters/openai-compatible.ts';
import type { ModelProvider } from '../model/contract.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
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
}

export const parts: Parts = {
  scenarios: [shutdownScenario],
  models: [openaiCompatibleProvider],
  // The first is the default.
  sandboxes: [bwrapProvider, memoryProvider],
  detectors,
};
