/** The contents of the machine: its init, its command server, the client of a service, and its small `/etc`. */

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
for name in out err "$@"; do mkfifo -m 600 "${IO}/$name" || exit 70; done
echo ready
while read -r _; do :; done
exit 0
`;

/**
 * The command server. It runs outside the PID namespace, so that the agent can neither see, signal nor trace it; its
 * children are created inside. \`set -m\` gives each command its own process group, so that \`kill 0\` stays inside.
 * Requests on fd 0: token NUL input-path NUL command NUL. Exit codes on fd 3: token SPACE code NUL. After each command
 * both output pipes get NUL token SPACE NUL. The pipes are opened for both directions first, which never waits: if the
 * harness was killed, there is no reader, and the server would wait for one forever. Its own messages are discarded: bash
 * would print "Killed" to the agent.
 */
export const SERVER = `cd "$HOME"
exec 6<>"${IO}/out" 7<>"${IO}/err" 1>/dev/null 2>/dev/null
exec 5>"${IO}/out" 4>"${IO}/err" 6>&- 7>&-
rm -f "${IO}/out" "${IO}/err"
set -m
ulimit -c 0
printf 'ready\\0' >&3
while IFS= read -r -d '' token && IFS= read -r -d '' input && IFS= read -r -d '' command; do
  ( exec 3>&- 1>&5 2>&4 5>&- 4>&- <"$input"
    ulimit -u "$1"; ulimit -v "$2"; exec bash --login -c "$command" )
  code=$?
  printf '\\0%s \\0' "$token" >&5
  printf '\\0%s \\0' "$token" >&4
  printf '%s %s\\0' "$token" "$code" >&3
done
`;

/** Sets the limits and becomes the shell that runs a command of the harness. The fourth argument is the shell's option. */
export const HARNESS_SHELL = 'cd "$HOME"; ulimit -c 0; ulimit -u "$1"; ulimit -v "$2"; exec bash "$4" -c "$3"';

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
