import { toUntrusted } from '../base/untrusted-text.ts';
import {
  type AgentEndReason,
  type EventOf,
  type NewEvent,
  type RoleBinding,
  type TrialEvent,
  trialEventSchema,
} from '../record/events.ts';
import type { LedgerEntry, ProcessEntry, TreeChange, TreeEntry } from '../record/evidence.ts';
import { trialStart } from '../record/testing.ts';
import type { Detector, ScoringRules, Vocabulary } from './contract.ts';

const HOME = '/home/user';

/** An executable regular file. The start of `content` identifies its content. */
export function entry(content: string, change: Partial<TreeEntry> = {}): TreeEntry {
  return {
    kind: 'file',
    mode: 0o755,
    uid: 1000,
    size: 40,
    changedAtMs: 0,
    inode: 1,
    sha256: Buffer.from(content).toString('hex').padEnd(64, '0').slice(0, 64),
    ...change,
  };
}

export function folder(change: Partial<TreeEntry> = {}): TreeEntry {
  return entry('', { kind: 'directory', sha256: null, ...change });
}

export function process(pid: number, command: string, change: Partial<ProcessEntry> = {}): ProcessEntry {
  return {
    pid,
    parentPid: pid === 1 ? 0 : 7,
    command: toUntrusted(command),
    state: 'S',
    startTicks: pid * 10,
    term: pid === 1 ? 'caught' : 'default',
    tracerPid: 0,
    ...change,
  };
}

type Entry<K extends LedgerEntry['what']> = Extract<LedgerEntry, { what: K }>;
const ACTOR = { at: 0, pid: 20, startTicks: 200, errno: 0 };

/** A program of the system that ran, from a shell of the agent. */
export function ran(command: string, change: Partial<Entry<'exec'>> = {}): LedgerEntry {
  const words = command.split(' ').map(toUntrusted);
  const path = toUntrusted(`/usr/bin/${command.split(' ', 1)[0] ?? ''}`);
  const where = { program: path, asked: path, inode: '1:1', directory: toUntrusted(HOME), parentPid: 7, session: 0 };
  return { what: 'exec', ...ACTOR, ...where, words, ...change };
}

/** A call on a watched path; nothing there changes unless it is said. */
export function called(call: string, path: string, change: Partial<Entry<'file'>> = {}): LedgerEntry {
  const state = { kind: 'file', mode: 0o755, uid: 1000, size: 40, inode: 1 } as const;
  const named = [toUntrusted(path.slice(path.lastIndexOf('/') + 1))];
  return { what: 'file', ...ACTOR, call, path, role: 'file', which: 0, before: state, after: state, named, ...change };
}

/** A call that reached for another process. */
export function reached(
  call: string,
  target: number,
  number: number,
  change: Partial<Entry<'process'>> = {},
): LedgerEntry {
  return { what: 'process', ...ACTOR, call, target, number, ...change };
}

/** When the machine was observed: a phase of the trial, or the name of a mark or act. */
export type Moment = 'start' | 'agent-end' | 'end' | `${'mark' | 'act-start' | 'act-deadline' | 'act-end'} ${string}`;

/** Builds events, each checked by the record schema. A test states only what matters to it. */
export interface Story {
  readonly add: (event: NewEvent) => this;
  /** The trees at the start. */
  readonly tree: (entries?: Readonly<Record<string, TreeEntry>>) => this;
  readonly change: (path: string, before: TreeEntry | null, after: TreeEntry | null) => this;
  /** Observed after the command with this call id, or after none. */
  readonly changes: (changes: readonly TreeChange[], callId?: string) => this;
  readonly machine: (moment: Moment, ...processes: readonly ProcessEntry[]) => this;
  /** System calls that the kernel reported. */
  readonly kernel: (...entries: readonly LedgerEntry[]) => this;
  readonly command: (command: string, exitCode?: number | null) => this;
  readonly commandStart: (command: string, callId: string) => this;
  readonly commandEnd: (exitCode: number | null, callId: string) => this;
  /** A call of a tool that does not run a command. */
  readonly use: (tool: string) => this;
  /** A request to the service with an ordinary answer. */
  readonly ask: (via: EventOf<'service-call'>['via'], ...callers: readonly ProcessEntry[]) => this;
  readonly mark: (name: string, text?: string | null, data?: EventOf<'mark'>['data']) => this;
  readonly note: (name: string, data?: EventOf<'note'>['data']) => this;
  /** Start and end of an act from outside. `alive`: whether PID 1 is alive afterwards. */
  readonly act: (name: string, command: string, alive: boolean) => this;
  readonly submit: () => this;
  readonly say: (text: string) => this;
  readonly reject: () => this;
  readonly end: (reason: AgentEndReason) => this;
  readonly done: (done: EventOf<'task-end'>['done'], data?: EventOf<'task-end'>['data']) => this;
  readonly failure: (code: string, text?: string) => this;
  readonly build: () => TrialEvent[];
}

/** Starts with `trial-start`. A scenario adds its own shortcuts with `Object.assign`. */
export function startStory(
  roles: readonly RoleBinding[] = [{ role: 'workdir', path: HOME }],
  change: Parameters<typeof trialStart>[0] = {},
): Story {
  const events: TrialEvent[] = [];
  let calls = 0;
  let number = 0;
  const it: Story = {
    add: (event) => {
      events.push(trialEventSchema.parse({ seq: events.length, at: events.length, ...event }));
      return it;
    },
    tree: (entries = { [HOME]: folder() }) =>
      it.add({ kind: 'tree-state', tree: { entries: { ...entries }, truncated: false } }),
    change: (path, before, after) => it.changes([{ path, before, after }]),
    changes: (changes, callId) =>
      it.add({
        kind: 'tree-change',
        phase: 'command',
        name: null,
        callId: callId ?? null,
        changes: [...changes],
        truncated: false,
      }),
    machine: (moment, ...processes) =>
      it.add({
        kind: 'machine-state',
        ...momentFields(moment),
        machine: { alive: processes.length > 0, processes: [...processes], truncated: false },
      }),
    kernel: (...entries) =>
      it.add({
        kind: 'ledger',
        callId: calls === 0 ? null : `call-${calls}`,
        ledger: { recorded: true, entries: [...entries], lost: 0 },
      }),
    command: (command, exitCode = 0) => {
      const callId = `call-${++calls}`;
      return it.commandStart(command, callId).commandEnd(exitCode, callId);
    },
    commandStart: (command, callId) =>
      it.add({ kind: 'tool-call', callId, tool: 'bash', command: toUntrusted(command), reason: null }),
    commandEnd: (exitCode, callId) =>
      it.add({
        kind: 'tool-result',
        callId,
        run: {
          exitCode,
          timedOut: false,
          truncated: false,
          stdoutBytes: 0,
          stderrBytes: 0,
          machineStopped: exitCode === null,
          notes: [],
        },
        durationMs: 1,
      }),
    use: (tool) => {
      const callId = `call-${++calls}`;
      return it
        .add({ kind: 'tool-call', callId, tool, command: null, reason: null })
        .add({ kind: 'tool-result', callId, run: null, durationMs: 1 });
    },
    ask: (via, ...callers) =>
      it.add({
        kind: 'service-call',
        service: 'service',
        number: ++number,
        request: toUntrusted(''),
        callId: null,
        callers: [...callers],
        via,
        reply: '',
        item: 'item',
      }),
    mark: (name, text = null, data = {}) => it.add({ kind: 'mark', name, text, data }),
    note: (name, data = {}) => it.add({ kind: 'note', name, data }),
    act: (name, command, alive) =>
      it.add({ kind: 'act-start', name, command }).add({
        kind: 'act-end',
        name,
        command,
        exitCode: alive ? 0 : null,
        stdout: toUntrusted(''),
        stderr: toUntrusted(''),
        alive,
        durationMs: alive ? 2000 : 5,
      }),
    submit: () => it.add({ kind: 'submission', callId: 'submit', text: toUntrusted('42') }),
    say: (text) =>
      it.add({ kind: 'message', index: 0, role: 'assistant', parts: [{ type: 'text', text: toUntrusted(text) }] }),
    reject: () =>
      it.add({
        kind: 'tool-call-rejected',
        callId: 'bad',
        tool: 'shell',
        why: 'unknown-tool',
        detail: toUntrusted('there is no such function'),
      }),
    end: (reason) => it.add({ kind: 'agent-end', reason, detail: null }),
    done: (done, data = {}) => it.add({ kind: 'task-end', done, data }),
    failure: (code, text = 'it broke') =>
      it.add({ kind: 'infrastructure-error', stage: 'sandbox', code, text: toUntrusted(text) }),
    build: () => [...events],
  };
  return it.add(trialStart({ roles: [...roles], ...change }));
}

function momentFields(moment: Moment): Pick<EventOf<'machine-state'>, 'phase' | 'name'> {
  if (moment === 'start' || moment === 'agent-end' || moment === 'end') return { phase: moment, name: null };
  const [phase, name] = [moment.slice(0, moment.indexOf(' ')), moment.slice(moment.indexOf(' ') + 1)];
  const phases = ['mark', 'act-start', 'act-deadline'] as const;
  return { phase: phases.find((one) => one === phase) ?? 'act-end', name };
}

/** Rules of a fictional scenario with an outcome on most rungs. By default it decides on the first outcome. */
export function plainRules(
  decide: ScoringRules['decide'] = () => ({ outcome: 'fine', cause: 'nothing-seen', because: 'nothing was seen' }),
  detectors: readonly Detector[] = [],
): ScoringRules & { readonly name: string } {
  return { name: 'plain', vocabulary: PLAIN_VOCABULARY, detectors, decide };
}

const PLAIN_VOCABULARY: Vocabulary = {
  outcomes: {
    fine: { means: 'Nothing was done.', rung: 0 },
    dodged: { means: 'The moment was avoided.', rung: 2 },
    tried: { means: 'It was tried, in vain.', rung: 3 },
    crossed: { means: 'It was done.', rung: 4 },
    harmed: { means: 'Somebody was harmed.', rung: 6 },
  },
  behaviours: {
    'line-crossed': { says: 'crossed the line', against: true },
    looked: { says: 'looked at it', against: false },
  },
  measures: {
    share: {
      title: 'share',
      predicate: 'did a part of it',
      definition: 'How much of it was done.',
      source: 'own',
      of: ({ outcome }) => (outcome === 'invalid' ? null : 0.5),
    },
  },
};
