import { describeModelContract } from '../contract-suite.ts';
import { generateContent } from '../testing/wire-protocols.ts';
import { describeWireProtocol } from '../wire-suite.ts';
import { googleProvider } from './google.ts';

const protocol = generateContent();
const environment = (url: string, key: string): Record<string, string> => ({
  GOOGLE_GENERATIVE_AI_BASE_URL: url,
  GOOGLE_GENERATIVE_AI_API_KEY: key,
});

describeModelContract({
  provider: googleProvider,
  environment,
  required: ['GOOGLE_GENERATIVE_AI_API_KEY'],
  keyOf: (headers) => [headers['x-goog-api-key']].flat()[0],
  replies: {
    text: protocol.whole({ reasoning: 'because', text: 'hello', end: 'done' }),
    toolCalls: protocol.whole({
      calls: ['ls', 'pwd'].map((cmd, index) => ({
        id: `call-${'ab'.charAt(index)}`,
        name: 'bash',
        input: JSON.stringify({ cmd }),
      })),
      end: 'done',
    }),
    cut: protocol.whole({ text: 'hel', end: 'cut' }),
  },
});

describeWireProtocol({ provider: googleProvider, protocol, environment });
