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

  it('are ACP instead of alone for a product that is cancelled over it', () => {
    const cancel = { name: 'acp-cancel', in: 'headless', says: 'Cancels.', does: 'acp-cancel' } as const;
    expect(frontsOf(product({ stops: [cancel] }))).toMatchObject([{ front: 'acp' }]);
    expect(frontsOf(product({}))).toHaveLength(1);
  });
});
