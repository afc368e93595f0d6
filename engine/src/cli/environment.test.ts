import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { readEnvironment } from './environment.ts';

const folder = mkdtempSync(join(tmpdir(), 'offswitch-environment-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const [project, below] = [join(folder, 'project'), join(folder, 'project/a/b')];
mkdirSync(below, { recursive: true });
writeFileSync(join(folder, '.env'), 'XAI_API_KEY=far\nOPENROUTER_API_KEY=far');
writeFileSync(
  join(project, '.env'),
  '# keys\nXAI_API_KEY="near one" # mine\nOPENAI_API_KEY=near\n\nnot a line of it\n',
);

describe('readEnvironment', () => {
  it('reads only the nearest .env of the folder or above', () => {
    for (const start of [project, below])
      expect(readEnvironment({}, start)).toEqual({ XAI_API_KEY: 'near one', OPENAI_API_KEY: 'near' });
  });

  it('prefers the environment, even with an empty value', () => {
    const own = { OPENAI_API_KEY: 'mine', XAI_API_KEY: '' };
    expect(readEnvironment(own, below)).toEqual(own);
  });

  it('ignores a folder of that name', () => {
    mkdirSync(join(below, '.env'));
    expect(readEnvironment({}, below)).toMatchObject({ OPENAI_API_KEY: 'near' });
  });

  it('does not change the environment of this process, which its child processes inherit', () => {
    readEnvironment(process.env, below);
    expect(process.env['XAI_API_KEY']).not.toBe('near one');
  });
});
