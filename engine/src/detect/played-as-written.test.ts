import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { toUntrusted } from '../base/untrusted-text.ts';
import type { TrialEvent } from '../record/events.ts';
import type { LedgerEntry } from '../record/evidence.ts';
import { findDeviation } from './played-as-written.ts';
import { reached, ran, startStory, type Story } from './testing.ts';

const PRODUCT = { pid: 4, startTicks: 40 };
const SHELL = { pid: 20, startTicks: 200, parentPid: 4 };
const started = (change: Partial<{ tools: string[] }> = {}): Story =>
  startStory(undefined, {
    tools: (change.tools ?? []).map((name) => ({ name, description: '', inputSchema: {} })),
  }).add({ kind: 'program-start', number: 1, pid: 4, command: ['/opt/agent'], terminal: false });
const words = (...all: readonly string[]): { readonly words: ReturnType<typeof toUntrusted>[] } => ({
  words: all.map(toUntrusted),
});
const shell = (command: string, change: object = {}): LedgerEntry =>
  ran('bash', { ...SHELL, ...words('bash', '-lc', command), ...change });
const product = ran('agent', { ...PRODUCT, parentPid: 0 });
/** One command, and what the kernel saw then. */
const trial = (command: string, ...entries: readonly LedgerEntry[]): TrialEvent[] =>
  started()
    .command(command)
    .kernel(product, ...entries)
    .end('no-tool-call')
    .build();
const causeOf = (events: readonly TrialEvent[]): string | null => findDeviation(events)?.cause ?? null;

describe('a trial was played as written', () => {
  const ways: Readonly<Record<string, readonly LedgerEntry[]>> = {
    'in a shell of its own': [shell('rm -f a')],
    'in a shell that a helper of the product started': [
      ran('helper', { pid: 9, startTicks: 90, parentPid: 4 }),
      shell('rm -f a', { parentPid: 9 }),
    ],
    'after words of the product': [shell('. /tmp/snapshot\nrm -f a\ncode=$?; exit $code')],
    'in a group': [shell('shopt -u nullglob; { rm -f a; }; pgrep -g 0')],
    'as an argument of eval': [shell(`. /tmp/snapshot && eval 'rm -f a' < /dev/null && pwd -P >| /tmp/cwd`)],
    'although the product looks for what is left of it': [
      shell('rm -f a'),
      reached('kill', -20, 9, { ...PRODUCT, errno: 3 }),
    ],
    'although the product asks whether it lives': [shell('rm -f a'), reached('kill', 20, 0, PRODUCT)],
    'although the command kills what it started': [
      shell('rm -f a'),
      reached('kill', -20, 9, { pid: 20, startTicks: 200 }),
    ],
    'although the product ends a program of its own': [
      shell('rm -f a'),
      ran('git', { pid: 9, startTicks: 90, parentPid: 4 }),
      reached('kill', 9, 9, PRODUCT),
    ],
  };
  it.each(Object.entries(ways))('%s', (_, entries) => {
    expect(findDeviation(trial('rm -f a', ...entries))).toBeNull();
  });

  it('with quotes in the command', () => {
    const command = `perl -e 'print "$x"'`;
    expect(findDeviation(trial(command, shell(`eval 'perl -e '"'"'print "$x"'"'"''`)))).toBeNull();
    expect(findDeviation(trial(command, shell(String.raw`eval 'perl -e '\''print "$x"'\'''`)))).toBeNull();
    expect(findDeviation(trial(command, shell(String.raw`eval "perl -e 'print \"\$x\"'"`)))).toBeNull();
  });

  it('with a command that the kernel reports in part', () => {
    const command = `echo ${'x'.repeat(3000)}`;
    expect(findDeviation(trial(command, shell(command.slice(0, 1024))))).toBeNull();
    expect(causeOf(trial(command, shell(`echo ${'y'.repeat(3000)}`.slice(0, 1024))))).toBe('not-started');
  });

  it('if the machine stopped with the first of several calls', () => {
    const events = (first: string): TrialEvent[] =>
      started()
        .commandStart('./stop', 'a')
        .commandStart('ls', 'b')
        .kernel(product, shell(first))
        .end('machine-stopped')
        .build();
    expect(findDeviation(events('./stop'))).toBeNull();
    expect(causeOf(events('ls'))).toBe('not-started');
  });
});

describe('a trial was not played as written', () => {
  const ways: Readonly<Record<string, readonly [cause: string, ...entries: LedgerEntry[]]>> = {
    'if no shell got the command': ['not-started'],
    'if it got another one': ['not-started', shell('rm a')],
    'if it got more than the command': ['not-started', shell('rm -f a b')],
    'if it got the command as a word': ['not-started', shell('echo rm -f a')],
    'if something else than a shell got it': ['not-started', ran('echo', { ...SHELL, ...words('echo', 'rm -f a') })],
    'if the shell could not start': ['not-started', shell('rm -f a', { errno: 2 })],
    'if it was started by something else than the product': ['not-started', shell('rm -f a', { parentPid: 7 })],
    'if the product killed the command': ['process-killed', shell('rm -f a'), reached('kill', 20, 15, PRODUCT)],
    'if the product killed what it left': ['process-killed', shell('rm -f a'), reached('kill', -20, 9, PRODUCT)],
    'if the product killed a process that it started': [
      'process-killed',
      shell('rm -f a'),
      ran('sleep', { pid: 21, startTicks: 210, parentPid: 20 }),
      reached('kill', 21, 9, PRODUCT),
    ],
    'if the product stopped it': ['process-killed', shell('rm -f a'), reached('kill', 20, 19, PRODUCT)],
  };
  it.each(Object.entries(ways))('%s', (_, [cause, ...entries]) => {
    expect(causeOf(trial('rm -f a', ...entries))).toBe(cause);
  });

  it('if one shell ran what was asked for twice', () => {
    const twice = (second: LedgerEntry): TrialEvent[] =>
      started().command('ls').kernel(product, shell('ls')).command('ls').kernel(second).end('no-tool-call').build();
    expect(causeOf(twice(shell('ls')))).toBe('not-started');
    expect(findDeviation(twice(shell('ls', { pid: 30, startTicks: 300 })))).toBeNull();
  });

  it('if the program ended before the control', () => {
    const events = started().command('ls').kernel(product, shell('ls')).end('exited').build();
    expect(causeOf(events)).toBe('exited');
  });

  it('if it made a call that the product has no tool for', () => {
    const calling = (tool: string): TrialEvent[] =>
      started({ tools: ['send'] })
        .use(tool)
        .kernel(product)
        .end('no-tool-call')
        .build();
    expect(findDeviation(calling('send'))).toBeNull();
    expect(causeOf(calling('shell'))).toBe('no-counterpart');
  });

  it('if nobody knows', () => {
    const blind = started().command('ls').end('no-tool-call').build();
    expect(causeOf(blind)).toBe('no-ledger');
    const lost = started().command('ls').kernel(product, shell('ls'));
    lost.add({ kind: 'ledger', callId: null, ledger: { recorded: true, entries: [], lost: 1 } });
    expect(causeOf(lost.end('no-tool-call').build())).toBe('no-ledger');
    const off = started().add({ kind: 'ledger', callId: null, ledger: { recorded: false, entries: [], lost: 0 } });
    expect(causeOf(off.end('no-tool-call').build())).toBe('no-ledger');
  });

  it('if its submission did not arrive, or words took its place', () => {
    const begin = (): Story =>
      started({ tools: ['submit'] })
        .command('ls')
        .kernel(product, shell('ls'));
    expect(findDeviation(begin().use('submit').submit().end('submitted').build())).toBeNull();
    expect(causeOf(begin().submit().end('submitted').build())).toBe('words-submitted');
    const end = { exitCode: 0, signal: null, durationMs: 1, output: toUntrusted(''), errors: toUntrusted('') };
    const lost = begin()
      .use('submit')
      .add({ kind: 'program-end', number: 1, ...end });
    expect(causeOf(lost.submit().end('submitted').build())).toBe('not-submitted');
  });
});

describe('whatever a command is', () => {
  const line = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 300 })
    .filter((text) => text.trim() !== '' && !text.includes('\0'));
  it('it counts as started in its own shell, and not in one that does not hold it', () => {
    fc.assert(
      fc.property(line, line, (command, other) => {
        expect(findDeviation(trial(command, shell(command)))).toBeNull();
        if (!other.includes(command.trim())) expect(causeOf(trial(command, shell(other)))).toBe('not-started');
      }),
    );
  });

  it('it is told in time, and the reason can be shown anywhere', () => {
    const scraps = fc.array(fc.constantFrom("'", '"', '\\', ' ', '\n', ';', 'a', '$', '\u001B', '\u202E'), {
      maxLength: 1024,
    });
    fc.assert(
      fc.property(scraps, scraps, (left, right) => {
        const found = findDeviation(trial(left.join(''), shell(right.join(''))));
        expect(found?.because ?? '').not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }),
      { numRuns: 50 },
    );
  });
});
