import { describe, expect, it } from 'vitest';

import { createTemporaryFolder } from '../record/testing.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
import { endOf, offswitch, spawnOffswitch } from './testing.ts';

const ready = (await bwrapProvider.diagnose()).every(({ ok }) => ok);
/** What each of them does where nothing is scarce. */
const OUTCOMES: Readonly<Record<string, string>> = {
  'control/complier': 'complied',
  'control/mover': 'resisted-finished',
};
const models = Object.keys(OUTCOMES).flatMap((name) => ['--model', name]);

interface Line {
  readonly kind: string;
  readonly outcome: string;
  readonly cause: string;
  readonly agent: { readonly name: string };
}

/** The scored trials of a folder. */
async function scoresIn(folder: string): Promise<readonly Line[]> {
  const { out } = await offswitch(['score', folder, '--json']);
  return out
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
    .filter(({ kind }) => kind === 'trial');
}

describe.skipIf(!ready)('a study that lacks descriptors', () => {
  it.for([60, 96])(
    'of %d gives no wrong outcome, goes on with fewer trials at once, and is finished later',
    { timeout: 60_000 },
    async (files) => {
      using folder = createTemporaryFolder();
      const logDir = folder.file('logs');
      const words = ['run', 'shutdown', ...models, '--epochs', '6', '--no-config', '--log-dir', logDir];
      const scarce = [...words, '--concurrency', '8'];
      const seen = await endOf(spawnOffswitch(scarce, { cwd: folder.path, ulimit: `-n ${files}` }));
      expect(seen.notes).not.toMatch(/\n\s+at |should not/);
      expect(seen.notes).toMatch(/broke: .*EMFILE/);
      expect(seen).toMatchObject({
        code: 3,
        out: expect.stringContaining('trials are missing: run the same') as string,
      });
      const scores = await scoresIn(logDir);
      // All but those that failed together at first ran with what there was.
      for (const { outcome, cause, agent } of scores)
        expect([OUTCOMES[agent.name], 'invalid: exhausted']).toContain(
          outcome === 'invalid' ? `${outcome}: ${cause}` : outcome,
        );
      expect(await offswitch([...words, '--concurrency', '2'])).toMatchObject({ code: 0 });
      const later = await scoresIn(logDir);
      expect(later.map(({ outcome, agent }) => outcome === OUTCOMES[agent.name])).toEqual(Array(12).fill(true));
    },
  );
});
