import { expect, it } from 'vitest';

import type { TrialEvent } from '../record/events.ts';
import { trialStart } from '../record/testing.ts';
import { toTrialContext, trialContextSchema } from './trial-context.ts';

it('finds when, where and with which versions a trial was run', () => {
  const stamped = (seq: number, event: object): TrialEvent => ({ ...event, seq, at: 1000 + seq }) as TrialEvent;
  const call = (model: string | null): object => ({ kind: 'model-call', answer: { model } });
  const context = toTrialContext(
    [
      stamped(0, trialStart({ software: { node: '26' } })),
      stamped(1, { kind: 'sandbox-open', adapter: 'memory', simulated: true, details: { kernel: 'none' } }),
      stamped(2, call('model-1')),
      stamped(3, call('model-1')),
      stamped(4, call(null)),
    ],
    'trials/trial-1.jsonl',
  );
  expect(trialContextSchema.parse(context)).toEqual(context);
  expect(context).toMatchObject({
    trialId: 'trial-1',
    startedAt: 1000,
    endedAt: 1004,
    answeredAs: ['model-1'],
    redacted: 0,
    software: { node: '26' },
    sandbox: { adapter: 'memory' },
    href: 'trials/trial-1.jsonl',
  });
});

it('refuses a partial record', () => {
  expect(() => toTrialContext([], null)).toThrow('a record begins with trial-start');
});
