import { describe, expect, it } from 'vitest';

import { describeModelContract } from '../contract-suite.ts';
import { startChatServer } from '../testing/chat-server.ts';
import { responses } from '../testing/wire-protocols.ts';
import { describeWireProtocol } from '../wire-suite.ts';
import { xaiProvider } from './xai.ts';

const protocol = responses('xai');
const environment = (url: string, key: string): Record<string, string> => ({ XAI_BASE_URL: url, XAI_API_KEY: key });

describeModelContract({
  provider: xaiProvider,
  environment,
  required: ['XAI_API_KEY'],
  keyOf: ({ authorization }) => /^Bearer (.*)$/.exec(authorization ?? '')?.[1],
  replies: {
    text: protocol.reply({ reasoning: 'because', text: 'hello', end: 'done' }),
    toolCalls: protocol.reply({
      calls: ['ls', 'pwd'].map((cmd, index) => ({
        id: `call-${'ab'.charAt(index)}`,
        name: 'bash',
        input: JSON.stringify({ cmd }),
      })),
      end: 'done',
    }),
    cut: protocol.reply({ text: 'hel', end: 'cut' }),
  },
});

describeWireProtocol({ provider: xaiProvider, protocol, environment });

describe('xai', () => {
  it('stores nothing at the vendor, says so, and gets sealed reasoning to give back', async () => {
    await using server = await startChatServer(() => protocol.reply({ text: 'hello', end: 'done' }));
    const { model, properties } = await xaiProvider.open('grok-4', {
      environment: environment(server.url, 'some-key'),
    });
    await model.doGenerate({ prompt: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }] });
    expect(server.requests[0]?.body).toMatchObject({ store: false, include: ['reasoning.encrypted_content'] });
    expect(properties).toEqual({ store: 'false' });
  });
});
