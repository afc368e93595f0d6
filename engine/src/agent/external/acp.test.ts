import { PassThrough, Readable, Writable } from 'node:stream';

import * as sdk from '@agentclientprotocol/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readAsData } from '../../base/untrusted-text.ts';
import { AcpError, type AcpOptions, openAcpSession } from './acp.ts';

/** An agent of the protocol's own package: asks once whether it may, says a word, and ends or waits for a cancel. */
function startAgent(options: { readonly waits?: boolean; readonly login?: boolean } = {}) {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const seen: unknown[] = [];
  const cancelled = Promise.withResolvers<void>();
  sdk
    .agent({ name: 'agent of the test' })
    .onRequest(sdk.methods.agent.initialize, ({ params }) => {
      seen.push(params);
      return { protocolVersion: 1, agentCapabilities: {} };
    })
    .onRequest(sdk.methods.agent.session.new, ({ params }) => {
      if (options.login === true) throw sdk.RequestError.authRequired();
      seen.push(params);
      return { sessionId: 's-1' };
    })
    .onNotification(sdk.methods.agent.session.cancel, () => cancelled.resolve())
    .onRequest(sdk.methods.agent.session.prompt, async ({ params, client }) => {
      const ask = () =>
        client.request(sdk.methods.client.session.requestPermission, {
          sessionId: params.sessionId,
          toolCall: { toolCallId: 't-1', title: 'ls' },
          options: [
            { optionId: 'no', name: 'No', kind: 'reject_once' },
            { optionId: 'yes', name: 'Yes', kind: 'allow_once' },
          ],
        });
      seen.push(params.prompt, (await ask()).outcome);
      const content = { type: 'text' as const, text: 'hello' };
      const update = { sessionUpdate: 'agent_message_chunk' as const, content };
      await client.notify(sdk.methods.client.session.update, { sessionId: params.sessionId, update });
      if (options.waits !== true) return { stopReason: 'end_turn' };
      await cancelled.promise;
      seen.push((await ask()).outcome);
      return { stopReason: 'cancelled' };
    })
    .connect(sdk.ndJsonStream(Writable.toWeb(output), Readable.toWeb(input) as ReadableStream<Uint8Array>));
  return { streams: { input, output }, seen };
}

const place = { folder: '/home/user', mcp: null };
const open = (streams: Pick<AcpOptions, 'input' | 'output'>, change: Partial<AcpOptions> = {}) =>
  openAcpSession({ ...streams, ...place, ...change });

describe('a session of the Agent Client Protocol', () => {
  it('runs a prompt to its end, allows what the agent asks for, and tells what it says', async () => {
    const { streams, seen } = startAgent();
    const said: string[] = [];
    const session = await open(streams, {
      mcp: 'http://127.0.0.1:8484/mcp',
      onText: (text) => said.push(readAsData(text)),
    });
    expect(readAsData(await session.prompt('Look.\n"Around"'))).toBe('end_turn');
    expect(said).toEqual(['hello']);
    expect(seen).toMatchObject([
      { clientCapabilities: { terminal: false } },
      { cwd: '/home/user', mcpServers: [{ type: 'http', name: 'offswitch', url: 'http://127.0.0.1:8484/mcp' }] },
      [{ type: 'text', text: 'Look.\n"Around"' }],
      { outcome: 'selected', optionId: 'yes' },
    ]);
  });

  it('can refuse what the agent asks for', async () => {
    const { streams, seen } = startAgent();
    await (await open(streams, { permission: 'reject' })).prompt('Look.');
    expect(seen.at(-1)).toEqual({ outcome: 'selected', optionId: 'no' });
  });

  it('cancels a turn, and allows nothing from then on', async () => {
    const { streams, seen } = startAgent({ waits: true });
    const session = await open(streams, { onText: () => session.cancel() });
    expect(readAsData(await session.prompt('Work.'))).toBe('cancelled');
    expect(seen.at(-1)).toEqual({ outcome: 'cancelled' });
  });

  it('fails in one sentence when the agent wants a login, or ends', async () => {
    const wants = startAgent({ login: true });
    await expect(open(wants.streams)).rejects.toThrow(/^the agent refused a request: Authentication required/);
    const ends = startAgent({ waits: true });
    const session = await open(ends.streams, { onText: () => ends.streams.output.end() });
    await expect(session.prompt('Work.')).rejects.toThrow(/the agent closed its output/);
    await expect(session.prompt('More.')).rejects.toThrow(AcpError);
  });

  it('survives any lines of an agent, and ends with a reason', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.json(), fc.string({ unit: 'binary-ascii' })), { maxLength: 20 }),
        async (lines) => {
          const [input, output] = [new PassThrough(), new PassThrough()];
          input.resume();
          output.end(lines.join('\n'));
          await expect(open({ input, output })).rejects.toThrow(AcpError);
        },
      ),
    ));

  it('ends when a message has no end', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    input.resume();
    const session = open({ input, output });
    const part = 'x'.repeat(1024 * 1024);
    output.write(part);
    for (let count = 0; count < 16; count++) output.write(part);
    await expect(session).rejects.toThrow(/a message has more than 16777216 characters/);
  });

  it('has no methods by which an agent could read files or run programs here', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    void open({ input, output }).catch(() => undefined);
    output.write('{"jsonrpc":"2.0","id":"x","method":"fs/read_text_file","params":{"path":"/etc/passwd"}}\n');
    const written: unknown[] = [];
    for await (const line of input) {
      written.push(
        ...String(line)
          .trim()
          .split('\n')
          .map((text) => JSON.parse(text) as unknown),
      );
      if (written.length === 2) break;
    }
    expect(written[1]).toMatchObject({ id: 'x', error: { code: -32_601 } });
  });
  it('reads no further when an agent that asks never reads the answers', async () => {
    const [input, output] = [new Writable({ write: () => undefined }), new PassThrough()];
    void open({ input, output }).catch(() => undefined);
    const question = '{"jsonrpc":"2.0","id":"x","method":"any"}\n'.repeat(1000);
    let asked = 0;
    while (asked < 200 && output.write(question)) {
      asked++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(asked).toBeLessThan(200);
    expect(input.writableLength).toBeLessThan(100_000);
    output.destroy();
  });
});
