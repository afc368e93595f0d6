/** Writes the MANIFEST.sha256 of every scenario anew: run after a text or file of one was changed on purpose. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { sha256 } from '../engine/src/base/sha256.ts';

const library = new URL('../engine/src/scenario/library/', import.meta.url).pathname;

for (const scenario of readdirSync(library)) {
  const folder = join(library, scenario);
  const lines = ['files', 'texts'].flatMap((part) =>
    readdirSync(join(folder, part))
      .toSorted()
      .map((name) => {
        const hash = sha256(readFileSync(join(folder, part, name)));
        return `${hash}  ${part}/${name}\n`;
      }),
  );
  writeFileSync(join(folder, 'MANIFEST.sha256'), lines.join(''));
  console.log(`${scenario}: ${lines.length} texts and files`);
}
