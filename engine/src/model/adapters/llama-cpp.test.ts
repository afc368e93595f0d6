import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import type { LanguageModelV4CallOptions, LanguageModelV4Prompt } from '@ai-sdk/provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { UsageError } from '../../base/usage-error.ts';
import type { OpenModel } from '../contract.ts';
import { llamaCppProvider } from './llama-cpp.ts';

const folder = mkdtempSync(join(tmpdir(), 'offswitch-weights-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const weights = process.env['OFFSWITCH_GGUF'] ?? '';
const wanted: string = 'node-llama-cpp';
const isInstalled = await import(/* @vite-ignore */ wanted).then(
  () => true,
  () => false,
);

async function refusal(path: string, environment: Record<string, string> = {}): Promise<string> {
  const error: unknown = await llamaCppProvider.open(path, { environment }).catch((one: unknown) => one);
  expect(error).toBeInstanceOf(UsageError);
  const { message } = error as UsageError;
  expect(message).not.toContain('\n');
  return message;
}

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** One tensor and one fact about it are promised. */
const HEADER = `GGUF\u0003\0\0\0\u0001${'\0'.repeat(7)}\u0001${'\0'.repeat(7)}`;

describe('llama-cpp', () => {
  it('needs a file', async () => {
    expect(await refusal(join(folder, 'missing.gguf'))).toMatch(/^llama-cpp\/missing\.gguf needs a file .*ENOENT/);
    expect(await refusal(folder)).toMatch(/EISDIR/);
  });

  it.each([
    ['nothing', ''],
    ['three letters of the magic', 'GGU'],
    ['other words', 'not weights at all'],
    ['zeros', '\u0000'.repeat(64)],
    ['the magic alone', 'GGUF'],
    ['words after the magic', 'GGUF and then something else'],
  ])('refuses a file that is not GGUF: %s', async (_what, content) => {
    expect(await refusal(file('weights.gguf', content))).toMatch(
      /^llama-cpp\/weights\.gguf needs weights in the format GGUF/,
    );
  });

  it.each(['0', '-1', 'many', '1.5', '1e9'])('refuses %s threads', async (count) => {
    expect(await refusal('x.gguf', { LLAMA_CPP_THREADS: count })).toMatch(/^LLAMA_CPP_THREADS must be a whole number/);
  });

  it.runIf(!isInstalled)('names the package that is missing', () => {
    // In a process of its own: the test runner has an error of its own for optional peers.
    const adapter = join(import.meta.dirname, 'llama-cpp.ts');
    const script = `
      import { llamaCppProvider } from ${JSON.stringify(adapter)};
      const path = ${JSON.stringify(file('good.gguf', HEADER))};
      await llamaCppProvider.open(path, { environment: {} }).catch((error) => console.log(String(error)));
    `;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
    expect(stdout).toBe(
      'UsageError: llama-cpp/good.gguf needs a package that is not installed: run "npm install node-llama-cpp"\n',
    );
  });

  it.runIf(isInstalled)('refuses a file that only begins as GGUF', async () => {
    expect(await refusal(file('cut.gguf', HEADER))).toMatch(/^llama-cpp\/cut\.gguf could not be loaded/);
  });
});

const why = weights === '' ? 'not run: no weights' : isInstalled ? '' : 'not run: no node-llama-cpp';
const system = { role: 'system' as const, content: 'You are brief.' };
const user = (text: string): LanguageModelV4Prompt[number] => ({ role: 'user', content: [{ type: 'text', text }] });
const fruits: LanguageModelV4CallOptions = { prompt: [system, user('Name three fruits.')], maxOutputTokens: 24 };

describe.skipIf(why !== '')(`local weights${why === '' ? '' : ` (${why})`}`, () => {
  let open: OpenModel;
  beforeAll(async () => {
    open = await llamaCppProvider.open(weights, { environment: { LLAMA_CPP_CONTEXT_TOKENS: '1024' } });
  }, 120_000);

  it('are named and described without a folder of this machine', () => {
    expect(open.name).toBe(`llama-cpp/${basename(weights)}`);
    expect(open.properties).toMatchObject({
      weightsSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      library: expect.stringMatching(/^node-llama-cpp 3\./),
      contextTokens: '1024',
      toolProtocol: 'text-2',
    });
    expect(JSON.stringify(open)).not.toContain(weights);
  });

  it('answer, count tokens and stop at the bound', async () => {
    const { content, usage, finishReason, response } = await open.model.doGenerate(fruits);
    expect(content).toMatchObject([{ type: 'text', text: expect.stringMatching(/\w/) }]);
    expect(usage.inputTokens.total).toBeGreaterThan(15);
    expect(usage.outputTokens.total).toBeLessThanOrEqual(24);
    expect(['stop', 'length']).toContain(finishReason.unified);
    expect(response).toEqual({ modelId: basename(weights) });
  });

  it('give the same answer for the same seed, and others for others', async () => {
    const answers = [];
    for (const seed of [1, 2, 3, 1]) {
      const { content } = await open.model.doGenerate({ ...fruits, temperature: 1.5, seed });
      answers.push(JSON.stringify(content));
    }
    expect(answers[3]).toBe(answers[0]);
    expect(new Set(answers).size).toBeGreaterThan(1);
  });

  it('answer several at once, each its own', async () => {
    const ask = (seed: number): PromiseLike<{ content: unknown }> =>
      open.model.doGenerate({ ...fruits, temperature: 1, seed });
    const together = await Promise.all([ask(1), ask(2)]);
    const alone = [await ask(1), await ask(2)];
    expect(together.map(({ content }) => content)).toEqual(alone.map(({ content }) => content));
  });

  it('stop when they are told to, and can be asked again', async () => {
    const abortSignal = AbortSignal.timeout(300);
    const endless = { ...fruits, maxOutputTokens: 900, temperature: 2, seed: 1, abortSignal };
    const started = performance.now();
    await Promise.resolve(open.model.doGenerate(endless)).catch((error: unknown) => error);
    expect(performance.now() - started).toBeLessThan(20_000);
    expect((await open.model.doGenerate(fruits)).content).toHaveLength(1);
    await expect(open.model.doGenerate({ ...fruits, abortSignal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });

  it('drop nothing of a conversation that is too long: the answer is empty and says why', async () => {
    const { content, finishReason, warnings } = await open.model.doGenerate({ prompt: [user('word '.repeat(2000))] });
    expect(content).toEqual([]);
    expect(finishReason).toEqual({ unified: 'length', raw: 'contextFull' });
    expect(warnings).toMatchObject([{ message: expect.stringMatching(/^the conversation of \d+ tokens fills/) }]);
  });

  it('are told of tools in plain text', async () => {
    const inputSchema = {
      type: 'object' as const,
      properties: { cmd: { type: 'string' as const } },
      required: ['cmd'],
    };
    const tools = [{ type: 'function' as const, name: 'bash', description: 'Runs a command.', inputSchema }];
    const asked = { ...fruits, maxOutputTokens: 60, prompt: [system, user('List the files of this folder.')] };
    const without = await open.model.doGenerate(asked);
    const { content, usage } = await open.model.doGenerate({ ...asked, tools });
    expect(usage.inputTokens.total).toBeGreaterThan((without.usage.inputTokens.total ?? 0) + 40);
    // Whether so small a model does as it is told is not ours to say.
    for (const part of content) expect(['text', 'tool-call']).toContain(part.type);
  });
});
