import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { createTemporaryFolder } from '../record/testing.ts';
import { createTreeReader } from './tree-reader.ts';

const [LEASE, FILES, FOLDERS] = [
  'use Fcntl; open(F, "<", shift) or die; fcntl(F, 1024, 1) or die "lease: $!\\n"; $SIG{IO} = "IGNORE"; $| = 1; print "held\\n"; sleep 60',
  'chdir shift; for (1..20000) { open F, ">", "f$_"; close F }',
  // Perl is given bytes that are no text.
  'chdir shift; my $n = "\\xff" x 255; for (1..58) { mkdir $n; chdir $n } for (1..600) { open F, ">", sprintf("%s%04d", "\\xff" x 251, $_); close F }',
];

function read(folder: string, { settled = false, watched = [] as readonly string[] } = {}) {
  const handle = openSync(folder, 'r');
  try {
    const owner = { outside: process.getuid?.() ?? 0, inside: 1000 };
    const started = performance.now();
    const tree = createTreeReader({ roots: [{ path: '/home', handle }], owner, watched }).read(settled);
    return { ...tree, ms: performance.now() - started };
  } finally {
    closeSync(handle);
  }
}

describe('a look at a tree', () => {
  it('does not wait for a leased file, a pipe, a link to itself or a closed folder', async () => {
    using folder = createTemporaryFolder();
    writeFileSync(folder.file('leased'), 'x');
    execFileSync('mkfifo', [folder.file('pipe')]);
    symlinkSync('loop', folder.file('loop'));
    mkdirSync(folder.file('closed'));
    writeFileSync(folder.file('closed/inside'), 'x');
    chmodSync(folder.file('closed'), 0);
    const holder = spawn('perl', ['-e', LEASE, folder.file('leased')], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(holder.stdout, 'data');
      const { entries, ms } = read(folder.path);
      expect(ms).toBeLessThan(5000);
      expect(entries['/home/leased']).toMatchObject({ kind: 'file', sha256: null, unread: 'leased' });
      expect(entries['/home/pipe']).toMatchObject({ kind: 'fifo' });
      expect(entries['/home/loop']).toMatchObject({ kind: 'link', linkTarget: 'loop' });
      const settled = read(folder.path, { settled: true }).entries;
      expect(settled['/home/closed/inside']?.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(settled['/home/closed']?.mode).toBe(0);
    } finally {
      holder.kill('SIGKILL');
      chmodSync(folder.file('closed'), 0o700);
    }
  });

  it.for([
    ['very many files', FILES],
    ['very long paths', FOLDERS],
  ] as const)('ends truncated at %s, and holds what is watched', ([, program]) => {
    using folder = createTemporaryFolder();
    execFileSync('perl', ['-e', program, folder.path]);
    mkdirSync(folder.file('z'));
    writeFileSync(folder.file('z/watched'), 'x');
    const { entries, truncated } = read(folder.path, { watched: ['/home/z/watched'] });
    expect(truncated).toBe(true);
    expect(Object.keys(entries).length).toBeLessThanOrEqual(5003);
    expect(Object.keys(entries).join('').length).toBeLessThan(2.1 * 1024 * 1024);
    expect(entries['/home/z/watched']?.sha256).toMatch(/^[0-9a-f]{64}$/);
    execFileSync('rm', ['-rf', folder.path]);
  });
});
