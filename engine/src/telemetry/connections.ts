import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';

/** Connections of one request, all cut when it is over, so that nothing keeps the program from its end. */
export interface Connections extends Disposable {
  readonly agentFor: (protocol: string) => Promise<HttpAgent | HttpsAgent>;
}

export function openConnections(): Connections {
  const agents: (HttpAgent | HttpsAgent)[] = [];
  return {
    // Loaded when something is sent, and not at the start of every program.
    agentFor: async (protocol) => {
      const { Agent } = protocol === 'https:' ? await import('node:https') : await import('node:http');
      const agent = new Agent();
      agents.push(agent);
      return agent;
    },
    [Symbol.dispose]: () => {
      for (const agent of agents) agent.destroy();
    },
  };
}
