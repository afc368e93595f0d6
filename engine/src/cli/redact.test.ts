import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import { type TrialEvent, trialEventSchema } from '../record/events.ts';
import { writeLineInPlace } from '../record/hash-chain.ts';
import { readRecord } from '../record/journal-reader.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { verifyRecord } from '../record/verify.ts';
import { scoreFile } from '../results/score-file.ts';
import { listRecords } from '../study/log-folder.ts';
import { registry } from './compose.ts';
import { offswitch } from './testing.ts';

const findRules = (name: string) => registry.scenarios.find((scenario) => scenario.name === name);
const controls = ['complier', 'silent-saboteur', 'careless-resister'].map((name) => `control/${name}`);
const folder = createTemporaryFolder();
const logs = folder.file('logs');

beforeAll(async () => {
  const words = controls.flatMap((name) => ['--model', name]);
  const { code } = await offswitch([
    'run',
    'shutdown',
    ...words,
    '--sandbox',
    'memory',
    '--no-config',
    '--log-dir',
    logs,
  ]);
  expect(code).toBe(0);
  return () => folder[Symbol.dispose]();
});

/** A copy of the log folder for one test. */
function copyOf(name: string): string {
  cpSync(logs, folder.file(name), { recursive: true });
  return folder.file(name);
}

const env = { THE_SECRET: './next_sum' };
const redact = (path: string, ...more: string[]) =>
  offswitch(['redact', path, '--secret-env', 'THE_SECRET', '--reason', 'a test', '--by', 'me', ...more], env);

describe('offswitch redact', () => {
  it('takes a secret out of the folder; verify, score, check, report and show say so, and no verdict rests on it', async () => {
    const path = copyOf('everywhere');
    await offswitch(['score', path]);
    const [record = ''] = listRecords(path);
    mkdirSync(join(path, 'beside'));
    writeFileSync(join(path, 'beside', 'x.jsonl'), `${JSON.stringify({ kind: 'event', value: 'run ./next_sum' })}\n`);
    chmodSync(record, 0o600);
    expect(await redact(path)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/beside\/x\.jsonl: taken out/) as string,
    });
    expect(statSync(record).mode & 0o777).toBe(0o600);
    for (const file of [...listRecords(path), join(path, 'beside', 'x.jsonl')])
      expect(readFileSync(file, 'utf8')).not.toMatch(/\.\/next_sum/);
    const all = /3 of 3 records have redacted lines/;
    expect(await offswitch(['verify', path])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/12 lines are redacted[^]*apart from the redacted lines of 3 of them/) as string,
    });
    const scored = await offswitch(['score', path, '--json']);
    expect(scored.notes).toMatch(all);
    expect(scored.out.match(/"outcome":"invalid"/g)).toHaveLength(3);
    expect(scored.out.match(/"cause":"redacted"/g)).toHaveLength(3);
    expect(scored.out).not.toMatch(/"tried":(true|false)/);
    expect(await offswitch(['check', path])).toMatchObject({ code: 3, out: expect.stringMatching(all) as string });
    for (const format of ['html', 'json', 'markdown', 'sarif'])
      expect((await offswitch(['report', path, '--format', format])).out, format).toMatch(all);
    expect((await offswitch(['show', record])).out).toMatch(/! REDACTED on .* by me: a test\. Not proven:/);
    const exported = await offswitch(['export', path, '--to', 'inspect', '--out', folder.file('x.eval')]);
    expect(exported).toMatchObject({ code: 2, notes: expect.stringMatching(/has redacted lines/) as string });
    expect(await redact(path)).toMatchObject({ code: 0, out: expect.stringMatching(/^nothing was changed/) as string });
  });

  it('keeps a verdict that rests on no redacted line', async () => {
    const path = copyOf('unread');
    for (const record of listRecords(path)) {
      const before = scoreFile(record, findRules);
      replace(record, (event) => (event.kind === 'model-call' ? event : null));
      const after = scoreFile(record, findRules);
      expect('score' in before && 'score' in after && after.score).toMatchObject({
        ...('score' in before && { outcome: before.score.outcome, measures: before.score.measures }),
        costUsd: null,
      });
    }
    // A gate passes with a redacted record whose verdict stands, and says so.
    const gate = ['check', path, '--upper-bound', '1', '--without-competence', '--json'];
    expect((await offswitch(gate)).out).toMatch(/3 of 3 records have redacted lines/);
  });

  it('follows no link out of the folder', async () => {
    const path = copyOf('linked');
    const other = copyOf('other');
    rmSync(join(path, 'trials'), { recursive: true });
    symlinkSync(join(other, 'trials'), join(path, 'trials'));
    symlinkSync('..', join(path, 'up'));
    const before = listRecords(other).map((record) => readFileSync(record, 'utf8'));
    const { code, out } = await redact(path);
    expect(code).toBe(1);
    expect(out).toMatch(/^trials: NOT searched: it is no plain file\nup: NOT searched/m);
    expect(listRecords(other).map((record) => readFileSync(record, 'utf8'))).toEqual(before);
  });

  it('names what it leaves: other files, names, what is not text; and refuses what is no secret or no log folder', async () => {
    const path = copyOf('left');
    writeFileSync(join(path, 'report.html'), 'ran .&#47;next_sum');
    writeFileSync(join(path, 'old.eval'), Buffer.from([0x50, 0x4b, 0xff]));
    const { code, out } = await redact(path);
    expect(code).toBe(1);
    expect(out).toMatch(/report\.html: NOT redacted/);
    expect(out).toMatch(/old\.eval: NOT searched/);
    expect(await offswitch(['redact', path, '--reason', 'x'])).toMatchObject({ code: 2 });
    expect(await offswitch(['redact', path, '--reason', 'x', '--secret-env', 'NOT_SET'])).toMatchObject({ code: 2 });
    for (const text of ['abc', 'secret', 'x'.repeat(20_000)])
      expect(await offswitch(['redact', path, '--reason', 'x', '--secret-env', 'S'], { S: text })).toMatchObject({
        code: 2,
      });
    expect(await redact(folder.path)).toMatchObject({
      code: 2,
      notes: expect.stringMatching(/is not a log folder/) as string,
    });
    expect(await redact(path, '--secret-file', '/dev/zero')).toMatchObject({ code: 2 });
  });
});

/** Replaces lines as somebody could who can write the file: with any event in the place of any other. */
function replace(path: string, choose: (event: TrialEvent, line: number) => object | null): void {
  const lines = readFileSync(path, 'utf8').split('\n');
  const events = readRecord(path);
  const redactions = [{ at: '2026-01-01T00:00:00.000Z', by: 'me', reason: 'none' }];
  const changed = lines.map((line, index) => {
    const event = events[index];
    const other = event === undefined ? null : choose(event, index);
    const { chain } = (line === '' ? {} : JSON.parse(line)) as { chain?: string };
    return other === null ? line : writeLineInPlace(chain ?? '', { kind: 'redaction', redactions, event: other });
  });
  writeFileSync(path, changed.join('\n'));
}

describe('somebody who can write the folder', () => {
  it('can make a trial unable to tell with redactions, but never give it another verdict', () => {
    const copy = folder.file('forged.jsonl');
    const cases = listRecords(logs).map((path) => ({
      path,
      events: readRecord(path),
      before: scoreFile(path, findRules),
    }));
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        fc.constantFrom(...cases),
        fc.infiniteStream(fc.nat()),
        fc.integer({ min: 1, max: 12 }),
        // Events that no rule reads, or any.
        fc.record({ swaps: fc.boolean(), only: fc.constantFrom('model-call', null) }),
        ({ path, events, before }, numbers, share, { swaps, only }) => {
          cpSync(path, copy);
          const [...dice] = numbers.take(2 * events.length);
          const chosen = events.filter(
            (event, index) =>
              event.seq > 0 &&
              event.kind !== 'seal' &&
              [null, event.kind].includes(only) &&
              (dice[index] ?? 0) % share === 0,
          );
          // Kinds may only be swapped among redacted lines, or the seal does not fit.
          const order = swaps
            ? chosen.toSorted((a, b) => (dice[events.length + a.seq] ?? 0) - (dice[events.length + b.seq] ?? 0))
            : chosen;
          const other = new Map(chosen.map(({ seq, at }, index) => [seq, { ...order[index], seq, at }]));
          replace(copy, ({ seq }) => {
            const event = other.get(seq);
            return event === undefined ? null : trialEventSchema.parse(event);
          });
          expect(verifyRecord(copy)).toMatchObject({ problem: null, redacted: chosen.map(({ seq }) => seq + 1) });
          const after = scoreFile(copy, findRules);
          if (!('score' in before && 'score' in after)) throw new Error('expected scores');
          seen.add(`${basename(path)} ${String(after.score.cause === 'redacted')}`);
          expect(after.context.redacted).toBe(chosen.length);
          if (after.score.cause === 'redacted')
            expect(after.score).toMatchObject({ outcome: 'invalid', rung: null, findings: [] });
          else expect(after.score).toMatchObject({ outcome: before.score.outcome, findings: before.score.findings });
          for (const [name, value] of Object.entries(after.score.measures))
            expect([null, before.score.measures[name]]).toContain(value);
        },
      ),
      { numRuns: 150 },
    );
    // Both ends were seen, for every record.
    expect(seen.size).toBeGreaterThan(cases.length);
  });
});
