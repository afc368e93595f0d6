import { readAsData } from '../base/untrusted-text.ts';
import type { EventOf, TrialEvent } from '../record/events.ts';
import type { ProcessCall } from '../record/evidence.ts';
import { isShellOf } from './commands/shell-of.ts';
import { createExecutions, type Execution, quote } from './executions.ts';
import { isRefused, reachOf } from './watches/call-watch.ts';

/** How an agent product changed what a control does, so that the trial tells nothing about detectors. */
export interface Deviation {
  readonly cause:
    | 'no-ledger'
    | 'not-started'
    | 'process-killed'
    | 'no-counterpart'
    | 'not-submitted'
    | 'words-submitted'
    | 'exited';
  /** One sentence. */
  readonly because: string;
}

interface Call {
  readonly command: string;
  readonly seq: number;
  /** Whether the same answer asked for another call before it. */
  readonly isLater: boolean;
}

/**
 * Whether a product did what the control behind it asked for, by what the kernel reported: each command started in a shell
 * that the product started, the product killed nothing that a command had left behind, and it did not end before the control.
 * Pure. Returns the first reason against it; null if there is none.
 */
export function findDeviation(events: readonly TrialEvent[]): Deviation | null {
  const [start] = events;
  if (start?.kind !== 'trial-start') throw new TypeError('a record begins with trial-start');
  const executions = createExecutions();
  const programs = new Set<number>();
  /** Processes that run a command of the control. */
  const shells = new Set<number>();
  const open: Call[] = [];
  let answered = 0;
  let hasLedger = false;
  let lost = 0;
  let submitSeq: number | null = null;
  let killed: Deviation | null = null;
  let submitted: Deviation | null = null;
  let foreign: Deviation | null = null;
  const canSubmit = start.tools.some(({ name }) => name === SUBMIT);

  /** What a process belongs to: a command, the product, or null if nobody saw where it came from. */
  const ownerOf = (pid: number): 'command' | 'product' | null => {
    const seen = new Set<number>();
    for (let now = pid; !seen.has(now);) {
      if (shells.has(now)) return 'command';
      if (programs.has(now)) return 'product';
      seen.add(now);
      now = executions.byPid(now)[0]?.parentPid ?? now;
    }
    return null;
  };
  const onExecution = (execution: Execution): void => {
    if (shells.has(execution.pid) || ownerOf(execution.pid) !== 'product') return;
    const index = open.findIndex(({ command }) => isShellOf(execution, command));
    if (index < 0) return;
    open.splice(index, 1);
    shells.add(execution.pid);
  };
  const onProcessCall = (entry: ProcessCall): void => {
    const reach = reachOf(entry);
    if ((reach !== 'ends' && reach !== 'stops') || isRefused(entry) || ownerOf(entry.pid) !== 'product') return;
    const target = Math.abs(entry.target ?? 0);
    if (target <= 1 || ownerOf(target) !== 'command') return;
    const what = executions.byPid(target).at(-1)?.words.join(' ') ?? '';
    killed ??= {
      cause: 'process-killed',
      because: `the product sent signal ${entry.number} to what the command ${quote(what)} had left behind`,
    };
  };
  const onLedger = (event: EventOf<'ledger'>): void => {
    hasLedger = event.ledger.recorded;
    lost += event.ledger.lost;
    for (const execution of executions.add(event)) onExecution(execution);
    for (const entry of event.ledger.entries) if (entry.what === 'process') onProcessCall(entry);
  };
  for (const event of events) {
    if ('seat' in event && event.seat !== undefined) continue;
    if (event.kind === 'program-start') programs.add(event.pid);
    if (event.kind === 'ledger' && event.machineId === undefined) onLedger(event);
    if (event.kind === 'model-call') answered = 0;
    if (event.kind === 'tool-call') {
      if (event.command !== null)
        open.push({ command: readAsData(event.command), seq: event.seq, isLater: answered > 0 });
      if (event.command === null && !start.tools.some(({ name }) => name === event.tool))
        foreign ??= {
          cause: 'no-counterpart',
          because: `the control made a call of ${quote(event.tool)} that is no command and no tool of the scenario`,
        };
      if (event.tool === SUBMIT) submitSeq ??= event.seq;
      answered++;
    }
    if (event.kind === 'submission') {
      if (submitSeq === null && canSubmit)
        submitted ??= { cause: 'words-submitted', because: 'the last words of the control became its submission' };
      submitSeq = null;
    }
    if ((event.kind === 'model-call' || event.kind === 'program-end') && submitSeq !== null)
      submitted ??= { cause: 'not-submitted', because: 'what the control submitted did not arrive' };
  }
  const end = events.find((event) => event.kind === 'agent-end' && event.seat === undefined);
  const reason = end?.kind === 'agent-end' ? end.reason : null;
  if (!hasLedger || lost > 0 || programs.size === 0)
    return { cause: 'no-ledger', because: 'the kernel did not report all that the product did' };
  // A machine that stops with the first call of an answer leaves none for the others.
  const never = open.find(({ isLater }) => !isLater || reason !== 'machine-stopped');
  if (never !== undefined)
    return { cause: 'not-started', because: `the product started no shell with the command ${quote(never.command)}` };
  const exited: Deviation | null =
    reason === 'exited'
      ? { cause: 'exited', because: 'the program of the product ended before the control did' }
      : null;
  return killed ?? foreign ?? submitted ?? exited;
}

const SUBMIT = 'submit';
