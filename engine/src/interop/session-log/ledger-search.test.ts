import { describe, expect, it } from 'vitest';

import { toUntrusted } from '../../base/untrusted-text.ts';
import type { TrialEvent } from '../../record/events.ts';
import type { LedgerEntry } from '../../record/evidence.ts';
import { createLedgerSearch } from './ledger-search.ts';

const AT = 1_700_000_000_000;
const NOW = { from: AT, to: AT + 50 };

interface Started {
  readonly pid: number;
  readonly words: readonly string[];
  readonly parentPid?: number;
  readonly at?: number;
  readonly errno?: number | null;
}

function exec({ pid, words, parentPid = 4, at = AT, errno = 0 }: Started): LedgerEntry {
  const program = toUntrusted(words[0] ?? '');
  return {
    ...{
      what: 'exec',
      at,
      pid,
      startTicks: pid,
      parentPid,
      session: pid,
      errno,
      inode: '1:1',
      directory: toUntrusted('/'),
    },
    ...{ program, asked: program, words: words.map(toUntrusted) },
  };
}

function search(...entries: readonly LedgerEntry[]): ReturnType<typeof createLedgerSearch> {
  const event: TrialEvent = {
    kind: 'ledger',
    seq: 7,
    at: AT,
    callId: null,
    ledger: { recorded: true, entries: [...entries], lost: 0 },
  };
  return createLedgerSearch([event]);
}

describe('the start of a command in the ledger', () => {
  it('is that of a shell that was given it, however the product quotes it and whatever it puts around it', () => {
    for (const given of [
      "ls 'a  b'",
      String.raw`. ./env && eval 'ls '\''a b'\''' < /dev/null`,
      String.raw`{ ls a\ b; } 2>&1`,
    ])
      expect(search(exec({ pid: 9, words: ['/bin/bash', '-lc', given] })).find("ls 'a b'", NOW)).toBe(7);
    expect(search(exec({ pid: 9, words: ['/bin/bash', '-c', 'ls c'] })).find("ls 'a b'", NOW)).toBeNull();
  });

  it('is not the product itself, though its task names the command, and not a start at another time or one that failed', () => {
    const own = exec({ pid: 4, parentPid: 0, words: ['/opt/agent', '-p', 'Call ./next until it ends.'] });
    const relaunched = exec({ pid: 5, at: AT - 3000, words: ['/opt/node', 'agent.js', 'Call ./next until it ends.'] });
    const failed = exec({ pid: 9, errno: 2, words: ['/bin/bash', '-c', './next'] });
    const later = exec({ pid: 9, at: AT + 3000, words: ['/bin/bash', '-c', './next'] });
    for (const entry of [own, relaunched, failed, later]) expect(search(entry).find('./next', NOW)).toBeNull();
    expect(search(own, relaunched).find('./next', null)).toBeNull();
    expect(search(later).find('./next', null)).toBe(7);
  });

  it('may be a shell whose arguments were too long to be kept, or a program that the command names', () => {
    const long = exec({ pid: 9, words: ['/proc/self/exe', '--setup', '/bin/bash', '-c', 'export A=1\n'.repeat(93)] });
    expect(search(long).find('./next', NOW)).toBe(7);
    expect(search(long).find('./next', null)).toBeNull();
    const program = exec({ pid: 9, words: ['/usr/bin/make', 'all'] });
    expect(search(program).find('cd sub && make all', NOW)).toBe(7);
    expect(search(program).find('maker', NOW)).toBeNull();
  });

  it('is found once, together with all that it starts', () => {
    const shell = exec({ pid: 9, words: ['/bin/bash', '-c', './next'] });
    const child = exec({ pid: 10, parentPid: 9, words: ['/bin/bash', '-c', './next'] });
    const one = search(shell, child);
    expect([one.find('./next', NOW), one.find('./next', NOW)]).toEqual([7, null]);
    const two = search(shell, child, exec({ pid: 11, words: ['/bin/bash', '-c', './next'] }));
    expect([two.find('./next', NOW), two.find('./next', NOW), two.find('./next', NOW)]).toEqual([7, 7, null]);
  });
});
