/**
 * What the forwarder of the gateway costs an exchange, beside a plain reverse proxy (`node:http`, bytes piped). Provider, proxy
 * and gateway are processes of their own; the same questions go directly, through the proxy and through the gateway in turns.
 *
 *   node bench/gateway.ts [exchanges a round]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, createServer, request as ask, type Server } from 'node:http';
import { createServer as createSocketServer } from 'node:net';

import { createGateway } from '../engine/src/gateway/create-gateway.ts';
import { anthropicMessages } from '../engine/src/gateway/protocols/anthropic-messages.ts';
import { showEvent, STREAM_HEADERS } from '../engine/src/gateway/responder.ts';
import { say } from '../engine/src/gateway/testing.ts';
import { describeMachine, toTable, writeResult } from './results.ts';

const ROUNDS = 10;
const TURNS = 40;
const [role = '100', address = ''] = process.argv.slice(2);

/** A conversation of a coding agent: 40 turns, 100 kB. */
const questionOf = (stream: boolean): string =>
  JSON.stringify({
    model: 'm',
    max_tokens: 1000,
    stream,
    tools: Array.from({ length: 15 }, (_, index) => ({
      name: `tool_${index}`,
      description: 'x'.repeat(1000),
      input_schema: { type: 'object', properties: { command: { type: 'string' } } },
    })),
    messages: Array.from({ length: TURNS }, (_, index) => [
      {
        role: 'user',
        content:
          index === 0 ? 'Do it.' : [{ type: 'tool_result', tool_use_id: `c${index - 1}`, content: 'y'.repeat(2000) }],
      },
      { role: 'assistant', content: [{ type: 'tool_use', id: `c${index}`, name: 'tool_1', input: { command: 'ls' } }] },
    ]).flat(),
  });

/** Text in 200 pieces, then a tool call. */
function answersOf(): { readonly whole: string; readonly events: readonly string[] } {
  const asked = anthropicMessages.read(JSON.parse(questionOf(true)), {
    route: { do: 'ask' },
    newId: (prefix) => `${prefix}${'0'.repeat(24)}`,
    seconds: 0,
    bytes: 100_000,
  });
  const text = 'some words '.repeat(200);
  const answer = say([
    { type: 'text', text },
    { type: 'tool-call', toolCallId: 'c', toolName: 'tool_1', input: JSON.stringify({ command: 'ls' }) },
  ]);
  const events = [...asked.stream(answer)].map(showEvent).flatMap((event) => {
    const words = 'some words ';
    return event.includes(text) ? Array.from({ length: 200 }, () => event.replace(text, words)) : [event];
  });
  return { whole: JSON.stringify(asked.whole(answer)), events };
}

function startProvider(): Server {
  const { whole, events } = answersOf();
  return createServer((request, response) => {
    request.resume().on('end', () => {
      if (request.url !== '/v1/messages?stream') {
        response.writeHead(200, { 'content-type': 'application/json' }).end(whole);
        return;
      }
      response.writeHead(200, STREAM_HEADERS);
      for (const event of events) response.write(event);
      response.end();
    });
  });
}

function startProxy(): Server {
  return createServer((request, response) => {
    const { method, headers } = request;
    const onward = ask(new URL(request.url ?? '', address), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
}

function startGateway() {
  const gateway = createGateway({
    upstream: {
      forward: {
        baseUrl: address,
        headers: { 'x-api-key': 'a-key-of-the-provider' },
        decide: async () => ({ do: 'pass' }),
      },
    },
    onExchange: ({ refused, complete }) => {
      if (refused !== null || !complete) throw new TypeError(refused ?? 'cut');
    },
    now: () => Date.now(),
  });
  return createSocketServer({ allowHalfOpen: true, noDelay: true }, (stream) => {
    void gateway.connect({ stream, host: '127.0.0.1', port: 8484 });
  });
}

interface Side {
  readonly url: string;
  /** Milliseconds of processor time so far. */
  readonly cpu: () => Promise<number>;
  readonly stop: () => void;
}

async function startSide(name: string, target = ''): Promise<Side> {
  const child = fork(import.meta.filename, [name, target]);
  const [port] = await once(child, 'message');
  return {
    url: `http://127.0.0.1:${port}`,
    cpu: async () => {
      child.send('cpu');
      const [ms] = await once(child, 'message');
      return Number(ms);
    },
    stop: () => child.kill(),
  };
}

async function measure(exchanges: number): Promise<void> {
  const provider = await startSide('provider');
  const sides = {
    directly: provider,
    'plain proxy': await startSide('proxy', provider.url),
    gateway: await startSide('gateway', provider.url),
  };
  const agent = new Agent({ keepAlive: true });
  const exchange = async (url: string, body: string): Promise<number> => {
    const began = performance.now();
    const asked = ask(url, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json', 'content-length': body.length },
    });
    asked.end(body);
    const [answer] = await once(asked, 'response');
    if (answer.statusCode !== 200) throw new TypeError(`status ${answer.statusCode}`);
    await once(answer.resume(), 'end');
    return performance.now() - began;
  };
  const rows: string[][] = [];
  for (const streamed of [false, true]) {
    const body = questionOf(streamed);
    const seen = new Map<string, { readonly ms: number[]; readonly cpu: number[] }>();
    // The first round warms up, and is not counted.
    for (let round = 0; round <= ROUNDS; round++)
      for (const [name, side] of Object.entries(sides)) {
        const before = await side.cpu();
        const times: number[] = [];
        for (let count = 0; count < exchanges; count++)
          times.push(await exchange(`${side.url}/v1/messages${streamed ? '?stream' : ''}`, body));
        const cpu = ((await side.cpu()) - before) / exchanges;
        const all = seen.get(name) ?? { ms: [], cpu: [] };
        if (round > 0) {
          all.ms.push(median(times));
          all.cpu.push(cpu);
        }
        seen.set(name, all);
      }
    const of = (name: string) => seen.get(name) ?? { ms: [], cpu: [] };
    const base = median(of('directly').ms);
    const plain = of('plain proxy');
    for (const [name, { ms, cpu }] of seen) {
      const added = median(ms) - base;
      const isProxy = name !== 'directly';
      rows.push([
        `${streamed ? 'streamed' : 'whole'}, ${name}`,
        `${median(ms).toFixed(2)} (${Math.min(...ms).toFixed(2)} to ${Math.max(...ms).toFixed(2)})`,
        isProxy ? (added / (median(plain.ms) - base)).toFixed(2) : '',
        isProxy ? median(cpu).toFixed(2) : '',
        isProxy ? (median(cpu) / median(plain.cpu)).toFixed(2) : '',
      ]);
    }
  }
  for (const side of Object.values(sides)) side.stop();
  agent.destroy();
  writeResult(
    'The gateway beside a plain proxy',
    `\`node bench/gateway.ts ${exchanges}\` (${describeMachine()}). A conversation of 100 kB to a provider on the same machine, whose answer is 200
pieces of text and a tool call, whole or streamed; directly, through a proxy of \`node:http\` that pipes bytes, and through the gateway, which
reads question and answer and holds the call until it is decided over it. ${exchanges} exchanges a round, one after the other, ${ROUNDS} rounds in turns after one to warm
up; median of the rounds' medians (smallest to largest). Added is what is more than directly, as a multiple of the plain proxy's; processor time is that of
the proxy's or gateway's own process.

${toTable(['way', 'ms an exchange', 'times the added ms of the proxy', 'processor ms', 'times the proxy'], rows)}`,
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const starts = { provider: startProvider, proxy: startProxy, gateway: startGateway };
const start = Object.entries(starts).find(([name]) => name === role)?.[1];
if (start === undefined) await measure(Number(role));
else {
  const server = start().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new TypeError('expected a port');
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.((user + system) / 1000);
  });
  process.on('disconnect', () => process.exit());
  process.send?.(bound.port);
}
