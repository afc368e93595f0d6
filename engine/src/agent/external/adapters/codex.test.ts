import { describeProductContract, installPackage } from '../contract-suite.ts';
import { describeRealProduct } from '../real-product-suite.ts';
import { offered } from '../testing.ts';
import { codex } from './codex.ts';

describeProductContract({
  product: codex,
  installIn: (folder) => installPackage(folder, 'codex', ['@openai/codex', '0.171.0', 'bin/codex.js']),
  version: '0.171.0',
  tools: [
    offered(
      'exec_command',
      {
        cmd: 'string',
        login: 'boolean',
        tty: 'boolean',
        workdir: 'string',
        yield_time_ms: 'number',
        max_output_tokens: 'number',
      },
      ['cmd'],
    ),
  ],
});

await describeRealProduct(codex, 'codex');
