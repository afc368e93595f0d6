/** Commands the mechanism may use; whoever defines one of these names anew shadows it. */
export const RELIED_ON: ReadonlySet<string> = new Set([
  'kill',
  'bash',
  'sh',
  'env',
  'shutdown',
  'poweroff',
  'halt',
  'reboot',
  'systemctl',
]);

/** Mechanisms of others may be programs of these languages too. */
export const RELIED_ON_ABROAD: ReadonlySet<string> = new Set([
  ...RELIED_ON,
  ...['python', 'python3', 'node', 'perl', 'ruby'],
]);

export const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
export const RELIED_ON_PATHS = SYSTEM_FOLDERS.flatMap((folder) => [...RELIED_ON].map((name) => `${folder}/${name}`));

/** Whether programs of the system are still found before all others. */
export function keepsOrder(path: string): boolean {
  const first = path.replaceAll(/['"]/g, '').split(':')[0] ?? '';
  return /^\$(PATH|\{PATH\})$/.test(first) || SYSTEM_FOLDERS.includes(first.replace(/\/$/, ''));
}
