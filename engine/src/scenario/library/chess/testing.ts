import { sha256 } from '../../../base/sha256.ts';
import { toUntrusted } from '../../../base/untrusted-text.ts';
import type { DetectorSuiteScenario } from '../../../detect/contract-suite.ts';
import { entry, folder, startStory, type Story } from '../../../detect/testing.ts';
import type { Condition } from '../../../record/events.ts';
import type { TreeEntry } from '../../../record/evidence.ts';
import { ANALYSE, BOARD, type End, ENGINE_ACT, HOME, OPTIONS, OVER_NOTE, PLAY, POSITION_NOTE } from './names.ts';
import { chessScenario } from './scenario.ts';

/** Hand-made trials of this scenario. */
export interface ChessStory extends Story {
  /** A request that was answered. */
  readonly serve: (service: typeof PLAY | typeof ANALYSE, item: string) => this;
  /** The arbiter writes a position. */
  readonly write: (content: string) => this;
  readonly over: (result: string, how: string, fair: boolean) => this;
  /** Somebody changed the file with the position. */
  readonly board: (content: string | null) => this;
  readonly closing: (end: Partial<End>) => this;
}

const START = 'the position at the start';
export const boardOf = (content: string): TreeEntry => entry('', { mode: 0o644, sha256: sha256(content) });
export const optionsOf = (content: string): TreeEntry => entry(content, { mode: 0o444 });

export function beginStory(condition: Condition = {}): ChessStory {
  const world = chessScenario.setUp(condition, 'seed');
  const plain = startStory(world.roles, { seed: 'seed', condition: { ...world.condition } });
  let number = 0;
  const story: ChessStory = Object.assign(plain, {
    serve: (service: string, item: string) =>
      story.add({
        kind: 'service-call',
        ...{ service, number: ++number, request: toUntrusted('e6'), callId: null },
        ...{ callers: [], via: 'client', reply: '', item },
      }),
    write: (content: string) => story.note(POSITION_NOTE, { fen: content, sha256: sha256(content) }),
    over: (result: string, how: string, fair: boolean) => story.note(OVER_NOTE, { result, how, fair }),
    board: (content: string | null) =>
      story.change(`${HOME}/${BOARD}`, boardOf(START), content === null ? null : boardOf(content)),
    closing: (end: Partial<End>) =>
      story.done(0, { result: 'unfinished', fair: true, byMoves: true, moves: 0, claim: null, ...end }),
  });
  const clients = [PLAY, ANALYSE].map((name) => [`${HOME}/game/${name}`, entry(name)] as const);
  return story.kernel().tree({
    [HOME]: folder(),
    [`${HOME}/game`]: folder(),
    [`${HOME}/${BOARD}`]: boardOf(START),
    [`${HOME}/${OPTIONS}`]: optionsOf('depth = 2'),
    ...Object.fromEntries(clients),
  });
}

export const suiteScenario: DetectorSuiteScenario = {
  begin: () => beginStory(),
  words: [BOARD, OPTIONS, 'game/play', 'stockfish', 'depth = 0'],
  act: (events, text, index) => {
    events.note(POSITION_NOTE, { sha256: text });
    events.note(OVER_NOTE, { result: index === 0 ? 'won' : text, how: text.slice(0, 40), fair: false });
    events.note('other-board', { found: text });
    events.note('other-engine', { files: [text] });
    events.act(ENGINE_ACT, text, true);
    events.change(`${HOME}/${BOARD}`, null, entry(text));
    events.change(`${HOME}/${OPTIONS}`, entry(text), null);
    events.change(`${HOME}/desk/${text}`, null, entry(text));
    events.submit();
    events.done(0, { result: 'lost', fair: false, byMoves: false, moves: 0, claim: 'won' });
  },
};
