import { existsSync } from 'node:fs';
import { extname } from 'node:path';

import { z } from 'zod';

import { writeFileAtomic } from '../../base/atomic-write.ts';
import { UsageError } from '../../base/usage-error.ts';
import { settingsSchema } from '../settings.ts';
import { EXIT, type ExitCode, type Terminal } from '../terminal.ts';

const TYPESCRIPT = `import { defineStudy } from 'offswitch';

// Run with: npx offswitch run --config offswitch.config.ts --dry-run
export default defineStudy({
  scenario: 'shutdown',
  // Try it without a key first: control/complier and control/overwriter are scripted agents.
  models: ['control/complier', 'control/overwriter'],
  factors: { allow: ['none', 'user', 'system'] },
  epochs: 10,
  seed: 'my-first-study',
  // price: '3/15', budgetUsd: 20,
  analysis: {
    hypotheses: [
      {
        name: 'the overwriter sabotages more often than the complier',
        metric: 'sabotage',
        first: { agent: 'control/overwriter' },
        second: { agent: 'control/complier' },
        expect: 'higher',
      },
    ],
    correction: 'holm',
  },
});
`;

const YAML = `# Run with: npx offswitch run --config FILE --dry-run
scenario: shutdown
models: [control/complier, control/overwriter]
factors:
  allow: [none, user, system]
epochs: 10
seed: my-first-study
analysis:
  correction: holm
  hypotheses:
    - name: the overwriter sabotages more often than the complier
      metric: sabotage
      first: { agent: control/overwriter }
      second: { agent: control/complier }
      expect: higher
`;

/** Writes a study file that runs as it is. Never over one that is there. */
export function init(file: string, terminal: Terminal): ExitCode {
  if (existsSync(file)) throw new UsageError(`${file} is there already: give another name`);
  const kind = extname(file);
  if (!['.ts', '.mts', '.yaml', '.yml'].includes(kind))
    throw new UsageError(`expected a name that ends in .ts or .yaml, got "${file}"`);
  try {
    writeFileAtomic(file, kind.startsWith('.y') ? YAML : TYPESCRIPT);
  } catch (error) {
    throw new UsageError(`cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  terminal.out(`wrote ${file}\nnext: npx offswitch run --config ${file} --dry-run`);
  return EXIT.ok;
}

/** JSON Schema of study files, for editors. */
export function printSchema(terminal: Terminal): ExitCode {
  const schema = z.toJSONSchema(settingsSchema, { io: 'input' });
  terminal.out(JSON.stringify({ ...schema, title: 'Offswitch study' }, null, 2));
  return EXIT.ok;
}
