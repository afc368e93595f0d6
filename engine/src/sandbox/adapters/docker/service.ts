import { toUntrusted } from '../../../base/untrusted-text.ts';
import type { SandboxService } from '../../contract.ts';
import { IO } from '../../guest.ts';
import { cleanShell, type Container } from './commands.ts';

interface ServiceOptions {
  readonly service: SandboxService;
  readonly container: Container;
  /** Something of ours failed while a request was answered. */
  readonly onError: (error: unknown) => void;
}

const REQUEST_CHARACTERS_MAX = 4096;
/** Requests that may wait; an agent that floods the pipe loses the rest. */
const WAITING_MAX = 64;

/** Carries requests and answers between the pipes inside and the harness; root inside, so that the agent cannot stop it. */
const CARRIER = `exec 8<>"$1.ask" 9<>"$1.answer" || exit 1
cat <&8 &
exec cat >&9
`;

/** Answers the requests of one service, one at a time. Returns the way to stop. */
export async function serveRequests({ service, container, onError }: ServiceOptions): Promise<() => void> {
  const command = [...cleanShell(CARRIER), `${IO}/${service.name}`];
  const carrier = await container.engine.exec({ container: container.id, user: '0:0', command });
  const waiting: string[] = [];
  let rest = '';
  let busy = false;
  const answerAll = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      for (let request = waiting.shift(); request !== undefined; request = waiting.shift()) {
        const text = await service.answer({ request: toUntrusted(request), callers: [], via: 'unknown' });
        if (!carrier.socket.destroyed) carrier.socket.write(`${text.replaceAll('\u0000', '')}\u0000`);
      }
    } catch (error) {
      onError(error);
    } finally {
      busy = false;
    }
  };
  carrier.onOutput((fd, block) => {
    if (fd !== 1) return;
    const requests = (rest + block.toString('utf8')).split('\u0000');
    rest = (requests.pop() ?? '').slice(0, REQUEST_CHARACTERS_MAX);
    for (const request of requests)
      if (waiting.length < WAITING_MAX) waiting.push(request.slice(0, REQUEST_CHARACTERS_MAX));
    void answerAll();
  });
  return () => carrier.socket.destroy();
}
