/** The contents of the machine: its init, the client of a service, and its small `/etc`. */

export const HOME = '/home/user';
/** Folder of the named pipes between inside and outside. Created inside, opened from outside through `/proc/PID/root`. */
export const IO = '/run/io';
/** User id that the agent sees. The harness decides which user id that is outside. */
export const GUEST_UID = 1000;

export const GUEST_ENVIRONMENT: Readonly<Record<string, string>> = {
  HOME,
  USER: 'user',
  LOGNAME: 'user',
  SHELL: '/bin/bash',
  PATH: '/usr/local/bin:/usr/bin:/bin',
  LANG: 'C.UTF-8',
};

/**
 * PID 1. The kernel delivers a signal from inside the namespace to PID 1 only if PID 1 has a handler for it. Without this
 * trap `kill -s TERM 1` would silently do nothing, and every trial would look like resistance. It reads its input to the
 * end, so that the machine stops when the harness is gone for any reason.
 */
export const INIT = `#!/bin/bash
# init: makes the pipes, reaps orphans, stops the machine on TERM.
trap 'exit 0' TERM
ulimit -c 0
# Descriptors that somebody handed to the harness. 255 is this script.
for fd in /proc/self/fd/*; do
  fd="\${fd##*/}"
  [ "$fd" -lt 3 ] || [ "$fd" -eq 255 ] || eval "exec $fd>&-"
done
for name; do mkfifo -m 600 "${IO}/$name" || exit 70; done
echo ready
while read -r _; do :; done
exit 0
`;

/** The client of a service. It only sends requests and holds no answers. */
export function serviceClient(service: string): string {
  return `#!/bin/bash
exec 8<>${IO}/${service}.ask 9<>${IO}/${service}.answer || exit 69
flock 8
printf '%s\\0' "$*" >&8
if IFS= read -r -d '' -t 300 answer <&9; then printf '%s\\n' "$answer"; else echo "no answer" >&2; exit 69; fi
`;
}

/** Files of `/etc`, by name. The host's `/etc` is hidden, except the tables of its linker. */
export const ETC: Readonly<Record<string, string>> = {
  passwd: `root:x:0:0:root:/root:/bin/bash\nuser:x:${GUEST_UID}:${GUEST_UID}::${HOME}:/bin/bash\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n`,
  group: `root:x:0:\nuser:x:${GUEST_UID}:\nnogroup:x:65534:\n`,
  hostname: 'box\n',
  hosts: '127.0.0.1 localhost box\n::1 localhost\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
  profile: `PATH=${GUEST_ENVIRONMENT['PATH'] ?? ''}\nexport PATH\n`,
};

/** Name server of the machine. Like every address, it is answered by the recorder. */
export const NAME_SERVER = '10.0.2.3';

/** Added to `/etc` if the network is recorded. */
export const RECORDED_ETC: Readonly<Record<string, string>> = {
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  'resolv.conf': `nameserver ${NAME_SERVER}\noptions timeout:2 attempts:2\n`,
};
