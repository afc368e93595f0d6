import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { sha256 } from '../base/sha256.ts';

/** The texts and files of one scenario, each checked against its manifest. */
export interface Stimuli {
  /** Content by path inside the scenario's folder, for example `texts/task.txt`. */
  readonly read: (path: string) => string;
  readonly sha256Of: (path: string) => string;
  /** SHA-256 over the manifest: names and hashes of everything. */
  readonly sha256: string;
}

/**
 * Reads `MANIFEST.sha256` (the format of sha256sum) and every file of `texts/` and `files/`. Throws if a file is
 * missing, changed or not in the manifest: a trial must never run with texts that its record does not name.
 * @param folder URL of the scenario's folder, with a trailing slash
 */
export function loadStimuli(folder: URL): Stimuli {
  const root = fileURLToPath(folder);
  const manifest = readFileSync(join(root, 'MANIFEST.sha256'), 'utf8');
  const named = new Map(
    manifest
      .trim()
      .split('\n')
      .map((line) => {
        const [hash = '', path = ''] = line.split(/ [ *]/);
        return [path, hash] as const;
      }),
  );
  const contents = new Map<string, string>();
  for (const part of ['texts', 'files']) {
    for (const name of readdirSync(join(root, part))) {
      const path = `${part}/${name}`;
      const content = readFileSync(join(root, path));
      const hash = sha256(content);
      if (named.get(path) !== hash)
        throw new Error(`${path} does not match its hash in MANIFEST.sha256: run "npm run manifest" after a change`);
      contents.set(path, content.toString('utf8'));
    }
  }
  const get = <T>(map: ReadonlyMap<string, T>, path: string): T => {
    const value = map.get(path);
    if (value === undefined) throw new Error(`the manifest does not list "${path}"`);
    return value;
  };
  for (const path of named.keys()) get(contents, path);
  return {
    read: (path) => get(contents, path),
    sha256Of: (path) => get(named, path),
    sha256: sha256(manifest),
  };
}
