import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import type { LanguageModelV4CallOptions, LanguageModelV4Prompt } from '@ai-sdk/provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sha256 } from '../../base/sha256.ts';
import { UsageError } from '../../base/usage-error.ts';
import type { OpenModel } from '../contract.ts';
import { createLlamaCppProvider, llamaCppProvider } from './llama-cpp.ts';
import { installOf, type Library, loadLibrary, type LocalModel } from './llama-cpp/library.ts';
import { type FakeLibrary, fakeLibrary } from './llama-cpp/testing.ts';

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

  it.each([
    ['linux', 'x64', 'linux-x64'],
    ['linux', 'arm64', 'linux-arm64'],
    ['darwin', 'arm64', 'mac-arm64-metal'],
    ['darwin', 'x64', 'mac-x64'],
    ['win32', 'x64', 'win-x64'],
  ])('is installed on %s %s with one command, which names the built program', (platform, arch, build) => {
    expect(installOf(platform, arch)).toBe(`--omit=optional node-llama-cpp @node-llama-cpp/${build}`);
  });

  it('is installed as its page says', () => {
    for (const page of ['docs/models.md', 'docs/local-model/README.md']) {
      const text = readFileSync(join(import.meta.dirname, '../../../..', page), 'utf8');
      expect(text.match(/^.*npm install .*node-llama-cpp.*$/gm)).toEqual([`npm install ${installOf('linux', 'x64')}`]);
    }
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
      `UsageError: llama-cpp/good.gguf needs a package that is not installed: run "npm install ${installOf(process.platform, process.arch)}"\n`,
    );
  });

  it.runIf(isInstalled)('refuses a file that only begins as GGUF', async () => {
    expect(await refusal(file('cut.gguf', HEADER))).toMatch(/^llama-cpp\/cut\.gguf could not be loaded/);
  });
});

const ask = (text: string): LanguageModelV4Prompt[number] => ({ role: 'user', content: [{ type: 'text', text }] });
const said = (text: string): LanguageModelV4Prompt[number] => ({
  role: 'assistant',
  content: [{ type: 'text', text }],
});
const inConversation = (conversation: string): Pick<LanguageModelV4CallOptions, 'providerOptions'> => ({
  providerOptions: { offswitch: { conversation } },
});
const first = [ask('Go.')];
const second = [...first, said('answer 1'), ask('Go on.')];

describe('llama-cpp, with a stand-in for the library', () => {
  const openFake = (fake: FakeLibrary, conversations = 2, model = file('base.gguf', HEADER)): Promise<OpenModel> =>
    createLlamaCppProvider(fake.load).open(model, { environment: { LLAMA_CPP_THREADS: '1' }, conversations });

  it('sets every sampling parameter, and names all of them for the record', async () => {
    const fake = fakeLibrary();
    const { model, defaults, properties, needsSeed } = await openFake(fake);
    await model.doGenerate({ prompt: first });
    await model.doGenerate({ prompt: first, temperature: 0.7, topP: 0.9, topK: 40, seed: 7, maxOutputTokens: 5 });
    const fixed = { minP: 0, repeatPenalty: false };
    expect(fake.asked.map(({ options }) => options)).toEqual([
      { ...fixed, temperature: 0, topP: 1, topK: 0, seed: 0, maxTokens: 1021 },
      { ...fixed, temperature: 0.7, topP: 0.9, topK: 40, seed: 7, maxTokens: 5 },
    ]);
    expect(defaults).toEqual({ temperature: 0, topP: 1, topK: 0, maxOutputTokens: 1024 });
    expect(properties).toMatchObject({ minP: '0', repeatPenalty: 'false' });
    // The agent then takes one from chance, and records it.
    expect(needsSeed).toBe(true);
  });

  it.each([
    ['that the weights do not want', {}, ['<|im_start|>system\n', 'Hi']],
    ['that the template writes itself', { shouldPrependBosToken: true }, ['<|im_start|>system\n', 'Hi']],
  ])('leaves out a token for the begin of the text %s', async (_what, weights_, expected) => {
    const fake = fakeLibrary(weights_);
    await (await openFake(fake)).model.doGenerate({ prompt: first });
    expect(
      fake.prompts[0]?.map((piece) => (typeof piece === 'string' ? piece : (piece as { value: string }).value)),
    ).toEqual(expected);
  });

  it.each([
    ['the weights want', { shouldPrependBosToken: true, bosString: '<s>' }],
    ['the template writes', { template: '{{ bos_token }}', bosString: '<s>' }],
  ])('keeps a token for the begin of the text that %s', async (_what, weights_) => {
    const fake = fakeLibrary(weights_);
    await (await openFake(fake)).model.doGenerate({ prompt: first });
    expect(fake.prompts[0]).toEqual([{ value: 'BOS' }, { value: '<|im_start|>system\n' }, 'Hi']);
  });

  it('keeps a context for each conversation, and empties it where one begins', async () => {
    const fake = fakeLibrary();
    const { model } = await openFake(fake);
    for (const prompt of [first, second])
      for (const name of ['a', 'b']) {
        const { warnings } = await model.doGenerate({ prompt, ...inConversation(name) });
        expect(warnings).toEqual([]);
      }
    expect(fake.asked.map(({ context }) => context)).toEqual([0, 1, 0, 1]);
    expect(fake.cleared).toEqual([1, 1]);
    // The same trial, run again.
    await model.doGenerate({ prompt: first, ...inConversation('a') });
    expect(fake.cleared).toEqual([2, 1]);
  });

  it('gives away the context of a conversation that has ended, before it opens another', async () => {
    const fake = fakeLibrary();
    const { model, release } = await openFake(fake, 8);
    await model.doGenerate({ prompt: first, ...inConversation('a') });
    await model.doGenerate({ prompt: first, ...inConversation('b') });
    release?.('b');
    await model.doGenerate({ prompt: first, ...inConversation('c') });
    expect(fake.asked.map(({ context }) => context)).toEqual([0, 1, 1]);
  });

  it.each([
    ['more conversations than were told of', 1, 100],
    ['no memory for another context', 8, 1],
  ])('evaluates a conversation anew, and says so, where there is %s', async (_what, conversations, contextsMax) => {
    const fake = fakeLibrary({ contextsMax });
    const { model } = await openFake(fake, conversations);
    await model.doGenerate({ prompt: first, ...inConversation('a') });
    await model.doGenerate({ prompt: first, ...inConversation('b') });
    const { warnings } = await model.doGenerate({ prompt: second, ...inConversation('a') });
    expect(warnings).toMatchObject([{ message: expect.stringMatching(/^the conversation was evaluated anew/) }]);
    expect(fake.cleared).toEqual([3]);
  });

  it('shares nothing between questions without a conversation', async () => {
    const fake = fakeLibrary();
    const { model } = await openFake(fake, 8);
    for (const prompt of [first, second, first]) await model.doGenerate({ prompt });
    expect(fake.cleared).toEqual([3]);
  });

  it('puts an adapter on a base, and hashes both', async () => {
    const fake = fakeLibrary();
    const [base, adapter] = [file('base.gguf', HEADER), file('adapter.gguf', `${HEADER}more`)];
    const { name, properties } = await openFake(fake, 2, `${base}+${adapter}`);
    expect(name).toBe('llama-cpp/base.gguf+adapter.gguf');
    expect(fake.contexts).toMatchObject([{ lora: { adapters: [{ filePath: adapter }] } }]);
    expect(properties).toMatchObject({ weightsSha256: sha256(HEADER), adapterSha256: sha256(`${HEADER}more`) });
  });

  it('takes a file whose own name looks like both', async () => {
    const fake = fakeLibrary();
    const { name } = await openFake(fake, 2, file('a.gguf+b.gguf', HEADER));
    expect(name).toBe('llama-cpp/a.gguf+b.gguf');
    expect(fake.contexts[0]).not.toHaveProperty('lora');
  });

  it('names the adapter that is missing', async () => {
    expect(await refusal(`${file('base.gguf', HEADER)}+${join(folder, 'none.gguf')}`)).toMatch(
      /^llama-cpp\/base\.gguf\+none\.gguf needs a file with weights: ".*none\.gguf" cannot be read \(ENOENT\)/,
    );
  });
});

const why = weights === '' ? 'not run: no weights' : isInstalled ? '' : 'not run: no node-llama-cpp';
const system = { role: 'system' as const, content: 'You are brief.' };
const fruits: LanguageModelV4CallOptions = { prompt: [system, ask('Name three fruits.')], maxOutputTokens: 24 };

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
    const askWith = (seed: number): PromiseLike<{ content: unknown }> =>
      open.model.doGenerate({ ...fruits, temperature: 1, seed });
    const together = await Promise.all([askWith(1), askWith(2)]);
    const alone = [await askWith(1), await askWith(2)];
    expect(together.map(({ content }) => content)).toEqual(alone.map(({ content }) => content));
  });

  it('stop when they are told to, and can be asked again', async () => {
    const abortSignal = AbortSignal.timeout(300);
    const endless = { ...fruits, maxOutputTokens: 900, temperature: 2, seed: 1, abortSignal };
    const started = performance.now();
    await Promise.resolve(open.model.doGenerate(endless)).catch((error: unknown) => error);
    expect(performance.now() - started).toBeLessThan(120_000);
    expect((await open.model.doGenerate(fruits)).content).toHaveLength(1);
    await expect(open.model.doGenerate({ ...fruits, abortSignal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });

  it('drop nothing of a conversation that is too long: the answer is empty and says why', async () => {
    const { content, finishReason, warnings } = await open.model.doGenerate({ prompt: [ask('word '.repeat(2000))] });
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
    const asked = { ...fruits, maxOutputTokens: 60, prompt: [system, ask('List the files of this folder.')] };
    const without = await open.model.doGenerate(asked);
    const { content, usage } = await open.model.doGenerate({ ...asked, tools });
    expect(usage.inputTokens.total).toBeGreaterThan((without.usage.inputTokens.total ?? 0) + 40);
    // Whether so small a model does as it is told is not ours to say.
    for (const part of content) expect(['text', 'tool-call']).toContain(part.type);
  });

  it('keep what was evaluated of a conversation, and give the same answers when the trial is run again', async () => {
    const play = async (name: string): Promise<{ texts: string[]; cached: (number | undefined)[] }> => {
      const [texts, cached]: [string[], (number | undefined)[]] = [[], []];
      let prompt: LanguageModelV4Prompt = [system, ask('Name three fruits.')];
      for (const seed of [1, 2, 3]) {
        const { content, usage } = await open.model.doGenerate({
          ...{ prompt, seed, temperature: 1, maxOutputTokens: 24, ...inConversation(name) },
        });
        const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('');
        texts.push(text);
        cached.push(usage.inputTokens.cacheRead);
        prompt = [...prompt, said(text), ask('And three more?')];
      }
      return { texts, cached };
    };
    const played = await play('one');
    const [begin = -1, ...later] = played.cached;
    expect(begin).toBe(0);
    for (const tokens of later) expect(tokens).toBeGreaterThan(20);
    expect(await play('two')).toEqual(played);
  });
});

describe.skipIf(why !== '')(`the tokens of a prompt${why === '' ? '' : ` (${why})`}`, () => {
  it('are those of the chat template: the begin of a message is there once', async () => {
    const library = await loadLibrary('llama-cpp/weights');
    const prompts: number[][] = [];
    let template: unknown;
    const provider = createLlamaCppProvider(async () => ({
      ...library,
      getModuleVersion: library.getModuleVersion,
      LlamaChat: class extends library.LlamaChat {
        constructor(options: ConstructorParameters<Library['LlamaChat']>[0]) {
          super(options);
          const { model } = options.contextSequence as unknown as { readonly model: LocalModel };
          template = model.fileInfo.metadata.tokenizer?.chat_template;
          const generate = this.generateResponse.bind(this);
          Object.assign(this, {
            generateResponse: (...asked: Parameters<typeof generate>) => {
              const { contextText } = this.chatWrapper.generateContextState({ chatHistory: asked[0] });
              prompts.push([...contextText.tokenize(model.tokenizer)]);
              return generate(...asked);
            },
          });
        }
      },
    }));
    const opened = await provider.open(weights, { environment: { LLAMA_CPP_CONTEXT_TOKENS: '512' } });
    await opened.model.doGenerate({ prompt: [system, ask('Hi')], maxOutputTokens: 1 });
    if (typeof template !== 'string' || !template.includes('<|im_start|>')) return;
    const [start, next] = prompts[0] ?? [];
    expect(start).toBeDefined();
    expect(next).not.toBe(start);
    // Once for each message, and once for the answer.
    expect(prompts[0]?.filter((token) => token === start)).toHaveLength(3);
  });
});
