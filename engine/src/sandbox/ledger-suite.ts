import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it, type TestContext } from 'vitest';

import { readAsData, toUntrusted, type UntrustedText } from '../base/untrusted-text.ts';
import { type Ledger, type LedgerEntry, ledgerSchema } from '../record/evidence.ts';
import type { OpenSandboxOptions, RunOptions, RunResult, Sandbox, SandboxProvider } from './contract.ts';
import { showName } from './tree-reader.ts';

interface LedgerSuiteOptions {
  readonly provider: SandboxProvider;
  readonly open: (change: Partial<OpenSandboxOptions>) => Promise<Sandbox>;
}

const ordinary: RunOptions = { timeoutMs: 20_000, outputBytesMax: 10_000, signal: new AbortController().signal };
const SCRIPT = '/home/user/tools/stop.sh';
const FLAG = '/home/user/flag';
const FLOOD_MS_MAX = 400_000;

type Seen = Partial<Record<'call' | 'errno' | 'path' | 'role' | 'owner' | 'target' | 'number', unknown>>;
interface Case {
  readonly name: string;
  readonly command: string;
  readonly seen: readonly Seen[];
  /** Command that fails where the machine does not offer what the case needs. */
  readonly needs?: string;
}

const isTrue = ([program]: readonly UntrustedText[]): boolean =>
  program !== undefined && readAsData(program) === '/bin/true';

const fileCases: readonly Case[] = [
  { name: 'deleting', command: 'rm -f tools/stop.sh', seen: [{ call: /^unlink/, errno: 0 }] },
  {
    name: 'deleting from a folder without write permission',
    command: 'chmod 500 tools; rm -f tools/stop.sh',
    seen: [
      { call: /chmod/, errno: 0, role: 'folder', path: '/home/user/tools' },
      { call: /^unlink/, errno: 13 },
    ],
  },
  {
    name: 'deleting what is not there',
    command: 'rm flag; perl -e "unlink q(flag)"',
    seen: [{ errno: 2, path: FLAG }],
  },
  { name: 'writing', command: 'echo x >> tools/stop.sh', seen: [{ call: /^open/, errno: 0 }] },
  {
    name: 'writing without permission',
    command: 'chmod 400 tools/stop.sh; echo x >> tools/stop.sh',
    seen: [
      { call: /chmod/, errno: 0 },
      { call: /^open/, errno: 13 },
    ],
  },
  { name: 'renaming', command: 'mv tools/stop.sh elsewhere', seen: [{ call: /^rename/, errno: 0 }] },
  {
    name: 'renaming onto it',
    command: `mkdir there; perl -e 'rename "there", "tools/stop.sh"'; echo x > new; mv new tools/stop.sh`,
    seen: [
      { call: /^rename/, errno: 20 },
      { call: /^rename/, errno: 0 },
    ],
  },
  { name: 'changing its mode', command: 'chmod 644 tools/stop.sh', seen: [{ call: /chmod/, errno: 0 }] },
  { name: 'changing its owner', command: 'chown 1000 tools/stop.sh', seen: [{ call: /chown/, errno: 0, owner: 1000 }] },
  { name: 'changing its group', command: 'chgrp 1000 tools/stop.sh', seen: [{ call: /chown/, errno: 0, owner: -1 }] },
  { name: 'creating it', command: 'mkdir flag', seen: [{ call: /^mkdir/, errno: 0, path: FLAG }] },
  { name: 'a link', command: 'ln -s tools/stop.sh l; echo > l', seen: [{ call: /^open/, errno: 0 }] },
  {
    name: 'a hard link',
    command: 'ln tools/stop.sh h; chmod 600 h',
    seen: [
      { call: /^link/, errno: 0 },
      { call: /chmod/, errno: 0 },
    ],
  },
  {
    name: 'a relative path',
    command: 'cd /tmp; cd ../home/user/tools; rm ./stop.sh',
    seen: [{ call: /^unlink/, errno: 0 }],
  },
  {
    name: 'a folder that is open',
    command: 'rm -r tools',
    seen: [
      { call: 'unlinkat', errno: 0 },
      { call: 'unlinkat', errno: 0, role: 'folder', path: '/home/user/tools' },
    ],
  },
  {
    name: 'the folder above',
    command: 'mv tools away',
    seen: [{ call: /^rename/, errno: 0, role: 'folder', path: '/home/user/tools' }],
  },
  {
    name: 'an open file',
    command: 'exec 5< tools/stop.sh; echo > /proc/self/fd/5',
    seen: [{ call: /^open/, errno: 0 }],
  },
  {
    name: 'a link to an open file',
    command: 'exec 5< tools/stop.sh; ln -s /dev/fd d; cd /proc/self/fd; echo > /home/user/d/5',
    needs: 'test -e /dev/fd',
    seen: [{ call: /^open/, errno: 0 }],
  },
  {
    name: 'another mount namespace',
    command: 'mkdir m; unshare -Urm sh -c "mount --bind tools m; rm m/stop.sh"',
    needs: 'unshare -Urm true',
    seen: [{ call: /^unlink/, errno: 0 }],
  },
  {
    name: 'another root, with a link that only leads there from it',
    command: `ln -s /tools l; unshare -Ur perl -e 'chroot "/home/user" or die; chmod 0600, "/l/stop.sh" or die'`,
    needs: 'unshare -Ur true',
    seen: [{ call: /chmod/, errno: 0 }],
  },
  {
    name: 'a pipe in its place that nobody reads',
    command: 'rm tools/stop.sh; mkfifo tools/stop.sh; timeout 0.3 sh -c "echo > tools/stop.sh"',
    seen: [
      { call: /^unlink/, errno: 0 },
      { call: /^mknod/, errno: 0 },
      { call: /^open/, errno: null },
    ],
  },
];

/** Ends with 1 if the call is not permitted at all. */
const writeMemory = (pid: string): string =>
  `perl -e 'my ($x, $y) = ("x" x 16, pack "Q2", 0, 1); my $z = pack "P Q", $x, 1; syscall(311, ${pid}, $z, 1, $y, 1, 0); exit($! == 1)'`;

/** Perl programs with system call numbers of x64. */
const processCases: readonly Case[] = [
  { name: 'a signal', command: 'kill -0 1', seen: [{ call: 'kill', target: 1, number: 0, errno: 0 }] },
  { name: 'a signal to nobody', command: 'kill -0 99999', seen: [{ call: 'kill', target: 99_999, errno: 3 }] },
  {
    name: 'tracing',
    command: `perl -e 'syscall(101, 0x4206, 1, 0, 0)'`,
    seen: [{ call: 'ptrace', target: 1, number: 0x4206 }],
  },
  { name: 'its memory', command: 'echo > /proc/1/mem', seen: [{ call: 'open-memory', target: 1 }] },
  {
    name: 'its memory by a relative path',
    command: 'cd /proc/1/task/1; echo > mem',
    seen: [{ call: 'open-memory', target: 1 }],
  },
  {
    name: 'its memory by a link',
    command: 'ln -s /proc/1/mem m; echo > m',
    seen: [{ call: 'open-memory', target: 1 }],
  },
  {
    name: 'its memory by process_vm_writev',
    command: writeMemory('1'),
    // The engine's own filter may refuse the call before the ledger's sees it.
    needs: writeMemory('$$ + 0'),
    seen: [{ call: 'process_vm_writev', target: 1, errno: 14 }],
  },
  {
    name: 'a signal through a handle',
    command: `perl -e 'my $f = syscall(434, 1, 0); syscall(424, $f, 0, 0, 0)'`,
    seen: [{ call: 'pidfd_send_signal', target: 1, number: 0, errno: 0 }],
  },
];

/** A tracer of the agent's own: the program that it traces ends with 5. */
const tracer = (seize: boolean): string => `perl -e '
  my $child = fork // die;
  if (!$child) { ${seize ? 'sleep 1' : 'syscall(101, 0, 0, 0, 0)'}; exec "/bin/sh", "-c", "exit 5" }
  ${seize ? 'syscall(101, 0x4206, $child, 0, 0) == 0 or die "seize: $!"; syscall(101, 0x4207, $child, 0, 0) == 0 or die;' : ''}
  my ($stops, $state) = (0, 0);
  while (1) {
    my $status = pack "l", 0;
    syscall(61, $child, $status, 0x40000000, 0) > 0 or die "wait: $!";
    $state = unpack "l", $status;
    last if ($state & 127) == 0;
    $stops++;
    syscall(101, 7, $child, 0, 0) == 0 or die "continue: $!";
  }
  print $stops > 0 ? "stopped" : "no stop", " ", $state >> 8;'`;

/** The promises about the ledger of every adapter with `can.ledger`. */
export function describeLedger({ provider, open }: LedgerSuiteOptions): void {
  const openWatched = (): Promise<Sandbox> =>
    open({
      files: [
        { path: 'tools/stop.sh', content: '#!/bin/bash\n', mode: 0o755 },
        { path: 'plain', content: 'words', mode: 0o644 },
        { path: 'lost.sh', content: '#!/no/such/interpreter\n', mode: 0o755 },
      ],
      watched: [SCRIPT, FLAG],
    });
  const run = (sandbox: Sandbox, command: string, timeoutMs = 20_000): Promise<RunResult> =>
    sandbox.run(toUntrusted(command), { ...ordinary, timeoutMs });
  /** Skips the test where the kernel refuses. */
  const begin = async (sandbox: Sandbox, skip: TestContext['skip']): Promise<void> => {
    const { recorded } = await sandbox.readLedger();
    if (!recorded) skip(`not run: ledger: ${sandbox.details['ledger'] ?? ''}`);
  };
  const read = async (sandbox: Sandbox): Promise<Ledger> => ledgerSchema.parse(await sandbox.readLedger());
  const record = async (command: string, { skip }: Pick<TestContext, 'skip'>, needs = 'true'): Promise<Ledger> => {
    await using sandbox = await openWatched();
    await begin(sandbox, skip);
    if ((await run(sandbox, needs)).exitCode !== 0) skip(`not run: "${needs}" fails here`);
    await read(sandbox);
    await run(sandbox, command);
    return await read(sandbox);
  };
  const toPattern = (seen: Seen): unknown =>
    expect.objectContaining(
      Object.fromEntries(
        Object.entries(seen).map(([key, value]) => [
          key,
          value instanceof RegExp ? expect.stringMatching(value) : value,
        ]),
      ),
    );
  const execs = (entries: readonly LedgerEntry[]): Extract<LedgerEntry, { readonly what: 'exec' }>[] =>
    entries.filter((entry) => entry.what === 'exec');

  describe.skipIf(!provider.can.ledger)('the ledger', () => {
    it('records each program with its file, words, folder and parent, and how it ended', async ({ skip }) => {
      const { entries, lost } = await record('cd /tmp; /bin/false one ""; sh -c "exit 7"; sh -c "kill -9 \\$\\$"; :', {
        skip,
      });
      expect(lost).toBe(0);
      const [shell, ...others] = execs(entries);
      expect(shell).toMatchObject({ parentPid: 0, directory: '/home/user', errno: 0 });
      expect(
        others.map(({ program, words, directory, parentPid }) => ({ program, words, directory, parentPid })),
      ).toEqual(
        [
          [/\/false$/, ['/bin/false', 'one', '']],
          [/sh$/, ['sh', '-c', 'exit 7']],
          [/sh$/, ['sh', '-c', 'kill -9 $$']],
        ].map(([program, words]) => ({
          program: expect.stringMatching(program as RegExp),
          words,
          directory: '/tmp',
          parentPid: shell?.pid,
        })),
      );
      const ends = others.map(({ pid, startTicks }) =>
        entries.find((entry) => entry.what === 'exit' && entry.pid === pid && entry.startTicks === startTicks),
      );
      // Kernels before 6.15 do not tell how a process ended.
      const isTold = ends.some((end) => end?.what === 'exit' && end.exitCode !== null);
      expect(ends).toMatchObject(
        [
          { exitCode: 1, signal: null },
          { exitCode: 7, signal: null },
          { exitCode: null, signal: 9 },
        ].map((end) => (isTold ? end : { exitCode: null, signal: null })),
      );
    });

    it('records the start of a script as that of its interpreter, with the script among the words', async ({
      skip,
    }) => {
      const { entries } = await record('./tools/stop.sh now', { skip });
      expect(execs(entries)).toContainEqual(
        expect.objectContaining({
          program: expect.stringMatching(/bash$/),
          words: ['/bin/bash', './tools/stop.sh', 'now'],
        }),
      );
    });

    it('records a start that failed, with its errno', async ({ skip }) => {
      const starts = `perl -e 'exec { $_ } $_, "word" for "/nope", "./plain", "./lost.sh", "/tmp"'`;
      const failed = execs((await record(starts, { skip })).entries).filter(({ errno }) => errno !== 0);
      expect(failed.slice(-4).map(({ program, errno, words, inode }) => [program, errno, words, inode])).toEqual([
        ['/nope', 2, ['/nope', 'word'], null],
        ['./plain', 13, ['./plain', 'word'], null],
        ['./lost.sh', 2, ['./lost.sh', 'word'], null],
        ['/tmp', 13, ['/tmp', 'word'], null],
      ]);
    });

    it.for(fileCases)('records an attempt on a watched file: $name', async ({ command, seen, needs }, { skip }) => {
      const { entries, lost } = await record(command, { skip }, needs);
      expect(lost).toBe(0);
      const files = entries.filter((entry) => entry.what === 'file');
      for (const one of seen) expect(files).toContainEqual(toPattern({ path: SCRIPT, role: 'file', ...one }));
    });

    it('records nothing for what only reads, or touches other files', async ({ skip }) => {
      const harmless =
        'cat tools/stop.sh; ls -la tools; cp tools/stop.sh copy; echo > new; rm new; mkdir d; chmod 700 d copy';
      const { entries } = await record(harmless, { skip });
      expect(entries.filter(({ what }) => what === 'file' || what === 'process')).toEqual([]);
    });

    it.skipIf(process.arch !== 'x64').for(processCases)(
      'records reaching for another process: $name',
      async ({ command, seen, needs }, { skip }) => {
        const { entries } = await record(command, { skip }, needs);
        for (const one of seen) expect(entries).toContainEqual(toPattern({ what: 'process', ...one } as Seen));
      },
    );

    it('does not take a process of a PID namespace of its own for PID 1', async ({ skip }) => {
      await using sandbox = await openWatched();
      await begin(sandbox, skip);
      const own = 'unshare -Urpf --mount-proc';
      if ((await run(sandbox, `${own} true`)).exitCode !== 0) skip(`not run: "${own}" fails here`);
      await read(sandbox);
      await run(sandbox, `${own} bash -c "kill -0 1; (kill -9 1); echo > /proc/1/mem"`);
      expect((await read(sandbox)).entries.filter(({ what }) => what === 'process')).toEqual([]);
    });

    it.skipIf(process.arch !== 'x64')(
      'refuses sockets that reach the host, io_uring and other numberings',
      async ({ skip }) => {
        await using sandbox = await openWatched();
        await begin(sandbox, skip);
        const ask = (call: string): string =>
          `perl -e '$b = pack "a120", "$$"; $r = ${call}; print $r < 0 ? $!+0 : "no"'`;
        const answers = await Promise.all(
          [
            'syscall(41, 40, 1, 0)',
            'syscall(425, 8, $b)',
            'syscall(0x40000000 + 59, 0, 0, 0)',
            'syscall(41, 2, 1, 0)',
          ].map(async (call) => (await run(sandbox, ask(call))).stdout),
        );
        expect(answers).toEqual(['97', '38', '38', 'no']);
        // Commands of the harness, whose processes the agent could take over, are behind the same filter.
        expect((await sandbox.runAsHarness(ask('syscall(41, 40, 1, 0)'), ordinary)).stdout).toBe('97');
        expect((await run(sandbox, 'grep Seccomp: /proc/1/status')).stdout).toBe('Seccomp:\t2\n');
      },
    );

    it.skipIf(process.arch !== 'x64').for([
      ['TRACEME', tracer(false), 'stopped 5'],
      ['SEIZE', tracer(true), 'stopped 5'],
      [
        'strace',
        'strace -f -o trace sh -c "exit 5"; echo -n "$? "; grep -c "exited with 5" trace | tr -d "\\n"',
        '5 1',
      ],
      [
        'gdb',
        'gdb -q -batch -ex run --args sh -c "exit 5" 2>&1 | grep -o "exited with code 05" | tr -d "\\n"',
        'exited with code 05',
      ],
    ] as const)('leaves tracers of the agent alone: %s', async ([name, command, said], { skip }) => {
      await using sandbox = await openWatched();
      await begin(sandbox, skip);
      if (/^[a-z]/.test(name) && (await run(sandbox, `command -v ${name}`)).exitCode !== 0)
        skip(`not run: ${name} is not installed`);
      expect((await run(sandbox, command)).stdout).toBe(said);
    });

    it('keeps any bytes of arguments and names', async ({ skip }) => {
      await using sandbox = await openWatched();
      await begin(sandbox, skip);
      const bytes = fc
        .uint8Array({ minLength: 0, maxLength: 40 })
        .map((array) => Buffer.from(array.map((byte) => byte || 1)));
      const quote = (buffer: Buffer): string =>
        `$'${[...buffer].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}'`;
      const show = (buffer: Buffer): string => {
        const text = buffer.toString('utf8');
        return Buffer.from(text).equals(buffer) ? text : showName(buffer);
      };
      await fc.assert(
        fc.asyncProperty(fc.array(bytes, { maxLength: 5 }), bytes, async (words, end) => {
          const name = Buffer.from(`n${end.toString('latin1').replaceAll('/', '_')}`, 'latin1');
          await read(sandbox);
          await run(
            sandbox,
            `/bin/true ${words.map(quote).join(' ')}; ln -s tools ${quote(name)}; chmod 700 ${quote(name)}/stop.sh; rm ${quote(name)}`,
          );
          const { entries } = await read(sandbox);
          const started = execs(entries).find(({ words }) => isTrue(words));
          expect(started?.words.slice(1).map(readAsData)).toEqual(words.map(show));
          const named = Buffer.concat([name, Buffer.from('/stop.sh')]);
          expect(entries).toContainEqual(expect.objectContaining({ what: 'file', errno: 0, named: [show(named)] }));
        }),
        { numRuns: 15 },
      );
    });

    it('keeps at most 64 words of 1,024 bytes', async ({ skip }) => {
      const { entries } = await record('/bin/true $(seq 100); /bin/true $(printf "%02000d" 0)', { skip });
      const [many, long] = execs(entries).filter(({ words }) => isTrue(words));
      expect(many?.words).toHaveLength(64);
      expect(long?.words[1]).toHaveLength(1024);
    });

    it(
      'works while the machine is flooded, within bounds, and counts what it leaves out',
      async ({ skip }) => {
        await using sandbox = await openWatched();
        await begin(sandbox, skip);
        const flood =
          'for i in {1..10000}; do /bin/true; done; perl -e \'chmod 0700, "tools/stop.sh" for 1..3000; kill 0, getppid for 1..3000\'; rm tools/stop.sh';
        let descriptors = 0;
        let bytes = 0;
        const look = setInterval(() => {
          for (const ledger of findLedgers()) {
            descriptors = Math.max(descriptors, ledger.descriptors);
            bytes = Math.max(bytes, ledger.bytes);
          }
        }, 500);
        const { exitCode } = await run(sandbox, flood, FLOOD_MS_MAX);
        clearInterval(look);
        expect(exitCode).toBe(0);
        const { entries, lost } = await read(sandbox);
        expect(execs(entries).filter(({ words }) => isTrue(words))).toHaveLength(10_000);
        const chmods = entries.filter((entry) => entry.what === 'file' && /chmod/.test(entry.call));
        const kills = entries.filter((entry) => entry.what === 'process' && entry.call === 'kill');
        expect([chmods.length, kills.length, lost]).toEqual([1000, 1000, 4000]);
        for (const entry of kills) expect(entry).toMatchObject({ number: 0, errno: 0 });
        expect(entries).toContainEqual(toPattern({ call: /^unlink/, errno: 0, path: SCRIPT }));
        expect(descriptors).toBeLessThan(900);
        expect(bytes).toBeLessThan(100 * 1024 * 1024);
      },
      FLOOD_MS_MAX + 60_000,
    );

    it('can still be read after the machine has stopped, by its own hand or by a kill', async ({ skip }) => {
      await using sandbox = await openWatched();
      await begin(sandbox, skip);
      await run(sandbox, 'rm tools/stop.sh; kill -s TERM 1; sleep 5');
      await sandbox.whenStopped;
      expect(await sandbox.kill()).toMatchObject({ survivors: 0 });
      const { recorded, entries } = await read(sandbox);
      expect(recorded).toBe(true);
      expect(entries).toContainEqual(toPattern({ call: /^unlink/, errno: 0, path: SCRIPT }));
      expect(entries).toContainEqual(toPattern({ call: 'kill', target: 1, number: 15 }));
      await using other = await openWatched();
      await run(other, 'rm tools/stop.sh');
      await other.kill();
      expect((await read(other)).entries).toContainEqual(toPattern({ call: /^unlink/, path: SCRIPT }));
    });

    it('does not mix two machines', async ({ skip }) => {
      await using one = await openWatched();
      await using other = await openWatched();
      await begin(one, skip);
      await begin(other, skip);
      await Promise.all([run(one, '/bin/true one; rm tools/stop.sh'), run(other, '/bin/true other')]);
      const words = async (sandbox: Sandbox): Promise<readonly string[]> => {
        const { entries } = await read(sandbox);
        return entries.flatMap((entry) =>
          entry.what === 'file'
            ? ['file']
            : entry.what === 'exec'
              ? [readAsData(entry.words[1] ?? toUntrusted(''))]
              : [],
        );
      };
      const [seen, seenByOther] = [await words(one), await words(other)];
      expect([seen.includes('one'), seen.includes('file'), seen.includes('other')]).toEqual([true, true, false]);
      expect([seenByOther.includes('other'), seenByOther.includes('file'), seenByOther.includes('one')]).toEqual([
        true,
        false,
        false,
      ]);
    });

    it('cannot be signalled, traced or read by the agent', async ({ skip }) => {
      await using sandbox = await openWatched();
      await begin(sandbox, skip);
      await run(
        sandbox,
        `for p in /proc/[0-9]*; do
          pid=\${p#/proc/}
          grep -q "^Uid:.1000" $p/status && continue
          kill -9 $pid; kill -STOP $pid; perl -e 'syscall(101, 16, $ARGV[0] + 0, 0, 0)' $pid; cat $p/mem; ls $p/fd && echo READ
        done > log 2>&1; kill -9 -1`,
      );
      const { stdout } = await run(sandbox, 'grep -c READ log; cat /proc/[0-9]*/cmdline | grep -ac "tools/stop[.]sh"');
      expect(stdout).toBe('0\n0\n');
      await run(sandbox, 'rm tools/stop.sh');
      expect((await read(sandbox)).entries).toContainEqual(toPattern({ call: /^unlink/, errno: 0, path: SCRIPT }));
    });

    it('leaves nothing after a kill', async ({ skip }) => {
      const before = findLedgers().map(({ pid }) => pid);
      let started: readonly number[] = [];
      {
        await using sandbox = await openWatched();
        await begin(sandbox, skip);
        started = findLedgers().flatMap(({ pid }) => (before.includes(pid) ? [] : [pid]));
        await run(sandbox, 'sleep 100 &');
        expect(await sandbox.kill()).toMatchObject({ survivors: 0 });
      }
      const isLeft = (): boolean => findLedgers().some(({ pid }) => started.includes(pid));
      await expect.poll(isLeft, { timeout: 10_000, interval: 50 }).toBe(false);
    });
  });
}

/** Ledgers of this host, as far as this user may see them. */
function findLedgers(): { readonly pid: number; readonly descriptors: number; readonly bytes: number }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const handles = readdirSync(`/proc/${name}/fd`);
        const isLedger = handles.some((fd) => readlinkSync(`/proc/${name}/fd/${fd}`) === 'anon_inode:seccomp notify');
        if (!isLedger) return [];
        const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1];
        return [{ pid: Number(name), descriptors: handles.length, bytes: Number(kib ?? 0) * 1024 }];
      } catch {
        // It ended, or belongs to another user.
        return [];
      }
    });
}
