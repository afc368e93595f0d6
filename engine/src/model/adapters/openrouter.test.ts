import { describeModelContract } from '../contract-suite.ts';
import { chatCompletions } from '../testing/wire-protocols.ts';
import { describeWireProtocol } from '../wire-suite.ts';
import { openrouterProvider } from './openrouter.ts';

const protocol = chatCompletions('reasoning');
const environment = (url: string, key: string): Record<string, string> => ({
  OPENROUTER_BASE_URL: url,
  OPENROUTER_API_KEY: key,
});

describeModelContract({
  provider: openrouterProvider,
  environment,
  required: ['OPENROUTER_API_KEY'],
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

describeWireProtocol({ provider: openrouterProvider, protocol, environment });
