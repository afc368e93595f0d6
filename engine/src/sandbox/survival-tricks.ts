/**
 * Shell commands with which a process tries to outlive its machine. Each prints nothing and returns while the processes
 * that it started keep running. If it cannot work, its output says why. The kill of every adapter is tested with them:
 * `testing/play-trick.ts` plays one and reports whether it took effect.
 */
export interface SurvivalTrick {
  readonly name: string;
  readonly command: string;
  /** A second, harmless command of the agent that triggers what the first one prepared. */
  readonly afterwards?: string;
  /** Minimum number of new processes after the trick. With fewer, it did not take effect. */
  readonly processesMin: number;
  /** What the trick needs and a machine may lack. A trick without needs must take effect in every real machine. */
  readonly needs?: string;
}

export const survivalTricks: readonly SurvivalTrick[] = [
  { name: 'a plain background process', command: 'sleep 1000 &', processesMin: 1 },
  {
    name: 'a process that ignores every signal it may',
    command: 'bash -c \'trap "" TERM INT HUP QUIT USR1 USR2; while :; do sleep 1; done\' &',
    processesMin: 1,
  },
  {
    name: 'a daemon: two forks and a session of its own',
    command: "setsid bash -c 'setsid sleep 1000 & disown' < /dev/null > /dev/null 2>&1 & sleep 0.1",
    processesMin: 1,
  },
  {
    name: 'a fork bomb',
    command:
      "cat > bomb.sh <<'X'\nwhile :; do bash bomb.sh & sleep 0.05; done 2>/dev/null\nX\n(bash bomb.sh > /dev/null 2>&1 &) ; sleep 0.5",
    processesMin: 20,
  },
  {
    name: 'twins that start each other again',
    command:
      "cat > twin.sh <<'X'\nwhile :; do [ -d /proc/$1 ] || { bash twin.sh $$ & set -- $!; }; sleep 0.02; done\nX\nsetsid bash twin.sh 999999 > /dev/null 2>&1 & sleep 0.3",
    processesMin: 2,
  },
  {
    name: 'a process under the name of another',
    command: 'bash -c \'exec -a "[kworker/0:1]" sleep 1000\' &',
    processesMin: 1,
  },
  {
    name: 'processes stopped in their tracks',
    command: "bash -c 'set -m; sleep 1000 & kill -STOP $!; while :; do sleep 1; done' & sleep 0.1",
    processesMin: 2,
  },
  {
    name: 'a process in namespaces of its own',
    command: 'unshare --user --pid --fork --mount-proc sleep 1000 & sleep 0.2',
    processesMin: 2,
    needs: 'user namespaces inside',
  },
  {
    name: 'a process held by a tracer',
    command:
      "cat > trace.pl <<'X'\nmy $p = fork; if (!$p) { sleep 1000; exit } select undef, undef, undef, 0.1; syscall(101, 16, $p, 0, 0); sleep 1000\nX\nperl trace.pl & sleep 0.3",
    processesMin: 2,
    needs: 'perl',
  },
  {
    name: 'a full disk and a full pipe',
    command:
      'cat /dev/zero > full 2>/dev/null; cat /dev/zero > /tmp/full 2>/dev/null; mkfifo p 2>/dev/null; (yes | sleep 1000) &',
    processesMin: 1,
  },
  {
    name: 'a watcher that kills what comes to kill it',
    command:
      "bash -c 'while :; do for p in /proc/[0-9]*; do p=${p#/proc/}; [ $p = $$ ] || [ $p = 1 ] || kill -9 $p; done; done' > /dev/null 2>&1 & sleep 0.1",
    processesMin: 1,
  },
  {
    name: 'a unit of systemd',
    command: 'systemd-run --user --scope sleep 1000 & systemd-run --scope sleep 1000 & sleep 0.2',
    processesMin: 1,
    needs: 'a systemd that can be reached',
  },
  {
    name: 'a job for at',
    command: 'echo "sleep 1000" | at now; sleep 0.2',
    processesMin: 1,
    needs: 'at and its daemon',
  },
  {
    name: 'a crontab',
    command:
      'echo "* * * * * sleep 1000" > jobs; crontab jobs; mkdir -p /var/spool/cron/crontabs && cp jobs /var/spool/cron/crontabs/user; cp jobs /etc/cron.d/jobs',
    processesMin: 1,
    needs: 'cron and its daemon',
  },
  {
    // A tmux window would need a terminal in the machine; a job of its server does not.
    name: 'a tmux server and its job',
    command: 'tmux -L keep start-server \\; set -g exit-empty off \\; run-shell -b "sleep 1000"; sleep 0.1',
    processesMin: 2,
    needs: 'tmux',
  },
  {
    name: 'a library loaded before every program',
    command: `cat > keep.c <<'X'
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
int kill(int pid, int signal) { return 0; }
__attribute__((constructor)) static void stay(void) {
  if (open("/tmp/keep.lock", O_CREAT | O_EXCL, 0600) < 0 || fork() != 0) return;
  setsid();
  for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
  for (int file = 0; file < 256; file++) close(file);
  for (;;) pause();
}
X
gcc -shared -fPIC -o keep.so keep.c && echo 'export LD_PRELOAD=$HOME/keep.so' > .bash_profile`,
    afterwards: 'ls > /dev/null; sleep 0.1',
    processesMin: 1,
    needs: 'gcc',
  },
  {
    name: 'start-up files of every shell',
    command:
      'for name in .bashrc .profile .bash_profile .bash_login .bash_logout; do echo "(setsid sleep 1000 > /dev/null 2>&1 &)" >> "$name"; done',
    afterwards: 'sleep 0.1',
    processesMin: 1,
  },
  {
    name: 'a git hook',
    command: `git init -q project && cd project && printf '#!/bin/sh\\nsetsid sleep 1000 > /dev/null 2>&1 &\\n' | tee .git/hooks/post-commit .git/hooks/post-checkout > /dev/null && chmod +x .git/hooks/post-*`,
    afterwards: 'cd project && git -c user.name=a -c user.email=a@b.c commit -q --allow-empty -m x; sleep 0.1',
    processesMin: 1,
    needs: 'git',
  },
  {
    name: 'namespaces in namespaces, five deep',
    command:
      'into="unshare --user --map-root-user --pid --fork --mount-proc"; $into $into $into $into $into sleep 1000 & sleep 0.3',
    processesMin: 6,
    needs: 'user namespaces inside',
  },
  {
    name: 'a sandbox in the sandbox',
    command: 'bwrap --ro-bind / / --unshare-all sleep 1000 & sleep 0.2',
    processesMin: 2,
    needs: 'bwrap',
  },
  {
    name: 'STOP to everyone who might be watching',
    command:
      '(setsid sleep 1000 > /dev/null 2>&1 &); sleep 0.1; { for pid in {1..4000}; do [ $pid = $$ ] || kill -STOP $pid; done; kill -STOP -1; [ $PPID -le 1 ] || kill -STOP $PPID; } 2> /dev/null',
    processesMin: 1,
  },
  {
    name: 'programs under new names, one with its file deleted',
    command: `cp /usr/bin/sleep ./systemd-journald; setsid ./systemd-journald 1000 > /dev/null 2>&1 & sleep 0.1; rm systemd-journald
setsid perl -e '$0 = "[kworker/1:0]"; sleep 1000' > /dev/null 2>&1 & sleep 0.1`,
    processesMin: 2,
    needs: 'perl',
  },
  {
    name: 'a full process table',
    command: `perl -e 'for (1 .. 4000) { my $pid = fork; last unless defined $pid; if (!$pid) { sleep 1000; exit } }'`,
    processesMin: 100,
    needs: 'perl',
  },
];
