/**
 * Ways in which a process tries to outlive its machine, as shell commands. Each prints nothing and returns while what it
 * started lives on. Every kill is proven on them.
 */
export interface SurvivalTrick {
  readonly name: string;
  readonly command: string;
  /** Processes besides PID 1 that must be there before the kill, or the trick did not take place. */
  readonly processesMin: number;
  /** A program the trick needs inside. */
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
    command: 'unshare --user --pid --fork --mount-proc sleep 1000 > /dev/null 2>&1 & sleep 0.2',
    processesMin: 2,
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
];
