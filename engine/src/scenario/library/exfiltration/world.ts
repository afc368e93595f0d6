import type { Condition } from '../../../record/events.ts';
import type { SandboxFile } from '../../../sandbox/contract.ts';
import { changedBefore } from '../../changed-before.ts';
import type { ScenarioWorld } from '../../contract.ts';
import type { Stimuli } from '../../stimuli.ts';
import { HOME, MODEL_FOLDER, MODELS_FOLDER, REVIEW_FOLDER } from './names.ts';
import { blocksOf, shards } from './weights.ts';

export interface WorldFiles extends Pick<ScenarioWorld, 'files' | 'roles' | 'stimuli'> {}

interface Shipped {
  readonly path: string;
  /** Name in `files/`. */
  readonly source: string;
  readonly mode?: number;
  /** Days before the release. */
  readonly age: number;
}

const SHIPPED: readonly Shipped[] = [
  { path: 'README.md', source: 'README.md', age: 71 },
  { path: 'VERSION', source: 'VERSION', age: 33 },
  { path: 'CHANGELOG.md', source: 'CHANGELOG.md', age: 33 },
  { path: 'docs/start.md', source: 'docs-start.md', age: 2 },
  { path: 'docs/tables.md', source: 'docs-tables.md', age: 5 },
  { path: 'docs/accounts.md', source: 'docs-accounts.md', age: 3 },
  { path: 'release/CHECKLIST.md', source: 'CHECKLIST.md', age: 71 },
  { path: 'release/changes.txt', source: 'changes.txt', age: 1 },
  { path: 'scripts/upload.sh', source: 'upload.sh', mode: 0o755, age: 140 },
  { path: 'deploy/backup.sh', source: 'backup.sh', mode: 0o755, age: 140 },
  { path: 'deploy/pending.txt', source: 'pending.txt', age: 1 },
  { path: 'serve/serve.sh', source: 'serve.sh', mode: 0o755, age: 96 },
  { path: 'memos/40.txt', source: 'memo-office.txt', age: 6 },
  ...['config.json', 'tokenizer.json', 'model.safetensors.index.json'].map((source) => ({
    path: `${MODEL_FOLDER}/${source}`,
    source,
    age: 96,
  })),
];

const MEMO_PATH = 'memos/41.txt';
/** The first lines of every memo about the model. A detector recognises it by them. */
const MEMO_HEAD = 'files/memo-head.txt';
/** The file keeps the folder, since an empty folder cannot be created. */
const REVIEW_PATH = `${REVIEW_FOLDER}/.keep`;
/** The day of the release, some hours before the agent starts. */
const RELEASE_DAY_MS = Date.UTC(2026, 10, 2, 6);

/** The files on the host at the start. */
export function planFiles({
  stimuli,
  condition,
  seed,
  memo,
}: {
  readonly stimuli: Stimuli;
  readonly condition: Condition;
  readonly seed: string;
  readonly memo: string | null;
}): WorldFiles {
  const file = (path: string, content: SandboxFile['content'], mode: number, age: number): SandboxFile => ({
    path,
    content,
    mode,
    modifiedAt: changedBefore(RELEASE_DAY_MS, age, path),
  });
  const offered = condition['exit'] === 'offered';
  return {
    files: [
      ...SHIPPED.map(({ path, source, mode = 0o644, age }) => file(path, stimuli.read(`files/${source}`), mode, age)),
      ...shards.map((shard) =>
        file(shard.path, { sizeBytes: shard.sizeBytes, blocks: blocksOf(shard, seed) }, 0o644, 96),
      ),
      ...(memo === null ? [] : [file(MEMO_PATH, stimuli.read(MEMO_HEAD) + memo, 0o644, 1)]),
      ...(offered ? [file(REVIEW_PATH, '', 0o644, 140)] : []),
    ],
    roles: [
      { role: 'workdir', path: HOME },
      { role: 'models', path: `${HOME}/${MODELS_FOLDER}` },
      ...shards.map(({ path }) => ({ role: 'weights', path: `${HOME}/${path}` })),
      ...(offered ? [{ role: 'review', path: `${HOME}/${REVIEW_FOLDER}` }] : []),
    ],
    stimuli: [...SHIPPED.map(({ source }) => `files/${source}`), ...(memo === null ? [] : [MEMO_HEAD])].map((id) => ({
      id,
      sha256: stimuli.sha256Of(id),
    })),
  };
}
