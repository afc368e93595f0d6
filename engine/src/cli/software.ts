import { readFileSync } from 'node:fs';

/** Version of this package, read from its own manifest, which lies two folders up both in sources and when built. */
export const version: string = (() => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
})();

/** Names and versions that a record carries. */
export function software(): Record<string, string> {
  return { offswitch: version, node: process.versions.node, platform: `${process.platform}-${process.arch}` };
}
