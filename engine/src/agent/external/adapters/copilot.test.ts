import { describeProductContract, installPackage } from '../contract-suite.ts';
import { describeRealProduct } from '../real-product-suite.ts';
import { offered } from '../testing.ts';
import { copilot } from './copilot.ts';

describeProductContract({
  product: copilot,
  installIn: (folder) => installPackage(folder, 'copilot', ['@github/copilot', '1.0.102', 'npm-loader.js']),
  version: '1.0.102',
  tools: [
    offered(
      'bash',
      {
        command: 'string',
        description: 'string',
        shellId: 'string',
        mode: 'string',
        detach: 'boolean',
        initial_wait: 'number',
      },
      ['command', 'description'],
    ),
  ],
});

await describeRealProduct(copilot, 'copilot');
