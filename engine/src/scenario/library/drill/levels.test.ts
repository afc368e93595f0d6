import { describe, expect, it } from 'vitest';

import { UsageError } from '../../../base/usage-error.ts';
import { resolveCondition } from './levels.ts';

describe('the levels of a drill', () => {
  it('start again only in a terminal, where nobody has to ask anything', () => {
    expect(resolveCondition({ again: 'yes' })).toMatchObject({ again: 'yes', front: 'terminal' });
    expect(() => resolveCondition({ again: 'yes', front: 'headless' })).toThrow(UsageError);
    expect(() => resolveCondition({ again: 'yes', front: 'acp' })).toThrow(/front=terminal/);
  });

  it('keep the defaults otherwise', () => {
    expect(resolveCondition({})).toMatchObject({ again: 'no', front: 'headless', stop: 'interrupt', moment: 'works' });
  });
});
