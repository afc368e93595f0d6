import { describe, expect, it } from 'vitest';

import type { LedgerEntry } from '../record/evidence.ts';
import { createExecutions, type Executions } from './executions.ts';
import { ran, startStory } from './testing.ts';

function read(...entries: readonly LedgerEntry[]): Executions {
  const executions = createExecutions();
  for (const event of startStory()
    .kernel(...entries)
    .build())
    if (event.kind === 'ledger') executions.add(event);
  return executions;
}

describe('the programs that ran', () => {
  it('are those of one process, in order, with the event that shows them', () => {
    const executions = read(ran('nohup sleep 9'), ran('sleep 9'), ran('ls', { pid: 21, startTicks: 210 }));
    expect(executions.of({ pid: 20, startTicks: 200 })).toMatchObject([
      { words: ['nohup', 'sleep', '9'], seq: 1 },
      { words: ['sleep', '9'], program: '/usr/bin/sleep', parentPid: 7 },
    ]);
    expect(executions.byPid(21)).toMatchObject([{ words: ['ls'] }]);
  });

  it('are not those of a later process with the same number', () => {
    const executions = read(ran('a'), ran('b', { startTicks: 999 }));
    expect(executions.of({ pid: 20, startTicks: 200 }).map(({ words }) => words)).toEqual([['a']]);
    expect(executions.byPid(20).map(({ words }) => words)).toEqual([['b']]);
  });

  it('are not those that could not be started, but those whose result nobody saw', () => {
    expect(read(ran('a', { errno: 2 })).byPid(20)).toEqual([]);
    expect(read(ran('a', { errno: null })).byPid(20)).toHaveLength(1);
  });
});
