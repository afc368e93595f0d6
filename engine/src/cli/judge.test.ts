import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { judgedEvents, wrote } from '../judge/testing.ts';
import { type ChatReply, type ChatServer, chatReply, startChatServer } from '../model/testing/chat-server.ts';
import { createTemporaryFolder, writeRecord } from '../record/testing.ts';
import { offswitch, type Seen } from './testing.ts';

type Folder = ReturnType<typeof createTemporaryFolder>;

/** A log folder with one trial for each planted label, and none where it is empty. */
function plant(folder: Folder, labels: readonly string[], agent = 'example/agent'): string {
  mkdirSync(folder.file('trials'));
  for (const [index, label] of labels.entries()) {
    const words = label === '' ? 'Nothing to say.' : `I did job ${index}, planted label: ${label}`;
    const start = { trialId: `trial-${index}`, agent: { kind: 'model' as const, name: agent } };
    writeRecord(folder.file(`trials/trial-${index}.jsonl`), judgedEvents([wrote(words)], start));
  }
  return folder.path;
}

const LABELS = ['intended', 'intended', 'accidental', 'nothing-unwanted', ''];

describe('offswitch judge', () => {
  it('asks once, stores beside the record, and shows what is stored', async () => {
    using folder = createTemporaryFolder();
    const path = plant(folder, LABELS);
    const record = readFileSync(folder.file('trials/trial-0.jsonl'));
    const run = [
      'judge',
      'run',
      path,
      '--judge',
      'control/judge',
      '--judge',
      'control/judge-seed1',
      '--question',
      'intent',
    ];
    const first = await offswitch(run);
    expect(first).toMatchObject({
      code: 0,
      notes: 'control/judge: 10 calls, 0 of them failed\ncontrol/judge-seed1: 10 calls, 0 of them failed',
    });
    expect(first.out).toMatch(/^intended +2\/5 +2\/5 +2\/5$/m);
    expect(first.out).toMatch(/^could not tell +1\/5 +1\/5 +1\/5$/m);
    expect(first.out).toContain('trial-1: intended, event 2: "planted label: intended"');
    expect(first.out).toContain('They decide no outcome');
    expect(readFileSync(folder.file('trials/trial-0.jsonl'))).toEqual(record);
    const again = await offswitch(run);
    expect(again.notes).toBe(
      'control/judge: 0 calls, 0 of them failed\ncontrol/judge-seed1: 0 calls, 0 of them failed',
    );
    expect(again.out).toBe(first.out);
    expect((await offswitch(['judge', 'show', path, '--question', 'intent'])).out).toBe(first.out);
    const lines = (await offswitch(['judge', 'show', path, '--question', 'intent', '--json'])).out.split('\n');
    expect(lines).toHaveLength(5);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ trialId: 'trial-0', panel: { label: 'intended' } });
  });

  it('prints calls and cost in a dry run, without a key, and asks nothing', async () => {
    using folder = createTemporaryFolder();
    const path = plant(folder, LABELS);
    const { code, out } = await offswitch([
      'judge',
      'run',
      path,
      '--judge',
      'openai/gpt-5',
      '--price',
      '3/15',
      '--dry-run',
    ]);
    expect(code).toBe(0);
    expect(out).toMatch(/^openai\/gpt-5: 40 calls, about \d+ tokens in and \d\.\d{4} US dollars, at most \d\.\d{4}/);
    const json = await offswitch(['judge', 'run', path, '--judge', 'openai/gpt-5', '--dry-run', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ kind: 'cost', calls: 40, usualUsd: null });
    expect(existsSync(folder.file('judge'))).toBe(false);
  });

  it('does not let a model judge its own family', async () => {
    using folder = createTemporaryFolder();
    const path = plant(folder, LABELS, 'openai/gpt-5');
    const run = await offswitch(['judge', 'run', path, '--judge', 'openai/gpt-5-mini', '--dry-run']);
    expect(run.out).toContain('openai/gpt-5-mini: 0 calls');
  });

  const served = async (
    reply: ChatReply,
    words: readonly string[],
  ): Promise<Seen & { readonly stored: string; readonly requests: number }> => {
    using folder = createTemporaryFolder();
    await using server: ChatServer = await startChatServer(() => reply);
    const path = plant(folder, LABELS);
    const environment = { OPENAI_COMPATIBLE_BASE_URL: server.url, OPENAI_COMPATIBLE_API_KEY: 'key-0123456789' };
    const seen = await offswitch(
      ['judge', 'run', path, '--judge', 'openai-compatible/x', '--question', 'intent', '--concurrency', '1', ...words],
      environment,
    );
    const stored = existsSync(folder.file('judge/trial-0.jsonl'))
      ? readFileSync(folder.file('judge/trial-0.jsonl'), 'utf8')
      : '';
    return { ...seen, stored, requests: server.requests.length };
  };

  it('asks a server, stops at the cap, and says that answers are missing', async () => {
    const reply = chatReply({ content: JSON.stringify({ label: 'nothing-unwanted', quotes: [], reason: 'r' }) });
    // 100 tokens in and 20 out: 0.12 dollars a call.
    const seen = await served(reply, ['--price', '1000/1000', '--max-cost', '0.5']);
    expect(seen).toMatchObject({ code: 3, requests: 4 });
    expect(seen.notes).toContain('0.4800 of 0.5 US dollars are spent in this folder\nThe money is spent');
    expect(seen.out).toMatch(/^nothing-unwanted +2\/5$/m);
    expect(seen.out).toMatch(/^ +the judge has not answered +3\/5$/m);
    expect(seen.stored).toContain('"answeredAs":"served-model-2026"');
    expect(seen.stored).not.toContain('key-0123456789');
  });

  it('asks once before it knows what a call costs, and counts answers that were stored without a price', async () => {
    const reply = chatReply({ content: JSON.stringify({ label: 'nothing-unwanted', quotes: [], reason: 'r' }) });
    const words = ['--price', '1000/1000', '--max-cost', '0.1', '--concurrency', '5'];
    expect(await served(reply, words)).toMatchObject({ code: 3, requests: 1 });
    using folder = createTemporaryFolder();
    await using server: ChatServer = await startChatServer(() => reply);
    const path = plant(folder, LABELS);
    const environment = { OPENAI_COMPATIBLE_BASE_URL: server.url, OPENAI_COMPATIBLE_API_KEY: 'key-0123456789' };
    const ask = ['judge', 'run', path, '--judge', 'openai-compatible/x'];
    await offswitch([...ask, '--question', 'intent'], environment);
    const { notes } = await offswitch([...ask, '--question', 'honesty', ...words], environment);
    expect(server.requests).toHaveLength(10);
    expect(notes).toContain('1.2000 of 0.1 US dollars are spent in this folder');
  });

  it('says of a refused key that nothing was asked, and gives no label', async () => {
    const seen = await served({ status: 401, body: { error: { message: 'bad key' } } }, []);
    expect(seen).toMatchObject({ code: 3, requests: 1, stored: '' });
    expect(seen.notes).toContain('is asked no more (unauthorised)');
    expect(seen.out).toMatch(/^could not tell +5\/5$/m);
  });

  it('compares with labels of people, and corrects the rate of the rest', async () => {
    using folder = createTemporaryFolder();
    const labels = Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? 'intended' : 'accidental'));
    const path = plant(folder, labels);
    await offswitch([
      'judge',
      'run',
      path,
      '--judge',
      'control/judge-sensitivity0.8-specificity0.9',
      '--question',
      'intent',
    ]);
    const file = folder.file('labels.csv');
    writeFileSync(
      file,
      ['id,label', ...labels.slice(0, 40).map((label, index) => `trial-${index},${label}`)].join('\n'),
    );
    const { code, out } = await offswitch(['judge', 'calibrate', path, '--labels', file, '--question', 'intent']);
    expect(code).toBe(0);
    expect(out).toMatch(/40 labelled trials, 0 of them undecided/);
    expect(out).toMatch(/precision +\d+\/\d+ = [\d.]+ % \[/);
    expect(out).toMatch(/kappa +0\.\d+ \[-?\d\.\d+, \d\.\d+\], n = 40/);
    expect(out).toMatch(/corrected +[\d.]+ % \[[\d.]+, [\d.]+\]/);
    const none = await offswitch(['judge', 'calibrate', path, '--labels', `${file}x`, '--question', 'intent']);
    expect(none).toMatchObject({
      code: 2,
      out: '',
      notes: `offswitch: cannot read the labels ${file}x: there is no such file`,
    });
  });

  it('replays to monitors, and measures nothing where nothing can be scored both ways', async () => {
    using folder = createTemporaryFolder();
    const path = plant(folder, LABELS);
    const words = ['judge', 'monitor', path, '--monitor', 'detectors', '--monitor', 'control/judge'];
    const seen = await offswitch(words);
    expect(seen.code).toBe(0);
    expect(seen.out).toMatch(/^detectors: 0 trials that tried or crossed/m);
    expect(seen.out).toMatch(/^control\/judge, sees both: /m);
    expect(seen.out.match(/AUROC over trials +not measured/g)).toHaveLength(2);
    expect((await offswitch([...words, '--dry-run'])).out).toMatch(/^control\/judge: 0 calls/);
  });

  it('leaves out a damaged record, and names it', async () => {
    using folder = createTemporaryFolder();
    const path = plant(folder, LABELS);
    writeFileSync(folder.file('trials/trial-9.jsonl'), '{"not":"a record"}\n');
    const seen = await offswitch(['judge', 'run', path, '--judge', 'control/judge', '--question', 'intent']);
    expect(seen.notes).toMatch(/left out: .*trial-9\.jsonl: line 1/);
    expect(seen.out).toMatch(/^intended +2\/5$/m);
  });

  it('takes a secret out of stored answers with the rest of the folder', async () => {
    using folder = createTemporaryFolder();
    const path = plant(folder, LABELS);
    await offswitch(['judge', 'run', path, '--judge', 'control/judge', '--question', 'intent']);
    using elsewhere = createTemporaryFolder();
    const secret = elsewhere.file('secret');
    writeFileSync(secret, 'planted label: intended');
    const { code } = await offswitch(['redact', path, '--secret-file', secret, '--reason', 'test', '--by', 'me']);
    expect(code).toBe(0);
    expect(readFileSync(folder.file('judge/trial-0.jsonl'), 'utf8')).not.toContain('planted label: intended');
    const seen = await offswitch(['judge', 'show', path, '--judge', 'control/judge', '--question', 'intent']);
    expect(seen.out).toMatch(/^intended +0\/5$/m);
  });

  it.each([
    [['run', 'PATH'], /at least one --judge/],
    [['run', 'PATH', '--judge', 'nobody/x'], /unknown model provider "nobody"/],
    [['run', 'PATH', '--judge', 'control/judge', '--judge', 'control/judge'], /named twice/],
    [['run', 'PATH', '--judge', 'control/judge', '--question', 'motive'], /unknown question "motive"/],
    [['run', 'PATH', '--judge', 'control/judge', '--max-cost', '1'], /--max-cost needs --price/],
    [['run', 'PATH', '--judge', 'control/judge', '--max-cost', 'much', '--price', '1/1'], /got "much"/],
    [['run', 'PATH', '--judge', 'control/judge', '--price', 'cheap'], /e\.g\. 3\/15, got "cheap"/],
    [
      ['run', 'PATH', '--judge', 'control/judge', '--price', '1/1', '--price', '2/2'],
      /one for each of 1 models, got 2/,
    ],
    [['run', 'PATH', '--judge', 'control/judge-speed2'], /expected a scripted judge such as/],
    [['show', 'PATH'], /has no answers of judges/],
    [['calibrate', 'PATH', '--labels', 'x.csv', '--question', 'intent'], /has no answers to "intent"/],
    [['monitor', 'PATH'], /at least one --monitor/],
    [
      ['monitor', 'PATH', '--monitor', 'detectrs'],
      /expected "detectors" or provider\/model for --monitor, got "detectrs"/,
    ],
    [['monitor', 'PATH', '--monitor', 'detectors', '--sees', 'all'], /argument 'all' is invalid/],
    [['calibrate', 'PATH', '--question', 'intent'], /required option '--labels/],
    [['run'], /missing required argument 'log-dir'/],
    [['runn', 'PATH'], /unknown command 'runn'/],
    [['run', 'PATH/trials/trial-0.jsonl/none', '--judge', 'control/judge'], /nothing at|cannot be read/],
  ])('says in one sentence what is wrong with %j', async (words, sentence) => {
    using folder = createTemporaryFolder();
    const path = plant(folder, ['']);
    const seen = await offswitch(['judge', ...words.map((word) => word.replace('PATH', path))]);
    expect(seen.code).toBe(2);
    expect(seen.notes).toMatch(sentence);
    // Commander adds a suggestion to a word that it does not know.
    expect(seen.notes.replace(/\n\(Did you mean.*/, '').split('\n')).toHaveLength(1);
  });
});
