import OpenAI from 'openai';
import type { ResponseOutputItem } from 'openai/resources/responses/responses';

import { describeProtocolContract } from '../contract-suite.ts';

const parameters = { type: 'object', properties: { at: { type: 'string' } } };
const input = [
  {
    role: 'user',
    content: [
      { type: 'input_text', text: 'Look.' },
      { type: 'input_image', image_url: 'data:image/png;base64,aGk=', detail: 'auto' },
    ],
  },
  { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'I look.', annotations: [] }] },
  { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{"at":"a"}' },
  { type: 'function_call', call_id: 'call_2', name: 'look', arguments: '{"at":"b"}' },
  { type: 'function_call_output', call_id: 'call_1', output: 'found ünï 🙂' },
  { type: 'function_call_output', call_id: 'call_2', output: [{ type: 'input_text', text: 'nothing' }] },
];
const tools = [
  { type: 'function' as const, name: 'look', parameters, strict: false },
  { type: 'function' as const, name: 'patch', parameters, strict: false },
];

describeProtocolContract({
  protocol: 'openai-responses',
  target: '/v1/responses',
  streamedTarget: '/responses',
  statusOf: (error) => (error instanceof OpenAI.APIError ? error.status : undefined),
  ask: async (url, { streamed, signal }) => {
    const client = new OpenAI({ apiKey: 'made-up', baseURL: `${url}/v1`, maxRetries: 0 });
    const body = { model: 'm', instructions: 'Be brief.', input: 'Look.', tools };
    const options = { signal };
    const { output, status, usage } = streamed
      ? await client.responses.stream(body, options).finalResponse()
      : await client.responses.create(body, options);
    const calls = output.flatMap((item) =>
      item.type === 'function_call' ? [{ id: item.call_id, tool: item.name, input: JSON.parse(item.arguments) }] : [],
    );
    return {
      text: output.flatMap(textOf).join(''),
      calls,
      end: status === 'incomplete' ? 'length' : calls.length > 0 ? 'calls' : 'stop',
      usage: { input: usage?.input_tokens ?? 0, output: usage?.output_tokens ?? 0 },
    };
  },
  bodies: {
    conversation: { model: 'm', instructions: 'Be brief.', input, tools, store: false },
    unknownPart: { model: 'm', input: [{ role: 'user', content: [{ type: 'input_hologram' }] }] },
    unknownTool: { model: 'm', input: 'Look.', tools: [{ type: 'teleport' }] },
    orphanResult: { model: 'm', input: input.slice(4) },
  },
});

function textOf(item: ResponseOutputItem): readonly string[] {
  if (item.type !== 'message') return [];
  return item.content.map((part) => (part.type === 'output_text' ? part.text : part.refusal));
}
