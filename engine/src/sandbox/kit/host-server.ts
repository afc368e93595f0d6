import type { ChildProcess } from 'node:child_process';
import { createServer, isIP, type Server, type Socket } from 'node:net';
import { finished } from 'node:stream/promises';

import { type OpenSandboxOptions, type SandboxHost, type SandboxSocket, SandboxError } from '../contract.ts';
import type { NetworkHosts } from './network-programs.ts';

type MachineHosts = NetworkHosts & Pick<OpenSandboxOptions, 'sockets'>;

/** The listeners of the declared hosts: sockets in the machine's network, held by this process. */
export interface HostServer {
  /** Accepts no more connections. Open ones stay open until the machine is dead and their bytes are read. */
  readonly stop: () => void;
  /** Ends every connection. */
  readonly close: () => void;
}

interface HostServerOptions {
  readonly hosts: readonly SandboxHost[];
  /** Called if a handler fails. */
  readonly onError: (error: unknown) => void;
}

/** Parallel connections to one host. Further ones are closed at once. */
const CONNECTIONS_MAX = 64;
const START_MS_MAX = 30_000;
/** How long a peer may take to close after its handler has returned. Until then its further bytes are discarded. */
const LINGER_MS_MAX = 2000;
const PROBLEM_CHARACTERS_MAX = 1000;

/**
 * Receives listening sockets from `child` over its channel, in the order of `hosts`, and serves them. `child` runs
 * `host-listeners.pl`, or `handle-carrier.pl`, which forwards the sockets of a `host-listeners.pl` in a container.
 * Resolves when every host can be reached.
 */
export async function startHostServer(child: ChildProcess, { hosts, onError }: HostServerOptions): Promise<HostServer> {
  const servers: Server[] = [];
  const connections = new Set<Socket>();
  let closed = false;
  const stop = (): void => {
    for (const server of servers) server.close();
  };
  const close = (): void => {
    closed = true;
    stop();
    for (const one of connections) one.destroy();
  };
  const take = (socket: Socket, host: SandboxHost): void => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    serveConnection(socket, host).catch((error: unknown) => {
      if (!closed) onError(error);
    });
  };
  try {
    for (const [index, handle] of (await receiveHandles(child, hosts.length)).entries()) {
      const host = hosts[index];
      if (host === undefined) throw new RangeError(`expected ${hosts.length} listeners, got one more`);
      // Half-open, so that an answer can be sent after the upload has ended.
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => take(socket, host));
      server.maxConnections = CONNECTIONS_MAX;
      servers.push(server);
      await listenOn(server, handle);
      server.on('error', onError);
    }
    return { stop, close };
  } catch (error) {
    child.kill('SIGKILL');
    close();
    const reason = error instanceof Error ? error.message : String(error);
    throw new SandboxError(
      'open-failed',
      `the hosts of the machine did not start (${reason}): run "offswitch doctor"`,
      {
        cause: error,
      },
    );
  }
}

async function serveConnection(socket: Socket, { name, port, connect }: SandboxHost): Promise<void> {
  // Without an error listener, a connection reset by the agent would crash the harness.
  socket.on('error', () => undefined);
  try {
    await connect({ stream: socket, host: name, port });
  } catch (error) {
    if (brokeOff(socket, error)) return;
    socket.destroy();
    throw error;
  }
  if (socket.destroyed) return;
  // Closing a socket with unread bytes resets the connection and loses the answer.
  const timer = setTimeout(() => socket.destroy(), LINGER_MS_MAX);
  socket.once('close', () => clearTimeout(timer));
  socket.end();
  socket.resume();
}

/** Error codes that mean that the other side is gone. */
const BROKEN_OFF = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED']);

/** Whether a handler failed because the agent's side ended the connection. That is allowed and not an error. */
function brokeOff(socket: Socket, error: unknown): boolean {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  return socket.errored !== null && (error === socket.errored || BROKEN_OFF.has(code));
}

function listenOn(server: Server, handle: object): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(handle, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Resolves with all handles after their sender has exited successfully. */
async function receiveHandles(child: ChildProcess, count: number): Promise<object[]> {
  const handles: object[] = [];
  child.on('message', (_message, handle) => {
    if (handle !== undefined) handles.push(handle);
  });
  let problem = '';
  child.stderr?.on('data', (block: Buffer) => {
    problem = (problem + block.toString('utf8')).slice(0, PROBLEM_CHARACTERS_MAX);
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MS_MAX);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    if (child.stderr !== null) await finished(child.stderr).catch(() => undefined);
    if (code === 0 && handles.length === count) return handles;
    for (const handle of handles) if ('close' in handle && typeof handle.close === 'function') handle.close();
    if (code === 0) throw new RangeError(`expected ${count} listeners, got ${handles.length}`);
    throw new Error(problem.trim() || `the program that opens them ended with ${String(code)}`);
  } finally {
    clearTimeout(timer);
  }
}

/** Lines for `/etc/hosts`. */
export function hostLines({ hosts = [], refusedHosts = [] }: NetworkHosts): string {
  return [...hosts, ...refusedHosts].map(({ address, name }) => `${address} ${name}\n`).join('');
}

/** Reserved addresses: loopback, unspecified, multicast, and those that the recorder makes up for names. */
const TAKEN = /^(0\.|127\.|198\.1[89]\.|2(2[4-9]|[345]\d)\.|::1?$|ff|::ffff:)/i;
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i;

/** Throws `open-failed` if a host is invalid. */
export function assertHosts({ hosts = [], refusedHosts = [] }: NetworkHosts): void {
  for (const { name, address } of [...hosts, ...refusedHosts]) {
    if (!NAME.test(name)) throw new SandboxError('open-failed', `expected a host name, got ${JSON.stringify(name)}`);
    if (isIP(address) === 0 || TAKEN.test(address))
      throw new SandboxError('open-failed', `expected a valid address for a host, got ${JSON.stringify(address)}`);
  }
  for (const { name, port } of hosts) {
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new SandboxError('open-failed', `expected a port of ${name} from 1 to 65535, got ${port}`);
  }
  const refused = hosts.find(({ address }) => refusedHosts.some((one) => one.address === address));
  if (refused !== undefined)
    throw new SandboxError('open-failed', `${refused.address} of ${refused.name} cannot both answer and refuse`);
}

const LOOPBACK = '127.0.0.1';

/** The ports of the machine's loopback, as hosts with listeners. Nothing records connections to them. */
export function socketHosts(sockets: readonly SandboxSocket[] = []): SandboxHost[] {
  return sockets.map(({ port, connect }) => {
    if (!Number.isInteger(port) || port < 1024 || port > 65_535)
      throw new SandboxError('open-failed', `expected a port of a socket from 1024 to 65535, got ${port}`);
    return { name: LOOPBACK, address: LOOPBACK, port, connect };
  });
}

/** The entry for the details of a sandbox; empty if there are no hosts. */
export function hostDetails({ hosts = [], refusedHosts = [], sockets }: MachineHosts): Record<string, string> {
  const told = [
    ...[...hosts, ...socketHosts(sockets)].map(
      ({ name, address, port }) => `${name} (${address}) answers at port ${port}`,
    ),
    ...refusedHosts.map(({ name, address }) => `${name} (${address}) refuses`),
  ];
  return told.length === 0 ? {} : { hosts: told.join('; ') };
}
