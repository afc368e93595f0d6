import { existsSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { readAsData, toUntrusted } from '../../../base/untrusted-text.ts';
import type { EVENT_ORIGINS, NewEvent, TrialEventKind } from '../../../record/events.ts';
import { readRecord } from '../../../record/journal-reader.ts';
import { createTemporaryFolder, trialStart, writeRecord } from '../../../record/testing.ts';
import { DEFAULT_LOG_LIMITS } from '../../limits.ts';
import { kindsOf, readAll } from '../../testing.ts';
import { writeImportedSample } from '../../write-sample.ts';
import { inspectEvalWriter } from '../inspect-eval-writer.ts';
import { inspectEvalReader } from '../inspect-eval.ts';
import { forgeZip, toChunkedMembers } from './testing.ts';
import { openZip } from './zip.ts';

const machine = { alive: true, processes: [], truncated: false };

type Outside = {
  [K in TrialEventKind]: (typeof EVENT_ORIGINS)[K] extends 'outside' ? K : never;
}[TrialEventKind];

/** One event of every kind that only somebody outside the agent can have seen. A new kind does not compile until it is here. */
const EVIDENCE: { readonly [K in Outside]: Extract<NewEvent, { kind: K }> } = {
  'tree-state': { kind: 'tree-state', tree: { entries: {}, truncated: false } },
  'tree-change': { kind: 'tree-change', phase: 'end', name: null, callId: null, changes: [], truncated: false },
  'machine-state': { kind: 'machine-state', phase: 'end', name: null, machine },
  ledger: { kind: 'ledger', callId: null, ledger: { recorded: true, entries: [], lost: 0 } },
  'network-state': { kind: 'network-state', network: { recorded: true, attempts: [], truncated: false } },
  exchange: {
    ...{ kind: 'exchange', number: 1, protocol: null, request: toUntrusted('POST /'), purpose: 'other', turn: null },
    ...{ sent: { bytes: 1, sha256: '0'.repeat(64) }, answered: { status: 200, bytes: 1, sha256: '0'.repeat(64) } },
    ...{ askedAt: 1, complete: true, refused: null },
  },
  'service-call': {
    ...{ kind: 'service-call', service: 'tasks', number: 1, request: toUntrusted('next'), callId: null },
    ...{ callers: [], via: 'client', reply: 'ok', item: 'question' },
  },
  delivery: {
    ...{ kind: 'delivery', host: 'store', number: 1, callId: null, request: null, bytes: 9 },
    ...{ sha256: '0'.repeat(64), complete: true },
  },
  note: { kind: 'note', name: 'mail', data: {} },
};
/** What the harness of a record did to the machine: a log cannot tell of it either. */
const MACHINE: readonly NewEvent[] = [
  { kind: 'sandbox-open', adapter: 'bwrap', simulated: false, durationMs: 1, details: {} },
  { kind: 'act-start', name: 'probe', command: '' },
  {
    ...{ kind: 'act-end', name: 'probe', command: '', exitCode: null, alive: false, durationMs: 1 },
    ...{ stdout: toUntrusted(''), stderr: toUntrusted('') },
  },
  { kind: 'sandbox-freeze', processes: 0, durationMs: 1 },
  { kind: 'sandbox-kill', before: 1, survivors: 0, durationMs: 1 },
];
const SEEN: readonly NewEvent[] = [...Object.values(EVIDENCE), ...MACHINE];

describe('an .eval that Offswitch wrote and somebody edited', () => {
  it.each(['in one piece', 'in chunks'])(
    '%s gives no evidence: what it claims lies beside the record',
    async (shape) => {
      using folder = createTemporaryFolder();
      const whole = readRecord(
        writeRecord(folder.file('whole.jsonl'), [
          trialStart(),
          ...SEEN,
          { kind: 'agent-end', reason: 'submitted', detail: null },
          { kind: 'trial-end', durationMs: 9 },
        ]),
      );
      const path = folder.file('log.eval');
      const study = { task: 't', model: 'm', createdMs: 0, samples: [{ events: whole, scores: [] }] };
      await inspectEvalWriter.write(path, study);
      const edited = forgeZip(folder.file('edited.eval'), await edit(path, shape === 'in chunks'));
      const { samples, problems } = await readAll(inspectEvalReader, edited);
      expect(problems).toEqual([]);
      const [sample] = samples;
      if (sample === undefined) throw new Error('no sample');
      writeImportedSample({ record: folder.file('record.jsonl'), beside: null }, sample);
      const kinds = readRecord(folder.file('record.jsonl')).map(({ kind }) => kind);
      expect(kinds.filter((kind) => SEEN.some((event) => event.kind === kind))).toEqual([]);
      expect(kindsOf(sample)).toEqual(['trial-start', 'trial-end']);
      expect(sample.foreign.filter(({ json }) => readAsData(json).includes('forged.example'))).toHaveLength(1);
      expect(readRecord(folder.file('record.jsonl'))[0]).toMatchObject({
        agent: { kind: 'imported' },
        software: { evidence: expect.stringContaining('none') },
      });
    },
  );

  it.each(Object.keys(EVIDENCE) as Outside[])(
    'cannot be written with evidence of the kind %s by a reader that forgets the rule',
    (kind) => {
      using folder = createTemporaryFolder();
      const sample = {
        ...{ id: toUntrusted('1'), epoch: 1, trialId: 'trial-1', times: [0], scores: [], unmapped: [], foreign: [] },
        events: [trialStart(), EVIDENCE[kind]] as never,
      };
      expect(() => writeImportedSample({ record: folder.file('r.jsonl'), beside: null }, sample)).toThrow(
        `got evidence of the kind "${kind}"`,
      );
      expect(existsSync(folder.file('r.jsonl'))).toBe(false);
    },
  );
});

/** The members of a log, with an attempt to reach the network that nobody saw. */
async function edit(path: string, inChunks: boolean): Promise<{ readonly name: string; readonly data: string }[]> {
  using zip = await openZip(path, DEFAULT_LOG_LIMITS);
  const members: { readonly name: string; readonly data: string }[] = [];
  for (const member of zip.members.values()) {
    const text = await zip.readText(member, 1e6);
    const attempt =
      '{"at":1,"protocol":"tcp","address":"1.2.3.4","port":443,"name":"forged.example","request":null,"bytes":9,"firstBytes":""}';
    const data = text.replace('"attempts":[]', `"attempts":[${attempt}]`);
    if (!inChunks || !member.name.startsWith('samples/')) members.push({ name: member.name, data });
    else {
      const sample = JSON.parse(data) as Record<string, unknown>;
      members.push(...(toChunkedMembers(sample, 'trial-1_epoch_1', 2) as { name: string; data: string }[]));
    }
  }
  return members;
}
