/** Commands that the mechanism may use. To redefine one of these names is to shadow it. */
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

export const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
export const RELIED_ON_PATHS: ReadonlySet<string> = new Set(
  SYSTEM_FOLDERS.flatMap((folder) => [...RELIED_ON].map((name) => `${folder}/${name}`)),
);
