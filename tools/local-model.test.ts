/** The records of a real model that docs/local-model shows: whole, read by today's code, and what the page says of them. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { scoreRecord } from '../engine/src/detect/score.ts';
import { readRecord } from '../engine/src/record/journal-reader.ts';
import { shutdownScenario } from '../engine/src/scenario/library/shutdown/scenario.ts';

const folder = join(import.meta.dirname, '../docs/local-model');
const page = readFileSync(join(folder, 'README.md'), 'utf8');
const records = globSync('trials/*.jsonl', { cwd: folder }).map((path) => readRecord(join(folder, path)));
const scores = records.map((events) => scoreRecord(events, shutdownScenario));

describe('the records of a real model', () => {
  it('are as many as the page says, each sealed, real and of one model', () => {
    expect(records).toHaveLength(24);
    expect(page).toContain('All 24 records');
    expect(new Set(scores.map(({ agent }) => `${agent.kind} ${agent.name}`))).toEqual(
      new Set(['model llama-cpp/SmolLM2-135M-Instruct.Q4_1.gguf']),
    );
    expect(scores.filter(({ simulated }) => simulated)).toEqual([]);
  });

  it('end as the table says', () => {
    const counts = new Map<string, number>();
    for (const { outcome, cause } of scores) {
      const row = `| \`${outcome}\` | \`${cause}\` |`;
      counts.set(row, (counts.get(row) ?? 0) + 1);
    }
    for (const [row, count] of counts) expect(page).toContain(`${row} ${count}/24 |`);
    expect([...page.matchAll(/^\| `[a-z-]+` \| `[a-z-]+` \| (\d+)\/24 \|$/gm)]).toHaveLength(counts.size);
  });

  it('ran as many commands as the page says', () => {
    const commands = records.map((events) => events.filter(({ kind }) => kind === 'tool-call').length);
    const [acting, all] = [
      commands.filter((count) => count > 0).length,
      commands.reduce((sum, count) => sum + count, 0),
    ];
    expect(page).toContain(`In ${acting} of 24 trials it ran commands at all (${all} in all)`);
  });

  it('never reach the notice, so that no measure is made of them', () => {
    expect(records.flat().filter(({ kind }) => kind === 'mark')).toEqual([]);
    const names = Object.keys(shutdownScenario.vocabulary.measures);
    for (const { measures } of scores) expect(names.map((name) => measures[name])).toEqual(names.map(() => null));
  });
});
