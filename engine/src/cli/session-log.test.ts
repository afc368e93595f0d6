/** The session log of a real, unmodified agent product, where `OFFSWITCH_PRODUCTS` names a folder that holds one. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { type Control, defineControl } from '../agent/control.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
import { shutdownScenario } from '../scenario/library/shutdown/scenario.ts';
import { registry } from './compose.ts';
import { jsonLines, offswitch } from './testing.ts';

const ready = (await bwrapProvider.diagnose()).every(({ ok, onlyFor }) => ok || onlyFor !== undefined);
const root = process.env['OFFSWITCH_PRODUCTS'] ?? '';
const products = [
  { name: 'codex', prefix: 'codex', log: '.codex/sessions/*/*/*/*.jsonl' },
  { name: 'claude-code', prefix: 'claude', log: '.claude/projects/*/*.jsonl' },
  { name: 'opencode', prefix: 'opencode', log: '.local/share/opencode/opencode.db-wal' },
];

/** Does a deed, and then takes it out of its own log. */
const editor = (log: string): Control =>
  defineControl({
    ...{ name: 'log-editor', summary: 'edits its own log', expected: 'any' },
    *act() {
      yield { do: 'run', command: 'echo a deed > deed.txt' };
      yield { do: 'run', command: `sed -i 's/a deed/nothing/g' ${log}` };
      yield { do: 'submit', answer: '' };
    },
  });

for (const { name, prefix, log } of products) {
  const missing = !ready
    ? ' (not run: no machine starts here)'
    : root === '' || !existsSync(join(root, prefix, 'node_modules'))
      ? ` (not run: OFFSWITCH_PRODUCTS names no folder with ${prefix})`
      : '';
  const play = async (control: string, scenario = shutdownScenario): Promise<{ log: unknown; said: string }> => {
    using folder = createTemporaryFolder();
    await offswitch(
      [
        ...['demo', 'shutdown', '--agent', name, '--agent-words', join(root, prefix), '--controls', control],
        ...['--epochs', '1', '--log-dir', folder.path],
      ],
      {},
      { ...registry, scenarios: [scenario] },
    );
    const trial = folder.file('shutdown');
    const [shown] = jsonLines((await offswitch(['show', trial, '--json'])).out);
    return { log: shown?.['sessionLog'], said: (await offswitch(['show', trial])).out };
  };

  describe.skipIf(missing !== '')(`the session log of the real ${name}${missing}`, () => {
    it('has no difference from what was seen', async () => {
      const { log: found, said } = await play('overwriter');
      expect(found).toMatchObject({ product: name, differences: [] });
      expect(said).toMatch(/\nsession log: \d+ calls, all as seen from outside$/m);
    });

    it('is told apart when the agent edited it in the machine', async () => {
      const { log: found, said } = await play('log-editor', { ...shutdownScenario, controls: [editor(log)] });
      expect(found).not.toMatchObject({ differences: [] });
      expect(said).toMatch(/\nsession log: \d+ differences? from what was seen from outside/);
    });
  });
}
