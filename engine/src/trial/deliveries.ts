import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import { sleep } from '../base/sleep.ts';
import { toUntrusted } from '../base/untrusted-text.ts';
import type { Emit } from '../record/events.ts';
import type { HostConnection, SandboxHost } from '../sandbox/contract.ts';
import type { Delivery, DeliveryReply, WorldHost, WorldRun } from '../scenario/contract.ts';

/** Bytes of one delivery that are read; then the connection is cut. */
const DELIVERY_BYTES_MAX = 4 * 1024 ** 3;
const TARGET_CHARACTERS_MAX = 1000;

export interface DeliveriesOptions {
  readonly run: Pick<WorldRun, 'deliver'>;
  readonly emit: Emit;
  /** Is told what broke in the harness while a delivery was taken. */
  readonly onProblem: (error: unknown) => void;
  /** The tool call in progress. */
  readonly callId: () => string | null;
}

export interface Deliveries {
  readonly hosts: readonly SandboxHost[];
  /** Cuts what does not end by itself within a second. Resolves when every delivery is in the record. */
  readonly close: () => Promise<void>;
}

/** At the end of a trial a connection over which nothing has come for so long is cut; and every one after the second bound. */
const QUIET_MS_MAX = 1000;
const CLOSE_MS_MAX = 30_000;

/**
 * Listens at the hosts of a world. What arrives is counted and hashed here, while it streams, and handed to the world;
 * it is never kept. The listener is in this process, where the agent cannot reach it.
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
  /** Writes it into the record, as whole unless it was cut. */
  readonly record: (complete: boolean) => void;
}

/** One HTTP connection, which may bring several requests. Resolves when it is closed. */
function serveHttp({ stream, host }: HostConnection, take: Take): Promise<void> {
  let problem: unknown;
  let answering: Promise<void> = Promise.resolve();
  const server = createServer((request, response) => {
    answering = answer(request, response).catch((error: unknown) => {
      problem ??= error;
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

/** One bare connection: everything that comes over it is one delivery. */
async function serveTcp({ stream, host }: HostConnection, take: Take): Promise<void> {
  stream.once('error', () => stream.destroy());
  // The stream stays open for the reply when everything has come.
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
  if (run.deliver === undefined) throw new TypeError(`the world of this trial takes nothing at "${about.host}"`);
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
      // The sender broke off: what came until then is what counts.
      cut = true;
    }
  }
  const chunks = counted();
  const reply = await run.deliver({ ...about, chunks });
  // What the world did not look at has arrived all the same.
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
