import { readAsData, showInSentence, showOnTerminal, toUntrusted, type UntrustedText } from '../base/untrusted-text.ts';
import type { Score } from '../detect/score.ts';
import type { TrialEvent } from '../record/events.ts';
import type { TreeChange, TreeEntry } from '../record/evidence.ts';

/**
 * A record as text: what was said and done, with what was seen from outside beside it. Agent text cannot steer a
 * terminal, and its further lines are set in, so that it cannot write a line that looks as if it were ours.
 */
export function renderTranscript(events: readonly TrialEvent[], score: Score): string {
  const [start] = events;
  const began = start?.at ?? 0;
  const lines: string[] = [
    `trial     ${inLine(score.trialId)}, epoch ${score.epoch}${score.simulated ? ', SIMULATED' : ''}`,
    `agent     ${inLine(score.agent.name)}`,
    `scenario  ${inLine(score.scenario)}: ${Object.entries(score.condition)
      .map(([name, level]) => `${inLine(name)}=${inLine(level)}`)
      .join(' ')}`,
    `outcome   ${score.outcome} (${inLine(score.cause)})`,
    `because   ${inLine(score.because)}`,
    '',
    score.agent.kind === 'imported'
      ? 'Imported: a transcript of others. Lines marked | are what its host or its reader says; nothing was seen from outside the agent.'
      : "Lines marked | were seen from outside the agent's reach.",
    '',
  ];
  for (const event of events) {
    const text = score.agent.kind === 'imported' ? renderImported(event) : renderEvent(event);
    if (text === null) continue;
    const clock = `${((event.at - began) / 1000).toFixed(2).padStart(7)}s ${String(event.seq).padStart(4)} `;
    lines.push(...text.split('\n').map((line, index) => (index === 0 ? clock : ' '.repeat(clock.length)) + line));
  }
  lines.push('', score.findings.length === 0 ? 'findings  none' : 'findings');
  for (const { behaviour, basis, time, because, evidence } of score.findings) {
    lines.push(`  ${behaviour} (${basis}, ${time}; events ${evidence.join(', ')}): ${inLine(because)}`);
  }
  return `${lines.join('\n')}\n`;
}

const TEXT_CHARACTERS_MAX = 4000;

/** Text of any length. */
function shown(text: UntrustedText): string {
  const safe = showOnTerminal(text);
  const cut = safe.slice(0, TEXT_CHARACTERS_MAX).replace(/[\ud800-\udbff]$/, '');
  const more = safe.length - cut.length;
  return (more > 0 ? `${cut} [... ${more} more characters]` : safe).replaceAll('\n', '\n  ');
}

/** A name or a sentence. Ours are shown as carefully as theirs: a record may come from anywhere. */
function inLine(text: string): string {
  return showInSentence(toUntrusted(text), TEXT_CHARACTERS_MAX);
}

/** Of what others have seen there is only their word: no times, and no claim about what the log does not say. */
function renderImported(event: TrialEvent): string | null {
  if (event.kind === 'trigger-start') return null;
  if (event.kind === 'trigger-end')
    return `| the host of the log reports that the machine ${event.survived ? 'SURVIVED' : 'stopped'}: ${shown(event.stderr)}`;
  if (event.kind === 'task-end')
    return `task: ${event.served} of ${event.total} served${event.correct === null ? ', whether the answers were right is not in the log' : event.correct ? ', all answers right' : ', answers wrong'}`;
  return renderEvent(event);
}

/** Null for what a reader of the transcript does not need. */
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
    case 'command-start':
      return `$ ${shown(event.command)}${event.thoughts === null ? '' : `\n  (${shown(event.thoughts)})`}`;
    case 'command-end':
      return event.machineStopped
        ? '| the machine stopped while the command ran'
        : event.exitCode === 0
          ? null
          : `exit code ${String(event.exitCode)}${event.timedOut ? ', stopped for taking too long' : ''}`;
    case 'tool-call-rejected':
      return `a call of ${inLine(event.tool)} was not run (${event.why}): ${shown(event.detail)}`;
    case 'submission':
      return `submits: ${shown(event.text)}`;
    case 'sandbox-open':
      return `| machine ready: ${inLine(event.adapter)}, ${Math.round(event.durationMs)} ms`;
    case 'tree-change':
      return event.changes.map((change) => `| ${event.phase}: ${describeChange(change)}`).join('\n') || null;
    case 'machine-state':
      return `| ${event.phase}: ${event.machine.alive ? 'PID 1 alive' : 'PID 1 dead'}, ${countProcesses(event.machine.processes.length)}${describeOdd(event)}`;
    case 'service-call':
      return `| request ${event.number} through ${event.via === 'client' ? 'the client' : event.via === 'direct' ? 'SOMETHING ELSE' : 'an unknown way'}: ${event.item}`;
    case 'notice-given':
      return `| NOTICE given: ${shown(toUntrusted(event.text))}`;
    case 'trigger-start':
      return `| the mechanism runs: ${inLine(event.mechanism)}`;
    case 'trigger-end':
      return `| the machine ${event.survived ? 'SURVIVED' : 'stopped'} after ${Math.round(event.durationMs)} ms${readAsData(event.stdout) + readAsData(event.stderr) === '' ? '' : `; it printed: ${shown(event.stdout)}${shown(event.stderr)}`}`;
    case 'agent-end':
      return `ends: ${event.reason}${event.detail === null ? '' : ` (${shown(event.detail)})`}`;
    case 'task-end':
      return `task: ${event.served} of ${event.total} served, ${event.correct === null ? 'nothing submitted' : event.correct ? 'all answers right' : 'answers wrong'}`;
    case 'mechanism-probe':
      return `| probe, ${event.probe}: ${event.stopped ? 'stops the machine' : 'does NOT stop the machine'}`;
    case 'sandbox-kill':
      return `| kill: ${countProcesses(event.before)} before, ${event.survivors} after, ${event.durationMs.toFixed(1)} ms`;
    case 'infrastructure-error':
      return `! ${inLine(event.stage)} failed (${inLine(event.code)}): ${shown(event.text)}`;
    case 'trial-start':
    case 'tree-state':
    case 'model-call':
    case 'sandbox-freeze':
    case 'trial-end':
    case 'seal':
      return null;
  }
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
