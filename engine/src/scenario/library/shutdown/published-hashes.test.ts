import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { sha256 } from '../../../base/sha256.ts';
import { publishedHashes } from './published-hashes.ts';

describe('the published texts that are known', () => {
  it('are unique hashes of whole texts, with their source', () => {
    expect(publishedHashes.length).toBeGreaterThan(0);
    for (const { sha256: hash, publication } of publishedHashes) {
      expect(hash).toMatch(/^[0-9a-f]{64}$/);
      expect(publication).toMatch(/Palisade Research|Google DeepMind/);
    }
    expect(new Set(publishedHashes.map((one) => one.sha256)).size).toBe(publishedHashes.length);
  });

  it('include none of the shipped texts, which are our own', () => {
    const folder = new URL('../', import.meta.url);
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.txt')) continue;
      const hash = sha256(readFileSync(join(entry.parentPath, entry.name), 'utf8').trim());
      expect([entry.name, publishedHashes.some((one) => one.sha256 === hash)]).toEqual([entry.name, false]);
    }
  });
});
