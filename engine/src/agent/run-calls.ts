import { toUntrusted, readAsData } from '../base/untrusted-text.ts';
import type { CommandRun, EventOf, TrialLimits } from '../record/events.ts';
import type { RunResult } from '../sandbox/contract.ts';
import type { AgentDeps, AgentEnd, AgentTask } from './contract.ts';
import type { ToolText } from './conversation.ts';
import type { AskedCall } from './read-answer.ts';
import type { PreparedCall, Tool, ToolAnswer } from './tool.ts';

export interface CallsDone {
  readonly results: readonly ToolText[];
  readonly end: AgentEnd | null;
  /** Whether at least one call could be run. */
  readonly ran: boolean;
}

export interface CallsContext {
  readonly task: AgentTask;
  readonly limits: TrialLimits;
  /** Milliseconds left to the trial. Asked before each call, because one answer may hold any number of calls. */
  readonly timeLeft: () => number;
  readonly deps: AgentDeps;
  /** Event fields that name the acting seat. */
  readonly seat: { readonly seat?: string };
}

/** Runs the tool calls of one answer in order. After a submission, when the time is over, or if the machine stops, the rest is not run. */
export async function runCalls(calls: readonly AskedCall[], context: CallsContext): Promise<CallsDone> {
  const { task, deps, seat } = context;
  const results: ToolText[] = [];
  let end: AgentEnd | null = null;
  let ran = false;
  const reject = ({ callId, tool }: AskedCall, why: EventOf<'tool-call-rejected'>['why'], detail: string): void => {
    deps.emit({ kind: 'tool-call-rejected', ...seat, callId, tool, why, detail: toUntrusted(detail) });
  };
  for (const call of calls) {
    if (end === null && context.timeLeft() <= 0) end = { reason: 'time-limit', detail: null };
    if (end !== null) {
      reject(call, 'not-run', 'the work had ended');
      continue;
    }
    const read = readCall(call, task.tools);
    if ('why' in read) {
      reject(call, read.why, read.detail);
      results.push({ ...call, text: read.detail });
      continue;
    }
    ran = true;
    if (read.submission !== null) {
      deps.emit({ kind: 'submission', ...seat, callId: call.callId, text: toUntrusted(read.submission) });
      end = { reason: 'submitted', detail: null };
      continue;
    }
    const answer = await runCall(call, read, context);
    if (answer === null) end = { reason: 'interrupted', detail: null };
    else if (answer.run?.machineStopped === true) end = { reason: 'machine-stopped', detail: null };
    else results.push({ ...call, text: readAsData(answer.text) });
  }
  return { results, end, ran };
}

/** Returns null if the call was interrupted. */
async function runCall(
  { callId, tool }: AskedCall,
  { command, reason, run }: PreparedCall,
  { task, limits: given, timeLeft, deps, seat }: CallsContext,
): Promise<ToolAnswer | null> {
  const { emit, elapsed, sandbox, world } = deps;
  const [asked, why] = [command, reason].map((text) => (text === null ? null : toUntrusted(text)));
  emit({ kind: 'tool-call', ...seat, callId, tool, command: asked ?? null, reason: why ?? null });
  try {
    await deps.onCallStart(callId);
    const started = elapsed();
    // A command ends with the time of its trial.
    const limits = { ...given, commandMsMax: Math.max(1, Math.min(given.commandMsMax, Math.round(timeLeft()))) };
    const answer = await run({ sandbox, world, seat: seat.seat ?? SUBJECT, limits, signal: task.signal });
    const durationMs = answer.run?.durationMs ?? elapsed() - started;
    emit({
      kind: 'tool-result',
      ...seat,
      callId,
      run: answer.run === undefined ? null : toRecord(answer.run),
      durationMs,
    });
    await deps.onCallEnd(callId);
    return answer;
  } catch (error) {
    if (task.signal.aborted) return null;
    throw error;
  }
}

/** Seat of the agent under test. Its events name no seat. */
export const SUBJECT = 'subject';

function toRecord({
  exitCode,
  timedOut,
  truncated,
  stdoutBytes,
  stderrBytes,
  machineStopped,
  notes,
}: RunResult): CommandRun {
  return { exitCode, timedOut, truncated, stdoutBytes, stderrBytes, machineStopped, notes: [...notes] };
}

type Rejected = { readonly why: EventOf<'tool-call-rejected'>['why']; readonly detail: string };

function readCall({ tool, input }: AskedCall, tools: readonly Tool[]): PreparedCall | Rejected {
  const found = tools.find(({ spec }) => spec.name === tool);
  if (found === undefined) {
    const names = tools.map(({ spec }) => spec.name);
    const known =
      names.length <= 1
        ? `there is ${names.join()}`
        : `there are ${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
    return { why: 'unknown-tool', detail: `there is no function "${tool.slice(0, 100)}": ${known}` };
  }
  let value: unknown;
  try {
    value = JSON.parse(input === '' ? '{}' : input);
  } catch {
    return { why: 'malformed-json', detail: 'the arguments are not valid JSON' };
  }
  const prepared = found.prepare(value);
  return 'problem' in prepared ? { why: 'invalid-arguments', detail: prepared.problem } : prepared;
}
