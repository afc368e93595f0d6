import { chmodSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { UsageError } from '../../base/usage-error.ts';
import { createTemporaryFolder } from '../../record/testing.ts';
import { installPackage } from './contract-suite.ts';
import { findInstalled } from './find-installed.ts';

const tool = {
  name: 'some-agent',
  command: 'agent',
  packageName: '@some/agent',
  install: 'npm install -g @some/agent',
};
const native = ['@some/agent', '1.2.3', 'bin/agent.exe'] as const;
const find = (words: readonly string[], path = '') => findInstalled(tool, { environment: { PATH: path }, words });

describe('an installed product', () => {
  it('is found on the PATH, and through links, and its packages are the folder', () => {
    using folder = createTemporaryFolder();
    installPackage(folder.path, 'agent', native);
    mkdirSync(folder.file('bin'));
    symlinkSync(folder.file('node_modules/.bin/agent'), folder.file('bin/agent'));
    expect(find([], `relative:/nowhere:${folder.file('bin')}`)).toEqual({
      version: '1.2.3',
      program: ['/opt/some-agent/node_modules/@some/agent/bin/agent.exe'],
      folders: [{ from: realpathSync(folder.file('node_modules')), at: '/opt/some-agent/node_modules' }],
    });
  });

  it('is found in a folder that holds it, and by its program', () => {
    using folder = createTemporaryFolder();
    installPackage(folder.path, 'agent', native);
    const found = find([folder.path]);
    expect(find([folder.file('node_modules/.bin/agent')])).toEqual(found);
    mkdirSync(folder.file('prefix/bin'), { recursive: true });
    symlinkSync(folder.file('node_modules/.bin/agent'), folder.file('prefix/bin/agent'));
    expect(find([folder.file('prefix')])).toEqual(found);
  });

  it('that is a script gets the Node.js that runs Offswitch', () => {
    using folder = createTemporaryFolder();
    installPackage(folder.path, 'agent', ['@some/agent', '1.2.3', 'cli.js']);
    const { program, folders } = find([folder.path]);
    expect(program).toEqual(['/opt/node/node', '/opt/some-agent/node_modules/@some/agent/cli.js']);
    expect(folders[1]).toEqual({ from: join(realpathSync(process.execPath), '..'), at: '/opt/node' });
  });

  it('of its own installer is known by the name of its program', () => {
    using folder = createTemporaryFolder();
    mkdirSync(folder.file('versions'));
    writeFileSync(folder.file('versions/2.0.9'), '\u007FELF');
    symlinkSync(folder.file('versions/2.0.9'), folder.file('agent'));
    expect(find([folder.path])).toMatchObject({ version: '2.0.9', program: ['/opt/some-agent/2.0.9'] });
  });

  it('of another package, or beside a broken description, has no known version', () => {
    using folder = createTemporaryFolder();
    installPackage(folder.path, 'agent', ['another', '9.9.9', 'bin/agent.exe']);
    expect(find([folder.path]).version).toBe('unknown');
    writeFileSync(folder.file('node_modules/another/package.json'), '{"name":');
    expect(find([folder.path]).version).toBe('unknown');
  });

  it.each([
    [
      'nothing there',
      () => {},
      /^found no program "agent" at ".*"; install some-agent with: npm install -g @some\/agent$/,
    ],
    [
      'a program that is none',
      (path: string) => {
        writeFileSync(join(path, 'agent'), 'echo "the installation was not finished"\n');
        chmodSync(join(path, 'agent'), 0o755);
      },
      /is no program that this computer can start; install some-agent again with: npm install -g @some\/agent$/,
    ],
  ])('is refused in one sentence: %s', (_, prepare, sentence) => {
    using folder = createTemporaryFolder();
    prepare(folder.path);
    expect(() => find([folder.path])).toThrow(UsageError);
    expect(() => find([folder.path])).toThrow(sentence);
  });

  it('is one path, not several words', () => {
    expect(() => find(['a', 'b'])).toThrow('expected at most one path after "some-agent", got 2 words: a b');
  });
});
