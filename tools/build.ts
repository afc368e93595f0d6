/** Compiles the engine to `engine/dist` and lays the scenarios' texts and files, the Perl programs of the sandboxes and the published cells beside it, ready for `npm pack`. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, globSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);
const engine = join(root, 'engine');
const source = join(engine, 'src');
const dist = join(engine, 'dist');

rmSync(dist, { recursive: true, force: true });
compile();
for (const name of ['texts', 'files', 'MANIFEST.sha256']) copyAsTheyAre(`scenario/library/*/${name}`);
copyAsTheyAre('sandbox/kit/*.pl');
copyAsTheyAre('results/published-cells.csv');
// npm packs only what lies in the package's own folder.
copyFileSync(join(root, 'LICENSE'), join(engine, 'LICENSE'));

function compile(): void {
  const compiler = join(root, 'node_modules/.bin/tsc');
  const { status } = spawnSync(compiler, ['-p', 'engine/tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

/** Byte for byte and with the same modes: trials are compared by the hashes of these files. */
function copyAsTheyAre(pattern: string): void {
  for (const path of globSync(pattern, { cwd: source })) {
    cpSync(join(source, path), join(dist, path), { recursive: true, verbatimSymlinks: true });
  }
}
