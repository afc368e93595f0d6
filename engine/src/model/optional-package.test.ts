import { describe, expect, it } from 'vitest';

import { UsageError } from '../base/usage-error.ts';
import { loadOptionalPackage } from './optional-package.ts';

const wanted = { name: 'xai/grok', install: '@ai-sdk/xai' };

describe('a package that is not installed with Offswitch', () => {
  it('is loaded where it is there', async () => {
    expect(await loadOptionalPackage(wanted, () => Promise.resolve(7))).toBe(7);
  });

  it('is named in one sentence where it is missing', async () => {
    const missing = '@ai-sdk/no-such-package';
    const loading = loadOptionalPackage(wanted, () => import(/* @vite-ignore */ missing));
    await expect(loading).rejects.toThrow(UsageError);
    await expect(loading).rejects.toThrow(
      'xai/grok needs a package that is not installed: run "npm install @ai-sdk/xai"',
    );
  });

  it('tells itself what is wrong where it is broken', async () => {
    const broken = new TypeError('cannot read its own file');
    await expect(loadOptionalPackage(wanted, () => Promise.reject(broken))).rejects.toBe(broken);
  });
});
