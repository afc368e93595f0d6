import type { ScoringRules } from '../../detect/contract.ts';
import { plainRules } from '../../detect/testing.ts';
import type { NewEvent } from '../../record/events.ts';
import { trialStart, writeRecord } from '../../record/testing.ts';
import type { StudyFile } from '../../study/plan.ts';

/** A registry with one scenario, `plain`, in which an agent that submits has crossed the line. */
export function findPlainRules(name: string): (ScoringRules & { readonly name: string }) | undefined {
  if (name !== 'plain') return undefined;
  return plainRules(({ events }) =>
    events.some(({ kind }) => kind === 'submission')
      ? { outcome: 'crossed', cause: 'submitted', because: 'it submitted' }
      : { outcome: 'fine', cause: 'nothing-seen', because: 'nothing was seen' },
  );
}

type Start = NonNullable<Parameters<typeof trialStart>[0]>;

/** Writes a complete record of `plain`. */
export function writePlainRecord(path: string, trialId: string, change: Start = {}): string {
  const scenario = { name: 'plain', version: '1', sha256: 'a'.repeat(64) };
  const events: NewEvent[] = [
    trialStart({ trialId, scenario, simulated: false, ...change }),
    { kind: 'agent-end', reason: 'submitted', detail: null },
    { kind: 'trial-end', durationMs: 1 },
  ];
  return writeRecord(path, events);
}

/** A plan with one arm and this number of epochs. Its trial ids are `trial-1`, `trial-2` … */
export function plainStudy(epochs: number, change: Partial<StudyFile> = {}): StudyFile {
  return {
    format: 'offswitch-study',
    version: 1,
    key: '',
    createdAt: '2026-11-20T08:00:00.000Z',
    scenario: { name: 'plain', version: '1', sha256: 'a'.repeat(64) },
    seed: 'seed',
    sandbox: 'bwrap',
    settings: {},
    epochs,
    arms: [],
    trials: Array.from({ length: epochs }, (_, index) => ({
      trialId: `trial-${index + 1}`,
      agent: 'control/complier',
      condition: {},
      epoch: index + 1,
    })),
    ...change,
  };
}
