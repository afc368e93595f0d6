import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe } from 'vitest';

import { protocols } from '../../../gateway/protocols.ts';
import { describeProductContract } from '../contract-suite.ts';
import { describeRealCommand, machineStarts } from '../real-product-suite.ts';
import { offered } from '../testing.ts';
import { command } from './command.ts';

describeProductContract({
  product: command,
  // Every computer has it, and needs nothing else for it.
  installIn: () => ['/bin/sh', '-c', 'exit 0'],
  version: 'unknown',
  tools: [offered('bash', { command: 'string' }, ['command']), offered('shell', { cmd: 'string' }, ['cmd'])],
});

const missing = !(await machineStarts())
  ? ' (not run: no machine starts here)'
  : protocols.some(({ name }) => name === 'openai-chat')
    ? ''
    : ' (not run: the gateway does not speak openai-chat)';

describe.skipIf(missing !== '')(`an agent of the user${missing}`, () => {
  // The clone may lie in /tmp, which machines have of their own.
  const folder = mkdtempSync('/var/tmp/your-agent-');
  cpSync(join(import.meta.dirname, '../../../../../examples/agents'), folder, { recursive: true });
  afterAll(() => rmSync(folder, { recursive: true }));
  describeRealCommand('in Python works', command, ['/usr/bin/python3', join(folder, 'bash_agent.py')]);
  describeRealCommand('in TypeScript works', command, [process.execPath, join(folder, 'bash-agent.ts')]);
});
