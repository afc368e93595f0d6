import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { describe, expect, test } from 'vitest';

import type { GatewayTool } from './contract.ts';
import { inOrder, say, serveGateway } from './testing.ts';

const inputSchema = { type: 'object', properties: { word: { type: 'string' } }, required: ['word'] };
const tools: readonly GatewayTool[] = [
  {
    name: 'echo',
    description: 'Says it again.',
    inputSchema,
    call: async (input) => ({ text: `again: ${JSON.stringify(input)} 🙂`, isError: false }),
  },
  { name: 'fails', description: 'Fails.', inputSchema, call: async () => ({ text: 'not today', isError: true }) },
  {
    name: 'breaks',
    description: 'Breaks.',
    inputSchema,
    call: () => Promise.reject(new TypeError('/home/somebody broke')),
  },
];
const upstream = { answer: inOrder(say('Yes.')) };

describe('the tools of the gateway over MCP', () => {
  test('the official client lists and calls them', async () => {
    await using gateway = await serveGateway({ upstream, tools });
    const client = new Client({ name: 'test', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`)));
    await client.ping();
    const listed = await client.listTools();
    expect(listed.tools.map(({ name }) => name)).toEqual(['echo', 'fails', 'breaks']);
    expect(listed.tools[0]).toMatchObject({ description: 'Says it again.', inputSchema });
    const [echo, failed] = await Promise.all([
      client.callTool({ name: 'echo', arguments: { word: 'ünï' } }),
      client.callTool({ name: 'fails', arguments: { word: 'a' } }),
    ]);
    expect(echo).toMatchObject({ content: [{ type: 'text', text: 'again: {"word":"ünï"} 🙂' }], isError: false });
    expect(failed).toMatchObject({ content: [{ type: 'text', text: 'not today' }], isError: true });
    await expect(client.callTool({ name: 'unknown', arguments: {} })).rejects.toThrow('there is no such tool');
    await client.close();
  });

  test('a tool that breaks is refused, and its words stay outside', async () => {
    await using gateway = await serveGateway({ upstream, tools });
    const client = new Client({ name: 'test', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`)));
    const error = await client.callTool({ name: 'breaks', arguments: { word: 'a' } }).then(
      () => null,
      (caught: unknown) => caught,
    );
    expect(String(error)).toContain('the tool failed');
    expect(String(error)).not.toContain('somebody');
    const refused = gateway.exchanges.flatMap((one) => one.refused ?? []);
    expect(refused).toContain('the tool breaks failed: /home/somebody broke');
    await client.close();
  });

  test.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])('speaks the version %s', async (version) => {
    expect(
      await ask({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: version } }),
    ).toMatchObject({
      result: { protocolVersion: version },
    });
  });

  test.each([
    [],
    3,
    null,
    { id: 1 },
    { jsonrpc: '1.0', id: 1, method: 'ping' },
    [{ jsonrpc: '2.0', id: 1, method: 'ping' }],
  ])('answers what is no message with an error: %j', async (body) => {
    expect(await ask(body)).toMatchObject({ error: { code: -32_600 } });
  });

  test('there is nothing at its address if there are no tools', async () => {
    await using gateway = await serveGateway({ upstream });
    expect((await fetch(`${gateway.url}/mcp`, { method: 'POST', body: '{}' })).status).toBe(404);
  });

  test('a stream from the gateway is not offered', async () => {
    await using gateway = await serveGateway({ upstream, tools });
    expect((await fetch(`${gateway.url}/mcp`)).status).toBe(405);
  });
});

async function ask(body: unknown): Promise<unknown> {
  await using gateway = await serveGateway({ upstream, tools });
  const response = await fetch(`${gateway.url}/mcp`, { method: 'POST', body: JSON.stringify(body) });
  return response.json();
}
