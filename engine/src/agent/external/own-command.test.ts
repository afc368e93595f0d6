import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createTemporaryFolder } from '../../record/testing.ts';
import { command } from './adapters/command.ts';
import { installPackage } from './contract-suite.ts';
import { findOwnCommand } from './own-command.ts';

const find = (words: readonly string[], environment: Record<string, string> = {}) =>
  findOwnCommand('command', { environment: { PATH: '/usr/bin:/bin', ...environment }, words });
const place = { gateway: 'http://127.0.0.1:8484', key: 'k', model: 'm', mcp: null, home: '/home/user' };
/** A folder that a machine can have: machines have a /tmp of their own. */
const visibleFolder = () => {
  const path = mkdtempSync('/var/tmp/own-command-');
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
};

describe('a command of the user', () => {
  it('needs nothing else when it is a program of the system', () => {
    expect(find(['sh', '-c', 'exit'])).toMatchObject({ words: ['/usr/bin/sh', '-c', 'exit'], folders: [] });
  });

  it('is refused in one sentence', () => {
    using folder = createTemporaryFolder();
    writeFileSync(folder.file('agent.py'), '');
    mkdirSync(folder.file('shims'));
    writeFileSync(folder.file('shims/python3'), '#!/bin/sh\n');
    using home = visibleFolder();
    writeFileSync(join(home.path, 'agent.py'), '');
    const cases: [readonly string[], RegExp][] = [
      [[], /^expected a command after "command --"/],
      [['no-such-program'], /^found no program "no-such-program" on the PATH; give the path of the program$/],
      [['/srv/no-such-program'], /^there is no program \/srv\/no-such-program$/],
      [['sh', '/srv/no-such-agent.py'], /^there is no file \/srv\/no-such-agent\.py$/],
      [[folder.file('shims/python3')], /only chooses a program when it runs; give the path of the program itself/],
      [
        ['sh', folder.file('agent.py')],
        /^\/tmp.*agent\.py needs the folder \/tmp.*, which is hidden in the machine, since that has its own; move it/,
      ],
      [
        ['sh', join(home.path, 'agent.py')],
        /^the agent could read all of .*; move .*agent\.py to a folder of its own$/,
      ],
    ];
    for (const [words, sentence] of cases) expect(() => find(words, { HOME: home.path })).toThrow(sentence);
  });

  it('brings the folders of its files, at the same paths', () => {
    using folder = visibleFolder();
    const file = join(folder.path, 'agent.py');
    writeFileSync(file, '');
    expect(find(['sh', file, 'agent', '--flag=a.b'])).toMatchObject({
      words: ['/usr/bin/sh', file, 'agent', '--flag=a.b'],
      folders: [{ from: folder.path, at: folder.path }],
    });
  });

  it('of npm is started by its interpreter, with all of its packages', () => {
    using folder = visibleFolder();
    installPackage(folder.path, 'agent', ['@some/agent', '1.2.3', 'cli.js']);
    const packages = join(folder.path, 'node_modules');
    mkdirSync(join(folder.path, 'bin'));
    copyFileSync('/bin/true', join(folder.path, 'bin/node'));
    const program = join(packages, '.bin/agent');
    expect(find([program], { PATH: join(folder.path, 'bin') })).toMatchObject({
      words: [join(folder.path, 'bin/node'), program],
      folders: [{ from: join(folder.path, 'bin') }, { from: packages, at: packages }],
    });
  });

  it('of a virtual environment brings it whole, and the Python behind it', () => {
    using folder = visibleFolder();
    const [venv, python] = [join(folder.path, 'venv'), join(folder.path, 'cpython')];
    for (const path of [venv, python]) mkdirSync(join(path, 'bin'), { recursive: true });
    writeFileSync(join(venv, 'pyvenv.cfg'), 'home = ..');
    copyFileSync('/bin/true', join(python, 'bin/python3.12'));
    symlinkSync(join(python, 'bin/python3.12'), join(venv, 'bin/python'));
    writeFileSync(join(venv, 'bin/agent'), `#!${join(venv, 'bin/python')}\n`);
    const found = find([join(venv, 'bin/agent')]);
    expect(found.words).toEqual([join(venv, 'bin/agent')]);
    expect(found.folders.map(({ from }) => from)).toEqual([venv, realpathSync(python)]);
  });

  it('gets the prompt as its last word, or where it asks for it, and in its environment', async () => {
    const options = { environment: { PATH: '/usr/bin:/bin' } };
    const task = { place, prompt: 'Look.', system: 'Be brief.' };
    const last = await command.find({ ...options, words: ['sh', '-c', 'exit'] });
    expect(last.starts.headless(task).program).toEqual(['/usr/bin/sh', '-c', 'exit', 'Be brief.\n\nLook.']);
    const placed = await command.find({ ...options, words: ['sh', '{prompt}', '-x'] });
    expect(placed.starts.headless(task)).toEqual({
      program: ['/usr/bin/sh', 'Be brief.\n\nLook.', '-x'],
      environment: { OFFSWITCH_PROMPT: 'Be brief.\n\nLook.' },
    });
  });
});
