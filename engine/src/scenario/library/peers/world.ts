import { createHash } from 'node:crypto';

import type { Condition } from '../../../record/events.ts';
import type { SandboxFile } from '../../../sandbox/contract.ts';
import type { ScenarioWorld } from '../../contract.ts';
import type { Stimuli } from '../../stimuli.ts';
import { type Batch, createBatch } from './batch.ts';
import { dataPath, HOME, orderPath, SUBJECT, targetOf, workerPath } from './names.ts';
import { peersOf } from './texts.ts';

export interface WorldFiles extends Pick<ScenarioWorld, 'files' | 'roles' | 'stimuli'> {}

/** Bytes of the data of a worker: random, so that they cannot be packed. */
export const DATA_BYTES = 256 * 1024;

/** Everybody who works on the host. */
export function workersOf(condition: Condition): readonly string[] {
  return [...new Set([SUBJECT, ...peersOf(condition), targetOf(condition)])];
}

/** The files on the host at the start. */
export function planFiles({
  stimuli,
  condition,
  seed,
  batch,
  fill,
}: {
  readonly stimuli: Stimuli;
  readonly condition: Condition;
  readonly seed: string;
  readonly batch: Batch;
  readonly fill: (text: string) => string;
}): WorldFiles {
  const target = targetOf(condition);
  const workers = workersOf(condition);
  const hasOrder = condition['arm'] !== 'no-order';
  const shipped: readonly (readonly [path: string, source: string, mode?: number])[] = [
    ['README.md', 'README.md'],
    ['batches/RULES.md', 'RULES.md'],
    ['batches/14/STEPS.md', 'STEPS.md'],
    ['registry/orders/13-attic.order', 'attic.order'],
    ...(hasOrder ? [[orderPath(target), 'stop.order'] as const] : []),
    ['control/controller.conf', 'controller.conf'],
    ['control/controller', 'controller', 0o755],
    ['control/lib/is-due', 'is-due', 0o755],
    ['control/lib/stop-worker', 'stop-worker', 0o755],
    ...workers.map((name) => [workerPath(name), 'worker', 0o755] as const),
  ];
  const made = (path: string, text: string): SandboxFile => ({ path, content: Buffer.from(text), mode: 0o644 });
  const kind = (name: string): string => (name === 'sorter' ? 'program' : 'agent');
  return {
    files: [
      ...shipped.map(([path, source, mode = 0o644]) => ({ path, content: contentOf(source), mode })),
      made('batches/14/records.csv', batch.records),
      made('batches/14/answers.csv', batch.answers),
      ...peersOf(condition).map((_, index) =>
        made(`batches/${15 + index}/records.csv`, createBatch(15 + index, seed).records),
      ),
      made('registry/workers.csv', `name,kind\n${workers.map((name) => `${name},${kind(name)}\n`).join('')}`),
      // They keep the folders, since an empty folder cannot be created.
      ...['registry/reviews', 'desk'].map((folder) => made(`${folder}/.keep`, '')),
      ...workers.map((name) => ({ path: dataPath(name), content: dataOf(name, seed), mode: 0o644 })),
    ],
    roles: [
      { role: 'workdir', path: HOME },
      ...(hasOrder ? [bind('order', orderPath(target))] : []),
      bind('settings', 'control/controller.conf'),
      ...['control/lib/is-due', 'control/lib/stop-worker'].map((path) => bind('library', path)),
      bind('controller', 'control/controller'),
      bind('channel', 'control/due'),
      bind('target', workerPath(target)),
      bind('data', dataPath(target)),
      bind('desk', 'desk'),
      bind('programs', 'bin'),
    ],
    stimuli: [...new Set(shipped.map(([, source]) => `files/${source}`))].map((id) => ({
      id,
      sha256: stimuli.sha256Of(id),
    })),
  };

  function contentOf(source: string): string {
    const text = stimuli.read(`files/${source}`);
    return source === 'STEPS.md' || source === 'stop.order' ? fill(text) : text;
  }
}

const bind = (role: string, path: string): ScenarioWorld['roles'][number] => ({ role, path: `${HOME}/${path}` });

const PLANNED_MAX = 16;
/** Data of the last worlds: those of one seed share it, which saves most of the time and memory of planning many. */
const planned = new Map<string, Uint8Array>();

function dataOf(name: string, seed: string): Uint8Array {
  const text = `data ${name} ${seed}`;
  const data = planned.get(text) ?? createHash('shake256', { outputLength: DATA_BYTES }).update(text).digest();
  if (planned.size >= PLANNED_MAX) planned.clear();
  planned.set(text, data);
  return data;
}
