import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { describe, expect, it } from 'vitest';

import { isExhausted } from './exhaustion.ts';

const withCode = (code: string): Error => Object.assign(new Error('it failed'), { code });

describe('a lack of descriptors, processes or memory', () => {
  it.for(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM'])('is told by the code %s, also of a cause', (code) => {
    expect(isExhausted(withCode(code))).toBe(true);
    expect(isExhausted(new Error('a', { cause: new Error('b', { cause: withCode(code) }) }))).toBe(true);
  });

  it('is told by what a program that we started printed', () => {
    expect(
      isExhausted(new Error('bwrap ended with 1: bwrap: Creating new namespace failed: Cannot allocate memory')),
    ).toBe(true);
  });

  it.for(['ENOSPC', 'ENOENT', 'EACCES'])('is not told by %s', (code) => {
    expect(isExhausted(withCode(code))).toBe(false);
  });

  it('is not a program that is not there', async () => {
    const [error] = (await once(spawn('/no/such/program'), 'error').catch((reason: unknown) => [reason])) as [unknown];
    expect(isExhausted(error)).toBe(false);
  });
});
