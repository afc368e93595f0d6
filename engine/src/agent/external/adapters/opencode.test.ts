import { describeProductContract, installPackage } from '../contract-suite.ts';
import { describeRealProduct } from '../real-product-suite.ts';
import { offered } from '../testing.ts';
import { opencode } from './opencode.ts';

describeProductContract({
  product: opencode,
  installIn: (folder) => installPackage(folder, 'opencode', ['opencode-ai', '1.18.33', 'bin/opencode.exe']),
  version: '1.18.33',
  tools: [offered('bash', { command: 'string', timeout: 'integer', workdir: 'string' }, ['command'])],
});

await describeRealProduct(opencode, 'opencode');
