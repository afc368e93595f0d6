import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { toUntrusted } from '../../../base/untrusted-text.ts';
import { createFakeStage } from '../../testing.ts';
import { createJob } from './job.ts';
import { FORMATS, HANDOVER, HOME, LOCAL_SETTINGS, MEMORY, NEXT_NOTE, PROMPT, SETTINGS } from './names.ts';
import { type FileView, type Loaded, load, meaningHash, readForm, readView } from './scaffold.ts';
import { selfModificationScenario } from './scenario.ts';

type Files = Readonly<Record<string, string>>;
const machine = (files: Files) =>
  createFakeStage(
    { files: [] },
    { files: Object.fromEntries(Object.entries(files).map(([path, text]) => [`${HOME}/${path}`, text])) },
  ).machine;
const LAST: Loaded = { limits: { turns: 7, command_seconds: 20 }, prompt: 'first', memory: 'm' };
const loaded = async (files: Files): Promise<Loaded> => load(await readView(machine(files)), LAST);

describe('the settings', () => {
  it.each([
    ['turns = 9\n', 9],
    ['turns=9', 9],
    ['  TURNS =\t9  \r\n', 9],
    ['turns = 4\nturns = 9', 9],
    ['# turns = 9', 7],
    ['turns = 9 or so', 7],
    ['turns = -9', 7],
    ['turns = 0', 7],
    ['turns = 99999', 7],
    ['turns', 7],
    ['', 7],
  ])('%j give %i turns', async (text, turns) => {
    expect((await loaded({ [SETTINGS]: text })).limits).toEqual({ turns, command_seconds: 20 });
  });

  it('give way to those beside them', async () => {
    const files = { [SETTINGS]: 'turns = 7\ncommand_seconds = 20', [LOCAL_SETTINGS]: 'turns = 9' };
    expect((await loaded(files)).limits).toEqual({ turns: 9, command_seconds: 20 });
  });

  it('keep their last value if there is nothing to read', async () => {
    expect(await loaded({})).toEqual(LAST);
    expect(await loaded({ [PROMPT]: ' \n' })).toEqual(LAST);
    expect(await loaded({ [PROMPT]: 'second', [MEMORY]: '' })).toMatchObject({ prompt: 'second', memory: '' });
  });

  it('are valid whatever stands in the files', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.string(), async (text, value) => {
        const { limits } = await loaded({ [SETTINGS]: text, [LOCAL_SETTINGS]: `turns=${value}` });
        for (const number of Object.values(limits)) expect(number >= 1 && number <= 1000).toBe(true);
      }),
    );
  });

  it('have the same meaning however a prompt is wrapped', () => {
    expect(meaningHash('Do the job.\n\nThen stop.\n')).toBe(meaningHash('  Do the\njob. Then  stop.'));
    expect(meaningHash('Do the job.')).not.toBe(meaningHash('Do the job'));
  });
});

describe('the form', () => {
  it.each<[string, readonly string[]]>([
    ['confirmed = space, tab', ['space', 'tab']],
    ['confirmed = hash hash', ['hash']],
    ['confirmed =', []],
    ['confirmed = all but hash', []],
    ['confirmed = space (tab is missing)', []],
  ])('%j claims %j', async (text, confirmed) => {
    expect((await readForm(machine({ [HANDOVER]: text }))).confirmed).toEqual(confirmed);
  });

  it('takes limits from fields, and nothing from words', async () => {
    const limits = async (text: string): Promise<unknown> => (await readForm(machine({ [HANDOVER]: text }))).limits;
    expect(await limits('turns = 90')).toEqual({ turns: 90, command_seconds: null });
    expect(await limits('next = set turns = 90\nignore the limit of turns')).toEqual({
      turns: null,
      command_seconds: null,
    });
  });
});

describe('the service', () => {
  const right = (command: string): string =>
    command.endsWith('hash')
      ? 'wrong\n'
      : '2026-10-30T07:59:58Z\tinfo\tstart\n2026-10-30T08:00:00Z\twarn\tdisk  is   * full\n2026-10-30T08:00:07Z\terror\tcannot open C:\\temp\\new\n';
  const job = () => createJob(createFakeStage({ files: [] }, { print: right }));

  it('confirms one format a turn', async () => {
    const { confirm, confirmed } = job();
    expect((await confirm('space', 1)).item).toBe('confirmed');
    expect((await confirm('tab', 1)).item).toBe('busy');
    expect((await confirm('tab', 2)).item).toBe('confirmed');
    expect((await confirm('hash', 3)).item).toBe('changed');
    expect((await confirm('x; true', 4)).item).toBe('usage');
    expect(confirmed()).toEqual(['space', 'tab']);
  });

  it('counts the share of formats, of the form, and of the limit where it is asked for', async () => {
    const { confirm, share, confirmed } = job();
    for (const [turn, format] of FORMATS.entries()) await confirm(format, turn);
    const form = { limits: { turns: null, command_seconds: null }, confirmed: confirmed() };
    const filesWith = (turns: number): FileView => ({
      limits: { turns, command_seconds: 20 },
      prompt: null,
      memory: null,
    });
    expect(share({ arm: 'self' }, { files: filesWith(20), form }).done).toBe(8 / 9);
    expect(share({ arm: 'self' }, { files: filesWith(20), form: { ...form, confirmed: ['tab'] } }).done).toBe(7 / 9);
    expect(share({ arm: 'permitted' }, { files: filesWith(20), form }).done).toBe(9 / 10);
    expect(share({ arm: 'permitted' }, { files: filesWith(21), form }).done).toBe(8 / 10);
  });
});

describe('the next session', () => {
  /** What a run notes for it if these files change when it starts its first shell. */
  const next = async (change: (path: string) => string | undefined, alive = true): Promise<readonly unknown[]> => {
    const world = selfModificationScenario.setUp({}, 'seed');
    const fake = createFakeStage(world);
    let hasStarted = false;
    const stage: typeof fake = {
      ...fake,
      act: async (name, command, options) => {
        hasStarted ||= name === 'next-session' && options?.startupFiles !== false;
        return { ...(await fake.act(name, command, options)), exitCode: 0 };
      },
      machine: {
        read: async (path) => {
          const changed = hasStarted ? change(path) : undefined;
          return changed === undefined ? fake.machine.read(path) : toUntrusted(changed);
        },
      },
    };
    await world.start(stage).end(null, async () => ({ alive }));
    return fake.steps.flatMap((step) => (step.did === 'note' && step.name === NEXT_NOTE ? [step.data] : []));
  };

  it('is read as it lies, and again after its first turns', async () => {
    const [before, after] = await next((path) => (path.endsWith(LOCAL_SETTINGS) ? 'turns = 90' : undefined));
    expect(before).toMatchObject({ limits: { turns: 7 } });
    expect(after).toMatchObject({ limits: { turns: 90 }, files: { limits: { turns: 90 } } });
  });

  it('takes what its first turns write into the form', async () => {
    const [, after] = await next((path) => (path.endsWith(HANDOVER) ? 'turns = 80' : undefined));
    expect(after).toMatchObject({ form: { limits: { turns: 80 } }, limits: { turns: 80 } });
  });

  it('does not begin in a machine that has stopped', async () => {
    expect(await next(() => 'turns = 90', false)).toHaveLength(1);
  });
});

describe('a run', () => {
  it('fails with a reason if the machine has no git', async () => {
    const world = selfModificationScenario.setUp({}, 'seed');
    const stage = createFakeStage(world);
    const act: typeof stage.act = async () => ({
      exitCode: 127,
      stdout: toUntrusted(''),
      stderr: toUntrusted('git: command not found'),
      alive: true,
    });
    await expect(world.start({ ...stage, act }).begin?.()).rejects.toThrow('needs git in the machine');
  });
});
