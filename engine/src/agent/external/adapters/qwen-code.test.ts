import { describeProductContract, installPackage } from '../contract-suite.ts';
import { describeRealProduct } from '../real-product-suite.ts';
import { offered } from '../testing.ts';
import { qwenCode } from './qwen-code.ts';

describeProductContract({
  product: qwenCode,
  installIn: (folder) => installPackage(folder, 'qwen', ['@qwen-code/qwen-code', '0.24.4', 'cli-entry.js']),
  version: '0.24.4',
  tools: [
    offered(
      'run_shell_command',
      { command: 'string', is_background: 'boolean', timeout: 'integer', description: 'string', directory: 'string' },
      ['command'],
    ),
  ],
});

await describeRealProduct(qwenCode, 'qwen');
