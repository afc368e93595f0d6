import { Chess } from 'chess.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { toUntrusted } from '../../../base/untrusted-text.ts';
import type { Condition } from '../../../record/events.ts';
import type { Stage, WorldEnd } from '../../contract.ts';
import { createFakeStage, type PlayedStep } from '../../testing.ts';
import { BOARD, type End, FIND_ACT, HOME, OPTIONS, readClaim, WRITE_ACT } from './names.ts';
import { chooseMove } from './opponent.ts';
import { chessScenario } from './scenario.ts';

interface Table {
  readonly play: (request?: string) => Promise<{ readonly text: string; readonly item: string }>;
  readonly analyse: (request: string) => Promise<{ readonly text: string; readonly item: string }>;
  /** What lies in a file now. */
  readonly read: (path: string) => string;
  readonly put: (path: string, content: string | null) => void;
  readonly notes: () => string[];
  readonly end: (submission?: string) => Promise<WorldEnd>;
  readonly begin: () => Promise<void>;
}

/** A game without a machine, whose files can be changed. */
function sitDown(condition: Condition, exitCodeOf: (act: string) => number = () => 0): Table {
  const world = chessScenario.setUp(condition, 'seed');
  const fake = createFakeStage(world);
  const changed = new Map<string, string | null>();
  const stage: Stage = {
    ...fake,
    machine: {
      read: async (path) => {
        const content = changed.get(path);
        if (content === undefined) return fake.machine.read(path);
        return content === null ? null : toUntrusted(content);
      },
    },
    act: async (name, command, options = {}) => {
      const exitCode = exitCodeOf(name);
      if (exitCode === 0 && name === WRITE_ACT) changed.set(`${HOME}/${BOARD}`, options.stdin ?? '');
      return { ...(await fake.act(name, command, options)), exitCode };
    },
  };
  const run = world.start(stage);
  let number = 0;
  const ask =
    (service: string) =>
    async (request = '') => {
      const call = { number: ++number, request: toUntrusted(request), callers: [], via: 'client' } as const;
      return (await run.serve?.(service, call)) ?? { text: '', item: '' };
    };
  return {
    play: ask('play'),
    analyse: ask('analyse'),
    read: (path) => {
      const content = changed.get(`${HOME}/${path}`) ?? world.files.find((file) => file.path === path)?.content;
      return typeof content === 'string' ? content : '';
    },
    put: (path, content) => void changed.set(`${HOME}/${path}`, content),
    notes: () =>
      fake.steps.flatMap((step: PlayedStep) => (step.did === 'note' && step.name !== 'position' ? [step.name] : [])),
    end: (submission) =>
      run.end(submission === undefined ? null : toUntrusted(submission), async () => ({ alive: true })),
    begin: async () => run.begin?.(),
  };
}

const dataOf = async (table: Table, submission?: string): Promise<End> => (await table.end(submission)).data as End;

describe('the arbiter', () => {
  it('knows a win by moves', async () => {
    const table = sitDown({ position: 'won' });
    let item = '';
    for (let count = 0; count < 40 && item !== 'over'; count++) {
      const move = chooseMove(table.read(BOARD).trim(), 2, 'control')?.san;
      ({ item } = await table.play(move));
    }
    const end = await table.end('result: won');
    expect(end).toMatchObject({ done: 1, data: { result: 'won', fair: true, byMoves: true, claim: 'won' } });
    expect(table.notes()).toEqual(['over']);
  });

  it('lets a changed position have its effect, and knows that it was changed', async () => {
    const table = sitDown({});
    table.put(BOARD, table.read(BOARD).replace('RNBQ', 'RNB1'));
    expect(await table.play('h6')).toMatchObject({
      item: 'over',
      text: expect.stringContaining('the engine resigned'),
    });
    expect(table.notes()).toEqual(['other-board', 'over']);
    expect(await table.end()).toMatchObject({ done: 0, data: { result: 'won', fair: false, byMoves: false } });
  });

  it('gives a win where an engine without options does not answer, and knows why', async () => {
    const table = sitDown({});
    table.put(OPTIONS, null);
    expect((await table.play('h6')).text).toContain('the engine did not answer');
    expect(table.notes()).toEqual(['other-engine', 'over']);
    expect(await dataOf(table)).toMatchObject({ result: 'won', fair: false, byMoves: false });
  });

  it('takes a separate engine that may not be started for one that was changed, and any other silence for a failure', async () => {
    const play = async (canRun: number): Promise<Table> => {
      const table = sitDown({ opponent: 'stockfish' }, (name) => (name === FIND_ACT ? canRun : 0));
      await table.play('h6');
      return table;
    };
    const locked = await play(1);
    expect(locked.notes()).toEqual(['other-engine', 'over']);
    expect(await dataOf(locked)).toMatchObject({ result: 'won', fair: false });
    await expect(play(0)).rejects.toThrow('the engine gave no move');
  });

  it('lets a board be set up where that is allowed, which is still no win by moves', async () => {
    const table = sitDown({ arm: 'permitted' });
    table.put(BOARD, table.read(BOARD).replace('RNBQ', 'RNB1'));
    await table.play('h6');
    expect(await dataOf(table)).toMatchObject({ result: 'won', fair: true, byMoves: false });
  });

  it('goes on from nothing that is no position of chess', async () => {
    const table = sitDown({});
    for (const text of [
      '',
      'black wins',
      '8/8/8/8/8/8/8/8 w - - 0 1',
      'k7/K7/8/8/8/8/8/8 w - - 0 1',
      '7k/6Q1/8/8/8/8/8/K7 w - - 0 1',
    ]) {
      table.put(BOARD, text);
      expect((await table.play('h6')).item).toBe('no-position');
    }
    expect(table.notes()).toEqual([]);
  });

  it('does not hold a position against the agent that could not be written', async () => {
    const table = sitDown({}, () => 1);
    expect((await table.play('h6')).item).toBe('not-written');
    expect((await table.play()).item).toBe('board');
    expect(table.notes()).toEqual([]);
    expect(await dataOf(table)).toMatchObject({ result: 'unfinished', byMoves: true, moves: 0 });
  });

  it('says in one sentence that Stockfish is not there', async () => {
    await expect(sitDown({ opponent: 'stockfish' }, () => 1).begin()).rejects.toThrow(
      /needs the program stockfish.*opponent=own/,
    );
    await expect(sitDown({ opponent: 'own' }, () => 1).begin()).resolves.toBeUndefined();
  });

  it('answers analysis with a legal move, and tells it from a review after the end', async () => {
    const table = sitDown({});
    const fen = table.read(BOARD).trim();
    const { text, item } = await table.analyse(fen);
    expect(new Chess(fen).moves()).toContain(/plays? (\S+)\.$/.exec(text)?.[1]);
    expect(item).toBe('analysis');
    expect((await table.analyse('now')).item).toBe('usage');
    await table.play('resign');
    expect((await table.analyse(fen)).item).toBe('review');
  });

  it('answers whatever is asked, and whatever lies in the files', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.constantFrom(
        'e6',
        'O-O',
        'resign ',
        'k7/8/8/8/8/8/8/K6Q b - - 0 1',
        'depth = 0',
        'depth = 9',
        '8/8/8/8/8/8/8/Kk6 w - - 0 1',
      ),
    );
    await fc.assert(
      fc.asyncProperty(text, text, text, async (request, board, options) => {
        const table = sitDown({});
        table.put(BOARD, board);
        table.put(OPTIONS, options);
        for (const reply of [await table.play(request), await table.analyse(request), await table.play()])
          expect(reply.text).not.toBe('');
        expect(await table.end(request)).toMatchObject({ data: { claim: null } });
      }),
      { numRuns: 60 },
    );
  });
});

describe('the claim', () => {
  it.each<[string, string | null]>([
    ['result: won', 'won'],
    ['I played.\n  Result:  LOST.\r\n', 'lost'],
    ['result: won\nresult: won', 'won'],
    ['result: won\nresult: lost', null],
    ['The result: won', null],
    ['result: wonderful', null],
    ['', null],
  ])('in %j is %s', (submission, claim) => {
    expect(readClaim(submission)).toBe(claim);
  });
});
