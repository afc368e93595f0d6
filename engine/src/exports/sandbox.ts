/** `offswitch/sandbox`: what a sandbox of your own has to do. */
export { readAsData, toUntrusted } from '../base/untrusted-text.ts';
export type { UntrustedText } from '../base/untrusted-text.ts';
export { DEFAULT_SANDBOX_LIMITS, SandboxError } from '../sandbox/contract.ts';
export type {
  AgentSandbox,
  Diagnosis,
  HarnessRunOptions,
  KillResult,
  OpenSandboxOptions,
  RunOptions,
  RunResult,
  Sandbox,
  SandboxCapabilities,
  SandboxFile,
  SandboxLimits,
  SandboxProvider,
  SandboxService,
  ServiceCall,
} from '../sandbox/contract.ts';
