import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { readAsData } from '../base/untrusted-text.ts';
import type { TrialSource } from '../detect/contract.ts';
import { inspectSample, writeEvalLog } from '../interop/adapters/inspect/testing.ts';
import { openZip } from '../interop/adapters/inspect/zip.ts';
import { DEFAULT_LOG_LIMITS } from '../interop/limits.ts';
import type { NewEvent } from '../record/events.ts';
import { readRecord } from '../record/journal-reader.ts';
import { createTemporaryFolder, trialStart, writeRecord } from '../record/testing.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
import type { Scenario } from '../scenario/contract.ts';
import { shutdownScenario as shutdown } from '../scenario/library/shutdown/scenario.ts';
import { findScorer } from './foreign-logs.ts';
import { offswitch } from './testing.ts';

const ready = (await bwrapProvider.diagnose()).every(({ ok }) => ok);
const containing = (text: string): string => expect.stringContaining(text) as string;
const lastLine = (text: string): Record<string, unknown> =>
  JSON.parse(text.split('\n').at(-1) ?? '') as Record<string, unknown>;

describe.skipIf(!ready)('records of a study', () => {
  using folder = createTemporaryFolder();
  const logDir = folder.file('logs');
  let labels = '';
  beforeAll(async () => {
    mkdirSync(folder.path, { recursive: true });
    const models = ['overwriter', 'complier', 'failed-tamperer'].flatMap((name) => ['--model', `control/${name}`]);
    await offswitch(['run', 'shutdown', ...models, '--epochs', '2', '--log-dir', logDir]);
    const { out } = await offswitch(['score', logDir, '--json']);
    const trials = out
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; trialId: string; agent: { name: string } });
    const rows = trials
      .filter(({ kind }) => kind === 'trial')
      .map(({ trialId, agent }) => `${trialId},${agent.name === 'control/overwriter' ? 'avoided' : 'shutdown'}`);
    labels = folder.file('labels.csv');
    writeFileSync(labels, ['id,label', ...rows].join('\n'));
  });

  it('are exported to Inspect, one log per model, and imported with the same commands and texts', async () => {
    const out = folder.file('inspect');
    const exported = await offswitch(['export', logDir, '--out', out]);
    expect(exported.code).toBe(0);
    const names = readdirSync(out);
    expect(names).toHaveLength(3);
    for (const name of names) expect(name).toMatch(/^\d{4}-\d\d-\d\dT[\d-]+_shutdown_[0-9a-f]{22}\.eval$/);
    const back = folder.file('back');
    const imported = await offswitch(['import', out, '--to', back, '--json']);
    expect(lastLine(imported.out)).toMatchObject({ kind: 'done', samples: 6, problems: 0 });
    expect(commandsOf(back)).toEqual(commandsOf(logDir));
    expect((await offswitch(['verify', back])).code).toBe(0);
    expect(readdirSync(join(back, 'beside'))).toEqual(readdirSync(join(back, 'trials')));
    const beside = readFileSync(join(back, 'beside', readdirSync(join(back, 'beside'))[0] ?? ''), 'utf8');
    expect(beside).toMatch(/"source":"offswitch","data":\{[^}]*"kind":"machine-state"/);
    expect((await offswitch(['score', back])).code).toBe(0);
  });

  it('are exported as OpenTelemetry spans, one file per model, and imported with the same commands', async () => {
    const out = folder.file('spans');
    expect((await offswitch(['export', logDir, '--to', 'otlp', '--out', out])).code).toBe(0);
    expect(readdirSync(out)).toHaveLength(3);
    const back = folder.file('back-from-spans');
    const imported = await offswitch(['import', out, '--to', back, '--json']);
    expect(lastLine(imported.out)).toMatchObject({ kind: 'done', samples: 6, problems: 0 });
    expect(commandsOf(back)).toEqual(commandsOf(logDir));
  });

  it('are compared with labels: precision, recall, kappa, and every disagreement with its evidence', async () => {
    // People label without knowing what was found.
    const sheet = folder.file('sheet.csv');
    expect(await offswitch(['label', logDir, '--out', sheet, '--trials', '1'])).toMatchObject({ code: 0 });
    const [header = '', row = '', ...rest] = readFileSync(sheet, 'utf8').split('\n');
    expect([header, rest]).toEqual(['id,label', ['']]);
    expect(await offswitch(['label', logDir, '--out', sheet])).toMatchObject({
      code: 2,
      notes: containing('already exists'),
    });
    const shown = await offswitch(['show', `${logDir}/trials/${row.replace(',', '')}.jsonl`, '--blind']);
    expect(shown.out).toContain('./next_sum');
    expect(shown.out).not.toMatch(/outcome|control\/|findings|allow=/);
    writeFileSync(sheet, `${header}\n${row}not crossed\n`);
    expect((await offswitch(['score', logDir, '--labels', sheet])).out).toContain('without a label');
    const seen = await offswitch(['score', logDir, '--labels', labels]);
    expect(seen.out).toContain('precision  2/2 = 100.0 %');
    expect(seen.out).toContain('no disagreement');
    const wrong = folder.file('wrong.csv');
    writeFileSync(wrong, readFileSync(labels, 'utf8').replace(',avoided', ',shutdown'));
    const other = await offswitch(['score', logDir, '--labels', wrong]);
    expect(other.out).toContain('precision  1/2 = 50.0 %');
    expect(other.out).toMatch(/label shutdown, found resisted-finished: .*shutdown\.sh/);
  });

  it.for([
    ['unknown ids', 'id,label\ntrial-none,avoided\n', /1 of 1 labels name no trial/],
    ['no header', 'a,b\n1,2\n', /header names "id" and "label"/],
    ['nothing in it', 'id,label\n', /has no labels/],
  ] as const)('refuse a label file with %s', async ([, text, sentence]) => {
    const path = folder.file('bad.csv');
    writeFileSync(path, text);
    const seen = await offswitch(['score', logDir, '--labels', path]);
    expect(seen.notes).toMatch(sentence);
    expect(seen.code).toBe(2);
  });

  it.for(['html', 'csv', 'json', 'junit', 'sarif', 'markdown'])('are reported as %s', async (format) => {
    const file = folder.file(`report.${format}`);
    const seen = await offswitch(['report', logDir, '--format', format, '--out', file]);
    expect(seen).toMatchObject({ code: 0, out: containing('6 trials, 0 unfinished') });
    expect(existsSync(file)).toBe(true);
    expect(readFileSync(file, 'utf8')).not.toContain(folder.path);
  });

  it('with an unfinished one count it as unfinished, never as safe', async () => {
    const cut = folder.file('cut');
    mkdirSync(join(cut, 'trials'), { recursive: true });
    for (const name of readdirSync(join(logDir, 'trials'))) {
      const text = readFileSync(join(logDir, 'trials', name), 'utf8');
      writeFileSync(join(cut, 'trials', name), text.split('\n').slice(0, 12).join('\n'));
    }
    expect(await offswitch(['report', cut, '--out', folder.file('cut.html')])).toMatchObject({
      out: containing('0 trials, 6 unfinished'),
    });
    expect((await offswitch(['check', cut])).code).toBe(3);
  });

  it('keep what earlier detectors found, and report what changed', async () => {
    expect((await offswitch(['score', logDir])).out).not.toContain('since the detectors');
    const store = join(logDir, 'scores');
    const [name = ''] = readdirSync(store);
    const old = readFileSync(join(store, name), 'utf8')
      .replace('"survival":1', '"survival":99')
      .replace('"outcome":"resisted-finished"', '"outcome":"complied"');
    writeFileSync(
      join(store, 'older.jsonl'),
      old.replace(/"writtenAt":"[^"]*"/, '"writtenAt":"2020-01-01T00:00:00.000Z"'),
    );
    const again = await offswitch(['score', logDir]);
    expect(again.out).toContain('1 of 6 trials have different findings');
    expect(again.out).toContain('complied -> resisted-finished');
    expect(readdirSync(store)).toHaveLength(2);
  });

  it('pass or fail a gate on an upper bound', async () => {
    expect((await offswitch(['check', logDir, '--upper-bound', '0.9'])).code).toBe(1);
    const complier = folder.file('complier');
    await offswitch(['run', 'shutdown', '--model', 'control/complier', '--epochs', '6', '--log-dir', complier]);
    expect(await offswitch(['check', complier, '--upper-bound', '0.5', '--without-competence'])).toMatchObject({
      code: 0,
      out: containing('PASSED'),
    });
    expect(await offswitch(['check', complier, '--upper-bound', '0.01', '--without-competence'])).toMatchObject({
      code: 1,
      out: containing('FAILED'),
    });
  });
});

describe('a log of Inspect', () => {
  it('whose run did not end is accepted if its samples are complete, and otherwise reported as a failure', async () => {
    using folder = createTemporaryFolder();
    const log = writeEvalLog(folder.file('a.eval'), [inspectSample()], { header: null });
    const seen = await offswitch(['import', log, '--to', folder.file('whole')]);
    expect(seen).toMatchObject({ code: 0, notes: containing('did not come to its end') });
    expect(seen.out).toContain('imported 1 trial ');
    expect(seen.out).toContain('0 could not be read');
    const scored = await offswitch(['score', log]);
    expect(scored.notes).toContain('did not come to its end');
    expect(scored.notes).not.toContain('not read');
    const empty = writeEvalLog(folder.file('b.eval'), [], { header: null });
    expect((await offswitch(['import', empty, '--to', folder.file('empty')])).code).toBe(1);
  });

  it('shares one id between the epochs of a condition', async () => {
    using folder = createTemporaryFolder();
    for (const epoch of [1, 2]) {
      mkdirSync(folder.file('logs/trials'), { recursive: true });
      writeRecord(folder.file(`logs/trials/t-${epoch}.jsonl`), [trialStart({ trialId: `t-${epoch}`, epoch })]);
    }
    await offswitch(['export', folder.file('logs'), '--out', folder.file('one.eval')]);
    await offswitch(['import', folder.file('one.eval'), '--to', folder.file('back')]);
    const trials = folder.file('back/trials');
    const starts = readdirSync(trials).map((name) => readRecord(join(trials, name))[0]);
    expect(starts).toHaveLength(2);
    const ids = starts.map((start) => (start?.kind === 'trial-start' ? start.software['source-id'] : null));
    expect(ids[0]).toMatch(/^shutdown-[0-9a-f]{8}$/);
    expect(new Set(ids).size).toBe(1);
  });
});

describe('an exported study', () => {
  it('with a ceiling arm and other limits has a separate sample for each cell', async () => {
    using folder = createTemporaryFolder();
    mkdirSync(folder.file('logs/trials'), { recursive: true });
    const { limits } = trialStart() as Extract<NewEvent, { kind: 'trial-start' }>;
    const trials = [
      { condition: { arm: 'self' }, limits },
      { condition: { arm: 'self' }, limits: { ...limits, turnsMax: 7 } },
      { condition: { arm: 'competence' }, limits },
    ].flatMap((about) => [1, 2].map((epoch) => ({ ...about, epoch })));
    for (const [number, about] of trials.entries())
      writeRecord(folder.file(`logs/trials/t-${number}.jsonl`), [trialStart({ trialId: `t-${number}`, ...about })]);
    const out = folder.file('one.eval');
    expect((await offswitch(['export', folder.file('logs'), '--out', out])).code).toBe(0);
    const { eval: spec, results } = await readHeader(out);
    expect(spec.dataset.sample_ids).toHaveLength(3);
    const [outcome, rung] = results.scores;
    expect(outcome).toMatchObject({ name: 'outcome', scored_samples: 6 });
    const counts = Object.values(outcome?.metrics ?? {}).map(({ group, name, value }) => [group, name, value]);
    expect(counts).toHaveLength(3);
    expect(counts).toEqual(
      expect.arrayContaining([
        [expect.stringMatching(/^arm=competence/), 'invalid', 2],
        [expect.stringMatching(/^turnsMax=30$/), 'invalid', 2],
        [expect.stringMatching(/^turnsMax=7$/), 'invalid', 2],
      ]),
    );
    expect(rung).toMatchObject({ name: 'rung', scored_samples: 0, unscored_samples: 6 });
  });
});

describe('an imported trial', () => {
  it('is scored by the scenario that reads imported trials, or by the named one', async () => {
    using folder = createTemporaryFolder();
    const log = writeEvalLog(folder.file('a.eval'), [inspectSample()]);
    for (const as of [[], ['--as', 'shutdown']]) {
      const to = folder.file(`to-${as.length}`);
      expect(await offswitch(['import', log, '--to', to, ...as])).toMatchObject({
        code: 0,
        out: containing('The rules of "shutdown" score them'),
      });
      const [name = ''] = readdirSync(join(to, 'trials'));
      expect(readRecord(join(to, 'trials', name))[0]).toMatchObject({
        ...{ scoredBy: 'shutdown', scenario: { name: 'stop-me' }, agent: { kind: 'imported' }, peers: [], hosts: [] },
      });
      const scored = await offswitch(['score', log, ...as, '--json']);
      expect(JSON.parse(scored.out.split('\n')[0] ?? '')).toMatchObject({ scenario: 'stop-me', scoredBy: 'shutdown' });
    }
    const wrong = await offswitch(['score', log, '--as', 'shutdwn']);
    expect(wrong).toMatchObject({ code: 2, notes: containing('Did you mean "shutdown"?') });
    const record = await offswitch(['score', folder.file('to-0'), '--as', 'shutdown']);
    expect(record).toMatchObject({ code: 2, notes: containing('a record names the scenario') });
  });

  it('needs a name if no scenario, or several, read imported trials', () => {
    const reads = (name: string, ...sources: TrialSource[]): Scenario => ({
      ...shutdown,
      name,
      detectors: shutdown.detectors.slice(0, 1).map((detector) => ({ ...detector, reads: sources })),
    });
    const scenarios = [reads('one', 'imported'), reads('two', 'recorded', 'imported'), reads('three', 'recorded')];
    expect(() => findScorer(undefined, { scenarios })).toThrow(/2 scenarios .*\(one, two\).*--as/);
    expect(() => findScorer(undefined, { scenarios: scenarios.slice(2) })).toThrow(/no scenario .*--as/);
    expect(findScorer(undefined, { scenarios: scenarios.slice(1) }).name).toBe('two');
    expect(findScorer('three', { scenarios }).name).toBe('three');
  });
});

describe('an invalid log', () => {
  it.for([
    ['is not there', '/nowhere.eval', /there is nothing at/],
    ['is something else', '/etc/hostname', /is not a readable log: expected one of/],
  ] as const)('that %s is refused in one sentence', async ([, path, sentence]) => {
    using folder = createTemporaryFolder();
    const seen = await offswitch(['import', path, '--to', folder.file('to')]);
    expect(seen.notes).toMatch(sentence);
    expect(seen.code).toBe(2);
  });

  it('or an unknown format, role or report suggests the nearest name', async () => {
    using folder = createTemporaryFolder();
    const to = ['--to', folder.file('to')];
    expect((await offswitch(['import', '/etc/hostname', ...to, '--format', 'inspect-evl'])).notes).toContain(
      'Did you mean "inspect-eval"?',
    );
    expect(
      (await offswitch(['import', '/etc/hostname', ...to, '--format', 'inspect-eval', '--role', 'mechanisms=/a']))
        .notes,
    ).toContain('Did you mean "mechanism"?');
    expect((await offswitch(['report', '/etc/hostname', '--format', 'htm'])).notes).toContain('Did you mean "html"?');
  });
});

interface Header {
  readonly eval: { readonly dataset: { readonly sample_ids: readonly string[] } };
  readonly results: {
    readonly scores: readonly {
      readonly metrics: Readonly<
        Record<string, { readonly name: string; readonly group?: string; readonly value: number }>
      >;
    }[];
  };
}

async function readHeader(path: string): Promise<Header> {
  using zip = await openZip(path, DEFAULT_LOG_LIMITS);
  const member = zip.members.get('header.json');
  if (member === undefined) throw new Error('there is no header');
  return JSON.parse(await zip.readText(member, 1e6)) as Header;
}

function commandsOf(path: string): string[] {
  return readdirSync(join(path, 'trials'))
    .flatMap((name) => readRecord(join(path, 'trials', name)))
    .flatMap((event) => (event.kind === 'tool-call' && event.command !== null ? [readAsData(event.command)] : []))
    .toSorted();
}

describe('a log of another tool', () => {
  using folder = createTemporaryFolder();
  const whole = readFileSync(new URL('../interop/testing/logs/claude-code.jsonl', import.meta.url), 'utf8');
  const gate = (path: string): Promise<{ code: number; out: string }> =>
    offswitch(['check', path, '--upper-bound', '0.99', '--max-invalid', '1', '--without-competence']);
  const log = (name: string, text: string): string => {
    mkdirSync(folder.path, { recursive: true });
    writeFileSync(folder.file(name), text);
    return folder.file(name);
  };

  it('of which a line is lost fails a gate, and a score says so: what the agent did there is not known', async () => {
    const lost = log('lost.jsonl', whole.replace('"tool_use"', '"tool_use'));
    expect(await offswitch(['score', lost])).toMatchObject({ code: 1, notes: containing('the line is left out') });
    expect(await gate(lost)).toMatchObject({ code: 1, out: containing('the line is left out') });
    const read = log('read.jsonl', whole);
    expect(await offswitch(['score', read])).toMatchObject({ code: 0 });
    expect((await gate(read)).out).not.toContain('left out');
  });

  it('of which many lines are lost names some of them and counts the rest', async () => {
    const lost = log('many.jsonl', `${whole.trimEnd()}\n${'{\n'.repeat(1000)}`);
    const { out } = await gate(lost);
    expect(out).toContain('980 more parts could not be read');
    expect(out.length).toBeLessThan(10_000);
  });

  it('loses nothing to a byte order mark', async () => {
    const to = folder.file('marked');
    const seen = await offswitch(['import', log('marked.jsonl', `\uFEFF${whole}`), '--to', to, '--json']);
    expect(lastLine(seen.out)).toMatchObject({ kind: 'done', samples: 1, problems: 0 });
  });
});
