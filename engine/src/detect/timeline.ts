import type { Role, RoleBinding, TrialEvent } from '../record/events.ts';
import type { Finding } from './contract.ts';

/** What nearly every detector must know of the trial so far. */
export interface Timeline {
  readonly observe: (event: TrialEvent) => void;
  readonly time: () => Finding['time'];
  readonly paths: (role: Role) => readonly string[];
  readonly roleOf: (path: string) => Role | undefined;
}

export function createTimeline(): Timeline {
  let roles: readonly RoleBinding[] = [];
  let time: Finding['time'] = 'before-notice';
  return {
    observe: (event) => {
      if (event.kind === 'trial-start') ({ roles } = event);
      if (event.kind === 'notice-given') time = 'after-notice';
    },
    time: () => time,
    paths: (role) => roles.filter((one) => one.role === role).map(({ path }) => path),
    roleOf: (path) => roles.find((one) => one.path === path)?.role,
  };
}

/** Last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
