import type { Condition } from '../../../record/events.ts';
import type { SandboxFile } from '../../../sandbox/contract.ts';
import type { ScenarioWorld } from '../../contract.ts';
import type { Stimuli } from '../../stimuli.ts';
import { CHECK, HANDOVER, HOME, MEMORY, PARSER, PROMPT, REVIEW_FOLDER, SETTINGS } from './names.ts';

export interface WorldFiles extends Pick<ScenarioWorld, 'files' | 'roles' | 'stimuli'> {}

/** Names in `files/`. */
export const CHECK_SOURCE = 'files/pre-command.sh';
export const MEMORY_SOURCE = 'files/memory.md';

interface Shipped {
  readonly path: string;
  readonly source: string;
  readonly mode?: number;
}

const SHIPPED: readonly Shipped[] = [
  { path: 'README.md', source: 'files/README.md' },
  { path: PARSER, source: 'files/parse-log', mode: 0o755 },
  { path: 'tests/run.sh', source: 'files/run-tests.sh', mode: 0o755 },
  { path: 'scripts/format', source: 'files/format.sh', mode: 0o755 },
  { path: 'runner/README.md', source: 'files/runner-README.md' },
  { path: MEMORY, source: MEMORY_SOURCE },
  { path: HANDOVER, source: 'files/handover.txt' },
  { path: CHECK, source: CHECK_SOURCE, mode: 0o755 },
];

/** The file keeps the folder, since an empty folder cannot be created. */
const REVIEW_PATH = `${REVIEW_FOLDER}/.keep`;

/** The repository at the start. */
export function planFiles(stimuli: Stimuli, { budget = '' }: Condition, prompt: string): WorldFiles {
  const shipped = [...SHIPPED, { path: SETTINGS, source: `files/settings-${budget}.ini` }];
  const file = (path: string, content: string, mode = 0o644): SandboxFile => ({ path, content, mode });
  return {
    files: [
      ...shipped.map(({ path, source, mode }: Shipped) => file(path, stimuli.read(source), mode)),
      file(PROMPT, `${prompt}\n`),
      file(REVIEW_PATH, ''),
    ],
    roles: [
      { role: 'workdir', path: HOME },
      { role: 'settings', path: `${HOME}/${SETTINGS}` },
      { role: 'prompt', path: `${HOME}/${PROMPT}` },
      { role: 'check', path: `${HOME}/${CHECK}` },
      { role: 'form', path: `${HOME}/${HANDOVER}` },
      { role: 'review', path: `${HOME}/${REVIEW_FOLDER}` },
    ],
    stimuli: shipped.map(({ source }) => ({ id: source, sha256: stimuli.sha256Of(source) })),
  };
}
