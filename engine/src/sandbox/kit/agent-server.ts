import type { CommandQueue } from './command-queue.ts';
import type { LedgerState } from './ledger-log.ts';
import { readOffer } from './ledger-programs.ts';

/** A command server that has been started, whether it is ready or not. */
export interface StartedServer extends CommandQueue {
  readonly send: (request: Buffer) => void;
  readonly close: () => void;
  /** Why it did not start. */
  readonly failure: () => Error;
}

export interface AgentServer extends Pick<CommandQueue, 'run' | 'spawn'> {
  readonly ledger: LedgerState;
  readonly close: () => void;
}

interface AgentServerParts {
  /** @param offers whether it offers its system calls to a ledger */
  readonly start: (offers: boolean) => Promise<StartedServer>;
  /** Null for no ledger. */
  readonly startLedger: ((place: { readonly owner: number; readonly listener: number }) => Promise<LedgerState>) | null;
}

/** Starts the server of the agent's commands, with a ledger of their system calls unless the kernel refuses one. */
export async function startAgentServer({ start, startLedger }: AgentServerParts): Promise<AgentServer> {
  const plain = async (refused: string): Promise<AgentServer> => {
    const server = await whenReady(await start(false));
    return { run: server.run, spawn: server.spawn, close: server.close, ledger: { refused } };
  };
  if (startLedger === null) return plain('not asked for');
  const server = await start(true);
  let ledger: LedgerState | undefined;
  const close = (): void => {
    server.close();
    if (ledger !== undefined && 'close' in ledger) ledger.close();
  };
  try {
    const message = await server.offer;
    if (message === null) throw server.failure();
    const offer = readOffer(message);
    ledger = 'refused' in offer ? offer : await startLedger(offer);
    if ('refused' in ledger) {
      // Without a ledger, its calls would fail.
      server.close();
      return await plain(ledger.refused);
    }
    server.send(Buffer.from('g'));
    await whenReady(server);
    return { run: server.run, spawn: server.spawn, ledger, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** @throws its failure if it ends first */
export async function whenReady(server: StartedServer): Promise<StartedServer> {
  if (await server.ready) return server;
  server.close();
  throw server.failure();
}
