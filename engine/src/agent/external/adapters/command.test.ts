import { chmodSync, copyFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll } from 'vitest';

import { describeProductContract } from '../contract-suite.ts';
import { describeRealCommand } from '../real-product-suite.ts';
import { offered } from '../testing.ts';
import { command } from './command.ts';

describeProductContract({
  product: command,
  // Every computer has it, and needs nothing else for it.
  installIn: () => ['/bin/sh', '-c', 'exit 0'],
  version: 'unknown',
  tools: [offered('bash', { command: 'string' }, ['command']), offered('shell', { cmd: 'string' }, ['cmd'])],
});

// The clone may lie in /tmp, which machines have of their own.
const folder = mkdtempSync('/var/tmp/your-agent-');
const node = join(folder, 'node');
chmodSync(folder, 0o755);
copyFileSync(process.execPath, node);
cpSync(join(import.meta.dirname, '../../../../../examples/agents'), folder, { recursive: true });
afterAll(() => rmSync(folder, { recursive: true }));

await describeRealCommand('an agent of the user in Python works', command, [
  '/usr/bin/python3',
  join(folder, 'bash_agent.py'),
]);
await describeRealCommand('an agent of the user in TypeScript works', command, [node, join(folder, 'bash-agent.ts')]);
