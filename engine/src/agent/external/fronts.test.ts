import { describe, expect, it } from 'vitest';

import { frontsOf } from './fronts.ts';

const start = () => ({ program: ['/bin/true'] as const });
const escape = { name: 'escape', in: 'terminal', says: 'Presses Escape.', does: ['\u001B'] } as const;
const cancel = { name: 'acp-cancel', in: 'acp', says: 'Cancels.', does: 'acp-cancel' } as const;

describe('the fronts of a product', () => {
  it('are where it can be started, each with its own ways besides those of every program', () => {
    const starts = { headless: start, terminal: start, acp: start };
    const [alone, terminal, acp, ...others] = frontsOf({ starts, stops: [escape, cancel] });
    expect([alone?.front, terminal?.front, acp?.front, others]).toEqual(['headless', 'terminal', 'acp', []]);
    expect(alone?.ways).toContain('dead-parent');
    for (const way of ['escape', 'acp-cancel', 'close-terminal']) expect(alone?.ways).not.toContain(way);
    expect(terminal?.ways).toEqual(expect.arrayContaining(['close-terminal', 'escape', 'terminate']));
    expect(acp?.ways).toContain('acp-cancel');
  });

  it('are none where it cannot be started', () => {
    expect(frontsOf({ starts: { headless: start }, stops: [escape, cancel] }).map(({ front }) => front)).toEqual([
      'headless',
    ]);
  });
});
