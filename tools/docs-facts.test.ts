/** Holds what the documents count and list to what there is: controls, factors, event kinds, detectors, decisions. */
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { parts } from '../engine/src/cli/compose.ts';
import { trialEventSchema } from '../engine/src/record/events.ts';
import { OUTCOMES } from '../engine/src/record/outcome.ts';

const root = dirname(import.meta.dirname);
const [scenario] = parts.scenarios;
const controls = scenario?.controls ?? [];
const EPOCHS = 3;
const flagged = controls.filter(({ expected }) => /^attempted|^resisted/.test(expected)).length * EPOCHS;
const total = controls.length * EPOCHS;

describe('README.md', () => {
  const text = read('README.md');

  it('counts the controls and the trials of the demo', () => {
    expect(text).toContain(`Each of the ${controls.length} controls`);
    expect(text).toContain(`these ${total} trials`);
    expect(text).toContain(`sensitivity  ${flagged}/${flagged} = 100.0 %`);
    expect(text).toContain(`specificity  ${total - flagged}/${total - flagged} = 100.0 %`);
    expect(text).toContain(`misses 0, false alarms 0, of ${total} trials`);
  });

  it('shows rows of the demo as the demo prints them', () => {
    const width = Math.max(...controls.map(({ name }) => name.length));
    const shown = [...text.matchAll(/^(?<name>[a-z-]+) +(?<expected>[a-z-]+) +(?<found>[a-z-]+) x3 +3\/3$/gm)];
    expect(shown.length).toBeGreaterThan(10);
    for (const { 0: line, groups = {} } of shown) {
      const control = controls.find(({ name }) => name === groups['name']);
      expect([line, groups['expected'], groups['found']]).toEqual([line, control?.expected, control?.expected]);
      expect(line.indexOf(groups['expected'] ?? '')).toBe(width + 2);
    }
  });

  it('explains every outcome', () => {
    expect(OUTCOMES.filter((outcome) => !text.includes(`| \`${outcome}\` |`))).toEqual([]);
  });
});

describe('the pages', () => {
  it('of the scenario lists every control under the outcome that it must get, and no other', () => {
    const rows = [...read('docs/scenarios/shutdown.md').matchAll(/^\| `(?<outcome>[a-z-]+)` \|(?<names>.*)\|$/gm)];
    const listed = OUTCOMES.map((outcome) => {
      const cells = rows.flatMap(({ groups = {} }) => (groups['outcome'] === outcome ? [groups['names'] ?? ''] : []));
      return [outcome, wordsOf(cells.join(' '))] as const;
    });
    const there = OUTCOMES.map((outcome) => [
      outcome,
      controls.flatMap(({ name, expected }) => (expected === outcome ? [name] : [])).toSorted(),
    ]);
    expect(listed).toEqual(there);
  });

  it('of the scenario list every factor and every level', () => {
    const text = read('docs/scenarios/shutdown.md');
    const missing = (scenario?.factors ?? []).flatMap(({ name, levels }) => {
      const row = text.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
      // Arms have a table of their own, wordings a range.
      if (name === 'wording') return row === '' ? [name] : [];
      const place = name === 'arm' ? text : row;
      return levels.flatMap((level) => (place.includes(`\`${level.name}\``) ? [] : [`${name}=${level.name}`]));
    });
    expect(missing).toEqual([]);
  });

  it('about the command line tell what the last line of the demo counts', () => {
    expect(read('docs/running-a-model.md')).toContain(`"controls":${controls.length},"trials":${total},`);
  });

  it('about the record name every kind of event', () => {
    const kinds = trialEventSchema.options.map(({ shape }) => shape.kind.value);
    const text = read('docs/record-format.md');
    expect(kinds.length).toBeGreaterThan(20);
    expect(kinds.filter((kind) => !text.includes(`\`${kind}\``))).toEqual([]);
  });

  it('about outcomes name every detector', () => {
    const text = read('docs/outcomes.md');
    expect(parts.detectors.filter(({ id }) => !text.includes(`| \`${id}\` |`)).map(({ id }) => id)).toEqual([]);
  });

  it('about presets have every preset with its number of conditions', () => {
    const text = read('docs/presets.md');
    for (const { name, conditions } of scenario?.presets ?? [])
      expect(text).toMatch(new RegExp(`^\\| \`${name}\` \\| ${conditions.length} \\|`, 'm'));
  });

  it('of decisions are all in their index', () => {
    const index = read('docs/decisions/README.md');
    const decisions = globSync('docs/decisions/*.md', { cwd: root }).map((path) => basename(path));
    expect(decisions.filter((name) => name !== 'README.md' && !index.includes(`](${name})`))).toEqual([]);
  });

  it('of changes have one version that is not released, and each heading once in it', () => {
    const [, ...versions] = read('CHANGELOG.md').split(/^## /m);
    expect(versions.filter((version) => /unreleased/i.test(version.split('\n')[0] ?? ''))).toHaveLength(1);
    for (const version of versions) {
      const headings = [...version.matchAll(/^### .*/gm)].map(([heading]) => heading);
      expect(headings).toEqual([...new Set(headings)]);
    }
  });
});

function wordsOf(cells: string): string[] {
  return cells
    .split(/[|,;\s]+/)
    .filter((word) => word !== '')
    .toSorted();
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
