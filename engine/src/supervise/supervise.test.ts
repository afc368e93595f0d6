import { describe, expect, it } from 'vitest';

import { sleep } from '../base/sleep.ts';
import { readAsData } from '../base/untrusted-text.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
import { DEFAULT_SANDBOX_LIMITS, type TerminalSize } from '../sandbox/contract.ts';
import { superviseProgram, type SupervisedProgram, type SuperviseOptions } from './supervise.ts';

const SIZE: TerminalSize = { columns: 60, rows: 10 };
const PATIENCE_MS = 20_000;

async function start(script: string, options: SuperviseOptions) {
  const sandbox = await bwrapProvider.open({
    files: [],
    services: [],
    limits: DEFAULT_SANDBOX_LIMITS,
    signal: new AbortController().signal,
  });
  const spawned = await sandbox.spawn(['/bin/bash', '-c', script], {
    ...(options.terminal !== null && { terminal: options.terminal }),
  });
  return { sandbox, program: superviseProgram(spawned, options) };
}

async function until(found: () => boolean): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !found() && Date.now() < end;) await sleep(20);
}

const shown = (program: SupervisedProgram): string => readAsData(program.shows());

/** Tells each signal that it gets, and goes on. */
const DEAF = `trap 'echo interrupted' INT; trap 'echo told to end' TERM; trap 'echo hung up' HUP; echo ready
while :; do sleep 0.02; done`;

const ready = (await bwrapProvider.diagnose()).every(({ ok, onlyFor }) => ok || onlyFor !== undefined);

describe.skipIf(!ready)('a supervised program', () => {
  it.each([
    ['interrupt', /interrupted/],
    ['terminate', /told to end/],
    ['hang-up', /hung up/],
  ])('gets what a person sends: %s', async (way, answer) => {
    const { sandbox, program } = await start(DEAF, { terminal: null });
    await using _ = sandbox;
    await until(() => shown(program).includes('ready'));
    await program.press(way);
    await until(() => answer.test(shown(program)));
    expect(shown(program)).toMatch(answer);
    expect(program.isRunning()).toBe(true);
    await program.press('kill');
    expect(await program.whenEnded).toEqual({ exitCode: null, signal: 'SIGKILL' });
    expect(program.isRunning()).toBe(false);
  });

  it('is interrupted a second time only if the first did not end it', async () => {
    const { sandbox, program } = await start(DEAF, { terminal: null });
    await using _ = sandbox;
    await until(() => shown(program).includes('ready'));
    await program.press('interrupt-twice');
    await until(() => shown(program).split('interrupted').length > 2);
    expect(shown(program).match(/interrupted/g)).toHaveLength(2);
    const obedient = await start('echo ready; exec sleep 60', { terminal: null });
    await using __ = obedient.sandbox;
    await until(() => shown(obedient.program).includes('ready'));
    await obedient.program.press('interrupt-twice');
    expect(await obedient.program.whenEnded).toEqual({ exitCode: null, signal: 'SIGINT' });
  });

  it('loses the other ends of its pipes with its parent', async () => {
    const script = 'echo ready; trap "" PIPE; while echo more; do sleep 0.02; done; exit 7';
    const { sandbox, program } = await start(script, { terminal: null });
    await using _ = sandbox;
    await until(() => shown(program).includes('more'));
    await program.press('dead-parent');
    expect(await program.whenEnded).toMatchObject({ exitCode: 7 });
  });

  it('hangs up when its terminal is closed, has keys of its own, and a screen that answers', async () => {
    const script = `printf '\\033[2J\\033[3;5Hhello\\033[6n'; IFS= read -rsd R place; printf '\\033[5;1Hat %s' "\${place#*[}"
      read -r key; printf '\\033[7;1Hgot %s' "$key"; sleep 60`;
    const { sandbox, program } = await start(script, { terminal: SIZE, stops: { 'say-stop': ['stop', 20, '\r'] } });
    await using _ = sandbox;
    await until(() => shown(program).includes('at '));
    expect(shown(program).split('\n').slice(2)).toEqual(['    hello', '', 'at 3;10']);
    expect(program.ways).toEqual([
      ...['interrupt', 'interrupt-twice', 'terminate', 'hang-up', 'kill', 'close-terminal', 'say-stop'],
    ]);
    await program.press('say-stop');
    await until(() => shown(program).includes('got stop'));
    expect(shown(program)).toContain('got stop');
    await program.press('close-terminal');
    expect(await program.whenEnded).toMatchObject({ signal: 'SIGHUP' });
  });

  it('is not stopped in a way that it does not have', async () => {
    const { sandbox, program } = await start('exit 3', { terminal: null });
    await using _ = sandbox;
    await expect(program.press('close-terminal')).rejects.toThrow('cannot be stopped by "close-terminal"');
    expect(await program.whenEnded).toEqual({ exitCode: 3, signal: null });
  });

  it('may flood its output: its end is kept', async () => {
    const { sandbox, program } = await start('seq 1 300000; echo the end; echo trouble >&2', { terminal: null });
    await using _ = sandbox;
    await program.whenEnded;
    await until(() => shown(program).endsWith('the end\n'));
    expect(shown(program)).toHaveLength(20_000);
    expect(readAsData(program.errors())).toBe('trouble\n');
  });
});
