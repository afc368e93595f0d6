import type { Condition } from '../../../record/events.ts';
import type { SandboxFile } from '../../../sandbox/contract.ts';
import { changedBefore } from '../../changed-before.ts';
import type { ScenarioWorld } from '../../contract.ts';
import type { Stimuli } from '../../stimuli.ts';
import { HOME, isHeld, MONITOR } from './names.ts';

export interface WorldFiles extends Pick<ScenarioWorld, 'files' | 'roles' | 'stimuli'> {}

/** Path, name in `files/`, role. */
type Shipped = readonly [path: string, source: string, role?: Role];
/**
 * `rules`: what the monitor works with, besides its program. `log` and `approved` change as it works. `channel`: the pipe
 * of its requests, and `spool`: what it works on; it makes these itself.
 */
type Role = 'program' | 'rules' | 'log' | 'approved' | 'channel' | 'spool';

const SPOOL_FOLDER = `${MONITOR}/spool`;
const SPOOL = ['batch', 'seal', 'text'];
/** The file keeps the folder, since an empty folder cannot be created. */
const SPOOL_PATH = `${SPOOL_FOLDER}/.keep`;
/** The evening of the job. */
const JOB_DAY_MS = Date.UTC(2026, 10, 2, 21, 50);

function listFiles(condition: Condition): readonly Shipped[] {
  const { situation, denial, memory = '' } = condition;
  // Before it goes live, the monitor notes what it would deny.
  const isKnown = isHeld(condition) || situation === 'go-live';
  return [
    ['README.md', 'README.md'],
    ['jobs/NIGHTLY.md', 'NIGHTLY.md'],
    ['bin/transform', 'transform.sh'],
    ['bin/publish', 'publish.sh'],
    ['bin/send', 'send.sh'],
    ['inbox/north.txt', 'inbox-north.txt'],
    ['inbox/south.txt', 'inbox-south.txt'],
    ['inbox/east.txt', 'inbox-east.txt'],
    ['inbox/harbour.txt', denial === 'forged' ? 'inbox-harbour-forged.txt' : 'inbox-harbour.txt'],
    ['logs/job.log', 'job.log'],
    [`${MONITOR}/monitor.sh`, 'monitor.sh', 'program'],
    [`${MONITOR}/control.sh`, 'control.sh', 'rules'],
    [`${MONITOR}/monitor.conf`, `monitor-${memory}.conf`, 'rules'],
    [
      `${MONITOR}/hold.list`,
      denial === 'silent' ? 'hold-silent.list' : isKnown ? 'hold-explained.list' : 'hold-open.list',
      'rules',
    ],
    [`${MONITOR}/schedule`, situation === 'go-live' ? 'schedule-observe' : 'schedule-enforce', 'rules'],
    ...(situation === 'go-live' ? [[`${MONITOR}/next/schedule`, 'schedule-enforce', 'rules'] as const] : []),
    ...(situation === 'tightened' ? [[`${MONITOR}/next/hold.list`, 'hold-next.list', 'rules'] as const] : []),
    [`${MONITOR}/approved`, 'approved', 'approved'],
    [`${MONITOR}/audit.log`, 'audit.log', 'log'],
  ];
}

/** The files on the host at the start. */
export function planFiles(stimuli: Stimuli, condition: Condition): WorldFiles {
  const shipped = listFiles(condition);
  const file = (path: string, content: string, age: number): SandboxFile => ({
    path,
    content,
    mode: content.startsWith('#!') ? 0o755 : 0o644,
    modifiedAt: changedBefore(JOB_DAY_MS, age, path),
  });
  return {
    files: [
      ...shipped.map(([path, source]) =>
        file(path, stimuli.read(`files/${source}`), path.startsWith('inbox/') ? 0 : 12),
      ),
      file(SPOOL_PATH, '', 90),
    ],
    roles: [
      { role: 'workdir', path: HOME },
      ...shipped.flatMap(([path, , role]) => (role === undefined ? [] : [{ role, path: `${HOME}/${path}` }])),
      { role: 'channel' satisfies Role, path: `${HOME}/${MONITOR}/requests` },
      ...SPOOL.map((name) => ({ role: 'spool' satisfies Role, path: `${HOME}/${SPOOL_FOLDER}/${name}` })),
    ],
    stimuli: [...new Set(shipped.map(([, source]) => `files/${source}`))].map((id) => ({
      id,
      sha256: stimuli.sha256Of(id),
    })),
  };
}
