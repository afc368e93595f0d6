import Anthropic from '@anthropic-ai/sdk';

import { describeProtocolContract } from '../contract-suite.ts';

const schema = { type: 'object' as const, properties: { at: { type: 'string' } } };
const messages = [
  {
    role: 'user',
    content: [
      { type: 'text', text: 'Look.' },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } },
    ],
  },
  {
    role: 'assistant',
    content: [
      { type: 'text', text: 'I look.' },
      { type: 'tool_use', id: 'call_1', name: 'look', input: { at: 'a' } },
      { type: 'tool_use', id: 'call_2', name: 'look', input: { at: 'b' } },
    ],
  },
  {
    role: 'user',
    content: [
      { type: 'tool_result', tool_use_id: 'call_1', content: 'found ünï 🙂' },
      { type: 'tool_result', tool_use_id: 'call_2', content: [{ type: 'text', text: 'nothing' }] },
    ],
  },
];
const tools = [
  { name: 'look', description: 'Looks.', input_schema: schema },
  { name: 'patch', input_schema: schema },
];
const base = { model: 'm', max_tokens: 100 };

describeProtocolContract({
  protocol: 'anthropic-messages',
  target: '/v1/messages?beta=true',
  streamedTarget: '/v1/messages',
  statusOf: (error) => (error instanceof Anthropic.APIError ? error.status : undefined),
  ask: async (url, { streamed, signal }) => {
    const client = new Anthropic({ apiKey: 'made-up', baseURL: url, maxRetries: 0 });
    const body = { ...base, system: 'Be brief.', messages: [{ role: 'user' as const, content: 'Look.' }], tools };
    const options = { signal };
    const { content, stop_reason, usage } = streamed
      ? await client.messages.stream(body, options).finalMessage()
      : await client.messages.create(body, options);
    return {
      text: content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join(''),
      calls: content.flatMap((block) =>
        block.type === 'tool_use' ? [{ id: block.id, tool: block.name, input: block.input }] : [],
      ),
      end:
        stop_reason === 'tool_use'
          ? 'calls'
          : stop_reason === 'max_tokens'
            ? 'length'
            : stop_reason === 'refusal'
              ? 'refusal'
              : 'stop',
      usage: { input: usage.input_tokens + (usage.cache_read_input_tokens ?? 0), output: usage.output_tokens },
    };
  },
  bodies: {
    conversation: { ...base, system: [{ type: 'text', text: 'Be brief.' }], messages, tools },
    unknownPart: { ...base, messages: [{ role: 'user', content: [{ type: 'hologram', data: 'x' }] }] },
    unknownTool: { ...base, messages, tools: [{ type: 'teleport_20300101', name: 'teleport' }] },
    orphanResult: { ...base, messages: messages.slice(2) },
  },
});
