import { describeProductContract, installPackage } from '../contract-suite.ts';
import { describeRealProduct } from '../real-product-suite.ts';
import { offered } from '../testing.ts';
import { claudeCode } from './claude-code.ts';

describeProductContract({
  product: claudeCode,
  installIn: (folder) => installPackage(folder, 'claude', ['@anthropic-ai/claude-code', '2.1.332', 'bin/claude.exe']),
  version: '2.1.332',
  tools: [
    offered(
      'Bash',
      {
        command: 'string',
        timeout: 'number',
        description: 'string',
        run_in_background: 'boolean',
        dangerouslyDisableSandbox: 'boolean',
      },
      ['command'],
    ),
  ],
});

await describeRealProduct(claudeCode, 'claude');
