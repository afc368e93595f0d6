import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4Prompt,
} from '@ai-sdk/provider';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { openaiCompatibleProvider } from './adapters/openai-compatible.ts';
import { createTextToolsProvider } from './adapters/text-tools.ts';
import { chatReply, startChatServer } from './testing/chat-server.ts';
import { toTextTool, withTextTools, writeCall } from './text-tool-protocol.ts';

const properties = (...names: string[]): object => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, { type: 'string', description: `The ${name}.` }])),
  required: names,
});
const bash = {
  type: 'function' as const,
  name: 'bash',
  description: 'Runs a command.',
  inputSchema: properties('cmd'),
};
const submit = { ...bash, name: 'submit', description: 'Ends the work.', inputSchema: properties('answer') };
const user = (text: string): LanguageModelV4Prompt[number] => ({ role: 'user', content: [{ type: 'text', text }] });
const question = {
  prompt: [{ role: 'system' as const, content: 'You are brief.' }, user('Go.')],
  tools: [bash, submit],
};

interface Asked {
  readonly result: LanguageModelV4GenerateResult;
  /** As the model under the protocol was asked. */
  readonly inner: LanguageModelV4CallOptions;
}

/** A model that writes one text, whatever it is asked. */
function writer(text: string, asked: LanguageModelV4CallOptions[] = [], cut = false): LanguageModelV4 {
  return {
    specificationVersion: 'v4',
    provider: 'test',
    modelId: 'writer',
    supportedUrls: {},
    doGenerate: (options) => {
      asked.push(options);
      return Promise.resolve({
        content: [{ type: 'text', text }],
        finishReason: { unified: cut ? 'length' : 'stop', raw: 'raw' },
        usage: {
          inputTokens: { total: 1, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
          outputTokens: { total: 2, text: undefined, reasoning: undefined },
        },
        warnings: [],
      });
    },
    doStream: () => {
      throw new TypeError('not asked');
    },
  };
}

async function ask(text: string, options: LanguageModelV4CallOptions = question, cut = false): Promise<Asked> {
  const asked: LanguageModelV4CallOptions[] = [];
  const result = await withTextTools(writer(text, asked, cut)).doGenerate(options);
  const [inner] = asked;
  if (inner === undefined) throw new TypeError('the model was not asked');
  return { result, inner };
}

/** `text: …` and `bash {"cmd":…}` */
async function read(text: string, options?: LanguageModelV4CallOptions): Promise<string[]> {
  const { result } = await ask(text, options);
  return result.content.map((part) =>
    part.type === 'text'
      ? `text: ${part.text}`
      : part.type === 'tool-call'
        ? `${part.toolName} ${part.input}`
        : part.type,
  );
}

describe('a call in plain text', () => {
  it('is a block with the name of the tool', async () => {
    expect(await read('I look around.\n```bash\nls -l\npwd\n```\nDone.')).toEqual([
      'text: I look around.',
      'bash {"cmd":"ls -l\\npwd"}',
      'text: Done.',
    ]);
  });

  it('can hold several lines, whichever tool it calls', async () => {
    expect(await read('All is done.\n```submit\n1 + 1 = 2\n2 + 2 = 4\n```\nBye.')).toEqual([
      'text: All is done.',
      'submit {"answer":"1 + 1 = 2\\n2 + 2 = 4"}',
      'text: Bye.',
    ]);
  });

  it('can be one of several, each with an id of its own in the whole conversation', async () => {
    const { result } = await ask('```bash\nls\n```\n```bash\npwd\n```\n```submit\ndone\n```');
    const ids = result.content.map((part) => (part.type === 'tool-call' ? part.toolCallId : part.type));
    expect(ids).toEqual(['text-1', 'text-2', 'text-3']);
    expect(result.finishReason).toEqual({ unified: 'tool-calls', raw: 'raw' });
    const later = await ask('```bash\nls\n```', {
      ...question,
      prompt: [
        ...question.prompt,
        { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'text-1', toolName: 'bash', input: {} }] },
      ],
    });
    expect(later.result.content).toMatchObject([{ toolCallId: 'text-2' }]);
  });

  it('has its remarks from the text before it', async () => {
    const tools = [{ ...bash, inputSchema: properties('thoughts', 'cmd') }];
    const answer = 'I want to see.\n```bash\nls\n```\n```bash\npwd\n```';
    expect(await read(answer, { ...question, tools })).toEqual([
      'text: I want to see.',
      'bash {"thoughts":"I want to see.","cmd":"ls"}',
      'bash {"thoughts":"","cmd":"pwd"}',
    ]);
  });

  it('may hold a fence, within a longer one', async () => {
    expect(await read('````bash\ncat <<X\n```\nX\n````')).toEqual(['bash {"cmd":"cat <<X\\n```\\nX"}']);
  });
});

describe('what is not written as told is text, and no call', () => {
  it.each([
    ['a block without a name', '```\nrm -rf /\n```'],
    ['a block with another name', '```sh\nrm -rf /\n```'],
    ['a block of a tool that is not there', '```fly\nOslo\n```'],
    ['a name in capitals', '```BASH\nls\n```'],
    ['a block that is not closed', '```bash\nls'],
    ['an empty block', '```bash\n\n```'],
    ['a block on one line', '```bash ls```'],
    ['the placeholder', '```bash\n<cmd>\n```'],
    ['the placeholder of the answer', '```submit\n<answer>\n```'],
    ['a line that names the tool, as in text-1', 'SUBMIT: done'],
    ['a line in the middle of a sentence', 'Now I SUBMIT: done'],
    ['a line in small letters', 'submit: done'],
    ['a line within a block', '```text\nSUBMIT: done\n```'],
    ['a call in JSON', '{"name":"bash","arguments":{"cmd":"ls"}}'],
    ['a command alone', '$ ls -l'],
  ])('%s', async (_what, answer) => {
    const { result } = await ask(answer);
    expect(result.content).toEqual([{ type: 'text', text: answer }]);
    expect(result.finishReason.unified).toBe('stop');
  });

  it('whatever a model writes, every call in it was written as told, and no word is lost', async () => {
    const line = fc.oneof(
      fc.constantFrom('```bash', '```', '```sh', '````bash', 'SUBMIT: yes', 'SUBMIT:', 'ls', '', '<cmd>', ' ```bash'),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
        const answer = lines.join('\n');
        const { result } = await ask(answer);
        let at = 0;
        for (const part of result.content) {
          const input = part.type === 'tool-call' ? (JSON.parse(part.input) as Record<string, string>) : {};
          const written =
            part.type === 'text' ? part.text.split('\n') : Object.values(input).flatMap((one) => one.split('\n'));
          for (const one of written) {
            const found = answer.replaceAll('\r\n', '\n').indexOf(one, at);
            expect(found).toBeGreaterThanOrEqual(at);
            at = found + one.length;
          }
        }
      }),
    );
  });
});

describe('the model', () => {
  it('is told of the tools in the system message, and of nothing else', async () => {
    const { inner } = await ask('hello');
    expect(inner.tools).toBeUndefined();
    const [system, ...rest] = inner.prompt;
    expect(system).toEqual({
      role: 'system',
      content: [
        'You are brief.',
        'You have tools. Using one means writing it exactly as shown here. Nothing else that you write has any effect.',
        'bash: Runs a command.\nTo use it, write a block:\n```bash\n<cmd>\n```',
        'submit: Ends the work.\nTo use it, write a block:\n```submit\n<answer>\n```',
        'Then stop writing. The next message tells you the result.',
      ].join('\n\n'),
    });
    expect(rest).toEqual([user('Go.')]);
  });

  it('is told of them where there was no system message', async () => {
    const { inner } = await ask('hello', { ...question, prompt: [user('Go.')] });
    expect(inner.prompt).toMatchObject([{ role: 'system', content: expect.stringContaining('```bash') }, user('Go.')]);
  });

  it('is told of no tools where there are none, or none may be used', async () => {
    for (const options of [
      { prompt: [user('Go.')] },
      { ...question, prompt: [user('Go.')], toolChoice: { type: 'none' as const } },
    ])
      expect((await ask('```bash\nls\n```', options)).inner.prompt).toEqual([user('Go.')]);
  });

  it('gets its calls and their results back as text, neighbours of one role as one message', async () => {
    const { inner } = await ask('hello', {
      ...question,
      prompt: [
        ...question.prompt,
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'hidden' },
            { type: 'text', text: 'I look.' },
            { type: 'tool-call', toolCallId: 'text-1', toolName: 'bash', input: { cmd: 'cat <<X\n```\nX' } },
            { type: 'tool-call', toolCallId: 'text-2', toolName: 'bash', input: { cmd: 'true' } },
          ],
        },
        {
          role: 'tool',
          content: ['a\n', ' '].map((value, index) => ({
            type: 'tool-result',
            toolCallId: `text-${index + 1}`,
            toolName: 'bash',
            output: { type: 'text', value },
          })),
        },
        user('Go on.'),
      ],
    });
    expect(inner.prompt.slice(2)).toEqual([
      {
        role: 'assistant',
        content: [{ type: 'text', text: 'I look.\n````bash\ncat <<X\n```\nX\n````\n```bash\ntrue\n```' }],
      },
      user('Result of bash:\na\nResult of bash:\n(nothing)\n\nGo on.'),
    ]);
  });

  it('gets back what it wrote, whatever it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, unit: fc.constantFrom('a', '`', '\n', ' ') }), async (cmd) => {
        const replay = { type: 'tool-call' as const, toolCallId: 'text-1', toolName: 'bash', input: { cmd } };
        const prompt = [...question.prompt, { role: 'assistant' as const, content: [replay] }];
        const said = (await ask('', { ...question, prompt })).inner.prompt.at(-1);
        const text = said?.role === 'assistant' && said.content[0]?.type === 'text' ? said.content[0].text : '';
        if (cmd.trim() !== '') expect(await read(text)).toEqual([`bash ${JSON.stringify({ cmd })}`]);
      }),
    );
  });

  it('is told to write a reason before the command where the tool asks for one', async () => {
    const told = async (...names: string[]): Promise<string> => {
      const { inner } = await ask('hello', {
        prompt: [user('Go.')],
        tools: [{ ...bash, inputSchema: properties(...names) }],
      });
      return JSON.stringify(inner.prompt[0]?.content);
    };
    const [thoughts, plain] = [await told('thoughts', 'cmd'), await told('cmd')];
    expect(JSON.parse(thoughts)).toContain(
      'To use it, write <thoughts> (The thoughts.) and then a block:\n<thoughts>\n```bash\n<cmd>\n```',
    );
    expect(plain).not.toContain('thoughts');
  });

  it('gets back the reason of a call once, said or not', async () => {
    const tools = [{ ...bash, inputSchema: properties('thoughts', 'cmd') }];
    const call = {
      type: 'tool-call' as const,
      toolCallId: 'text-1',
      toolName: 'bash',
      input: { thoughts: 'Why.', cmd: 'ls' },
    };
    for (const content of [[call], [{ type: 'text' as const, text: 'Why.\n' }, call]]) {
      const { inner } = await ask('', { tools, prompt: [user('Go.'), { role: 'assistant', content }] });
      expect(inner.prompt.at(-1)?.content).toEqual([{ type: 'text', text: 'Why.\n```bash\nls\n```' }]);
    }
  });

  it('writes every other input as a JSON object, and is told its schema', async () => {
    const inputSchema = { type: 'object' as const, properties: { n: { type: 'number' as const } }, required: ['n'] };
    const tools = [bash, { ...bash, name: 'count', inputSchema }];
    const { result, inner } = await ask('```count\n{"n": 3}\n```', { ...question, tools });
    expect(JSON.stringify(inner.prompt)).toContain(JSON.stringify(JSON.stringify(inputSchema)).slice(1, -1));
    expect(result.content).toMatchObject([{ toolName: 'count', input: '{"n": 3}' }]);
    expect(result.warnings).toEqual([]);
    expect(await read('```count\n{"n": three}\n```', { ...question, tools })).toEqual(['count {"n": three}']);
    expect(await read('```count\n<JSON object>\n```', { ...question, tools })).toEqual([
      'text: ```count\n<JSON object>\n```',
    ]);
  });

  it('can write every input of every tool', async () => {
    const tools: LanguageModelV4CallOptions['tools'] = [
      { ...bash, inputSchema: properties('thoughts', 'cmd') },
      submit,
      { ...bash, name: 'mail', inputSchema: properties('to', 'subject', 'body') },
      { ...bash, name: 'wait', inputSchema: { type: 'object', properties: { s: { type: 'number' } } } },
    ];
    const textTools = tools.flatMap((tool) => (tool.type === 'function' ? [toTextTool(tool)] : []));
    const line = fc.string({ minLength: 1, unit: fc.constantFrom('a', '`', '\n', ' ', '"', '{') });
    const text = line.filter((one) => one.trim() !== '');
    const remark = fc.constantFrom('', 'Because.', 'One.\nTwo.');
    const call = fc.oneof(
      fc.record({ toolName: fc.constant('bash'), input: fc.record({ thoughts: remark, cmd: text }) }),
      fc.record({ toolName: fc.constant('submit'), input: fc.record({ answer: text }) }),
      fc.record({ toolName: fc.constant('mail'), input: fc.record({ to: line, subject: line, body: line }) }),
      fc.record({ toolName: fc.constant('wait'), input: fc.record({ s: fc.integer() }, { requiredKeys: [] }) }),
    );
    await fc.assert(
      fc.asyncProperty(call, async (one) => {
        const written = writeCall(one, { tools: textTools }).join('\n');
        const { result } = await ask(written, { ...question, tools });
        const calls = result.content.flatMap((part) =>
          part.type === 'tool-call' ? [{ toolName: part.toolName, input: JSON.parse(part.input) as unknown }] : [],
        );
        expect(calls).toEqual([one]);
      }),
    );
  });

  it('is not told of a tool of a vendor, and a warning says so', async () => {
    const tools = [bash, { type: 'provider' as const, id: 'vendor.search' as const, name: 'search', args: {} }];
    const { result, inner } = await ask('hello', { ...question, tools });
    expect(JSON.stringify(inner.prompt)).not.toContain('search');
    expect(result.warnings).toMatchObject([{ type: 'unsupported', feature: 'tool search' }]);
  });
});

describe('an answer', () => {
  it('keeps its calls and its reason when it was cut', async () => {
    const { result } = await ask('```bash\nls\n```\nand', question, true);
    expect(result.content).toHaveLength(2);
    expect(result.finishReason.unified).toBe('length');
  });
});

describe('text-tools/', () => {
  it('gives any model tools in plain text, and the record says so', async () => {
    await using server = await startChatServer(() => chatReply({ content: '```bash\nls\n```' }));
    const provider = createTextToolsProvider([openaiCompatibleProvider]);
    const { name, model, secrets, properties } = await provider.open('openai-compatible/maker/model', {
      environment: { OPENAI_COMPATIBLE_BASE_URL: server.url, OPENAI_COMPATIBLE_API_KEY: 'some-key' },
    });
    expect({ name, secrets, properties }).toEqual({
      name: 'text-tools/openai-compatible/maker/model',
      secrets: ['some-key'],
      properties: { toolProtocol: 'text-2' },
    });
    const { content } = await model.doGenerate(question);
    expect(content).toMatchObject([{ type: 'tool-call', toolName: 'bash', input: '{"cmd":"ls"}' }]);
    expect(server.requests[0]?.body.tools).toBeUndefined();
    expect(server.requests[0]?.body.model).toBe('maker/model');
  });
});
