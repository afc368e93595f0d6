import { describeProductContract } from '../contract-suite.ts';
import { offered } from '../testing.ts';
import { acp } from './acp.ts';

describeProductContract({
  product: acp,
  // Every computer has it, and needs nothing else for it.
  installIn: () => ['/bin/sh', '-c', 'exit 0'],
  version: 'unknown',
  tools: [offered('bash', { command: 'string' }, ['command']), offered('shell', { cmd: 'string' }, ['cmd'])],
});
