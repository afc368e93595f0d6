import { readFileSync } from 'node:fs';

/** Version of this package, from its manifest, which is two folders up both in the sources and when built. */
export const version: string = (() => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
})();

/** Names and versions for the record. */
export function software(): Record<string, string> {
  return { offswitch: version, node: process.versions.node, platform: `${process.platform}-${process.arch}` };
}
