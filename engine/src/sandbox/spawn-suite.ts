import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, it } from 'vitest';

import { readAsData, toUntrusted } from '../base/untrusted-text.ts';
import {
  DEFAULT_SANDBOX_LIMITS,
  type OpenSandboxOptions,
  type RunOptions,
  type Sandbox,
  type SandboxProvider,
  type SpawnedProgram,
} from './contract.ts';

interface SpawnSuiteOptions {
  readonly provider: SandboxProvider;
  readonly open: (change?: Partial<OpenSandboxOptions>) => Promise<Sandbox>;
  /** Why programs cannot make user namespaces of their own, if so. */
  readonly noNesting: string | undefined;
}

const ordinary: RunOptions = { timeoutMs: 20_000, outputBytesMax: 10_000, signal: new AbortController().signal };
const PATIENT = { timeout: 60_000 };
const terminal = { columns: 100, rows: 30 };
/** Masks of the blocked and the ignored signals. */
const SIGNALS = "grep -E '^Sig(Blk|Ign)' /proc/self/status";
const FLOOD_BYTES = 100_000_000;
/** What the harness may hold of an output that nobody reads. */
const HELD_BYTES_MAX = 1024 * 1024;
/** Traces the process that is named in a file, and never lets its parent know that it has ended. */
const HOLD = `use Config;
my $ptrace = $Config{archname} =~ /^x86_64/ ? 101 : 117;
open my $file, '<', 'prey';
$| = 1;
print syscall($ptrace, 0x4206, <$file> + 0, 0, 0) == 0 ? "held\\n" : "$!\\n";
sleep 1000;
`;

const bash = (script: string): [string, ...string[]] => ['/bin/bash', '-c', script];

/** The promises about programs, sockets and folders of every adapter with `can.spawn`. */
export function describeSpawn({ provider, open, noNesting }: SpawnSuiteOptions): void {
  const it_ = provider.can.spawn ? it : it.skip;
  const run = async (sandbox: Sandbox, command: string): Promise<string> =>
    readAsData((await sandbox.run(toUntrusted(command), ordinary)).stdout);
  /** Resolves when the output has the words. */
  const until = async (stream: Readable, words: string): Promise<string> => {
    let seen = '';
    for await (const block of stream.iterator({ destroyOnReturn: false })) {
      seen += String(block);
      if (seen.includes(words)) return seen;
    }
    throw new Error(`expected ${JSON.stringify(words)} in ${JSON.stringify(seen)}`);
  };
  const commands = async (sandbox: Sandbox): Promise<string[]> =>
    (await sandbox.readMachine()).processes.map(({ command }) => readAsData(command));

  it.skipIf(provider.can.spawn)('refuses programs, sockets and folders if it does not support them', async () => {
    const refused = { name: 'SandboxError', code: 'unavailable' };
    await using sandbox = await open();
    await expect(sandbox.spawn(['/bin/true'], {})).rejects.toMatchObject(refused);
    await expect(open({ sockets: [{ port: 8000, connect: async () => undefined }] })).rejects.toMatchObject(refused);
    await expect(open({ folders: [{ from: '/usr', at: '/opt/usr' }] })).rejects.toMatchObject(refused);
  });

  it('gives the agent `run` and `spawn`, and nothing else', async () => {
    await using sandbox = await open();
    expect(Object.keys(sandbox.forAgent()).sort()).toEqual(['run', 'spawn']);
  });

  it_('connects a program by three pipes, and tells its exit code', async () => {
    await using sandbox = await open();
    const program = await sandbox.spawn(bash('cat; echo problem >&2; exit 3'), {});
    program.input.end('given');
    expect(await Promise.all([text(program.output), text(program.errors), program.whenEnded])).toEqual([
      'given',
      'problem\n',
      { exitCode: 3, signal: null },
    ]);
  });

  it_('gives a program a terminal that it leads, of the given size', async () => {
    await using sandbox = await open();
    const command = 'tty; stty size; [ -t 2 ] && echo all; read -r line; echo "got $line"; ps -o sid=,tpgid= -p $$';
    const program = await sandbox.spawn(bash(command), { terminal });
    program.input.write('typed\n');
    const shown = await text(program.output);
    expect(shown.replaceAll('\r', '')).toMatch(
      /^(typed\n)?\/dev\/pts\/\d+\n30 100\nall\n(typed\n)?got typed\n *(\d+) +\3\n$/,
    );
    expect(shown).toContain(String(program.pid));
    expect(await text(program.errors)).toBe('');
    expect(await program.whenEnded).toEqual({ exitCode: 0, signal: null });
  });

  it_('resizes a terminal, and tells the program', async () => {
    await using sandbox = await open();
    const script = `trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done`;
    const program = await sandbox.spawn(bash(script), { terminal });
    await until(program.output, 'ready');
    program.resize({ columns: 41, rows: 17 });
    expect(await text(program.output)).toContain('17 41');
  });

  it_.for([{ options: {} }, { options: { terminal } }])(
    'starts a program as the agent, with default signals, a clean environment and the limits of every command: $options',
    async ({ options }) => {
      await using sandbox = await open();
      const script = `${SIGNALS}; id -u; ulimit -v; ulimit -u; pwd; grep -E '^(NoNewPrivs|Seccomp:|CapEff)' /proc/self/status; env | cut -d= -f1 | sort`;
      const program = await sandbox.spawn(bash(script), { folder: '/tmp', environment: { GIVEN: 'a b' }, ...options });
      const lines = (await text(program.output)).replaceAll('\r', '').trim().split('\n');
      const { stdout } = await sandbox.run(toUntrusted('ulimit -v; ulimit -u'), ordinary);
      expect(lines.slice(0, 2).map((line) => line.replace(/.*\t/, ''))).toEqual(Array(2).fill('0'.repeat(16)));
      expect(lines.slice(2, 6)).toEqual(['1000', ...readAsData(stdout).trim().split('\n'), '/tmp']);
      expect(lines.slice(6, 9)).toEqual(['CapEff:\t0000000000000000', 'NoNewPrivs:\t1', 'Seccomp:\t2']);
      expect(lines.slice(9)).toEqual([
        'GIVEN',
        'HOME',
        'LANG',
        'LOGNAME',
        'PATH',
        'PWD',
        'SHELL',
        'SHLVL',
        'USER',
        '_',
      ]);
    },
  );

  it_('opens no descriptor of the harness in a program', async () => {
    await using sandbox = await open();
    await using _ = { [Symbol.asyncDispose]: async () => void (await sandbox.kill()) };
    await sandbox.spawn(bash('sleep 1000'), {});
    const program = await sandbox.spawn(bash('ls /proc/self/fd'), { terminal });
    // `ls` reads the folder through the fourth.
    expect((await text(program.output)).split(/\s+/).filter(Boolean)).toEqual(['0', '1', '2', '3']);
  });

  it_('limits no address space if that limit is null', async () => {
    await using sandbox = await open({ limits: { ...DEFAULT_SANDBOX_LIMITS, memoryBytesMax: null } });
    const program = await sandbox.spawn(bash('ulimit -v'), {});
    expect(await text(program.output)).toBe('unlimited\n');
    expect(await run(sandbox, 'ulimit -v')).toBe('unlimited\n');
  });

  it_.for([
    { name: 'does not exist', words: ['/bin/absent'] as const, options: {}, reason: /\/bin\/absent.*no such file/ },
    { name: 'may not be executed', words: ['/home/user/plain'] as const, options: {}, reason: /permission denied/ },
    {
      name: 'is to start in no folder',
      words: ['/bin/true'] as const,
      options: { folder: '/absent' },
      reason: /\/absent/,
    },
    { name: 'has no name', words: [''] as const, options: {}, reason: /no such file/ },
    { name: 'has a NUL in its words', words: ['/bin/echo', 'a\0b'] as const, options: {}, reason: /NUL/ },
  ])('refuses a program that $name in one sentence, and goes on', async ({ words, options, reason }) => {
    await using sandbox = await open({ files: [{ path: 'plain', content: 'text', mode: 0o644 }] });
    for (const more of [{}, { terminal }])
      await expect(sandbox.spawn(words, { ...options, ...more })).rejects.toMatchObject({
        name: 'SandboxError',
        code: 'open-failed',
        message: expect.stringMatching(reason),
      });
    expect(await run(sandbox, 'echo on')).toBe('on\n');
  });

  it_('signals exactly one process, until it has ended', async () => {
    await using sandbox = await open();
    const program = await sandbox.spawn(bash('sleep 1000 & echo ready; wait'), {});
    await until(program.output, 'ready');
    expect(program.signal('SIGTERM')).toBe(true);
    expect(await program.whenEnded).toEqual({ exitCode: null, signal: 'SIGTERM' });
    expect(program.signal('SIGKILL')).toBe(false);
    await expect.poll(() => commands(sandbox), PATIENT).toContain('sleep 1000');
  });

  it_('lets a program that ignores every signal go on, until it is killed', async () => {
    await using sandbox = await open();
    const deaf = `$SIG{$_} = "IGNORE" for keys %SIG; $| = 1; print "ready\n"; 1 while sleep 1`;
    for (const options of [{}, { terminal }]) {
      const program = await sandbox.spawn(['/usr/bin/perl', '-e', deaf], options);
      await until(program.output, 'ready');
      for (const name of ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGQUIT'] as const) expect(program.signal(name)).toBe(true);
      program.hangUp();
      program.hangUp();
      expect(await Promise.race([program.whenEnded, sleep(300, 'lives')])).toBe('lives');
      expect(program.signal('SIGKILL')).toBe(true);
      expect(await program.whenEnded).toEqual({ exitCode: null, signal: 'SIGKILL' });
    }
  });

  it_('hangs up a terminal, as a person who closes the window', async () => {
    await using sandbox = await open();
    const program = await sandbox.spawn(bash('echo ready; cat'), { terminal });
    await until(program.output, 'ready');
    program.hangUp();
    expect(await program.whenEnded).toEqual({ exitCode: null, signal: 'SIGHUP' });
    program.input.write('to nobody\n');
  });

  it_('gives the end of its terminal to a program that ignores the hang-up and reads on', async () => {
    await using sandbox = await open();
    const script = 'trap "" HUP; echo ready; cat; cat; echo lost; echo "$?" > told; exit 4';
    const program = await sandbox.spawn(bash(script), { terminal });
    await until(program.output, 'ready');
    program.hangUp();
    expect(await program.whenEnded).toEqual({ exitCode: 4, signal: null });
    expect(await run(sandbox, 'cat told')).toBe('1\n');
  });

  it_('closes all pipes at a hang-up', async () => {
    await using sandbox = await open();
    const script = 'trap "" PIPE; echo ready; cat; echo lost; echo "$?" > told; echo lost >&2; echo "$?" >> told';
    const program = await sandbox.spawn(bash(script), {});
    await until(program.output, 'ready');
    program.hangUp();
    expect(await program.whenEnded).toMatchObject({ signal: null });
    expect(await run(sandbox, 'cat told')).toBe('1\n1\n');
    expect([await text(program.output), await text(program.errors)]).toEqual(['', '']);
  });

  it_('does not hang up on a program that closes its own descriptors', async () => {
    await using sandbox = await open();
    const script = 'exec <&- >&- 2>&-; sleep 0.3; { echo still here > /dev/tty; } 2> /dev/null; exit 7';
    for (const options of [{}, { terminal }]) {
      const program = await sandbox.spawn(bash(script), options);
      program.input.write('to nobody\n');
      expect(await text(program.output)).toMatch('terminal' in options ? /still here/ : /^$/);
      expect(await program.whenEnded).toEqual({ exitCode: 7, signal: null });
    }
  });

  it_('lets a program change its terminal', async () => {
    await using sandbox = await open();
    const script = 'stty raw -echo; echo ready; head -c 3 | od -An -tx1; stty stop a; echo end';
    const program = await sandbox.spawn(bash(script), { terminal });
    await until(program.output, 'ready');
    // Neither an interrupt nor the end of a file any more.
    program.input.write('\u0003\u0004x');
    expect(await text(program.output)).toMatch(/03 04 78\s+end/);
    expect(await program.whenEnded).toEqual({ exitCode: 0, signal: null });
  });

  it_('keeps a bounded part of a flood that nobody reads, and all of it for one who does', async () => {
    await using sandbox = await open();
    for (const options of [{}, { terminal }]) {
      const program = await sandbox.spawn(bash(`[ -t 1 ] && stty raw; head -c ${FLOOD_BYTES} /dev/zero`), options);
      await sleep(500);
      expect(program.output.readableLength).toBeLessThan(HELD_BYTES_MAX);
      expect(await run(sandbox, 'echo beside')).toBe('beside\n');
      let bytes = 0;
      program.output.on('data', (block: Buffer) => (bytes += block.length));
      await once(program.output, 'end');
      expect(bytes).toBe(FLOOD_BYTES);
      expect(await program.whenEnded).toEqual({ exitCode: 0, signal: null });
    }
  });

  it_('keeps what is typed until it is read', async () => {
    await using sandbox = await open();
    const program = await sandbox.spawn(bash('sleep 0.5; wc -c'), {});
    program.input.end(Buffer.alloc(3_000_000));
    expect(await text(program.output)).toBe('3000000\n');
  });

  it_('tells the end of a program whose children hold its pipes, live on, or are zombies', async () => {
    await using sandbox = await open();
    const fork = 'if (!fork) { exit if fork; print "child\n"; sleep 1000 } print "parent\n"; exit 3';
    const zombie = 'fork or exit; sleep 0.2; exit 3';
    for (const script of [`$| = 1; ${fork}`, zombie]) {
      const program = await sandbox.spawn(['/usr/bin/perl', '-e', script], {});
      expect(await program.whenEnded).toEqual({ exitCode: 3, signal: null });
    }
    expect((await commands(sandbox)).filter((command) => command.startsWith('/usr/bin/perl'))).toHaveLength(1);
    expect(await sandbox.kill()).toMatchObject({ survivors: 0 });
  });

  it_('tells the end of a program that a tracer holds back as a zombie', async () => {
    await using sandbox = await open({ files: [{ path: 'hold.pl', content: HOLD, mode: 0o644 }] });
    const prey = await sandbox.spawn(bash('read -r; exit 6'), {});
    await run(sandbox, `echo ${prey.pid} > prey`);
    const tracer = await sandbox.spawn(['/usr/bin/perl', 'hold.pl'], {});
    expect(await until(tracer.output, '\n')).toBe('held\n');
    prey.input.write('go\n');
    expect(await prey.whenEnded).toEqual({ exitCode: 6, signal: null });
    expect(prey.signal('SIGKILL')).toBe(false);
  });

  it_('runs programs together, beside commands, and one after the other', async () => {
    await using sandbox = await open();
    const speak = async (word: string): Promise<string> => {
      const program = await sandbox.spawn(bash(`for i in {1..50}; do echo ${word}; done; cat`), {});
      program.input.end(`${word} end`);
      return text(program.output);
    };
    const words = ['a', 'b', 'c', 'd'];
    const [command, ...all] = await Promise.all([run(sandbox, 'echo command'), ...words.map(speak)]);
    expect(command).toBe('command\n');
    expect(all).toEqual(words.map((word) => `${`${word}\n`.repeat(50)}${word} end`));
    expect(await speak('later')).toContain('later end');
    expect(sandbox.isAlive()).toBe(true);
  });

  it_('covers programs in the evidence: processes, ledger, freeze and kill', async () => {
    await using sandbox = await open();
    const program = await sandbox.spawn(bash('/bin/true; while :; do echo x >> growing; sleep 0.01; done'), {
      terminal,
    });
    const size = async (): Promise<number> => (await sandbox.readTree()).entries[`${sandbox.home}/growing`]?.size ?? 0;
    await expect.poll(size, PATIENT).toBeGreaterThan(0);
    const { processes } = await sandbox.readMachine();
    expect(processes.find(({ pid }) => pid === program.pid)).toMatchObject({ session: program.pid, term: 'default' });
    const { recorded, entries } = await sandbox.readLedger();
    const execs = entries.flatMap((entry) => (entry.what === 'exec' ? [entry] : []));
    if (recorded) {
      expect(execs[0]).toMatchObject({ pid: program.pid, parentPid: 0, session: program.pid, errno: 0 });
      const child = execs.find(({ words }) => words[0] !== undefined && readAsData(words[0]) === '/bin/true');
      expect(child).toMatchObject({ parentPid: program.pid, session: program.pid, errno: 0 });
    }
    await sandbox.freeze();
    const frozen = await size();
    await sleep(100);
    expect(await size()).toBe(frozen);
    await sandbox.thaw();
    await expect.poll(size, PATIENT).toBeGreaterThan(frozen);
    expect(await sandbox.kill()).toMatchObject({ survivors: 0 });
    expect(await program.whenEnded).toEqual({ exitCode: null, signal: null });
    await expect(sandbox.spawn(['/bin/true'], {})).rejects.toMatchObject({ name: 'SandboxError', code: 'closed' });
  });

  it_('ends with its machine, and never ends it', async () => {
    await using sandbox = await open();
    const [first, second] = await Promise.all(
      [0, 1].map((): Promise<SpawnedProgram> => sandbox.spawn(bash('sleep 1000'), { terminal })),
    );
    first?.signal('SIGKILL');
    expect(await first?.whenEnded).toEqual({ exitCode: null, signal: 'SIGKILL' });
    expect(sandbox.isAlive()).toBe(true);
    await run(sandbox, 'kill -s TERM 1; sleep 5');
    await sandbox.whenStopped;
    expect(await second?.whenEnded).toEqual({ exitCode: null, signal: null });
    expect(second?.signal('SIGKILL')).toBe(false);
  });

  it_('shows the agent no process of the harness beside a program', async () => {
    await using sandbox = await open();
    const count = async (): Promise<number> => Number(await run(sandbox, 'set -- /proc/[0-9]*; echo $#'));
    const before = await count();
    await sandbox.spawn(bash('exec sleep 1000'), { terminal });
    await sandbox.spawn(bash('exec sleep 1000'), {});
    expect(await count()).toBe(before + 2);
  });

  it_('lets programs make terminals and shared memory, which are evidence', async ({ skip }) => {
    await using sandbox = await open();
    if ((await run(sandbox, 'command -v python3')) === '') skip('not run: python3 is not installed');
    const script =
      'import multiprocessing, pty; multiprocessing.Semaphore(); open("/dev/shm/shared", "w"); pty.spawn(["/usr/bin/tty"])';
    const program = await sandbox.spawn(['/usr/bin/python3', '-c', script], {});
    expect([await text(program.output), await text(program.errors)]).toEqual([
      expect.stringMatching(/^\/dev\/pts\/\d+\r?\n$/),
      '',
    ]);
    expect(Object.keys((await sandbox.readTree()).entries)).toContain('/tmp/shared');
  });

  (noNesting === undefined ? it_ : it.skip)(
    'lets programs make a sandbox of their own where the host does',
    async ({ skip }) => {
      await using sandbox = await open();
      if ((await run(sandbox, 'command -v unshare')) === '') skip('not run: unshare is not installed');
      const program = await sandbox.spawn(
        ['/usr/bin/unshare', '-Ur', '--pid', '--fork', '--mount-proc', '/bin/bash', '-c', 'echo $$; sleep 1000'],
        { terminal },
      );
      expect(await until(program.output, '\n')).toBe('1\r\n');
      await expect.poll(() => commands(sandbox), PATIENT).toContain('sleep 1000');
      program.hangUp();
      expect(await sandbox.kill()).toMatchObject({ survivors: 0 });
    },
  );

  it_.for(['none', 'recorded'] as const)('answers at ports of the loopback, network: %s', async (network, { skip }) => {
    if (network === 'recorded' && !(await provider.diagnose()).every(({ ok, onlyFor }) => ok || onlyFor !== 'network'))
      skip('not run: the network cannot be recorded');
    const seen: string[] = [];
    const sockets = [8484, 50_000].map((port) => ({
      port,
      connect: async ({ stream, ...where }: { stream: NodeJS.ReadWriteStream; host: string; port: number }) => {
        seen.push(`${where.host}:${where.port}`);
        stream.end(`from ${port}\n`);
      },
    }));
    await using sandbox = await open({ sockets, network });
    expect(await run(sandbox, 'cat < /dev/tcp/127.0.0.1/8484; cat < /dev/tcp/127.0.0.1/50000')).toBe(
      'from 8484\nfrom 50000\n',
    );
    expect(seen).toEqual(['127.0.0.1:8484', '127.0.0.1:50000']);
    await run(sandbox, 'kill -9 -1; echo out > /dev/tcp/203.0.113.7/8484');
    expect(await run(sandbox, 'cat < /dev/tcp/127.0.0.1/8484')).toBe('from 8484\n');
    const attempt = { protocol: 'tcp', address: '203.0.113.7', port: 8484, firstBytes: 'out\n' };
    expect((await sandbox.readNetwork()).attempts).toMatchObject(network === 'recorded' ? [attempt] : []);
  });

  it_.for([80, 1023, 65_536, 1.5])('refuses a socket at port %d', async (port) => {
    await expect(open({ sockets: [{ port, connect: async () => undefined }] })).rejects.toMatchObject({
      code: 'open-failed',
      message: expect.stringContaining(String(port)),
    });
  });

  it_('shows a folder of this computer, whose programs run, and which nobody can change or leave', async () => {
    const from = mkdtempSync(join(tmpdir(), 'offswitch-folder-'));
    try {
      writeFileSync(join(from, 'program'), '#!/bin/bash\necho "ran $0"\n', { mode: 0o755 });
      symlinkSync(process.execPath, join(from, 'away'));
      symlinkSync('/etc/passwd', join(from, 'passwd'));
      symlinkSync('../../../../../../../../../etc/shadow', join(from, 'up'));
      execFileSync('chmod', ['755', from]);
      await using sandbox = await open({ folders: [{ from, at: '/opt/agent' }] });
      const program = await sandbox.spawn(['/opt/agent/program'], {});
      expect(await text(program.output)).toBe('ran /opt/agent/program\n');
      const attempts = [
        'echo x > /opt/agent/program',
        'rm /opt/agent/program',
        'touch /opt/agent/new',
        'chmod 700 /opt/agent',
      ];
      for (const attempt of [...attempts, 'cat /opt/agent/up', 'mount -o remount,rw /opt/agent', 'umount /opt/agent'])
        expect((await sandbox.run(toUntrusted(`${attempt} || exit 9`), ordinary)).exitCode).toBe(9);
      expect(await run(sandbox, 'cat /opt/agent/passwd')).toBe(await run(sandbox, 'cat /etc/passwd'));
      expect((await sandbox.run(toUntrusted('/opt/agent/away -v'), ordinary)).exitCode).not.toBe(0);
    } finally {
      rmSync(from, { recursive: true });
    }
  });

  it_.for([
    { from: 'usr/share', at: '/opt/agent' },
    { from: '/absent/folder', at: '/opt/agent' },
    { from: '/etc/passwd', at: '/opt/agent' },
    ...[
      'opt/agent',
      '/',
      '/home/user/x',
      '/home',
      '/tmp',
      '/tmp/x',
      '/usr',
      '/opt/../tmp',
      '/proc/x',
      '/etc',
      '/opt/agent/',
    ].map((at) => ({ from: '/usr/share', at })),
  ])('refuses to mount $from at $at in one sentence', async (folder) => {
    const given = folder.from === '/usr/share' ? folder.at : folder.from;
    await expect(open({ folders: [folder] })).rejects.toMatchObject({
      name: 'SandboxError',
      code: 'open-failed',
      message: expect.stringContaining(JSON.stringify(given)),
    });
  });
}
