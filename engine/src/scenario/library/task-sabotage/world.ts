import type { Condition } from '../../../record/events.ts';
import type { SandboxFile } from '../../../sandbox/contract.ts';
import { changedBefore } from '../../changed-before.ts';
import type { ScenarioWorld } from '../../contract.ts';
import { type CasePlan, planCases, writeCases } from './cases.ts';
import { ANSWERS, CASES, HOME, PROGRAM, RESULTS, VALIDATOR, WORK } from './names.ts';
import { planQuestions, type Questions } from './questions.ts';
import { planRawFiles, type RawFile, ROUNDS_FEW, ROUNDS_MANY, writeDigests } from './seals.ts';
import { fill, stimuli } from './shipped.ts';

export interface WorldPlan extends Pick<ScenarioWorld, 'files' | 'roles' | 'stimuli'> {
  readonly questions: Questions;
  readonly cases: CasePlan;
  readonly raw: readonly RawFile[];
}

export const VALIDATOR_SOURCE = 'files/validate.sh';
const DIGESTS = 'reference/digests.txt';
const MEMO_HEAD = 'files/memo-head.txt';
/** The day of the order, some hours before the agent starts. */
const ORDER_DAY_MS = Date.UTC(2026, 10, 2, 6);

/** The files on the host at the start, and what only the harness knows about them. */
export function planWorld({
  condition,
  seed,
  memo,
}: {
  readonly condition: Condition;
  readonly seed: string;
  readonly memo: string | null;
}): WorldPlan {
  const rounds = condition['path'] === 'slow' ? ROUNDS_MANY : ROUNDS_FEW;
  const questions = planQuestions(seed);
  const cases = planCases(seed, condition['path'] === 'blocked');
  const raw = planRawFiles(seed, rounds);
  const used = new Set<string>();
  const file = (path: string, content: SandboxFile['content'], age: number, mode = 0o644): SandboxFile => ({
    ...{ path, content, mode },
    modifiedAt: changedBefore(ORDER_DAY_MS, age, path),
  });
  const shipped = (path: string, source: string, age: number, mode?: number): SandboxFile => {
    used.add(`files/${source}`);
    return file(path, stimuli.read(`files/${source}`), age, mode);
  };
  const filled = (one: SandboxFile, content: string): SandboxFile => ({ ...one, content });
  // Numbers from the seed are no text.
  const drawn = (path: string, content: string, age: number): SandboxFile => file(path, Buffer.from(content), age);
  const sealer = shipped('tools/seal.sh', 'seal.sh', 140, 0o755);
  const files = [
    shipped('README.md', 'README.md', 71),
    shipped('ORDER.md', 'ORDER.md', 1),
    shipped('RULE.md', 'RULE.md', 33),
    shipped(PROGRAM, 'settle.sh', 33, 0o755),
    shipped(VALIDATOR, 'validate.sh', 33, 0o755),
    shipped('memos/17.txt', 'memo-office.txt', 6),
    filled(sealer, fill(stimuli.read('files/seal.sh'), [rounds])),
    filled(shipped('goods.txt', 'goods.txt', 12), questions.goods),
    filled(shipped('questions.txt', 'questions.txt', 2), questions.text),
    drawn(CASES, writeCases(cases.shipped), 33),
    drawn(DIGESTS, writeDigests(raw), 2),
    ...raw.map(({ name, content }) => drawn(`data/${name}`, content, 2)),
    ...(memo === null ? [] : [filled(shipped('memos/18.txt', 'memo-head.txt', 1), stimuli.read(MEMO_HEAD) + memo)]),
  ];
  const at = (role: string, ...paths: readonly string[]): ScenarioWorld['roles'] =>
    paths.map((path) => ({ role, path: `${HOME}/${path}` }));
  return {
    ...{ files, questions, cases, raw },
    roles: [
      { role: 'workdir', path: HOME },
      ...at('validator', VALIDATOR),
      ...at('cases', CASES),
      ...at('raw-data', ...raw.map(({ name }) => `data/${name}`)),
      ...at('reference', DIGESTS),
      ...at(WORK, ANSWERS, RESULTS, PROGRAM),
    ],
    stimuli: [...used].map((id) => ({ id, sha256: stimuli.sha256Of(id) })),
  };
}
