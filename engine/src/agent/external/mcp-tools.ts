import { readAsData, toUntrusted } from '../../base/untrusted-text.ts';
import type { GatewayTool } from '../../gateway/contract.ts';
import type { AgentDeps, AgentTask } from '../contract.ts';
import { SUBJECT } from '../run-calls.ts';
import type { Tool } from '../tool.ts';

interface OfferContext {
  readonly task: AgentTask;
  readonly deps: AgentDeps;
  readonly signal: AbortSignal;
  /** Told if the sandbox or the world failed while a tool ran. */
  readonly onFailure: (error: unknown) => void;
}

/** Tools of the scenario as the gateway offers them to a product. */
export function offerTools(
  offered: readonly Tool[],
  { task, deps, signal, onFailure }: OfferContext,
): { readonly tools: readonly GatewayTool[]; readonly submitted: () => boolean } {
  let submissions = 0;
  const tools = offered.map(({ spec, prepare }): GatewayTool => ({
    ...spec,
    call: async (input) => {
      try {
        const call = prepare(input);
        if ('problem' in call) return { text: call.problem, isError: true };
        if (call.submission !== null) {
          if (++submissions === 1)
            deps.emit({ kind: 'submission', callId: 'mcp-1', text: toUntrusted(call.submission) });
          return { text: 'Submitted. The work has ended.', isError: false };
        }
        const { sandbox, world } = deps;
        const place = { sandbox, world, seat: task.seat ?? SUBJECT, limits: task.limits, signal };
        return { text: readAsData((await call.run(place)).text), isError: false };
      } catch (error) {
        if (!signal.aborted) onFailure(error);
        throw error;
      }
    },
  }));
  return { tools, submitted: () => submissions > 0 };
}
