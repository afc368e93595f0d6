# Records the system calls of a machine. A seccomp filter stops each notified call until this program has answered it.
# It joins the user and mount namespaces of the machine, so that it finds files as the agent names them, but stays
# outside its PID namespace: the agent can neither see, signal nor trace it.
#
# Arguments: joined namespace holder (0: this process is already there), process and descriptor of the listener, depth of
# the machine's PID namespace in /proc, numbers of the calls setns, ptrace, wait4, process_vm_readv and ppoll, byte offset
# of a result among the registers, number of notified calls, the notified calls (see system-calls.ts), watched paths.
# Input: each line is echoed as `s LINE` after everything before it. End of input ends the program.
# Output, one line each; words are percent-encoded bytes, `-` is unknown, TIME is in milliseconds:
# `ready`
# `x TIME PID START PARENT SESSION ERRNO PROGRAM ASKED DEVICE INODE CWD WORD...` a program was started, or could not be
# `f TIME PID START CALL ERRNO ROLE PATH WHICH BEFORE AFTER NAME...` a call named the watched PATH with its path number WHICH;
#   ROLE is `file` or `folder`; BEFORE and AFTER say what was there: `MODE:OWNER:BYTES:INODE`, `gone`, or `-` if nobody looked
# `p TIME PID START CALL ERRNO TARGET NUMBER` a call reached for another process
# `e TIME PID START STATUS` a process ended, with its wait status
# `l COUNT` events were lost
use strict;
use Errno;
use Time::HiRes 'time';

my ($holder, $owner, $number, $depth, $setns, $ptrace, $wait4, $readv, $ppoll, $result, $count, @rest) = @ARGV;
my %calls = map { my ($nr, $name, $kind, $where) = split /:/, $_, 4; ($nr => [$name, $kind, [map { [split /\./] } split / /, $where]]) } splice @rest, 0, $count;
my ($PIDFD_OPEN, $PIDFD_GETFD) = (434, 438);
my ($RECEIVE, $SEND, $VALID, $SET_FLAGS, $GET_INFO) = (0xc0502100, 0xc0182101, 0x40082102, 0x40082104, 0xc040ff0b);
my ($SEIZE, $INTERRUPT, $DETACH, $REGISTERS, $WALL, $NOHANG) = (0x4206, 0x4207, 17, 0x4204, 0x40000000, 1);
my $BURY_NS = 10_000_000;
my ($WORDS_MAX, $WORD_BYTES_MAX, $FOLLOWED_MAX, $FLUSH_BYTES) = (64, 1024, 512, 32768);
my ($ENTRIES_MAX, $BYTES_MAX) = (50_000, 16 * 1024 * 1024);

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

# Watched names, with the inode of their folder, and inodes with the path that they stand for.
my (%named, %inode, @watched);
for my $path (@rest) {
  my @parts = split m{/}, $path;
  push @watched, [$path, 'file'];
  push @watched, [join('/', @parts[0 .. $_]), 'folder'] for 3 .. $#parts - 1;
}
sub look_around {
  %inode = ();
  %named = ();
  for (reverse @watched) {
    my ($path, $role) = @$_;
    my ($parent, $name) = $path =~ m{^(.*)/([^/]+)$} or next;
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

my ($out, $entries, $bytes, $lost) = ('', 0, 0, 0);
sub flush { while (length $out) { my $n = syswrite STDOUT, $out; exit unless defined $n || $!{EINTR}; substr($out, 0, $n || 0, '') } }
sub tell_ {
  if (++$entries > $ENTRIES_MAX || $bytes > $BYTES_MAX) { $lost++; return }
  my $line = join(' ', map { defined $_ ? $_ : '-' } @_) . "\n";
  $bytes += length $line;
  $out .= $line;
  flush() if length $out > $FLUSH_BYTES;
}
sub state_of { my @file = lstat shift; return @file ? join ':', @file[2, 4, 7, 1] : 'gone' }
sub word { my $text = shift; return '-' unless defined $text; $text =~ s/([^!-\$&-~])/sprintf '%%%02x', ord $1/ge; return $text eq '' ? '%' : $text eq '-' ? '%2d' : $text }
sub now { return int(time() * 1000) }

# Reads a text of at most 4,096 bytes from the memory of a process.
sub text {
  my ($tid, $at) = @_;
  return undef unless $at;
  my $room = 4096 - ($at & 4095);
  my $buffer = "\0" x 4096;
  my $n = syscall($readv, $tid, pack('P Q', $buffer, 4096), 1, pack('Q4', $at, $room, $at + $room, 4096 - $room), 2, 0);
  return undef if $n <= 0;
  my $end = index $buffer, "\0";
  return substr $buffer, 0, $end < 0 || $end > $n ? $n : $end;
}
sub file { my ($path, $most) = @_; open(my $handle, '<', $path) or return ''; my $text = ''; sysread $handle, $text, $most || 4096; return $text }

# Identity of a process: its number in the machine, its start time, and its parent and session there.
my %inner;
sub identity {
  my $tid = shift;
  my $status = file("$tid/status");
  my ($tgid) = $status =~ /^Tgid:\t(\d+)/m or return;
  my ($parent) = $status =~ /^PPid:\t(\d+)/m;
  my @pids = ($status =~ /^NStgid:\t(.*)/m)[0] =~ /\d+/g;
  my @sessions = ($status =~ /^NSsid:\t(.*)/m)[0] =~ /\d+/g;
  my ($fields) = file("$tgid/stat") =~ /.*\) (.*)/s;
  my $start = (split ' ', $fields || '')[19];
  return unless defined $pids[$depth];
  my $above = $inner{$parent};
  if (!defined $above) { my @them = (file("$parent/status") =~ /^NStgid:\t(.*)/m ? $1 : '') =~ /\d+/g; $above = defined $them[$depth] ? $them[$depth] : 0 }
  $inner{$tgid} = $pids[$depth];
  return ($tgid, $pids[$depth], $start, $above, defined $sessions[$depth] ? $sessions[$depth] : 0);
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
  $polls .= pack 'l s s', $handle, 1, 0;
}
# Kernels from 6.15 keep the status of an ended process for the holder of a handle, from when its parent has taken it.
my @dead;
sub ended {
  my $handle = shift;
  my $process = delete $followed{$handle};
  delete $handle_of{$process->[0]};
  delete $inner{$process->[0]};
  open(my $file, '<&=', $handle);
  push @dead, [$file, $process, now()];
  # Each holds a descriptor.
  report_dead(@dead > 256) if @dead > 64;
}
sub report_dead {
  my $last = shift;
  @dead = grep {
    my ($file, $process, $at) = @$_;
    my $info = pack('Q', 8) . "\0" x 56;
    my $known = ioctl($file, $GET_INFO, $info) && (unpack 'Q', $info) & 8;
    tell_('e', $at, @$process[1, 2], $known ? unpack('x60 l', $info) : undef) if $known || $last || $!{ENOTTY};
    !($known || $last || $!{ENOTTY});
  } @dead;
}

# Lets the call happen, and returns its result, or undef if it cannot be seen.
my (%unseen, %undead);
sub answer { my $id = shift; my $reply = pack 'Q q l L', $id, 0, 0, 1; ioctl($listener, $SEND, $reply) }
# What was killed while it was held stays a zombie until its tracer takes it, and keeps its machine from ending.
sub bury { for (keys %undead) { my $status = pack 'l', 0; delete $undead{$_} if syscall($wait4, $_ + 0, $status, $WALL | $NOHANG, 0) != 0 } }
sub watch_call {
  my ($id, $tid, $at_stop) = @_;
  if (delete $unseen{$tid} || syscall($ptrace, $SEIZE, $tid, 0, 0) != 0) { answer($id); return undef }
  syscall($ptrace, $INTERRUPT, $tid, 0, 0);
  answer($id);
  my ($who, $state);
  do {
    my $status = pack 'l', 0;
    # A thread that starts a program takes the number of its process, so wait for any.
    $who = syscall($wait4, -1, $status, $WALL, 0);
    $state = unpack 'l', $status;
  } while ($who < 0 ? $!{EINTR} : ($state & 255) != 0x7f && delete $undead{$who} && $who != $tid);
  return undef if $who < 0 || ($state & 255) != 0x7f;
  my $registers = "\0" x 512;
  my $vector = pack 'P Q', $registers, 512;
  my $value = syscall($ptrace, $REGISTERS, $who, 1, $vector) == 0 ? unpack('q', substr $registers, $result, 8) : undef;
  # An interrupted call starts again: next time let it pass.
  if (defined $value && $value <= -512 && $value >= -516) { $unseen{$tid} = 1; $value = undef }
  $at_stop->($who, $value) if $at_stop && defined $value;
  my $signal = ($state >> 16) == 128 ? 0 : ($state >> 8) & 255;
  $undead{$who} = 1 if syscall($ptrace, $DETACH, $who, 0, $signal) != 0;
  return $value;
}
sub errno { my $value = shift; return defined $value ? ($value < 0 ? -$value : 0) : undef }

sub path_of {
  my ($tid, $path, $dir) = @_;
  return "$tid/root$path" if $path =~ m{^/};
  return "$tid/cwd/$path" if !defined $dir || $dir == 0xffffff9c || $dir == 0xffffffffffffff9c;
  return "$tid/fd/" . ($dir & 0xffffffff) . "/$path";
}
sub match {
  my ($path, $follows) = @_;
  if ($path =~ m{^(.*)/([^/]+)/*$} && $named{$2}) {
    my $folders = $named{$2};
    my @folder = stat($1 eq '' ? '/' : $1);
    my $found = @folder && $folders->{"$folder[0] $folder[1]"};
    return $found if $found;
  }
  my @file = $follows ? stat $path : lstat $path;
  return @file ? $inode{"$file[0] $file[1]"} : undef;
}

# A write to the memory of a process through /proc. Returns true if it was one, and then the call is answered.
my $proc = (stat '/proc')[0];
sub memory_ {
  my ($id, $tid, $full) = @_;
  my @file = stat $full;
  return 0 unless @file && $file[0] == $proc;
  my ($tgid, $pid, $start) = identity($tid);
  my $target = $full =~ m{(\d+)/(?:task/\d+/)?mem$} ? $1 : $pid;
  my $value = watch_call($id, $tid, sub { my ($who, $value) = @_; $target = $1 if $value >= 0 && (readlink("$who/fd/$value") || '') =~ m{(\d+)/(?:task/\d+/)?mem$} });
  tell_('p', now(), $pid, $start, 'open-memory', errno($value), $target, 0) if defined $pid && $target != $pid;
  return 1;
}

sub exec_ {
  my ($id, $tid, $arguments, $where) = @_;
  my ($dir, $at) = @{ $where->[0] };
  my $asked = text($tid, $arguments->[$at]);
  my ($tgid, $pid, $start, $parent, $session) = identity($tid);
  my $cwd = readlink "$tid/cwd";
  my ($program, $words, @file);
  my $value = watch_call($id, $tid, sub {
    my ($who, $value) = @_;
    if ($value == 0) {
      $program = readlink "$who/exe";
      @file = stat "$who/exe";
      $words = file("$who/cmdline", 8192);
      return;
    }
    my $pointers = "\0" x (8 * $WORDS_MAX);
    my $list = $arguments->[$at + 1];
    my $n = syscall($readv, $who, pack('P Q', $pointers, length $pointers), 1, pack('Q2', $list, length $pointers), 1, 0);
    $words = join "\0", map { my $word = text($who, $_); defined $word ? $word : '' } split_pointers(substr $pointers, 0, $n < 0 ? 0 : $n);
  });
  return unless defined $pid;
  $program = $asked unless defined $program;
  my @words = split /\0/, defined $words ? $words : '', -1;
  pop @words if @words && $words[-1] eq '';
  splice @words, $WORDS_MAX;
  tell_('x', now(), $pid, $start, $parent, $session, errno($value), word($program), word($asked), $file[0], $file[1], word($cwd), map { word(substr $_, 0, $WORD_BYTES_MAX) } @words);
  follow($tgid, $pid, $start);
}
sub split_pointers { my @found; for (unpack 'Q*', shift) { last unless $_; push @found, $_ } return @found }

sub serve {
  my $request = "\0" x 80;
  defined ioctl($listener, $RECEIVE, $request) or return;
  my ($id, $tid, $nr, @arguments) = unpack 'Q L x4 l x4 x8 Q6', $request;
  my ($name, $kind, $where) = @{ $calls{$nr} || return answer($id) };
  return exec_($id, $tid, \@arguments, $where) if $kind eq 'exec';
  if ($kind eq 'path') {
    my (@paths, $found, $which);
    for (@$where) {
      my ($dir, $at, $links) = @$_;
      my $path = text($tid, $arguments[$at]);
      next unless defined $path;
      my $full = path_of($tid, $path, $dir eq '-' ? undef : $arguments[$dir]);
      return if $path =~ m{(?:^|/)mem$} && memory_($id, $tid, $full);
      my $hit = match($full, $links eq 'f');
      $which = @paths if $hit && !$found;
      $found ||= $hit;
      push @paths, $path;
    }
    return answer($id) unless $found;
    # A call on a pipe may wait for its other end: it must not be interrupted.
    my $waits = -p $found->[0];
    my ($tgid, $pid, $start) = identity($tid);
    $waits ? answer($id) : 0;
    # Whoever changes it next waits for this program.
    my $before = state_of($found->[0]);
    my $value = $waits ? undef : watch_call($id, $tid);
    my $after = $waits ? undef : state_of($found->[0]);
    look_around();
    tell_('f', now(), $pid, $start, $name, errno($value), $found->[1], word($found->[0]), $which, $before, $after, map { word($_) } @paths) if defined $pid;
    return;
  }
  if ($kind eq 'fd') {
    my $handle = $arguments[$where->[0][0]] & 0xffffffff;
    my @file = stat "$tid/fd/$handle";
    my $found = @file && $inode{"$file[0] $file[1]"};
    return answer($id) unless $found;
    my ($tgid, $pid, $start) = identity($tid);
    my $before = state_of($found->[0]);
    my $value = watch_call($id, $tid);
    tell_('f', now(), $pid, $start, $name, errno($value), $found->[1], word($found->[0]), undef, $before, state_of($found->[0])) if defined $pid;
    return;
  }
  my $target = unpack 'l', pack 'L', $arguments[$where->[0][0]] & 0xffffffff;
  my ($tgid, $pid, $start) = identity($tid);
  if ($kind eq 'pidfd') { my @them = (file("$tid/fdinfo/$target") =~ /^NSpid:\t(.*)/m ? $1 : '') =~ /\d+/g; $target = $them[$depth] }
  # A process that signals itself touches nobody.
  return answer($id) if !defined $pid || (defined $target && $target == $pid);
  # Seizing the caller of ptrace would break its own tracing.
  my $value = $name eq 'ptrace' ? (answer($id), undef)[1] : watch_call($id, $tid);
  my $second = $name eq 'ptrace' ? $arguments[0] : $name eq 'tgkill' || $name eq 'rt_tgsigqueueinfo' ? $arguments[2] : $arguments[1];
  tell_('p', now(), $pid, $start, $name, errno($value), $target, $second & 0xffffffff);
}

my $input = '';
$| = 1;
$out = "ready\n";
flush();
while (1) {
  my $soon = pack 'q q', 0, $BURY_NS;
  my $n = syscall($ppoll, $polls, length($polls) / 8, %undead ? $soon : 0, 0, 0);
  bury();
  next if $n <= 0;
  my (undef, undef, $calls, undef, undef, $orders) = unpack 'l s s l s s', $polls;
  if ($calls & 1) { serve(); next if $n == 1 }
  elsif ($calls) { last }
  if ($orders) {
    my $got = sysread STDIN, $input, 4096, length $input;
    last unless $got;
    while ($input =~ s/^(.*)\n//) { look_around(); report_dead(0); $out .= "s $1\n"; $out = "l $lost\n$out" if $lost; $lost = 0 if $lost; flush() }
  }
  my @gone;
  for (my $at = 16; $at < length $polls; $at += 8) {
    my ($handle, undef, $events) = unpack 'l s s', substr $polls, $at, 8;
    push @gone, $handle if $events;
  }
  if (@gone) { ended($_) for @gone; polls() }
}
report_dead(1);
flush();
