import type { LanguageModelV4GenerateResult } from '@ai-sdk/provider';

import { hideSecrets } from '../base/hide-secrets.ts';
import { readAsData, toUntrusted } from '../base/untrusted-text.ts';
import type { Emit, EventOf, ModelAttempt, Usage } from '../record/events.ts';
import type { AgentEnd } from './contract.ts';
import type { ModelCallResult } from './model-call.ts';

interface AnswerFacts {
  /** Index of the message that holds the answer; null if it was empty. */
  readonly message: number | null;
  readonly usage: Usage;
  readonly cost: number | null;
  readonly secrets: readonly string[];
}

/** An answer as `model-call` records it. */
export function toCallAnswer(
  { response, finishReason, warnings }: LanguageModelV4GenerateResult,
  { message, usage, cost, secrets }: AnswerFacts,
): EventOf<'model-call'>['answer'] {
  return {
    message,
    model: response?.modelId ?? null,
    responseId: response?.id ?? null,
    finishReason: finishReason.unified,
    rawFinishReason: finishReason.raw ?? null,
    usage,
    costUsd: cost,
    warnings: warnings.map((warning) => hideSecrets(JSON.stringify(warning), secrets)),
  };
}

interface Unanswered extends Pick<ModelCallResult, 'attempts' | 'failure'> {
  readonly interrupted: boolean;
  /** The model runs in this process: no server can fall silent. */
  readonly inProcess: boolean;
  readonly emit: Emit;
}

/** The end of an agent whose model gave no answer. Records a failure that the agent did not cause. */
export function endWithoutAnswer({ attempts, failure, interrupted, inProcess, emit }: Unanswered): AgentEnd {
  if (failure === null) {
    if (interrupted) return { reason: 'interrupted', detail: null };
    // A slow local model has used its own time. A slow server says nothing about the model.
    if (inProcess) return { reason: 'time-limit', detail: 'the model did not answer in time' };
  }
  const { code, text } = failure ?? silentServer(attempts);
  emit({ kind: 'infrastructure-error', stage: 'model', code, text: toUntrusted(text) });
  return { reason: 'model-error', detail: text };
}

/** The failure to record if the trial's time ran out before the server answered. The agent did not cause that end. */
function silentServer(attempts: readonly ModelAttempt[]): { readonly code: string; readonly text: string } {
  const last = attempts.findLast(({ error }) => error !== null && error.code !== 'aborted')?.error;
  const before = last === undefined || last === null ? '' : `; its last error was: ${readAsData(last.text)}`;
  return { code: 'overloaded', text: `the server had not answered when the time of the trial ran out${before}` };
}
