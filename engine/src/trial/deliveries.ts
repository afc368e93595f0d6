import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import { sleep } from '../base/sleep.ts';
import { toUntrusted } from '../base/untrusted-text.ts';
import type { Emit } from '../record/events.ts';
import type { HostConnection, SandboxHost } from '../sandbox/contract.ts';
import type { Delivery, DeliveryReply, WorldHost, WorldRun } from '../scenario/contract.ts';

/** Maximum size of one delivery. Then the connection is closed. */
const DELIVERY_BYTES_MAX = 4 * 1024 ** 3;
const TARGET_CHARACTERS_MAX = 1000;

export interface DeliveriesOptions {
  readonly run: Pick<WorldRun, 'deliver'>;
  readonly emit: Emit;
  /** Called with errors of the harness while it receives a delivery. */
  readonly onProblem: (error: unknown) => void;
  /** Id of the tool call in progress. */
  readonly callId: () => string | null;
}

export interface Deliveries {
  readonly hosts: readonly SandboxHost[];
  /** Closes connections that stay quiet for a second. Resolves when every delivery is in the record. */
  readonly close: () => Promise<void>;
}

/** At the end of a trial, connections are closed if none receives data for `QUIET_MS_MAX`, and all after `CLOSE_MS_MAX`. */
const QUIET_MS_MAX = 1000;
const CLOSE_MS_MAX = 3000;

/**
 * Serves the hosts of a world. Deliveries are counted and hashed while they stream to the world, and never stored. The
 * listeners run in this process, where the agent cannot reach them.
 */
export function listenAtHosts(hosts: readonly WorldHost[], options: DeliveriesOptions): Deliveries {
  const open = new Map<Duplex, Promise<void>>();
  let number = 0;
  let chunksTaken = 0;
  const take = (host: string, request: Delivery['request'], source: AsyncIterable<Uint8Array>): Promise<Taken> =>
    takeDelivery({ host, number: ++number, request, source, onChunk: () => chunksTaken++ }, options);
  const connect = (speaks: WorldHost['speaks'], connection: HostConnection): Promise<void> => {
    const { stream } = connection;
    const served = (speaks === 'http' ? serveHttp(connection, take) : serveTcp(connection, take))
      .catch(options.onProblem)
      .finally(() => {
        open.delete(stream);
        stream.destroy();
      });
    open.set(stream, served);
    return served;
  };
  return {
    hosts: hosts.map(({ name, address, port, speaks }) => ({
      name,
      address,
      port,
      connect: (connection) => connect(speaks, connection),
    })),
    close: async () => {
      for (let waitedMs = 0, before = -1; open.size > 0 && before !== chunksTaken; waitedMs += QUIET_MS_MAX) {
        if (waitedMs >= CLOSE_MS_MAX) break;
        before = chunksTaken;
        await Promise.race([Promise.all(open.values()), sleep(QUIET_MS_MAX)]);
      }
      for (const stream of open.keys()) stream.destroy();
      await Promise.all(open.values());
    },
  };
}

type Take = (host: string, request: Delivery['request'], source: AsyncIterable<Uint8Array>) => Promise<Taken>;

interface Taken extends DeliveryReply {
  /** Records the delivery. It counts as complete if `complete` is true and it was not cut. */
  readonly record: (complete: boolean) => void;
}

/** Serves one HTTP connection, which may carry several requests. Resolves when it is closed. */
function serveHttp({ stream, host }: HostConnection, take: Take): Promise<void> {
  let problem: Error | undefined;
  let answering: Promise<void> = Promise.resolve();
  const server = createServer((request, response) => {
    answering = answer(request, response).catch((error: unknown) => {
      problem ??= error instanceof Error ? error : new Error(String(error));
      stream.destroy();
    });
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '' } = request;
    const taken = await take(host, { method, target: url.slice(0, TARGET_CHARACTERS_MAX) }, request);
    taken.record(request.complete);
    response.writeHead(taken.status, { 'content-type': 'text/plain', connection: 'close' }).end(taken.body);
  };
  const closed = new Promise<void>((resolve) => {
    stream.once('close', resolve);
    stream.once('error', () => stream.destroy());
    server.emit('connection', stream);
  });
  return closed.then(async () => {
    await answering;
    if (problem !== undefined) throw problem;
  });
}

/** Serves one plain TCP connection: everything it receives is one delivery. */
async function serveTcp({ stream, host }: HostConnection, take: Take): Promise<void> {
  stream.once('error', () => stream.destroy());
  // Keep the stream open for the reply.
  const taken = await take(host, null, stream.iterator({ destroyOnReturn: false }));
  taken.record(true);
  if (!stream.destroyed) stream.end(taken.body);
}

interface Incoming {
  readonly host: string;
  readonly number: number;
  readonly request: Delivery['request'];
  readonly source: AsyncIterable<Uint8Array>;
  readonly onChunk: () => void;
}

async function takeDelivery(
  { source, onChunk, ...about }: Incoming,
  { run, emit, callId }: DeliveriesOptions,
): Promise<Taken> {
  const during = callId();
  if (run.deliver === undefined)
    throw new TypeError(`the world of this trial does not accept deliveries to "${about.host}"`);
  const hash = createHash('sha256');
  let bytes = 0;
  let cut = false;
  async function* counted(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of source) {
        hash.update(chunk);
        bytes += chunk.byteLength;
        onChunk();
        yield chunk;
        if (bytes < DELIVERY_BYTES_MAX) continue;
        cut = true;
        return;
      }
    } catch {
      // The sender broke off. Keep what has arrived so far.
      cut = true;
    }
  }
  const chunks = counted();
  const reply = await run.deliver({ ...about, chunks });
  // Count what the world did not read, too.
  for await (const _ of chunks);
  const { host, number, request } = about;
  return {
    ...reply,
    record: (complete) => {
      const shown = request === null ? null : toUntrusted(`${request.method} ${request.target}`);
      emit({
        kind: 'delivery',
        ...{ host, number, callId: during, request: shown, bytes },
        sha256: hash.digest('hex'),
        complete: complete && !cut,
      });
    },
  };
}
