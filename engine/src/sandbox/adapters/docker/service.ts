import { toUntrusted } from '../../../base/untrusted-text.ts';
import type { SandboxService } from '../../contract.ts';
import { IO } from '../../guest.ts';
import { createRequestQueue } from '../../kit/request-queue.ts';
import { cleanShell, type Container } from './commands.ts';

interface ServiceOptions {
  readonly service: SandboxService;
  readonly container: Container;
  /** Called if the harness fails to answer a request. */
  readonly onError: (error: unknown) => void;
}

/** Forwards requests and answers between the pipes inside and the harness. Runs as root, so that the agent cannot stop it. */
const CARRIER = `exec 8<>"$1.ask" 9<>"$1.answer" || exit 1
cat <&8 &
exec cat >&9
`;

/** Answers the requests of one service, one at a time. Returns a function that stops it. */
export async function serveRequests({ service, container, onError }: ServiceOptions): Promise<() => void> {
  const command = [...cleanShell(CARRIER), `${IO}/${service.name}`];
  const carrier = await container.engine.exec({ container: container.id, user: '0:0', command });
  const requests = createRequestQueue({
    answer: async (request) => {
      const text = await service.answer({ request: toUntrusted(request), callers: [], via: 'unknown' });
      if (!carrier.socket.destroyed) carrier.socket.write(`${text.replaceAll('\u0000', '')}\u0000`);
    },
    onError,
  });
  carrier.onOutput((fd, block) => {
    if (fd === 1) requests.add(block);
  });
  return () => carrier.socket.destroy();
}
