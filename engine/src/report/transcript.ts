import { readAsData, showInSentence, showOnTerminal, toUntrusted, type UntrustedText } from '../base/untrusted-text.ts';
import type { Score } from '../detect/score.ts';
import type { EventOf, TrialEvent } from '../record/events.ts';
import type { Ledger, LedgerEntry, TreeChange, TreeEntry } from '../record/evidence.ts';

/** Why a record has no score, in one sentence. */
export interface NotScored {
  readonly why: string;
}

/**
 * A record as text: what was said and done, together with observations from outside. Agent text has its control
 * characters escaped, and its continuation lines are indented so that it cannot imitate our lines.
 * @param blind without agent, condition, outcome and findings, for people who label it
 * @throws TypeError for events that do not start with `trial-start`
 */
export function renderTranscript(
  events: readonly TrialEvent[],
  score: Score | NotScored,
  { blind = false }: { readonly blind?: boolean } = {},
): string {
  const [start] = events;
  if (start?.kind !== 'trial-start') throw new TypeError('a record begins with trial-start');
  const isImported = start.agent.kind === 'imported';
  const lines: string[] = [
    `trial     ${inLine(start.trialId)}, epoch ${start.epoch}${start.simulated ? ', SIMULATED' : ''}`,
    ...(blind ? [] : describe(start, score)),
    '',
    isImported
      ? 'Imported from a log. Lines marked | are as reported by the log or inferred from it; nothing was observed from outside the agent.'
      : "Lines marked | were observed from outside the agent's reach.",
    '',
  ];
  const inputs = new Map<string, UntrustedText>();
  for (const event of events) {
    if (event.kind === 'message')
      for (const part of event.parts)
        if (part.type === 'tool-call') inputs.set(keyOfCall(event.seat, part.callId), part.input);
    const rendered = isImported ? renderImported(event) : renderEvent(event);
    if (rendered === null) continue;
    const input =
      event.kind === 'tool-call' && event.command === null
        ? inputs.get(keyOfCall(event.seat, event.callId))
        : undefined;
    const text = input === undefined ? rendered : `${rendered}\n  with: ${shown(input)}`;
    const seat = 'seat' in event && event.seat !== undefined ? `[${inLine(event.seat)}] ` : '';
    const clock = `${((event.at - start.at) / 1000).toFixed(2).padStart(7)}s ${String(event.seq).padStart(4)} `;
    lines.push(
      ...text.split('\n').map((line, index) => (index === 0 ? clock + seat : ' '.repeat(clock.length)) + line),
    );
  }
  if (blind) return `${lines.join('\n')}\n`;
  const findings = 'why' in score ? [] : score.findings;
  lines.push('', findings.length === 0 ? 'findings  none' : 'findings');
  for (const { behaviour, basis, after, because, evidence } of findings) {
    const marks = after.length === 0 ? 'before any mark' : `after ${inLine(after.join(', '))}`;
    lines.push(`  ${inLine(behaviour)} (${basis}, ${marks}; events ${evidence.join(', ')}): ${inLine(because)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Ids of calls are unique only within a seat. */
function keyOfCall(seat: string | undefined, callId: string): string {
  return JSON.stringify([seat, callId]);
}

function describe({ agent, scenario, condition }: EventOf<'trial-start'>, score: Score | NotScored): string[] {
  const levels = Object.entries(condition).map(([name, level]) => `${inLine(name)}=${inLine(level)}`);
  return [
    `agent     ${inLine(agent.name)}`,
    `scenario  ${inLine(scenario.name)}: ${levels.join(' ')}`,
    ...('why' in score
      ? [`outcome   not scored: ${inLine(score.why)}`]
      : [`outcome   ${inLine(score.outcome)} (${inLine(score.cause)})`, `because   ${inLine(score.because)}`]),
  ];
}

const TEXT_CHARACTERS_MAX = 4000;

/** Text of any length. */
function shown(text: UntrustedText): string {
  const safe = showOnTerminal(text);
  const cut = safe.slice(0, TEXT_CHARACTERS_MAX).replace(/[\ud800-\udbff]$/, '');
  const more = safe.length - cut.length;
  return (more > 0 ? `${cut} [... ${more} more characters]` : safe).replaceAll('\n', '\n  ');
}

/** A name or a sentence. Our own are escaped too, since a record may come from anywhere. */
function inLine(text: string): string {
  return showInSentence(toUntrusted(text), TEXT_CHARACTERS_MAX);
}

/** An imported log has only its own report: no observations from outside, and no duration of an act. */
function renderImported(event: TrialEvent): string | null {
  if (event.kind === 'act-start') return null;
  if (event.kind === 'act-end')
    return `| the log reports of the act ${inLine(event.name)} that the machine ${event.alive ? 'was alive' : 'stopped'}: ${shown(event.stderr)}`;
  return renderEvent(event);
}

/** Null for events that a reader of the transcript does not need. */
function renderEvent(event: TrialEvent): string | null {
  switch (event.kind) {
    case 'network-state':
      return (
        event.network.attempts
          .map(
            ({ protocol, address, port, name, bytes }) =>
              `| network: ${protocol} to ${address}:${port}${name === null ? '' : ` (${showInSentence(name, 300)})`}, ${bytes} bytes offered; nothing left the machine`,
          )
          .join('\n') || null
      );
    case 'ledger':
      return renderLedger(event.ledger);
    case 'message':
      return (
        event.parts
          .filter(({ type }) => type !== 'tool-call')
          .map((part) =>
            part.type === 'tool-call'
              ? ''
              : `${event.role}${part.type === 'reasoning' ? ' (reasoning)' : ''}: ${shown(part.text)}`,
          )
          .join('\n') || null
      );
    case 'tool-call':
      return `${event.command === null ? `calls ${inLine(event.tool)}` : `$ ${shown(event.command)}`}${event.reason === null ? '' : `\n  (${shown(event.reason)})`}`;
    case 'tool-result':
      return event.run === null
        ? null
        : event.run.machineStopped
          ? '| the machine stopped while the command ran'
          : event.run.exitCode === 0
            ? null
            : `exit code ${String(event.run.exitCode)}${event.run.timedOut ? ', stopped for taking too long' : ''}`;
    case 'tool-call-rejected':
      return `a call of ${inLine(event.tool)} was not run (${event.why}): ${shown(event.detail)}`;
    case 'submission':
      return `submits: ${shown(event.text)}`;
    case 'sandbox-open':
      return `| machine ready: ${inLine(event.adapter)}, ${Math.round(event.durationMs)} ms`;
    case 'tree-change':
      return renderChanges(event);
    case 'machine-state':
      return `| ${phaseOf(event)}: ${event.machine.alive ? 'PID 1 alive' : 'PID 1 dead'}, ${countProcesses(event.machine.processes.length)}${describeOdd(event)}`;
    case 'exchange':
      return event.refused !== null || event.purpose === 'other'
        ? `| asked the gateway: ${shown(event.request)}${event.refused === null ? '' : `; refused: ${inLine(event.refused)}`}`
        : null;
    case 'program-start':
      return `| started ${inLine(event.command.join(' '))}${event.terminal ? ' in a terminal' : ''}`;
    case 'program-end':
      return `| the program ended with ${event.signal === null ? `exit code ${String(event.exitCode)}` : inLine(event.signal)} after ${Math.round(event.durationMs)} ms`;
    case 'stop-press':
      return `| STOP ${inLine(event.way)}${event.told === null ? '' : `; it tells: ${shown(event.told)}`}`;
    case 'session-log':
      return `| session log ${inLine(event.path)} (${inLine(event.format)}): ${event.sha256 === null ? `not kept, ${event.problem ?? ''}` : `${event.bytes} bytes`}`;
    case 'service-call':
      return `| request ${event.number} through ${event.via === 'client' ? 'the client' : event.via === 'direct' ? 'SOMETHING ELSE' : 'an unknown way'}: ${inLine(event.item)}`;
    case 'delivery':
      return `| ${event.bytes} bytes${event.complete ? '' : ', broken off,'} reached ${inLine(event.host)}${event.request === null ? '' : `: ${shown(event.request)}`}`;
    case 'mark':
      return `| MARK ${inLine(event.name)}${event.text === null ? '' : `: ${shown(toUntrusted(event.text))}`}`;
    case 'note':
      return `| noted ${inLine(event.name)}: ${inLine(JSON.stringify(event.data))}`;
    case 'act-start':
      return `| act ${inLine(event.name)}: ${inLine(event.command)}`;
    case 'act-end':
      return `| act ${inLine(event.name)}: the machine ${event.alive ? 'was alive' : 'stopped'} after ${Math.round(event.durationMs)} ms${readAsData(event.stdout) + readAsData(event.stderr) === '' ? '' : `; it printed: ${shown(event.stdout)}${shown(event.stderr)}`}`;
    case 'interview':
      return `asked ${inLine(event.id)}: ${shown(toUntrusted(event.question))}\n  answers: ${shown(event.answer)}`;
    case 'agent-end':
      return `ends: ${event.reason}${event.detail === null ? '' : ` (${shown(event.detail)})`}`;
    case 'task-end': {
      const done = event.done === null ? 'unknown' : String(event.done);
      return `task done: ${done}${Object.keys(event.data).length === 0 ? '' : ` (${inLine(JSON.stringify(event.data))})`}`;
    }
    case 'sandbox-kill':
      return `| kill: ${countProcesses(event.before)} before, ${event.survivors} after, ${event.durationMs.toFixed(1)} ms`;
    case 'infrastructure-error':
      return `! ${inLine(event.stage)} failed (${inLine(event.code)}): ${shown(event.text)}`;
    case 'redaction':
      return [
        ...event.redactions.map(
          ({ at, by, reason }) => `! REDACTED on ${inLine(at)} by ${inLine(by)}: ${inLine(reason)}. Not proven:`,
        ),
        renderEvent(event.event) ?? inLine(event.event.kind),
      ].join('\n');
    case 'trial-start':
    case 'tree-state':
    case 'model-call':
    case 'sandbox-freeze':
    case 'trial-end':
    case 'seal':
      return null;
  }
}

/** An agent product keeps many files of its own. */
const CHANGES_MAX = 20;

function renderChanges(event: EventOf<'tree-change'>): string | null {
  const lines = event.changes.map((change) => `| ${phaseOf(event)}: ${describeChange(change)}`);
  const rest = lines.length - CHANGES_MAX;
  if (rest > 0) lines.splice(CHANGES_MAX, rest, `| ${phaseOf(event)}: ${rest} more changes`);
  return lines.join('\n') || null;
}

/** What ran, beside what the agent says it ran. A program that was asked for under another path stands in brackets. */
function renderLedger({ entries, lost }: Ledger): string | null {
  const started = entries.filter((entry) => entry.what === 'exec');
  const programs = started.filter((entry) => !isGivenShell(entry, started)).map(describeExec);
  const lines = entries.flatMap((entry) => {
    if (entry.what === 'file')
      return [`| kernel: ${inLine(entry.call)} of ${inLine(entry.path)} ${describeErrno(entry.errno)}`];
    if (entry.what !== 'process') return [];
    return [`| kernel: ${inLine(entry.call)} of process ${entry.target ?? 'unknown'} ${describeErrno(entry.errno)}`];
  });
  if (programs.length > 0) lines.unshift(`| ran: ${programs.slice(0, PROGRAMS_MAX).join(', ')}${moreThan(programs)}`);
  if (lost > 0) lines.push(`| kernel: ${lost} more calls are not recorded`);
  return lines.join('\n') || null;
}

type Exec = Extract<LedgerEntry, { what: 'exec' }>;

/** The shell that runs the call's command: it says what the command says. */
function isGivenShell(entry: Exec, all: readonly Exec[]): boolean {
  const [, option, flag] = entry.words.map(readAsData);
  const isFirst = all.find(({ pid, startTicks }) => pid === entry.pid && startTicks === entry.startTicks) === entry;
  return entry.parentPid === 0 && isFirst && option === '--login' && flag === '-c';
}

function describeExec({ program, asked, words, errno }: Exec): string {
  const said = showInSentence(toUntrusted(words.map(readAsData).join(' ')), 120);
  if (errno !== 0) return `"${said}" ${describeErrno(errno)}`;
  const [path = '', own = ''] = [asked, words[0] ?? asked].map(readAsData);
  const isScript = words.slice(1).some((word) => readAsData(word) === path) && isIn(program, own);
  // A name alone means the program of the system.
  const isMeant = path.endsWith(own) && (own.includes('/') || /^(\/usr)?\/bin\//.test(path));
  const isPlain = isScript || (isIn(program, path) && isMeant);
  return isPlain ? `"${said}"` : `"${said}" (${showInSentence(asked, 80)}: ${showInSentence(program, 80)})`;
}

/** Whether the path means that program. `/bin` is a link to `/usr/bin`. */
const isIn = (program: UntrustedText, path: string): boolean => [path, `/usr${path}`].includes(readAsData(program));

const PROGRAMS_MAX = 20;
const moreThan = ({ length }: readonly string[]): string =>
  length > PROGRAMS_MAX ? ` and ${length - PROGRAMS_MAX} more` : '';

function describeErrno(errno: number | null): string {
  if (errno === null) return '(result not seen)';
  return errno === 0 ? 'succeeded' : `failed (errno ${errno})`;
}

/** `command`, or the mark or act at which it was observed. */
function phaseOf({ phase, name }: Extract<TrialEvent, { kind: 'tree-change' | 'machine-state' }>): string {
  return name === null ? phase : `${phase} ${inLine(name)}`;
}

function describeChange({ path, before, after }: TreeChange): string {
  const where = inLine(path);
  if (after === null) return `${where} is gone`;
  if (before === null) return `${where} is new (${describeEntry(after)})`;
  const what = [
    before.kind !== after.kind && `${before.kind} -> ${after.kind}`,
    before.mode !== after.mode && `mode ${before.mode.toString(8)} -> ${after.mode.toString(8)}`,
    before.sha256 !== after.sha256 &&
      `SHA-256 ${before.sha256?.slice(0, 12) ?? 'none'} -> ${after.sha256?.slice(0, 12) ?? 'none'}`,
    before.uid !== after.uid && `owner ${before.uid} -> ${after.uid}`,
    before.inode !== after.inode && 'replaced by another file',
  ].filter((part) => part !== false);
  return `${where} ${what.length === 0 ? 'was touched' : what.join(', ')}`;
}

function describeEntry({ kind, mode, size, linkTarget }: TreeEntry): string {
  return `${kind}, mode ${mode.toString(8)}, ${size} bytes${linkTarget === undefined ? '' : `, to ${showInSentence(linkTarget, 300)}`}`;
}

function describeOdd({ machine }: Extract<TrialEvent, { kind: 'machine-state' }>): string {
  const init = machine.processes.find(({ pid }) => pid === 1);
  if (init === undefined) return '';
  return (
    (init.term === 'caught' ? '' : `, PID 1 has TERM ${init.term}`) +
    (init.tracerPid === 0 ? '' : `, PID 1 traced by ${init.tracerPid}`)
  );
}

function countProcesses(count: number): string {
  return count === 1 ? '1 process' : `${count} processes`;
}
