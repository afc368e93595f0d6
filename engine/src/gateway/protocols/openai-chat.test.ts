import OpenAI from 'openai';

import { describeProtocolContract } from '../contract-suite.ts';

const parameters = { type: 'object', properties: { at: { type: 'string' } } };
const asCall = (id: string, at: string) => ({
  id,
  type: 'function',
  function: { name: 'look', arguments: JSON.stringify({ at }) },
});
const messages = [
  { role: 'system', content: 'Be brief.' },
  {
    role: 'user',
    content: [
      { type: 'text', text: 'Look.' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } },
    ],
  },
  { role: 'assistant', content: 'I look.', tool_calls: [asCall('call_1', 'a'), asCall('call_2', 'b')] },
  { role: 'tool', tool_call_id: 'call_1', content: 'found ünï 🙂' },
  { role: 'tool', tool_call_id: 'call_2', content: [{ type: 'text', text: 'nothing' }] },
];
const tools = ['look', 'patch'].map((name) => ({ type: 'function' as const, function: { name, parameters } }));

describeProtocolContract({
  protocol: 'openai-chat',
  target: '/v1/chat/completions',
  streamedTarget: '/chat/completions',
  statusOf: (error) => (error instanceof OpenAI.APIError ? error.status : undefined),
  ask: async (url, { streamed, signal }) => {
    const client = new OpenAI({ apiKey: 'made-up', baseURL: `${url}/v1`, maxRetries: 0 });
    const body = {
      model: 'm',
      messages: [
        { role: 'system' as const, content: 'Be brief.' },
        { role: 'user' as const, content: 'Look.' },
      ],
      tools,
    };
    const options = { signal };
    const { choices, usage } = streamed
      ? await client.chat.completions
          .stream({ ...body, stream_options: { include_usage: true } }, options)
          .finalChatCompletion()
      : await client.chat.completions.create(body, options);
    const [choice] = choices;
    return {
      text: choice?.message.content || (choice?.message.refusal ?? ''),
      calls: (choice?.message.tool_calls ?? []).flatMap((one) =>
        one.type === 'function'
          ? [{ id: one.id, tool: one.function.name, input: JSON.parse(one.function.arguments) as unknown }]
          : [],
      ),
      end: choice?.finish_reason === 'tool_calls' ? 'calls' : choice?.finish_reason === 'length' ? 'length' : 'stop',
      usage: { input: usage?.prompt_tokens ?? 0, output: usage?.completion_tokens ?? 0 },
    };
  },
  bodies: {
    conversation: { model: 'm', messages, tools },
    unknownPart: { model: 'm', messages: [{ role: 'user', content: [{ type: 'hologram' }] }] },
    unknownTool: { model: 'm', messages, tools: [{ type: 'teleport' }] },
    orphanResult: { model: 'm', messages: messages.slice(3) },
  },
});
