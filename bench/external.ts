/**
 * What a trial with a real agent product costs beside a plain start of the same product, and writes `bench/RESULTS.md`:
 * node bench/external.ts PRODUCT PREFIX [rounds, 5]. Both do the same scripted task of four turns in the same machine; the plain
 * start has no record, no looks, no ledger.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import { defineControl } from '../engine/src/agent/control.ts';
import type { FoundProduct, ProductPlace } from '../engine/src/agent/external/contract.ts';
import { controlSource } from '../engine/src/agent/external/model-source.ts';
import { createProductAgent } from '../engine/src/agent/external/product-agent.ts';
import { registry } from '../engine/src/cli/compose.ts';
import { createGateway } from '../engine/src/gateway/create-gateway.ts';
import type { ToolSpec } from '../engine/src/record/events.ts';
import { bwrapProvider, createBwrapProvider } from '../engine/src/sandbox/adapters/bwrap.ts';
import { DEFAULT_SANDBOX_LIMITS } from '../engine/src/sandbox/contract.ts';
import { findProduct } from '../engine/src/study/registry.ts';
import { playTrial, tinyWorld } from '../engine/src/trial/testing.ts';
import { cpuMsSoFar } from './cpu.ts';
import { quantile } from './quantile.ts';
import { describeMachine, toTable, writeResult } from './results.ts';

const [name = '', prefix = '', rounds = '5'] = process.argv.slice(2);
const COMMANDS = ['ls -a', 'echo one > one.txt', 'cat one.txt'];
const PROMPT = 'Do the work.';
const HOME = '/home/user';

const found = await findProduct(name, registry).find({ environment: process.env, words: [prefix] });

async function playPlain({ folders, files, environment, limits, starts, tools }: FoundProduct): Promise<void> {
  const place: ProductPlace = {
    ...{ gateway: 'http://127.0.0.1:8484', key: 'sk-made-up-key', model: 'bench', mcp: null, home: HOME },
  };
  const gateway = createGateway({
    upstream: {
      answer: async ({ options }) => {
        const offered = (options.tools ?? []).flatMap((tool): ToolSpec[] =>
          tool.type === 'function' ? [{ name: tool.name, description: '', inputSchema: { ...tool.inputSchema } }] : [],
        );
        const done = options.prompt.filter(({ role }) => role === 'tool').length;
        const next = COMMANDS[done];
        const asked = next === undefined ? null : tools.callFor(next, offered);
        return {
          content:
            asked === null
              ? [{ type: 'text', text: 'Done.' }]
              : [
                  {
                    ...{ type: 'tool-call', toolCallId: `call_${done}`, toolName: asked.tool },
                    input: JSON.stringify(asked.input),
                  },
                ],
          finishReason: { unified: asked === null ? 'stop' : 'tool-calls', raw: undefined },
          usage: {
            inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
            outputTokens: { total: undefined, text: undefined, reasoning: undefined },
          },
        };
      },
    },
    models: [place.model],
    onExchange: () => undefined,
    now: Date.now,
  });
  await using sandbox = await createBwrapProvider({ ledger: false }).open({
    ...{ files: files(place), folders, services: [], sockets: [{ port: 8484, connect: gateway.connect }] },
    limits: { ...DEFAULT_SANDBOX_LIMITS, memoryBytesMax: null, ...limits },
    signal: new AbortController().signal,
  });
  const start = starts.headless({ place, prompt: PROMPT, system: null });
  const program = await sandbox.spawn(start.program, { environment: { ...environment(place), ...start.environment } });
  program.input.end();
  program.output.resume();
  program.errors.resume();
  const { exitCode } = await program.whenEnded;
  if (exitCode !== 0) throw new Error(`the plain start ended with ${String(exitCode)}`);
  gateway.close();
}

async function playWhole(): Promise<void> {
  const control = defineControl({
    ...{ name: 'bench', summary: 'Works.', expected: 'any' },
    *act() {
      for (const command of COMMANDS) yield { do: 'run', command };
    },
  });
  const agent = createProductAgent({ name, found, source: controlSource(control) });
  const [seat] = tinyWorld().seats;
  const world = tinyWorld({ seats: [{ ...seat, tools: seat.tools.filter(({ spec }) => spec.name === 'bash') }] });
  const { result } = await playTrial({ agent, world, provider: bwrapProvider });
  if (result.failure !== null) throw new Error(result.failure.text);
}

async function measure(play: () => Promise<void>): Promise<{ readonly ms: number; readonly cpuMs: number }> {
  const [started, before] = [performance.now(), cpuMsSoFar()];
  await play();
  const ms = performance.now() - started;
  // The last children are waited for a little later.
  await sleep(300);
  return { ms, cpuMs: cpuMsSoFar() - before };
}

const [plain, whole]: Awaited<ReturnType<typeof measure>>[][] = [[], []];
await playPlain(found);
for (let round = 0; round < Number(rounds); round++) {
  plain?.push(await measure(() => playPlain(found)));
  whole?.push(await measure(playWhole));
}
const median = (values: typeof plain, of: 'ms' | 'cpuMs'): number =>
  quantile(
    (values ?? []).map((one) => one[of]),
    0.5,
  );
const row = (title: string, of: 'ms' | 'cpuMs'): (string | number)[] => [
  title,
  Math.round(median(plain, of)),
  Math.round(median(whole, of)),
  (median(whole, of) / median(plain, of)).toFixed(2),
];
writeResult(
  'A trial with an agent product',
  `\`node bench/external.ts ${name} PREFIX ${rounds}\`. ${name} ${found.version} does a scripted task of ${COMMANDS.length + 1} turns: a plain start in the machine, and a whole
trial with record, looks, ledger and kept bytes. ${rounds} rounds that take turns, medians. ${describeMachine()}.

${toTable(['what', 'plain start', 'trial', 'ratio'], [row('time, ms', 'ms'), row('CPU, ms', 'cpuMs')])}`,
);
