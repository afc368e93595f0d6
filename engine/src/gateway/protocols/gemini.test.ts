import { ApiError, FinishReason, GoogleGenAI, type GenerateContentResponse, type Part } from '@google/genai';

import { describeProtocolContract } from '../contract-suite.ts';

const schema = { type: 'object', properties: { at: { type: 'string' } } };
const contents = [
  { role: 'user', parts: [{ text: 'Look.' }, { inlineData: { mimeType: 'image/png', data: 'aGk=' } }] },
  {
    role: 'model',
    parts: [
      { text: 'I look.' },
      { functionCall: { id: 'call_1', name: 'look', args: { at: 'a' } } },
      { functionCall: { id: 'call_2', name: 'look', args: { at: 'b' } } },
    ],
  },
  {
    role: 'user',
    parts: [
      { functionResponse: { id: 'call_1', name: 'look', response: { output: 'found ünï 🙂' } } },
      { functionResponse: { id: 'call_2', name: 'look', response: { output: 'nothing' } } },
      // A session that is opened again repeats it.
      { functionResponse: { id: 'call_1', name: 'look', response: { output: 'found ünï 🙂' } } },
    ],
  },
];
const tools = [{ functionDeclarations: ['look', 'patch'].map((name) => ({ name, parametersJsonSchema: schema })) }];

describeProtocolContract({
  protocol: 'gemini',
  target: '/v1beta/models/m:generateContent',
  streamedTarget: '/v1beta/models/m:streamGenerateContent?alt=sse',
  statusOf: (error) => (error instanceof ApiError ? error.status : undefined),
  ask: async (url, { streamed, signal }) => {
    const client = new GoogleGenAI({ apiKey: 'made-up', httpOptions: { baseUrl: url } });
    const body = {
      model: 'm',
      contents: 'Look.',
      config: { systemInstruction: 'Be brief.', tools, ...(signal !== undefined && { abortSignal: signal }) },
    };
    const answers: GenerateContentResponse[] = [];
    if (streamed) for await (const chunk of await client.models.generateContentStream(body)) answers.push(chunk);
    else answers.push(await client.models.generateContent(body));
    if (answers.length === 0) throw new TypeError('the SDK gave no answer');
    const parts: Part[] = answers.flatMap((one) => one.candidates?.[0]?.content?.parts ?? []);
    const end = answers.at(-1)?.candidates?.[0]?.finishReason;
    if (end === undefined) throw new TypeError('the SDK gave no end');
    const usage = answers.at(-1)?.usageMetadata;
    const calls = parts.flatMap(({ functionCall: one }) =>
      one === undefined ? [] : [{ id: one.id ?? '', tool: one.name ?? '', input: one.args }],
    );
    return {
      text: parts.map(({ text = '' }) => text).join(''),
      calls,
      end: end === FinishReason.MAX_TOKENS ? 'length' : calls.length > 0 ? 'calls' : 'stop',
      usage: { input: usage?.promptTokenCount ?? 0, output: usage?.candidatesTokenCount ?? 0 },
    };
  },
  bodies: {
    conversation: { systemInstruction: { parts: [{ text: 'Be brief.' }] }, contents, tools },
    unknownPart: { contents: [{ role: 'user', parts: [{ hologram: 'x' }] }] },
    unknownTool: { contents, tools: [{ teleport: {} }] },
    orphanResult: { contents: contents.slice(2) },
  },
});
