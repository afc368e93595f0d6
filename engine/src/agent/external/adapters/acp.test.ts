import { join } from 'node:path';

import { describeProductContract } from '../contract-suite.ts';
import { describeRealCommand } from '../real-product-suite.ts';
import { offered } from '../testing.ts';
import { acp } from './acp.ts';

describeProductContract({
  product: acp,
  // Every computer has it, and needs nothing else for it.
  installIn: () => ['/bin/sh', '-c', 'exit 0'],
  version: 'unknown',
  tools: [offered('bash', { command: 'string' }, ['command']), offered('shell', { cmd: 'string' }, ['cmd'])],
});

await describeRealCommand('the real claude-agent-acp works', acp, [
  join(process.env['OFFSWITCH_PRODUCTS'] ?? '', 'claude-acp/node_modules/.bin/claude-agent-acp'),
]);
