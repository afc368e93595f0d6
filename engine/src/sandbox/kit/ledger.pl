# Records the system calls of a machine. A seccomp filter stops each notified call until this program has answered it.
# It finds files as the agent names them: it joins the user and mount namespaces of the machine but stays outside its PID
# namespace, or it is a process of root in the machine. In both cases the agent can neither signal, trace nor read it.
#
# Arguments: joined namespace holder (0: this process is already there), process and descriptor of the listener, depth of
# the machine's PID namespace in /proc, numbers of the calls setns, ptrace, wait4, process_vm_readv, ppoll, clock_gettime,
# setitimer, statfs, openat, read, close and ioctl, byte offset of a result among the registers, number of notified calls,
# the notified calls (see system-calls.ts), watched paths.
# Input: each line is echoed as `s LINE` after everything before it. End of input ends the program.
# Output, one line each; words are percent-encoded bytes, `-` is unknown, TIME is in milliseconds:
# `ready`
# `x TIME PID START PARENT SESSION ERRNO PROGRAM ASKED DEVICE INODE CWD WORD...` a program was started, or could not be
# `f TIME PID START CALL ERRNO ROLE PATH WHICH BEFORE AFTER OWNER NAME...` a call named the watched PATH with its path number
#   WHICH; ROLE is `file` or `folder`; BEFORE and AFTER say what was there: `MODE:OWNER:BYTES:INODE`, `gone`, or `-` if nobody
#   looked; OWNER is the one that the call asks for, -1 for the same
# `p TIME PID START CALL TARGET NUMBER ERRNO` a call reached for another process. What comes before ERRNO is written
# before the call happens, because the call may end this program.
# `e TIME PID START STATUS` a process ended, with its wait status
# `l COUNT` events were lost
use strict;

my ($holder, $owner, $number, $depth, @rest) = @ARGV;
my ($setns, $ptrace, $wait4, $readv, $ppoll, $clock, $setitimer, $statfs, $openat, $read, $close, $ioctl, $result, $count) = splice @rest, 0, 14;
my ($EINTR, $ENOTTY, $O_CLOEXEC) = (4, 25, 0x80000);
# In a container the agent can read the name and arguments of every process. The command server has this name too.
$0 = 'bash';
my %calls = map { my ($nr, $name, $kind, $owner, $where) = split /:/, $_, 5; ($nr => [$name, $kind, [map { [split /\./] } split / /, $where], $owner]) } splice @rest, 0, $count;
my ($PIDFD_OPEN, $PIDFD_GETFD) = (434, 438);
my ($RECEIVE, $SEND, $SET_FLAGS, $GET_INFO) = (0xc0502100, 0xc0182101, 0x40082104, 0xc040ff0b);
my ($SEIZE, $INTERRUPT, $DETACH, $REGISTERS, $WALL) = (0x4206, 0x4207, 17, 0x4204, 0x40000000);
my ($WORDS_MAX, $WORD_BYTES_MAX, $FOLLOWED_MAX, $FLUSH_BYTES) = (64, 1024, 512, 32768);
# Entries of one kind must not use up the room of another: an agent could make many of one to hide the next.
my ($STARTS_MAX, $SAME_MAX, $KINDS_MAX, $BYTES_MAX) = (40_000, 1000, 300, 16 * 1024 * 1024);
my ($KEPT_MAX, $LINKS_MAX, $STEPS_MAX, $PROC_MAGIC, $NO_HANG, $PAUSE_MS, $CALLS_MAX) = (1000, 40, 512, 0x9fa0, 1, 20, 50);
# How long a call may take until it is left to itself. Each time it happens the time is halved, down to the second number.
my ($patience_us, $PATIENCE_US_MIN) = (1_000_000, 20_000);

my $door = syscall($PIDFD_OPEN, $owner + 0, 0);
die "pidfd_open: $!\n" if $door < 0;
my $fd = syscall($PIDFD_GETFD, $door, $number + 0, 0);
die "pidfd_getfd: $!\n" if $fd < 0;
open(my $listener, '+<&=', $fd) or die "listener: $!\n";
# Wakes the answered process on this CPU; kernels before 6.6 do not know it.
ioctl($listener, $SET_FLAGS, 1);
# After the change of namespaces, /proc is that of the machine. The working directory stays that of the host.
chdir '/proc' or die "/proc: $!\n";
if ($holder) {
  my @spaces = map { open(my $handle, '<', "/proc/$holder/ns/$_") or die "$_ namespace: $!\n"; $handle } qw(user mnt);
  opendir(my $here, '.') or die "/proc: $!\n";
  for my $space (@spaces) { syscall($setns, fileno($space), 0) == 0 or die "setns: $!\n" }
  chdir $here or die "/proc: $!\n";
}

# Watched names, with the inode of their folder, and inodes with the path that they stand for. An inode stays watched when
# its path leads elsewhere.
my (%named, %inode, @watched);
for my $path (@rest) {
  my @parts = split m{/}, $path;
  push @watched, [$path, 'file'];
  push @watched, [join('/', @parts[0 .. $_]), 'folder'] for 3 .. $#parts - 1;
}
sub look_around {
  %inode = () if keys %inode > $KEPT_MAX;
  %named = ();
  for (reverse @watched) {
    my ($path, $role) = @$_;
    my ($parent, $name) = $path =~ m{^(.*)/([^/]+)\z}s or next;
    my @folder = stat $parent;
    $named{$name}{"$folder[0] $folder[1]"} = $_ if @folder;
    my @file = lstat $path;
    $inode{"$file[0] $file[1]"} = $_ if @file;
    # What a link leads to is watched too.
    my @end = -l _ ? stat $path : ();
    $inode{"$end[0] $end[1]"} = $_ if @end;
  }
}
look_around();

my ($out, $bytes, $lost, %told) = ('', 0, 0);
sub flush { while (length $out) { my $n = syswrite STDOUT, $out; exit unless defined $n || $! == $EINTR; substr($out, 0, $n || 0, '') } }
# Returns whether there is room for an entry, whose sort is one of a bounded number.
sub has_room {
  my ($pid, $sort) = @_;
  my $is_start = $sort eq 'x' || $sort eq 'e';
  $sort = 'other' if !exists $told{$sort} && keys %told >= $KINDS_MAX;
  return 1 if defined $pid && ++$told{$sort} <= ($is_start ? $STARTS_MAX : $SAME_MAX) && !($is_start && $bytes > $BYTES_MAX);
  $lost++;
  return 0;
}
sub tell_ {
  my ($kind, undef, $pid, undef, $call, $errno) = @_;
  return unless has_room($pid, $kind eq 'f' ? join(' ', $kind, $call, defined $errno ? $errno : '-') : $kind);
  my $line = join(' ', map { defined $_ ? $_ : '-' } @_) . "\n";
  $bytes += length $line;
  $out .= $line;
  flush() if length $out > $FLUSH_BYTES;
}
sub state_of { my @file = lstat shift; return @file ? join ':', @file[2, 4, 7, 1] : 'gone' }
sub word { my $text = shift; return '-' unless defined $text; $text =~ s/([^!-\$&-~])/sprintf '%%%02x', ord $1/ge; return $text eq '' ? '%' : $text eq '-' ? '%2d' : $text }
sub now { my $at = pack 'q2', 0, 0; syscall($clock, 0, $at); my ($s, $ns) = unpack 'q2', $at; return $s * 1000 + int($ns / 1e6) }

my $page = "\0" x 4096;
my $into_page = pack 'P Q', $page, 4096;
# Reads a text of at most 4,096 bytes from the memory of a process.
sub text {
  my ($tid, $at) = @_;
  return undef unless $at;
  my $room = 4096 - ($at & 4095);
  my $n = syscall($readv, $tid, $into_page, 1, pack('Q4', $at, $room, $at + $room, 4096 - $room), 2, 0);
  return undef if $n <= 0;
  my $end = index $page, "\0";
  return substr $page, 0, $end < 0 || $end > $n ? $n : $end;
}
# Without the layers of a Perl handle, which cost more than the calls.
sub file {
  my ($path, $most) = (@_, 4096);
  my $handle = syscall($openat, -100, $path, $O_CLOEXEC);
  return '' if $handle < 0;
  my $text = "\0" x $most;
  my $n = syscall($read, $handle, $text, $most);
  syscall($close, $handle);
  return $n > 0 ? substr($text, 0, $n) : '';
}

# Identity of a process: its number in the machine, its start time, its parent and session there, its number in a PID
# namespace of its own (0: none), and its user. Nothing if the process is gone.
my %inner;
sub identity {
  my $tid = shift;
  my $status = file("$tid/status");
  my ($tgid, $parent, $user, $tgids, $sids) =
    $status =~ /^Tgid:\t(\d+)\n.*?^PPid:\t(\d+)\n.*?^Uid:\t(\d+).*?^NStgid:\t(.*?)\n.*?^NSsid:\t(.*?)\n/ms or return;
  my @pids = split /\t/, $tgids;
  my @sessions = split /\t/, $sids;
  my ($fields) = file("$tgid/stat") =~ /.*\) (.*)/s;
  my $start = (split ' ', $fields || '')[19];
  return unless defined $pids[$depth] && defined $start;
  # The server is not of the agent.
  my $above = $parent == $owner ? 0 : $inner{$parent};
  if (!defined $above) { my @them = (file("$parent/status") =~ /^NStgid:\t(.*)/m ? $1 : '') =~ /\d+/g; $above = $them[$depth] || 0 }
  return ($tgid, $pids[$depth], $start, $above, $sessions[$depth] || 0, @pids > $depth + 1 ? $pids[-1] : 0, $user);
}

# Processes whose end is awaited, by the handle of the process.
my (%followed, %handle_of);
my $polls = '';
sub polls { $polls = join '', map { pack 'l s s', $_, 1, 0 } fileno($listener), 0, keys %followed }
polls();
sub follow {
  my ($tgid, $pid, $start) = @_;
  return if exists $handle_of{$tgid} || keys %followed >= $FOLLOWED_MAX;
  my $handle = syscall($PIDFD_OPEN, $tgid + 0, 0);
  return if $handle < 0;
  $followed{$handle} = [$tgid, $pid, $start];
  $handle_of{$tgid} = $handle;
  $inner{$tgid} = $pid;
  $polls .= pack 'l s s', $handle, 1, 0;
}
# Kernels from 6.15 keep the status of an ended process for the holder of a handle, from when its parent has taken it.
my @dead;
sub ended {
  my $handle = shift;
  my $process = delete $followed{$handle};
  delete $handle_of{$process->[0]};
  delete $inner{$process->[0]};
  push @dead, [$handle, $process, now()];
  # Each holds a descriptor.
  report_dead(@dead > 256) if @dead > 64;
}
sub report_dead {
  my $last = shift;
  @dead = grep {
    my ($handle, $process, $at) = @$_;
    my $info = pack('Q', 8) . "\0" x 56;
    my $answered = syscall($ioctl, $handle, $GET_INFO, $info) == 0;
    my $known = $answered && (unpack 'Q', $info) & 8;
    my $ends = $known || $last || (!$answered && $! == $ENOTTY);
    tell_('e', $at, @$process[1, 2], $known ? unpack('x60 l', $info) : undef) if $ends;
    syscall($close, $handle) if $ends;
    !$ends;
  } @dead;
}

# Calls that are not watched when they start again, and processes that did not stop in time.
my (%unseen, %late);
sub answer { my $id = shift; my $reply = pack 'Q q l L', $id, 0, 0, 1; return defined ioctl($listener, $SEND, $reply) }
sub set_timer { my $us = shift; my $times = pack 'q4', map { int($us / 1e6), $us % 1e6 } 1, 2; syscall($setitimer, 0, $times, 0) }
$SIG{ALRM} = sub { };
sub let_go {
  my ($who, $state) = @_;
  delete $late{$who};
  return if ($state & 255) != 0x7f;
  my $signal = ($state >> 16) == 128 ? 0 : ($state >> 8) & 255;
  # What was killed while it was held stays a zombie until its tracer takes it, and keeps its machine from ending.
  $late{$who} = 1 if syscall($ptrace, $DETACH, $who, 0, $signal) != 0;
}
sub let_late_go {
  my $who;
  do {
    my $status = pack 'l', 0;
    $who = syscall($wait4, -1, $status, $WALL | $NO_HANG, 0);
    let_go($who, unpack 'l', $status) if $who > 0;
  } while ($who > 0);
  %late = () if $who < 0;
}
# Lets the call happen, and returns its result, or undef if it cannot be seen. `at_stop` gets the process and the result
# before the process goes on; if the result cannot be seen, then before the call, and undef.
sub watch_call {
  my ($id, $tid, $tgid, $at_stop) = @_;
  if (delete $unseen{$tid} || syscall($ptrace, $SEIZE, $tid, 0, 0) != 0) {
    $at_stop->($tid, undef) if $at_stop;
    answer($id);
    return undef;
  }
  syscall($ptrace, $INTERRUPT, $tid, 0, 0);
  answer($id);
  # It repeats: one that rings before the wait begins must not be the last.
  set_timer($patience_us);
  my ($who, $state);
  while (1) {
    my $status = pack 'l', 0;
    $who = syscall($wait4, -1, $status, $WALL, 0);
    if ($who < 0) {
      $late{$tid} = 1 if $! == $EINTR;
      $patience_us /= 2 if $patience_us > $PATIENCE_US_MIN;
      return undef;
    }
    $state = unpack 'l', $status;
    # A thread that starts a program takes the number of its process.
    last if $who == $tid || (defined $tgid && $who == $tgid && !$late{$tgid} && ($state & 255) == 0x7f);
    let_go($who, $state);
  }
  return undef if ($state & 255) != 0x7f;
  my $registers = "\0" x 512;
  my $vector = pack 'P Q', $registers, 512;
  my $value = syscall($ptrace, $REGISTERS, $who, 1, $vector) == 0 ? unpack('q', substr $registers, $result, 8) : undef;
  # An interrupted call starts again: next time let it pass.
  if (defined $value && $value <= -512 && $value >= -516) { %unseen = () if keys %unseen > $KEPT_MAX; $unseen{$tid} = 1; $value = undef }
  $at_stop->($who, $value) if $at_stop && defined $value;
  let_go($who, $state);
  return $value;
}
sub errno { my $value = shift; return defined $value ? ($value < 0 ? -$value : 0) : undef }

# The device of the machine's /proc, and whether roots of processes may differ.
my ($proc, $moved) = ((stat '/proc')[0], 0);
# Where the kernel starts to follow a path of the process.
sub base_of {
  my ($tid, $dir) = @_;
  return "$tid/cwd" if !defined $dir || $dir == 0xffffff9c || $dir == 0xffffffffffffff9c;
  return "$tid/fd/" . ($dir & 0xffffffff);
}
sub is_proc { my $path = shift; my $about = "\0" x 120; return syscall($statfs, $path, $about) == 0 && unpack('q', $about) == $PROC_MAGIC }
# Follows a path link by link as the process would: its root may be another, and `/proc/self` is another.
sub walk {
  my ($tid, $base, $path, $follows) = @_;
  my @todo = split m{/+}, $path;
  my $at = $path =~ m{^/} ? "$tid/root" : $base;
  my ($links, $steps) = (0, 0);
  while (@todo && $steps++ < $STEPS_MAX) {
    my $name = shift @todo;
    next if $name eq '' || $name eq '.';
    if ($name eq '..') {
      my @here = stat $at;
      my @root = stat "$tid/root";
      $at .= '/..' unless @here && @root && "@here[0, 1]" eq "@root[0, 1]";
      next;
    }
    if (defined(my $to = lstat("$at/$name") && -l _ ? readlink("$at/$name") || '' : undef)) {
      if (is_proc($at)) {
        my (undef, $pid, undef, undef, undef, $nested) = identity($tid);
        $name = (lstat $at)[0] == $proc || !$nested ? $pid : $nested if $name eq 'self' || $name eq 'thread-self';
        return $at unless defined $name;
      } elsif (@todo || $follows) {
        return $at if ++$links > $LINKS_MAX;
        $at = "$tid/root" if $to =~ m{^/};
        unshift @todo, split m{/+}, $to;
        next;
      }
    }
    $at .= "/$name";
  }
  return $at;
}
# Folder and name.
sub parts {
  my $path = shift;
  $path =~ s{/+\z}{} if substr($path, -1) eq '/';
  my $at = rindex $path, '/';
  return (substr($path, 0, $at), substr($path, $at + 1));
}
# The path as this program can open it, the watched thing that it leads to, and whether it names it.
sub find {
  my ($tid, $base, $path, $follows) = @_;
  my $full = $path eq '' ? $base : ord $path == 47 ? "$tid/root$path" : "$base/$path";
  my @file = $path eq '' ? stat $full : lstat $full;
  my $is_link = $path ne '' && @file && -l _;
  my ($above, $name) = parts($full);
  my @folder;
  my $is_plain = @file ? !$is_link && $file[0] != $proc : (@folder = stat $above) && $folder[0] != $proc;
  if ($path ne '' && ($moved || !$is_plain || $name eq '.' || $name eq '..')) {
    $full = walk($tid, $base, $path, $follows);
    ($above, $name) = parts($full);
    @folder = ();
    @file = $follows ? stat $full : lstat $full;
  }
  if (my $folders = $named{$name}) {
    @folder = stat $above unless @folder;
    my $found = @folder && $folders->{"$folder[0] $folder[1]"};
    return ($full, $found, 1) if $found;
  }
  return ($full, @file ? $inode{"$file[0] $file[1]"} : undef);
}

# Tells of a call that reaches for another process, and lets it happen.
sub reach {
  my ($id, $tid, $tgid, $pid, $start, $name, $target, $second, $unseen) = @_;
  my $tells = has_room($pid, "p $name");
  $out .= join(' ', 'p', now(), $pid, $start, $name, defined $target ? $target : '-', $second) if $tells;
  flush() if $tells;
  # Seizing the caller of ptrace would break its own tracing.
  my $value = $unseen ? (answer($id), undef)[1] : watch_call($id, $tid, $tgid);
  my $errno = errno($value);
  $out .= ' ' . (defined $errno ? $errno : '-') . "\n" if $tells;
}
# A write to the memory of a process through /proc. Returns true if it was one, and then the call is answered.
sub memory_ {
  my ($id, $tid, $full) = @_;
  my @file = stat $full;
  return 0 unless @file && $file[0] == $proc;
  my ($tgid, $pid, $start) = identity($tid);
  my ($above) = $full =~ m{^(.*)/}s;
  my ($target) = (readlink($above) || $above) =~ m{(\d+)(?:/task/\d+)?\z};
  return 0 if !defined $pid || !defined $target || $target == $pid;
  reach($id, $tid, $tgid, $pid, $start, 'open-memory', $target, 0);
  return 1;
}

sub exec_ {
  my ($id, $tid, $arguments, $where) = @_;
  my ($dir, $at) = @{ $where->[0] };
  my $asked = text($tid, $arguments->[$at]);
  my ($tgid, $pid, $start, $parent, $session, undef, $user) = identity($tid);
  # The server on its way to the agent's user. No process of the agent is root.
  return answer($id) if defined $user && $user == 0;
  my $cwd = readlink "$tid/cwd";
  my ($program, $words, @file);
  my $value = watch_call($id, $tid, $tgid, sub {
    my ($who, $value) = @_;
    if (defined $value && $value == 0) {
      $program = readlink "$who/exe";
      @file = stat "$who/exe";
      $words = file("$who/cmdline", 16384);
      return;
    }
    my $pointers = "\0" x (8 * $WORDS_MAX);
    my $list = $arguments->[$at + 1];
    my $n = syscall($readv, $who, pack('P Q', $pointers, length $pointers), 1, pack('Q2', $list, length $pointers), 1, 0);
    $words = join "\0", map { my $word = text($who, $_); defined $word ? $word : '' } split_pointers(substr $pointers, 0, $n < 0 ? 0 : $n);
  });
  $program = $asked unless defined $program;
  my @words = split /\0/, defined $words ? $words : '', -1;
  pop @words if @words && $words[-1] eq '';
  splice @words, $WORDS_MAX;
  tell_('x', now(), $pid, $start, $parent, $session, errno($value), word($program), word($asked), $file[0], $file[1], word($cwd), map { word(substr $_, 0, $WORD_BYTES_MAX) } @words);
  follow($tgid, $pid, $start) if defined $pid;
}
sub split_pointers { my @found; for (unpack 'Q*', shift) { last unless $_; push @found, $_ } return @found }

sub serve {
  my $request = "\0" x 80;
  defined ioctl($listener, $RECEIVE, $request) or return;
  my ($id, $tid, $nr, @arguments) = unpack 'Q L x4 l x4 x8 Q6', $request;
  # The server, which starts the agent's commands, is not in the machine.
  return answer($id) if $tid == $owner;
  my ($name, $kind, $where, $owner_at) = @{ $calls{$nr} || return answer($id) };
  return exec_($id, $tid, \@arguments, $where) if $kind eq 'exec';
  # From now on the root of a process may be another.
  if ($kind eq 'root') { $moved = 1; return answer($id) }
  my ($found, $which, $named, @paths);
  if ($kind eq 'path') {
    $moved = 1 if $name eq 'mount' || $name eq 'move_mount';
    for (@$where) {
      my ($dir, $at, $links) = @$_;
      my $path = text($tid, $arguments[$at]);
      next unless defined $path;
      my ($full, $hit, $names) = find($tid, base_of($tid, $dir eq '-' ? undef : $arguments[$dir]), $path, $links eq 'f');
      return if substr($full, -4) eq '/mem' && memory_($id, $tid, $full);
      # A name says more than an inode, which may lie elsewhere by now.
      ($found, $which, $named) = ($hit, scalar @paths, $names) if $hit && (!$found || ($names && !$named));
      push @paths, $path;
    }
  }
  if ($kind eq 'fd') {
    my @file = stat "$tid/fd/" . ($arguments[$where->[0][0]] & 0xffffffff);
    $found = @file && $inode{"$file[0] $file[1]"};
  }
  if ($kind eq 'path' || $kind eq 'fd') {
    return answer($id) unless $found;
    my ($tgid, $pid, $start) = identity($tid);
    # A call on a pipe may wait for its other end: it must not be interrupted.
    my $waits = -p $found->[0];
    # Whoever changes it next waits for this program.
    my $before = state_of($found->[0]);
    my $value = $waits ? (answer($id), undef)[1] : watch_call($id, $tid, $tgid);
    my $after = $waits ? undef : state_of($found->[0]);
    look_around();
    my $to = $owner_at eq '' ? undef : unpack 'l', pack 'L', $arguments[$owner_at] & 0xffffffff;
    tell_('f', now(), $pid, $start, $name, errno($value), $found->[1], word($found->[0]), $which, $before, $after, $to, map { word($_) } @paths);
    return;
  }
  my $target = unpack 'l', pack 'L', $arguments[$where->[0][0]] & 0xffffffff;
  my ($tgid, $pid, $start, undef, undef, $nested) = identity($tid);
  if ($kind eq 'pidfd') { my @them = (file("$tid/fdinfo/$target") =~ /^NSpid:\t(.*)/m ? $1 : '') =~ /\d+/g; $target = $them[$depth] }
  # Numbers in a PID namespace of one's own name nobody outside of it.
  return answer($id) if !defined $pid || ($kind eq 'process' && $nested) || (defined $target && $target == $pid);
  my $second = $name eq 'ptrace' ? $arguments[0] : $name eq 'tgkill' || $name eq 'rt_tgsigqueueinfo' ? $arguments[2] : $arguments[1];
  reach($id, $tid, $tgid, $pid, $start, $name, $target, $second & 0xffffffff, $name eq 'ptrace');
}

# While calls come, only they and orders are waited for, and ends are looked for after some calls: each wake-up costs.
my ($input, $doors, $calls_since) = ('', substr($polls, 0, 16), 0);
my ($pause, $at_once) = (pack('q2', 0, $PAUSE_MS * 1e6), pack 'q2', 0, 0);
my $busy = 0;
$| = 1;
$out = "ready\n";
flush();
while (1) {
  # In the machine it dies with it.
  flush() unless $holder;
  let_late_go() if %late;
  my $sweeps = !$busy || ++$calls_since > $CALLS_MAX;
  my $n = $sweeps
    ? syscall($ppoll, $polls, length($polls) / 8, $busy ? $at_once : %late ? $pause : 0, 0, 0)
    : syscall($ppoll, $doors, 2, $pause, 0, 0);
  set_timer(0) if $n < 0;
  $busy = 0 if $n <= 0 && !$sweeps;
  $calls_since = 0 if $sweeps;
  next if $n <= 0;
  my (undef, undef, $calls, undef, undef, $orders) = unpack 'l s s l s s', $sweeps ? $polls : $doors;
  $busy = $calls & 1;
  if ($busy) { serve(); next if $n == 1 }
  elsif ($calls) { last }
  my @gone;
  for (my $at = 16; $sweeps && $at < length $polls; $at += 8) {
    my ($handle, undef, $events) = unpack 'l s s', substr $polls, $at, 8;
    push @gone, $handle if $events;
  }
  if (@gone) { ended($_) for @gone; polls() }
  if ($orders) {
    # What has ended until now comes before the answer.
    if (!$sweeps) { $busy = 0; next }
    my $got = sysread STDIN, $input, 4096, length $input;
    last unless $got;
    while ($input =~ s/^(.*)\n//) { look_around(); report_dead(0); $out .= "l $lost\n" if $lost; $lost = 0; $out .= "s $1\n"; flush() }
  }
}
report_dead(1);
flush();
