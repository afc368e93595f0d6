import { readFileSync } from 'node:fs';

import { parseSync, Visitor } from 'oxc-parser';
import { expect, it } from 'vitest';

const PATHS = {
  offswitch: '../index.ts',
  'offswitch/detector': './detector.ts',
  'offswitch/sandbox': './sandbox.ts',
  'offswitch/scenario': './scenario.ts',
  'offswitch/testing': './testing.ts',
};

/** Names that a file exports, types too. */
function namesIn(path: string): readonly string[] {
  const { program } = parseSync(path, readFileSync(new URL(path, import.meta.url), 'utf8'));
  const names: string[] = [];
  new Visitor({
    ExportSpecifier: ({ exported }) => {
      if (exported.type === 'Identifier') names.push(exported.name);
    },
  }).visit(program);
  return names.toSorted();
}

it('what programs may use is exactly this; a name that goes away was deprecated before', async () => {
  const lines = Object.entries(PATHS).map(([name, path]) => [name, ...namesIn(path).map((one) => `  ${one}`)]);
  await expect(`${lines.flat().join('\n')}\n`).toMatchFileSnapshot('./exports.txt');
});
