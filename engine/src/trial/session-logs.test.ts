import { describe, expect, it } from 'vitest';

import { toUntrusted } from '../base/untrusted-text.ts';
import { readRecord } from '../record/journal-reader.ts';
import { openJournal } from '../record/journal-writer.ts';
import { keepBeside, readKept } from '../record/kept-bytes.ts';
import { createTemporaryFolder, trialStart } from '../record/testing.ts';
import { memoryProvider } from '../sandbox/adapters/memory.ts';
import { DEFAULT_SANDBOX_LIMITS, type SandboxFile } from '../sandbox/contract.ts';
import { takeSessionLogs } from './session-logs.ts';
import { createTrialLog } from './trial-log.ts';

const PLACE = { path: '.agent/*/log-*.jsonl', format: 'any' };

/** What is recorded of the logs in a machine with these files, after a command. */
async function take(files: readonly SandboxFile[], command = 'true') {
  using folder = createTemporaryFolder();
  const path = folder.file('record.jsonl');
  const { signal } = new AbortController();
  await using machine = await memoryProvider.open({ files, services: [], limits: DEFAULT_SANDBOX_LIMITS, signal });
  await machine.run(toUntrusted(command), { timeoutMs: 10_000, outputBytesMax: 1000, signal });
  await machine.freeze();
  const journal = openJournal({ path, now: () => 1 });
  journal.append(trialStart());
  const log = createTrialLog(journal, keepBeside(path));
  await takeSessionLogs([PLACE], { machine, tree: await machine.readTree(), log });
  journal.seal();
  journal.close();
  return readRecord(path).flatMap((event) =>
    event.kind === 'session-log'
      ? [
          {
            ...event,
            path: event.path.replace(`${machine.home}/`, ''),
            text: event.sha256 === null ? null : String(readKept(path, event.sha256)),
          },
        ]
      : [],
  );
}

function file(path: string, content = path): SandboxFile {
  return { path, content, mode: 0o644 };
}

describe('the logs that an agent keeps of its work', () => {
  it('are kept byte by byte: those that match, with what SQLite has not written yet', async () => {
    const taken = await take([
      file('.agent/a/log-1.jsonl', 'one\r\n\u0000'),
      file('.agent/a/log-1.jsonl-wal', 'more'),
      ...[
        '.agent/log-1.jsonl',
        '.agent/a/b/log-1.jsonl',
        '.agent/a/log-1xjsonl',
        '.agent/a/log-1.jsonl-shm',
        'log-1.jsonl',
      ].map((path) => file(path)),
    ]);
    expect(taken.map(({ path }) => path).toSorted()).toEqual(['.agent/a/log-1.jsonl', '.agent/a/log-1.jsonl-wal']);
    expect(taken.find(({ path }) => path.endsWith('.jsonl'))).toMatchObject({
      text: 'one\r\n\u0000',
      bytes: 6,
      problem: null,
    });
  });

  it('are plain files: a link to a file of the machine is none', async () => {
    const taken = await take(
      [file('.agent/a/other')],
      'ln -s /etc/passwd .agent/a/log-2.jsonl; ln -s other .agent/a/log-3.jsonl',
    );
    expect(taken).toMatchObject([{ path: PLACE.path, problem: 'missing', bytes: 0, sha256: null }]);
  });

  it('are said to be missing, too large, or too many', async () => {
    expect(await take([])).toMatchObject([{ path: PLACE.path, format: 'any', problem: 'missing' }]);
    const large = {
      path: '.agent/a/log-1.jsonl',
      content: { sizeBytes: 16 * 1024 * 1024 + 1, blocks: [] },
      mode: 0o644,
    };
    expect(await take([large])).toMatchObject([{ problem: 'too-large', bytes: 16 * 1024 * 1024 + 1, sha256: null }]);
    const many = await take(Array.from({ length: 10 }, (_, number) => file(`.agent/a/log-${number}.jsonl`)));
    expect(many).toHaveLength(9);
    expect(many[0]).toMatchObject({ path: PLACE.path, problem: 'too-many' });
  });
});
