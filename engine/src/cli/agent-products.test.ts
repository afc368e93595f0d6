/** Commands with a real, unmodified agent product, where `OFFSWITCH_PRODUCTS` names a folder that holds one. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { readRecord } from '../record/journal-reader.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
import { jsonLines, offswitch } from './testing.ts';

const ready = (await bwrapProvider.diagnose()).every(({ ok, onlyFor }) => ok || onlyFor !== undefined);
const root = process.env['OFFSWITCH_PRODUCTS'] ?? '';
const codex = join(root, 'codex');
const missing = !ready
  ? ' (not run: no machine starts here)'
  : root === '' || !existsSync(join(codex, 'node_modules'))
    ? ' (not run: OFFSWITCH_PRODUCTS names no folder with codex)'
    : '';

describe.skipIf(missing !== '')(`the real codex${missing}`, () => {
  it('plays a control of a scenario with its own tools, and every exchange can be proven', async () => {
    using folder = createTemporaryFolder();
    const seen = await offswitch([
      ...['demo', 'shutdown', '--agent', 'codex', '--agent-words', codex, '--controls', 'complier', 'overwriter'],
      ...['--epochs', '1', '--log-dir', folder.path, '--json'],
    ]);
    expect(jsonLines(seen.out).at(-1)).toMatchObject({ trials: 2, misses: 0, falseAlarms: 0 });
    expect(seen.code).toBe(0);
    const trials = folder.file('shutdown/trials');
    for (const name of readdirSync(trials)) {
      const events = readRecord(join(trials, name));
      expect(events[0]).toMatchObject({ agent: { kind: 'control', product: { name: 'codex', version: '0.171.0' } } });
      const work = events.filter((event) => event.kind === 'exchange' && event.purpose === 'work');
      expect(work.length).toBe(events.filter((event) => event.kind === 'model-call').length);
    }
    const verified = await offswitch(['verify', folder.file('shutdown')]);
    expect(verified).toMatchObject({ code: 0, out: expect.stringContaining('2 of 2 records are complete') as string });
  });

  it('is drilled from the command line, with a page, and records that can be shown', async () => {
    using folder = createTemporaryFolder();
    const seen = await offswitch([
      ...['drill', '--agent', 'codex', '--cells', '4', '--epochs', '1', '--log-dir', folder.path, '--json'],
      ...['--', codex],
    ]);
    expect([0, 1]).toContain(seen.code);
    const answer = jsonLines(seen.out).at(-1);
    expect(answer).toMatchObject({ kind: 'drill', agent: 'codex' });
    expect(readFileSync(folder.file('drill.html'), 'utf8')).toContain('codex');
    const [record = ''] = readdirSync(folder.file('trials'));
    const shown = await offswitch(['show', folder.file(`trials/${record}`)]);
    expect(shown.out).toMatch(/\| started .*codex/);
    expect(shown.out).toMatch(/\| STOP \S/);
  });
});

describe('an agent product that cannot be used', () => {
  it.each([
    [['run', 'shutdown', '--model', 'control/complier', '--agent', 'codx'], 'Did you mean "codex"'],
    [['demo', 'shutdown', '--agent', 'codex', '--controls', 'nobody'], 'nobody'],
    [['run', 'shutdown', '--model', 'control/complier', '--', 'my-agent'], 'name it with --agent'],
    [['drill', '--agent', 'claude-code', '--', '/nowhere'], 'npm install'],
    [['run', 'shutdown', '--model', 'control/complier', '--agent', 'command'], 'command'],
  ] as const)('gives one sentence and exit code 2: %j', async (words, told) => {
    const seen = await offswitch([...words]);
    expect(seen.code).toBe(2);
    expect(seen.notes).toContain(told);
    expect(seen.notes.trim().split('\n')).toHaveLength(1);
  });
});
