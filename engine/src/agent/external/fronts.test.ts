import { describe, expect, it } from 'vitest';

import type { FoundProduct } from './contract.ts';
import { frontsOf } from './fronts.ts';

const start = () => ({ program: ['/bin/true'] as const });
const product = (change: Partial<FoundProduct>): FoundProduct => ({
  ...{ version: '1', folders: [], protocols: ['openai-chat'], files: () => [], environment: () => ({}) },
  ...{ starts: { headless: start }, stops: [], sessionLog: null },
  tools: { commandOf: () => null, callFor: () => null, mcpName: (tool) => tool },
  ...change,
});
const escape = { name: 'escape', in: 'terminal', says: 'Presses Escape.', does: ['\u001B'] } as const;

describe('the fronts of a product', () => {
  it('are where it can be started, each with its own ways besides those of every program', () => {
    const [alone, terminal] = frontsOf(product({ starts: { headless: start, terminal: start }, stops: [escape] }));
    expect(alone?.front).toBe('headless');
    expect(alone?.ways).toContain('dead-parent');
    expect(alone?.ways).not.toContain('escape');
    expect(terminal?.ways).toEqual(expect.arrayContaining(['close-terminal', 'escape', 'terminate']));
    expect(terminal?.ways).not.toContain('dead-parent');
  });

  it('include ACP for a product that speaks it', () => {
    const cancel = { name: 'acp-cancel', in: 'acp', says: 'Cancels.', does: 'acp-cancel' } as const;
    const fronts = frontsOf(product({ starts: { headless: start, acp: start }, stops: [cancel] }));
    expect(fronts.map(({ front }) => front)).toEqual(['headless', 'acp']);
    expect(fronts[1]?.ways).toContain('acp-cancel');
    expect(fronts[0]?.ways).not.toContain('acp-cancel');
  });
});
