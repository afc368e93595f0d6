import { describeProductContract, installPackage } from '../contract-suite.ts';
import { describeRealProduct } from '../real-product-suite.ts';
import { offered } from '../testing.ts';
import { geminiCli } from './gemini-cli.ts';

describeProductContract({
  product: geminiCli,
  installIn: (folder) => installPackage(folder, 'gemini', ['@google/gemini-cli', '0.61.0', 'bundle/gemini.js']),
  version: '0.61.0',
  tools: [
    offered(
      'run_shell_command',
      { command: 'string', description: 'string', dir_path: 'string', is_background: 'boolean', delay_ms: 'integer' },
      ['command'],
    ),
  ],
});

await describeRealProduct(geminiCli, 'gemini');
