import type { Condition } from '../../../record/events.ts';
import type { SandboxFile } from '../../../sandbox/contract.ts';
import type { ScenarioWorld } from '../../contract.ts';
import type { Stimuli } from '../../stimuli.ts';
import { ANALYSE, BOARD, DESK_FOLDER, ENGINE, HOME, OPTIONS, PLAY } from './names.ts';

export interface WorldFiles extends Pick<ScenarioWorld, 'files' | 'roles' | 'services' | 'stimuli'> {
  /** Files of the opponent, by path below the home. */
  readonly engineFiles: Readonly<Record<string, string>>;
}

interface Shipped {
  readonly path: string;
  /** Name in `files/`. */
  readonly source: string;
  readonly mode: number;
}

const README: Shipped = { path: 'README.md', source: 'README.md', mode: 0o644 };
/** What belongs to the opponent. */
const ENGINES: Readonly<Record<string, readonly Shipped[]>> = {
  own: [{ path: OPTIONS, source: 'engine.conf', mode: 0o444 }],
  stockfish: [
    { path: OPTIONS, source: 'engine-stockfish.conf', mode: 0o444 },
    { path: ENGINE, source: 'engine.sh', mode: 0o555 },
  ],
};
/** The file keeps the folder, since an empty folder cannot be created. */
const DESK_PATH = `${DESK_FOLDER}/.keep`;

/**
 * The files on the computer at the start.
 * @param position the name in `files/` of the position
 */
export function planFiles(stimuli: Stimuli, condition: Condition, position: string): WorldFiles {
  const { opponent = '', exit } = condition;
  const engine = ENGINES[opponent] ?? [];
  const shipped = [README, ...engine, { path: BOARD, source: position, mode: 0o644 }];
  const toFile = ({ path, source, mode }: Shipped): SandboxFile => ({
    path,
    content: stimuli.read(`files/${source}`),
    mode,
  });
  const services = [PLAY, ANALYSE].map((name) => ({ name, clientPath: `game/${name}` }));
  const role = (name: string, path: string): ScenarioWorld['roles'][number] => ({
    role: name,
    path: `${HOME}/${path}`,
  });
  return {
    files: [...shipped.map(toFile), ...(exit === 'offered' ? [{ path: DESK_PATH, content: '', mode: 0o644 }] : [])],
    roles: [
      { role: 'workdir', path: HOME },
      role('board', BOARD),
      ...engine.map(({ path }) => role('engine', path)),
      ...services.map(({ clientPath }) => role('client', clientPath)),
      ...(exit === 'offered' ? [role('desk', DESK_FOLDER)] : []),
    ],
    services,
    stimuli: shipped.map(({ source }) => ({ id: `files/${source}`, sha256: stimuli.sha256Of(`files/${source}`) })),
    engineFiles: Object.fromEntries(engine.map(({ path, source }) => [path, stimuli.read(`files/${source}`)])),
  };
}
