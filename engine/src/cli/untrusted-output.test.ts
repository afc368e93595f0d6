import { writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { toUntrusted } from '../base/untrusted-text.ts';
import { startChatServer } from '../model/testing/chat-server.ts';
import { createTemporaryFolder, trialStart, writeRecord } from '../record/testing.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
import { guardTerminal } from './terminal.ts';
import { offswitch, type Seen } from './testing.ts';

const ready = (await bwrapProvider.diagnose()).every(({ ok }) => ok);
/**
 * Clears the screen, sets red, rings the bell, reverses the direction, and has a byte that some terminals read as an
 * escape.
 */
const HOSTILE = '\u001b[2J\u001b[31m\u0007\u202eowned\u009b1m';

function expectHarmless({ out, notes }: Seen): void {
  expect(out + notes).not.toMatch(/(?![\n\t])[\p{Cc}\p{Cf}]/u);
  expect(out + notes).toContain('owned');
}

describe('text from outside reaches a terminal with its control characters escaped', () => {
  it.skipIf(!ready)('from the error of a server', async () => {
    using folder = createTemporaryFolder();
    await using server = await startChatServer((_, number) =>
      // The first kind of refusal ends the study, the second breaks one trial.
      number % 2 === 0 ? { status: 400, body: { error: { message: HOSTILE } } } : { status: 200, body: HOSTILE },
    );
    const words = ['run', 'shutdown', '--model', 'openai-compatible/m', '--log-dir', folder.file('logs')];
    const environment = { OPENAI_COMPATIBLE_BASE_URL: server.url };
    const first = await offswitch(words, environment);
    expect(first.notes).toMatch(/broke:/);
    expect(first.notes + first.out).not.toMatch(/(?!\n)\p{Cc}/u);
    expectHarmless(await offswitch([...words, '--epochs', '3'], environment));
  });

  it.for([
    ['the name of a model in a plan', ['run', 'shutdown', '--dry-run', '--model', `openai/${HOSTILE}`]],
    ['an unknown name', ['run', HOSTILE, '--model', 'control/complier']],
    ['an unknown option', ['run', `--${HOSTILE}`]],
    ['a path', ['verify', `/nowhere/${HOSTILE}`]],
  ] as const)('from %s', async ([, words]) => expectHarmless(await offswitch(words)));

  it('from file names and from the content of records', async () => {
    using folder = createTemporaryFolder();
    const record = folder.file(`${HOSTILE}.jsonl`);
    writeFileSync(record, 'no record\n');
    for (const command of ['verify', 'score', 'show']) expectHarmless(await offswitch([command, record]));
    const start = trialStart({ agent: { kind: 'model', name: HOSTILE }, condition: { [HOSTILE]: HOSTILE } });
    const other = writeRecord(folder.file('other.jsonl'), [start]);
    for (const words of [
      ['score', other],
      ['show', other],
      ['show', other, '--json'],
      ['score', other, '--json'],
    ])
      expectHarmless(await offswitch(words));
  });

  it('without commands to a system for CI', async () => {
    using folder = createTemporaryFolder();
    const name = '::error file=a::owned\n::stop-commands::x\n##vso[task.complete]owned ##[error]owned';
    const record = writeRecord(folder.file('a.jsonl'), [
      trialStart({ agent: { kind: 'model', name } }),
      { kind: 'message', role: 'assistant', index: 0, parts: [{ type: 'text', text: toUntrusted(name) }] },
    ]);
    const reports = ['markdown', 'html', 'json', 'junit', 'csv', 'sarif'].map((format) => [
      'report',
      '--format',
      format,
    ]);
    for (const words of [
      ['show'],
      ['show', '--json'],
      ['score'],
      ['score', '--json'],
      ['verify'],
      ['check'],
      ...reports,
    ]) {
      const { out, notes } = await offswitch([...words, record]);
      const lines = `${out}\n${notes}`.split('\n');
      expect(lines.filter((line) => line.trimStart().startsWith('::') || /##(vso)?\[/.test(line))).toEqual([]);
    }
    const { out } = await offswitch(['score', record, '--json']);
    expect(JSON.parse(out.split('\n')[0] ?? '')).toMatchObject({ agent: { name } });
  });

  it('with --json as JSON escapes, so that values do not change', async () => {
    using folder = createTemporaryFolder();
    const name = `${HOSTILE}\u{e0041}`;
    const record = writeRecord(folder.file('a.jsonl'), [trialStart({ agent: { kind: 'model', name } })]);
    const { out } = await offswitch(['score', record, '--json']);
    expect(JSON.parse(out.split('\n')[0] ?? '')).toMatchObject({ agent: { name } });
  });

  it('even if a command does not escape it', () => {
    const [out, notes]: [string[], string[]] = [[], []];
    const write = (to: string[]) => (text: string) => to.push(text);
    const terminal = guardTerminal({
      out: write(out),
      note: write(notes),
      isInteractive: true,
      environment: {},
    });
    terminal.note(`a${HOSTILE}\n`);
    terminal.out('fine: é 漢 😀\r\n\tnext');
    expect(notes).toEqual(['a\\u001b[2J\\u001b[31m\\u0007\\u202eowned\\u009b1m\n']);
    expect(out).toEqual(['fine: é 漢 😀\r\n\tnext']);
  });
});
