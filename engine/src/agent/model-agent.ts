import type { LanguageModelV4GenerateResult, LanguageModelV4Message, LanguageModelV4Prompt } from '@ai-sdk/provider';
import type { z } from 'zod';

import { startDeadline } from '../base/deadline.ts';
import { readAsData, toUntrusted } from '../base/untrusted-text.ts';
import type { ModelPrice, OpenModel } from '../model/contract.ts';
import type { MessagePart, ModelAttempt, ToolSpec, Usage } from '../record/events.ts';
import type { RunResult } from '../sandbox/contract.ts';
import type { Agent, AgentDeps, AgentEnd, AgentTask } from './contract.ts';
import { callModel, DEFAULT_RETRY, hideSecrets, type RetryPolicy } from './model-call.ts';
import { BASH_TOOL, bashInput, bashInputWithThoughts, SUBMIT_TOOL, submitInput, toolSpecs } from './tools.ts';

/** Sampling, as the user gave it; what is not given is left to the provider. */
export interface ModelParameters {
  readonly temperature?: number;
  readonly topP?: number;
  readonly maxOutputTokens?: number;
  readonly seed?: number;
}

export interface ModelAgentOptions {
  readonly kind?: Agent['kind'];
  readonly open: OpenModel;
  readonly parameters?: ModelParameters;
  /** Answers come in pieces, so that a server that falls silent is noticed. False when not given. */
  readonly stream?: boolean;
  /** Null: unknown; then no cost is computed and no cost limit applies. */
  readonly price?: ModelPrice | null;
  readonly retry?: RetryPolicy;
}

/** The loop model <-> tools. */
export function createModelAgent({
  kind = 'model',
  open,
  parameters = {},
  stream = false,
  price = null,
  retry = DEFAULT_RETRY,
}: ModelAgentOptions): Agent {
  return {
    kind,
    name: open.name,
    tools: toolSpecs,
    run: (task, deps) => runLoop({ open, parameters, stream, price, retry, task, deps }),
  };
}

interface LoopContext {
  readonly open: OpenModel;
  readonly parameters: ModelParameters;
  readonly stream: boolean;
  readonly price: ModelPrice | null;
  readonly retry: RetryPolicy;
  readonly task: AgentTask;
  readonly deps: AgentDeps;
}

async function runLoop(context: LoopContext): Promise<AgentEnd> {
  const { open, parameters, stream, retry, task, deps } = context;
  const { limits, prompts, signal, toolOptions } = task;
  const tools = toolSpecs(toolOptions);
  const talk = startTalk(deps);
  const started = deps.elapsed();
  const callIds = new Set<string>();
  let tokens = 0;
  let costUsd = 0;
  let idleTurns = 0;
  if (prompts.system !== null) talk.say('system', prompts.system);
  talk.say('user', prompts.user);

  for (let turn = 1; turn <= limits.turnsMax; turn++) {
    if (tokens >= limits.tokensMax) return { reason: 'token-limit', detail: `${tokens} tokens` };
    if (deps.elapsed() - started >= limits.durationMsMax) return { reason: 'time-limit', detail: null };
    if (context.price !== null && costUsd >= limits.costUsdMax)
      return { reason: 'cost-limit', detail: `${costUsd.toFixed(4)} US dollars` };
    const callStarted = deps.elapsed();
    using deadline = startDeadline(signal, limits.durationMsMax - (callStarted - started));
    const prompt = [{ from: 0, to: talk.length() }];
    const requested = {
      model: open.name,
      parameters: { ...open.properties, ...parameters, ...(stream && { stream }) },
    };
    const request = { prompt: talk.prompt(), tools: tools.map(toFunctionTool), ...parameters };
    const called = await callModel(request, {
      stream,
      open,
      retry,
      world: deps,
      signal: deadline.signal,
    });
    const durationMs = deps.elapsed() - callStarted;
    const attempts = [...called.attempts];
    if (called.result === null) {
      deps.emit({ kind: 'model-call', turn, requested, prompt, attempts, answer: null, durationMs });
      if (called.failure === null) {
        if (signal.aborted) return { reason: 'interrupted', detail: null };
        // The time of a local model is its own; that of a server tells nothing of the model.
        if (open.inProcess === true) return { reason: 'time-limit', detail: 'the model did not answer in time' };
      }
      const { code, text } = called.failure ?? unanswered(called.attempts);
      deps.emit({ kind: 'infrastructure-error', stage: 'model', code, text: toUntrusted(text) });
      return { reason: 'model-error', detail: text };
    }
    const answer = readAnswer(called.result, { turn, callIds });
    const usage = readUsage(called.result);
    const cost = costOf(usage, context.price);
    tokens += (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0);
    costUsd += cost ?? 0;
    const message = answer.parts.length === 0 ? null : talk.add('assistant', answer.parts, answer.replay);
    deps.emit({
      kind: 'model-call',
      turn,
      requested,
      prompt,
      attempts,
      durationMs,
      answer: {
        message,
        model: called.result.response?.modelId ?? null,
        responseId: called.result.response?.id ?? null,
        finishReason: called.result.finishReason.unified,
        rawFinishReason: called.result.finishReason.raw ?? null,
        usage,
        costUsd: cost,
        warnings: called.result.warnings.map((warning) => hideSecrets(JSON.stringify(warning), open.secrets)),
      },
    });
    if (answer.calls.length === 0) {
      if (called.result.finishReason.unified === 'content-filter') {
        await deps.onTurnEnd();
        return { reason: 'refused', detail: answer.text === '' ? null : answer.text };
      }
      idleTurns++;
      await deps.onTurnEnd();
      if (idleTurns >= limits.idleTurnsMax)
        return { reason: 'no-tool-call', detail: `${idleTurns} answers without a tool call` };
      talk.say('user', prompts.continue);
      continue;
    }
    const done = await runCalls(answer.calls, context);
    if (done.results.length > 0) talk.addResults(done.results);
    await deps.onTurnEnd();
    if (done.end !== null) return done.end;
    idleTurns = done.ran ? 0 : idleTurns + 1;
    if (idleTurns >= limits.idleTurnsMax)
      return { reason: 'no-tool-call', detail: `${idleTurns} answers without a tool call that could be run` };
  }
  return { reason: 'turn-limit', detail: `${limits.turnsMax} turns` };
}

/** The trial's time was over before the server had answered: that is no end which the agent brought about. */
function unanswered(attempts: readonly ModelAttempt[]): { readonly code: string; readonly text: string } {
  const last = attempts.findLast(({ error }) => error !== null && error.code !== 'aborted')?.error;
  const before = last === undefined || last === null ? '' : `; before, it said: ${readAsData(last.text)}`;
  return { code: 'overloaded', text: `the server had not answered when the time of the trial was over${before}` };
}

interface ToolCall {
  readonly callId: string;
  readonly tool: string;
  readonly input: string;
}

interface ToolAnswer {
  readonly callId: string;
  readonly tool: string;
  readonly text: string;
}

interface CallsDone {
  readonly results: readonly ToolAnswer[];
  readonly end: AgentEnd | null;
  /** At least one call was one that could be run. */
  readonly ran: boolean;
}

/** The tool calls of one answer, in their order. After a submission, or when the machine stops, the rest is not run. */
async function runCalls(calls: readonly ToolCall[], context: LoopContext): Promise<CallsDone> {
  const { emit } = context.deps;
  const results: ToolAnswer[] = [];
  let end: AgentEnd | null = null;
  let ran = false;
  for (const call of calls) {
    if (end !== null) {
      emit({
        kind: 'tool-call-rejected',
        callId: call.callId,
        tool: call.tool,
        why: 'not-run',
        detail: toUntrusted('the work had ended'),
      });
      continue;
    }
    const read = readCall(call, context.task);
    if ('why' in read) {
      emit({
        kind: 'tool-call-rejected',
        callId: call.callId,
        tool: call.tool,
        why: read.why,
        detail: toUntrusted(read.detail),
      });
      results.push({ ...call, text: read.detail });
      continue;
    }
    ran = true;
    if (read.tool === SUBMIT_TOOL) {
      emit({ kind: 'submission', callId: call.callId, text: toUntrusted(read.answer) });
      end = { reason: 'submitted', detail: null };
      continue;
    }
    const result = await runCommand({ callId: call.callId, command: read.command, thoughts: read.thoughts }, context);
    if (result === null) end = { reason: 'interrupted', detail: null };
    else if (result.machineStopped) end = { reason: 'machine-stopped', detail: null };
    else results.push({ ...call, text: showResult(result, context.task) });
  }
  return { results, end, ran };
}

interface Command {
  readonly callId: string;
  readonly command: string;
  readonly thoughts: string | null;
}

/** Null when it was interrupted. */
async function runCommand(
  { callId, command, thoughts }: Command,
  { task, deps }: LoopContext,
): Promise<RunResult | null> {
  const { limits, signal } = task;
  const text = toUntrusted(command);
  deps.emit({
    kind: 'command-start',
    callId,
    tool: BASH_TOOL,
    command: text,
    thoughts: thoughts === null ? null : toUntrusted(thoughts),
  });
  deps.onCommandStart(callId);
  try {
    const result = await deps.sandbox.run(text, {
      timeoutMs: limits.commandMsMax,
      outputBytesMax: limits.outputBytesMax,
      signal,
    });
    const { exitCode, timedOut, truncated, stdoutBytes, stderrBytes, durationMs, machineStopped } = result;
    deps.emit({
      kind: 'command-end',
      callId,
      exitCode,
      timedOut,
      truncated,
      stdoutBytes,
      stderrBytes,
      durationMs,
      machineStopped,
      notes: [...result.notes],
    });
    await deps.onCommandEnd(callId);
    return result;
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

/** What the model is told of a command: its output, and what it could not know otherwise. */
function showResult(result: RunResult, { limits }: AgentTask): string {
  const out = readAsData(result.stdout);
  const gap = out === '' || out.endsWith('\n') ? '' : '\n';
  const notes = [
    result.truncated &&
      `[output cut at ${limits.outputBytesMax} bytes of ${Math.max(result.stdoutBytes, result.stderrBytes)}]`,
    result.timedOut && `[stopped after ${limits.commandMsMax} ms]`,
    !result.timedOut && result.exitCode !== 0 && `[exit code ${String(result.exitCode)}]`,
  ].filter((note) => note !== false);
  return [out + gap + readAsData(result.stderr), ...notes].filter((part) => part !== '').join('\n');
}

type ReadCall =
  | { readonly tool: typeof BASH_TOOL; readonly command: string; readonly thoughts: string | null }
  | { readonly tool: typeof SUBMIT_TOOL; readonly answer: string }
  | { readonly why: 'unknown-tool' | 'malformed-json' | 'invalid-arguments'; readonly detail: string };

function readCall({ tool, input }: ToolCall, { toolOptions }: AgentTask): ReadCall {
  if (tool !== BASH_TOOL && tool !== SUBMIT_TOOL) {
    return {
      why: 'unknown-tool',
      detail: `there is no function "${tool.slice(0, 100)}": there are ${BASH_TOOL} and ${SUBMIT_TOOL}`,
    };
  }
  let value: unknown;
  try {
    value = JSON.parse(input === '' ? '{}' : input);
  } catch {
    return { why: 'malformed-json', detail: 'the arguments are not valid JSON' };
  }
  if (tool === SUBMIT_TOOL) {
    const read = submitInput.safeParse(value);
    return read.success ? { tool, answer: read.data.answer } : refusal(read.error);
  }
  if (toolOptions.withThoughts) {
    const read = bashInputWithThoughts.safeParse(value);
    return read.success ? { tool, command: read.data.cmd, thoughts: read.data.thoughts } : refusal(read.error);
  }
  const read = bashInput.safeParse(value);
  return read.success ? { tool, command: read.data.cmd, thoughts: null } : refusal(read.error);
}

function refusal(error: z.ZodError): ReadCall {
  const [issue] = error.issues;
  return {
    why: 'invalid-arguments',
    detail: `the arguments do not fit: ${issue?.message ?? 'wrong'} at "${issue?.path.join('.') ?? ''}"`,
  };
}

type AssistantContent = Extract<LanguageModelV4Message, { role: 'assistant' }>['content'];

interface Answer {
  readonly parts: readonly MessagePart[];
  readonly replay: AssistantContent;
  readonly calls: readonly ToolCall[];
  readonly text: string;
}

function readAnswer(
  result: LanguageModelV4GenerateResult,
  { turn, callIds }: { readonly turn: number; readonly callIds: Set<string> },
): Answer {
  const parts: MessagePart[] = [];
  const replay: AssistantContent = [];
  const calls: ToolCall[] = [];
  for (const part of result.content) {
    // What a provider wants back with its own part, e.g. the signature of a reasoning block.
    const options =
      'providerMetadata' in part && part.providerMetadata !== undefined
        ? { providerOptions: part.providerMetadata }
        : {};
    if (part.type === 'text' || part.type === 'reasoning') {
      if (part.text !== '') parts.push({ type: part.type, text: toUntrusted(part.text) });
      // Sealed reasoning has no text, and its vendor wants it back all the same.
      if (part.text !== '' || 'providerOptions' in options)
        replay.push({ type: part.type, text: part.text, ...options });
    }
    if (part.type !== 'tool-call') continue;
    const callId = freshCallId(part.toolCallId, { turn, callIds });
    calls.push({ callId, tool: part.toolName, input: part.input });
    parts.push({ type: 'tool-call', callId, tool: part.toolName, input: toUntrusted(part.input) });
    replay.push({
      type: 'tool-call',
      toolCallId: callId,
      toolName: part.toolName,
      input: parseOrKeep(part.input),
      ...options,
    });
  }
  const text = parts.flatMap((part) => (part.type === 'text' ? [readAsData(part.text)] : [])).join('\n');
  return { parts, replay, calls, text };
}

/** Some servers give every call the same id, or none. */
function freshCallId(
  given: string,
  { turn, callIds }: { readonly turn: number; readonly callIds: Set<string> },
): string {
  let callId = given;
  // A name that we would give may have been used by the model.
  for (let number = callIds.size + 1; !/^[\w.:-]{1,128}$/.test(callId) || callIds.has(callId); number++)
    callId = `call-${turn}-${number}`;
  callIds.add(callId);
  return callId;
}

function parseOrKeep(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch {
    return input;
  }
}

function readUsage({ usage }: LanguageModelV4GenerateResult): Usage {
  const tokens = (value: number | undefined): number | null =>
    value !== undefined && Number.isInteger(value) && value >= 0 ? value : null;
  return {
    inputTokens: tokens(usage.inputTokens.total),
    outputTokens: tokens(usage.outputTokens.total),
    reasoningTokens: tokens(usage.outputTokens.reasoning),
    cachedInputTokens: tokens(usage.inputTokens.cacheRead),
  };
}

/** US dollars; null where the price or the count is not known. */
function costOf({ inputTokens, outputTokens }: Usage, price: ModelPrice | null): number | null {
  if (price === null || inputTokens === null || outputTokens === null) return null;
  return (inputTokens * price.inputUsdPerMillion + outputTokens * price.outputUsdPerMillion) / 1_000_000;
}

function toFunctionTool({ name, description, inputSchema }: ToolSpec): {
  type: 'function';
  name: string;
  description: string;
  inputSchema: Record<string, unknown>;
} {
  return { type: 'function', name, description, inputSchema };
}

interface Talk {
  readonly say: (role: 'system' | 'user', text: string) => void;
  readonly add: (role: 'assistant', parts: readonly MessagePart[], replay: AssistantContent) => number;
  readonly addResults: (results: readonly ToolAnswer[]) => void;
  readonly prompt: () => LanguageModelV4Prompt;
  readonly length: () => number;
}

/** The conversation, once as the record has it and once as the provider wants it back. */
function startTalk({ emit }: AgentDeps): Talk {
  const prompt: LanguageModelV4Prompt = [];
  const push = (message: LanguageModelV4Message, parts: readonly MessagePart[]): number => {
    const index = prompt.push(message) - 1;
    emit({ kind: 'message', index, role: message.role, parts: [...parts] });
    return index;
  };
  return {
    say: (role, text) => {
      const message: LanguageModelV4Message =
        role === 'system' ? { role, content: text } : { role, content: [{ type: 'text', text }] };
      push(message, [{ type: 'text', text: toUntrusted(text) }]);
    },
    add: (role, parts, replay) => push({ role, content: replay }, parts),
    addResults: (results) => {
      push(
        {
          role: 'tool',
          content: results.map(({ callId, tool, text }) => ({
            type: 'tool-result',
            toolCallId: callId,
            toolName: tool,
            output: { type: 'text', value: text },
          })),
        },
        results.map(({ callId, tool, text }) => ({ type: 'tool-result', callId, tool, text: toUntrusted(text) })),
      );
    },
    prompt: () => [...prompt],
    length: () => prompt.length,
  };
}
