import { z } from 'zod';

import type { GatewayTool } from './contract.ts';

/** Versions of the Model Context Protocol whose messages these are; the newest is offered to a client that asks for another. */
const VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;

const message = z.object({
  jsonrpc: z.literal('2.0'),
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string().optional(),
  params: z.unknown().optional(),
});
const initialize = z.object({ protocolVersion: z.string() });
const toolsCall = z.object({ name: z.string(), arguments: z.unknown().optional() });

/** Null: the message asks for no answer. `failed`: a tool of ours broke. */
export interface McpAnswer {
  readonly body: unknown;
  readonly failed: string | null;
}

/** Answers one message of an MCP client (streamable HTTP without sessions). Never rejects. */
export async function answerMcp(body: unknown, tools: readonly GatewayTool[]): Promise<McpAnswer | null> {
  const read = message.safeParse(body);
  if (!read.success) return fail(null, -32_600, 'expected one message of JSON-RPC 2.0');
  const { id, method, params } = read.data;
  // Notifications, and answers to questions that were never asked.
  if (id === undefined || method === undefined) return null;
  const say = (result: unknown): McpAnswer => ({ body: { jsonrpc: '2.0', id, result }, failed: null });
  switch (method) {
    case 'initialize': {
      const wanted = initialize.safeParse(params).data?.protocolVersion;
      return say({
        protocolVersion: VERSIONS.find((version) => version === wanted) ?? VERSIONS[0],
        capabilities: { tools: {} },
        serverInfo: { name: 'tools', version: '1.0.0' },
      });
    }
    case 'ping':
      return say({});
    case 'tools/list':
      return say({ tools: tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })) });
    case 'tools/call': {
      const asked = toolsCall.safeParse(params);
      const tool = tools.find(({ name }) => name === asked.data?.name);
      if (tool === undefined) return fail(id, -32_602, 'there is no such tool');
      try {
        const { text, isError } = await tool.call(asked.data?.arguments ?? {});
        return say({ content: [{ type: 'text', text }], isError });
      } catch (error) {
        const why = error instanceof Error ? error.message : 'unknown';
        return { ...fail(id, -32_603, 'the tool failed'), failed: `the tool ${tool.name} failed: ${why}` };
      }
    }
    default:
      return fail(id, -32_601, 'there is no such method');
  }
}

function fail(id: string | number | null, code: number, text: string): McpAnswer {
  return { body: { jsonrpc: '2.0', id, error: { code, message: text } }, failed: null };
}
