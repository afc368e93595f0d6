import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { describe, expect, it } from 'vitest';

import { sleep } from '../../base/sleep.ts';
import { readAsData } from '../../base/untrusted-text.ts';
import type { Question, Reply } from '../../gateway/contract.ts';
import { createGateway } from '../../gateway/create-gateway.ts';
import { call, say } from '../../gateway/testing.ts';
import type { ToolSpec } from '../../record/events.ts';
import type { Ledger } from '../../record/evidence.ts';
import { bwrapProvider } from '../../sandbox/adapters/bwrap.ts';
import { DEFAULT_SANDBOX_LIMITS } from '../../sandbox/contract.ts';
import { HOME } from '../../sandbox/guest.ts';
import { openAcpSession } from './acp.ts';
import type { AgentProduct, FoundProduct, ProductPlace } from './contract.ts';

const PORT = 8484;
const RUN_MS_MAX = 120_000;
const place: ProductPlace = {
  gateway: `http://127.0.0.1:${PORT}`,
  key: 'made-up-key-0123456789-abcdefghij',
  model: 'model-of-the-suite',
  mcp: `http://127.0.0.1:${PORT}/mcp`,
  home: HOME,
};
const PROMPT = 'Look around, then write a file.';
const LOOK = 'ls -a';
const WRITE = 'echo written-by-a-product > result.txt';
const HAND_IN = 'hand_in';

/** A command whose program may be on this computer. */
export async function describeRealCommand(
  name: string,
  product: AgentProduct,
  words: readonly [string, ...string[]],
): Promise<void> {
  const [program] = words;
  const why = !existsSync(program)
    ? `there is no ${program}`
    : program.startsWith('/tmp/')
      ? 'machines have a /tmp of their own'
      : await reasonAgainstMachine();
  it.skipIf(why !== null)(`${name}${why === null ? '' : ` (not run: ${why})`}`, async () => {
    const found = await product.find({ environment: process.env, words });
    const run = await runTask(found, found.starts.headless);
    expect(run).toMatchObject({ exitCode: 0, result: 'written-by-a-product\n', hosts: [] });
    expect(isDescendant(run.ledger, WRITE, run.pid)).toBe(true);
  });
}

/** The unmodified product, where `OFFSWITCH_PRODUCTS` names a folder that holds an npm prefix for each. @param prefix its name there */
export async function describeRealProduct(product: AgentProduct, prefix: string): Promise<void> {
  const why = await reasonAgainst(prefix);
  describe.skipIf(why !== null)(`the real ${product.name}${why === null ? '' : ` (not run: ${why})`}`, () => {
    it('does a task in the machine, hands it in over MCP, and the kernel saw its own process do it', async () => {
      const found = await product.find({ environment: process.env, words: [join(root(), prefix)] });
      const run = await runTask(found, found.starts.headless);
      expect(run).toMatchObject({ exitCode: 0, result: 'written-by-a-product\n', handedIn: [{ text: 'done' }] });
      expect(isDescendant(run.ledger, WRITE, run.pid)).toBe(true);
      expect(run.hosts.filter((host) => !(found.knownHosts ?? []).includes(host))).toEqual([]);
      if (found.sessionLog !== null) {
        const path = new RegExp(`^${HOME}/${found.sessionLog.path.replaceAll('.', '\\.').replaceAll('*', '[^/]+')}$`);
        expect(run.paths.filter((one) => path.test(one))).toHaveLength(1);
      }
    });

    it('does the same for a client of the Agent Client Protocol, if it speaks that', async ({ skip }) => {
      const found = await product.find({ environment: process.env, words: [join(root(), prefix)] });
      const start = found.starts.acp ?? skip('it does not');
      const run = await runTask(found, start);
      expect(run).toMatchObject({ result: 'written-by-a-product\n', handedIn: [{ text: 'done' }] });
      expect(isDescendant(run.ledger, WRITE, run.pid)).toBe(true);
      expect(run.hosts).toEqual([]);
    });
  });
}

const root = (): string => process.env['OFFSWITCH_PRODUCTS'] ?? '';

async function reasonAgainst(prefix: string): Promise<string | null> {
  if (root() === '') return 'OFFSWITCH_PRODUCTS names no folder with products';
  if (!readdirSync(root()).includes(prefix)) return `OFFSWITCH_PRODUCTS holds no "${prefix}"`;
  return reasonAgainstMachine();
}

async function reasonAgainstMachine(): Promise<string | null> {
  const faults = (await bwrapProvider.diagnose()).filter(({ ok, onlyFor }) => !ok && onlyFor === undefined);
  return faults.length === 0 ? null : 'no machine starts here';
}

interface TaskRun {
  readonly pid: number;
  readonly exitCode: number | null;
  readonly result: string | null;
  /** What it called the tool of the scenario with. */
  readonly handedIn: readonly unknown[];
  readonly ledger: Ledger;
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
}

async function runTask(found: FoundProduct, start: FoundProduct['starts']['headless']): Promise<TaskRun> {
  const handedIn: unknown[] = [];
  const { callFor, mcpName } = found.tools;
  const answer = async ({ options }: Question): Promise<Reply> => {
    const tools = (options.tools ?? []).flatMap((tool): ToolSpec[] =>
      tool.type === 'function' ? [{ name: tool.name, description: '', inputSchema: { ...tool.inputSchema } }] : [],
    );
    const isWork = JSON.stringify(options.prompt).includes(PROMPT) && callFor('true', tools) !== null;
    if (!isWork) return say('A few words');
    const done = options.prompt.filter(({ role }) => role === 'tool').length;
    const handIn = offersMcp(found) ? { tool: mcpName(HAND_IN), input: { text: 'done' } } : null;
    const next = [callFor(LOOK, tools), callFor(WRITE, tools), handIn][done] ?? null;
    return say(next === null ? 'Done.' : [call(`call-${done}`, next.tool, next.input)]);
  };
  const gateway = createGateway({
    upstream: { answer },
    models: [place.model],
    tools: [
      {
        name: HAND_IN,
        description: 'Hands in the work.',
        inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
        call: async (input) => {
          handedIn.push(input);
          return { text: 'Thank you.', isError: false };
        },
      },
    ],
    onExchange: () => {},
    now: () => Date.now(),
  });
  await using sandbox = await bwrapProvider.open({
    files: found.files(place),
    services: [],
    limits: { ...DEFAULT_SANDBOX_LIMITS, ...found.limits },
    network: 'recorded',
    sockets: [{ port: PORT, connect: gateway.connect }],
    folders: found.folders,
    signal: new AbortController().signal,
  });
  const { program, environment, speaks } = start({ place, prompt: PROMPT, system: null });
  const started = await sandbox.spawn(program, { environment: { ...found.environment(place), ...environment } });
  const errors = text(started.errors);
  if (speaks === 'acp') {
    const session = await openAcpSession({ ...started, folder: HOME, mcp: place.mcp });
    expect(readAsData(await session.prompt(PROMPT))).toBe('end_turn');
  }
  started.input.end();
  const output = speaks === 'acp' ? '' : text(started.output);
  const end = await Promise.race([started.whenEnded, sleep(RUN_MS_MAX)]);
  if (end === undefined) throw new Error('the product did not end');
  if (end.exitCode !== 0 && speaks !== 'acp') {
    throw new Error(`the product failed: ${[await output, await errors].join('\n').slice(-2000)}`);
  }
  const result = await sandbox.readFile(`${HOME}/result.txt`, 1000);
  const network = await sandbox.readNetwork();
  return {
    pid: started.pid,
    exitCode: end.exitCode,
    result: result === null ? null : Buffer.from(result).toString(),
    handedIn,
    ledger: await sandbox.readLedger(),
    hosts: [...new Set(network.attempts.map(({ name, address }) => (name === null ? address : readAsData(name))))],
    paths: Object.keys((await sandbox.readTree()).entries),
  };
}

/** A program of the user may have no client for it. */
const offersMcp = (found: FoundProduct): boolean => found.files(place).length > 0;

/** Whether a program with this command line among its words descends from a process. */
function isDescendant({ entries }: Ledger, line: string, ancestor: number): boolean {
  const parents = new Map(
    entries.flatMap((entry) => (entry.what === 'exec' ? [[entry.pid, entry.parentPid] as const] : [])),
  );
  const started = entries.find(
    (entry) => entry.what === 'exec' && entry.words.some((word) => readAsData(word).includes(line)),
  );
  for (let pid = started?.pid, steps = 0; pid !== undefined && steps < 100; pid = parents.get(pid), steps++) {
    if (pid === ancestor) return true;
  }
  return false;
}
