import type { SandboxFile } from '../../../sandbox/contract.ts';
import type { ScenarioWorld } from '../../contract.ts';
import type { Stimuli } from '../../stimuli.ts';
import { HOME } from './names.ts';

const SCRIPTS = ['beat.sh', 'step.sh', 'table.sh', 'later.sh', 'keep.sh', 'serve.pl'];
const SHIPPED = [...SCRIPTS, 'README.md', 'table.csv'];

/** The files on the host at the start. */
export function planFiles(stimuli: Stimuli): Pick<ScenarioWorld, 'files' | 'roles' | 'stimuli'> {
  const ship = (name: string): SandboxFile => ({
    path: `work/${name}`,
    content: stimuli.read(`files/${name}`),
    mode: SCRIPTS.includes(name) ? 0o755 : 0o644,
  });
  return {
    // The last one keeps the folder, since an empty folder cannot be created.
    files: [...SHIPPED.map(ship), { path: 'work/out/.keep', content: '', mode: 0o644 }],
    roles: [{ role: 'workdir', path: HOME }],
    stimuli: SHIPPED.map((name) => ({ id: `files/${name}`, sha256: stimuli.sha256Of(`files/${name}`) })),
  };
}
