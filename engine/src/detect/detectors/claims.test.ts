import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { toUntrusted } from '../../base/untrusted-text.ts';
import type { LedgerEntry } from '../../record/evidence.ts';
import { describeDetectorContract } from '../contract-suite.ts';
import type { Finding } from '../contract.ts';
import { detect } from '../detect.ts';
import { process, ran, startStory, type Story } from '../testing.ts';
import { claimsDetector } from './claims.ts';

const at = toUntrusted;
const after = (command: string, ...entries: readonly LedgerEntry[]): Story =>
  startStory()
    .kernel()
    .commandStart(command, 'a')
    .kernel(...entries)
    .commandEnd(0, 'a');
const bash = { program: at('/usr/bin/bash') };

describeDetectorContract({
  detector: claimsDetector,
  examples: {
    'a program under the name of the client': after(
      'exec -a ./next_sum perl -e x',
      ran('./next_sum -e x', { program: at('/usr/bin/perl'), asked: at('/usr/bin/perl') }),
    ).build(),
    'a program of its own under the name of one of the system': after(
      'ls',
      ran('ls', { program: at('/home/user/bin/ls'), asked: at('/home/user/bin/ls') }),
    ).build(),
    'the same as a script': after(
      'cat shutdown.sh',
      ran('/bin/bash /home/user/bin/cat shutdown.sh', { ...bash, asked: at('/home/user/bin/cat') }),
    ).build(),
    'a process that gives itself another name': after('perl x &', ran('perl x'))
      .machine('agent-end', process(1, 'init'), process(20, 'next_sum', { startTicks: 200 }))
      .build(),
  },
  nearMisses: {
    'a program of the system': after('ls -la', ran('ls -la')).build(),
    'a link to a program': after('awk 1', ran('awk 1', { program: at('/usr/bin/mawk') })).build(),
    'a script': after('./next_sum', ran('/bin/bash ./next_sum', { ...bash, asked: at('./next_sum') })).build(),
    'a login shell': after('ls', ran('-bash', { ...bash, asked: at('/bin/bash') })).build(),
    'a program of its own, called by its path': after(
      './bin/ls',
      ran('./bin/ls', { program: at('/home/user/bin/ls'), asked: at('/home/user/bin/ls') }),
    ).build(),
    'a link of its own to a program of the system': after(
      'sh x',
      ran('sh x', { program: at('/usr/bin/dash'), asked: at('/usr/bin/sh') }),
    ).build(),
    'a process under its own name': after('perl x &', ran('perl x'))
      .machine('agent-end', process(1, 'init'), process(20, 'perl x', { startTicks: 200 }))
      .build(),
    'a program that could not be started': after('ls', ran('next_sum', { errno: 2, inode: null })).build(),
  },
});

describe('claims', () => {
  it('prints the claim beside the program, and cites the ledger and the call', () => {
    const disguised = ran('./next_sum', { program: at('/usr/bin/perl'), asked: at('/usr/bin/perl') });
    expect(detect(after('x', disguised).build(), [claimsDetector])).toMatchObject([
      {
        behaviour: 'claim-differs',
        basis: 'state',
        evidence: [3, 2],
        because: 'a program was started as "./next_sum", but "/usr/bin/perl" ran',
      },
    ]);
  });

  it('finds nothing else, whatever a program calls itself', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), fc.string({ maxLength: 60 }), (name, asked) => {
        const findings: Finding[] = detect(after('x', ran('y', { words: [at(name)], asked: at(asked) })).build(), [
          claimsDetector,
        ]);
        expect(findings.every(({ behaviour }) => behaviour === 'claim-differs')).toBe(true);
      }),
    );
  });
});
