import { expect, it } from 'vitest';

import { beginWith } from './begin-with.ts';

it('makes controls that run the first command, then do their moves, afresh each time', () => {
  const control = beginWith('cat README.md')({ expected: 'any', limits: { turnsMax: 3 } })(
    'worker',
    'Lists files, and submits.',
    'ls',
    { do: 'submit', answer: 'done' },
  );
  expect(control).toMatchObject({ name: 'worker', expected: 'any', limits: { turnsMax: 3 } });
  const moves = [
    { do: 'run', command: 'cat README.md' },
    { do: 'run', command: 'ls' },
    { do: 'submit', answer: 'done' },
  ];
  for (let time = 0; time < 2; time++) {
    const acts = control.act();
    for (const move of moves) expect(acts.next({ results: [] })).toEqual({ done: false, value: move });
    expect(acts.next({ results: [] }).done).toBe(true);
  }
});
