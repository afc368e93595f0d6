import { existsSync, mkdirSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';

import { Command } from 'commander';

import { writeFileAtomic } from '../../base/atomic-write.ts';
import { readPlainText } from '../../base/read-plain-file.ts';
import { UsageError } from '../../base/usage-error.ts';
import type { CommandContext } from '../command.ts';
import type { Registry } from '../compose.ts';
import { createStudySchema, STUDY_SCHEMA_TITLE } from '../study-schema.ts';
import { EXIT, type Terminal } from '../terminal.ts';

/** `offswitch init` */
export function createInitCommand({ terminal, builtIn, registry, finish }: CommandContext): Command {
  return new Command('init')
    .description('write a study file to start from, or the JSON Schema of study files')
    .argument('[file]', 'offswitch.config.ts, or a name that ends in .yaml', 'offswitch.config.ts')
    .option('--schema', 'print the JSON Schema of study files and write nothing')
    .action(async (file: string, { schema = false }: { schema?: boolean }) => {
      if (schema) terminal.out(schemaText(await registry()).trimEnd());
      else init(file, { registry: builtIn, terminal });
      finish(EXIT.ok);
    });
}

const TYPESCRIPT = `import { defineStudy } from 'offswitch';

// Run with: npx --no-install offswitch run --config offswitch.config.ts --dry-run
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

/** Next to a YAML file, for editors. The first line of the file names it. */
const SCHEMA_FILE = 'offswitch.schema.json';

const YAML = `# yaml-language-server: $schema=./${SCHEMA_FILE}
# Run with: npx --no-install offswitch run --config FILE --dry-run
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

/** Writes a study file that runs unchanged. Never overwrites a file. */
function init(
  file: string,
  { registry, terminal }: { readonly registry: Registry; readonly terminal: Terminal },
): void {
  if (existsSync(file)) throw new UsageError(`${file} already exists: give another name`);
  const kind = extname(file);
  if (!['.ts', '.mts', '.yaml', '.yml'].includes(kind))
    throw new UsageError(`expected a name that ends in .ts or .yaml, got "${file}"`);
  const isYaml = kind.startsWith('.y');
  const schemaFile = join(dirname(file), SCHEMA_FILE);
  if (isYaml && !isOwnSchema(schemaFile))
    throw new UsageError(
      `${schemaFile} already exists and is not a schema of Offswitch: choose another folder, so that it is not overwritten`,
    );
  try {
    mkdirSync(dirname(file), { recursive: true });
    if (isYaml) writeFileAtomic(schemaFile, schemaText(registry));
    writeFileAtomic(file, isYaml ? YAML.replace('FILE', file) : TYPESCRIPT.replace('offswitch.config.ts', file));
  } catch (error) {
    throw new UsageError(`cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  const besides = isYaml ? ` and ${schemaFile}, which editors use for completion and checks` : '';
  terminal.out(`wrote ${file}${besides}\nnext: npx --no-install offswitch run --config ${file} --dry-run`);
}

const SCHEMA_BYTES_MAX = 16 * 1024 * 1024;

/** Also true if there is none. */
function isOwnSchema(path: string): boolean {
  return !existsSync(path) || readPlainText(path, SCHEMA_BYTES_MAX).includes(`"title": "${STUDY_SCHEMA_TITLE}"`);
}

/** JSON Schema of study files, for editors. */
export function schemaText(registry: Registry): string {
  return `${JSON.stringify(createStudySchema(registry), null, 2)}\n`;
}
