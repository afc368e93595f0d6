import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

interface LockEntry {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
}

const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as {
  readonly packages: Readonly<Record<string, LockEntry>>;
};
/** Everything that is fetched: not the workspaces, which are folders of this repository, and not the links to them. */
const fetched = Object.entries(lock.packages).filter(
  ([path, { link }]) => /(^|\/)node_modules\//.test(path) && link !== true,
);

/** Where an entry could come from elsewhere, or be another file than the one that was pinned. */
function problemsOf([path, { version, resolved, integrity }]: readonly [string, LockEntry]): string[] {
  return [
    ...(version === undefined ? [`${path} has no version`] : []),
    ...(resolved?.startsWith('https://registry.npmjs.org/') === true ? [] : [`${path} is not from the registry`]),
    ...(/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '') ? [] : [`${path} has no SHA-512`]),
  ];
}

describe('package-lock.json', () => {
  it('pins the place and the bytes of every package, also of those below a workspace', () => {
    expect(fetched.length).toBeGreaterThan(100);
    expect(fetched.flatMap(problemsOf)).toEqual([]);
  });

  it('would be found lacking without one of them', () => {
    expect(problemsOf(['engine/node_modules/commander', { version: '15.0.0' }])).toHaveLength(2);
  });
});
