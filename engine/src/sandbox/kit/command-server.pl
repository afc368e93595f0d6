# The command server of a machine. It runs commands one after the other, and programs beside them, for the harness at its
# input and output, which no process of the agent has. Processes of the agent have the pipes that it reads, and may read,
# fill or close them: what they take is lost to them, and no end of a command travels there.
#
# Arguments: the numbers of the system calls prctl, setrlimit, rt_sigprocmask and setsid, the most processes (0: not limited
# here), the bytes of address space of a process (0: not limited), and the user to become (0: this is the agent's already).
# Each message is its length (32 bits, big-endian) and its content.
# Input: `r BYTES OPTION COMMAND STDIN` runs a command, BYTES (32 bits) being what is passed on of each output, the others
# texts after their lengths; `k` kills it, where this process sees the numbers of its children in /proc; `s` ends the wait
# for a killed command, whose end a tracer can hold back.
# Output: `r` it is ready; `1` or `2` and bytes of that output; `e CODE COUNT COUNT` the end, with the bytes of both.
#
# Programs have an ID (32 bits), as all numbers here. Input: `p ID COLUMNS ROWS FOLDER ENVIRONMENT WORDS` starts one, at a
# terminal unless COLUMNS is 0; ENVIRONMENT (names and values) and WORDS are separated by NUL. `i ID BYTES` is its input, `f ID`
# the end of it. `c ID STREAM COUNT` lets so many bytes more of an output pass. `h ID` hangs up. `z ID COLUMNS ROWS` resizes the
# terminal. `t ID SIGNAL` sends a signal to it.
# Output: `s ID PID NUMBER` it runs, with its process id in the machine and as this process sees it; `n ID ERRNO` it could not be
# started; `o ID STREAM BYTES` output, no bytes at its end; `a ID` its input is taken; `b ID` nobody reads its input any more;
# `x ID STATUS` it ended, with its wait status.
use strict;
use Fcntl;

my ($prctl, $setrlimit, $sigprocmask, $setsid, $processes, $memory, $user) = map { $_ + 0 } @ARGV;
my ($FIONREAD, $DUMPABLE, $CORE, $PROCESSES, $ADDRESSES, $SET_MASK, $PIDFD_OPEN) = (0x541B, 4, 4, 6, 9, 2, 434);
my ($LOCK_TERMINAL, $OPEN_OTHER_END, $SET_SIZE, $CONTROL, $CLOSE_ON_EXEC) = (0x40045431, 0x5441, 0x5414, 0x540E, 0x80000);
my ($BLOCK, $BETWEEN_COMMANDS, $PATIENCE) = (65536, 65536, 0.1);
$0 = 'bash';
# Who started the harness may have ignored or blocked signals.
$SIG{$_} = 'DEFAULT' for keys %SIG;
my $none = "\0" x 8;
syscall($sigprocmask, $SET_MASK, $none, 0, 8);
$SIG{PIPE} = 'IGNORE';
# Until it runs its program, a child is a copy of this process. Nobody can trace it or take its descriptors.
syscall($prctl, $DUMPABLE, 0, 0, 0, 0);
chdir $ENV{HOME};
@ENV{'PWD', 'OLDPWD'} = ($ENV{HOME}, '/');

pipe(my $ended, my $ends) && pipe(my $out, my $out_end) && pipe(my $err, my $err_end) or die "pipe: $!\n";
fcntl($_, F_SETFL, O_NONBLOCK) for $ended, $ends, $out, $err;
$SIG{CHLD} = sub { syswrite $ends, '.' };

my (%pipe, %count) = (1 => $out, 2 => $err);
my ($limit, $job, $feed, $input) = ($BETWEEN_COMMANDS, 0, undef, '');
my %programs;

sub say_to_harness {
  my $message = pack 'N/a*', $_[0];
  while (length $message) {
    my $written = syswrite STDOUT, $message;
    exit if !defined $written && $! != 4;
    substr($message, 0, $written // 0, '');
  }
}

sub pass_on {
  my ($name, $most) = @_;
  my $size = sysread($pipe{$name}, my $block, $most < $BLOCK ? $most : $BLOCK) or return 0;
  my $room = $limit - ($count{$name} // 0);
  say_to_harness($name . substr $block, 0, $room) if $room > 0;
  $count{$name} += $size;
  return $size;
}

# Reads what is in the pipes now. A background process may fill them for ever.
sub finish {
  my ($code) = @_;
  for my $name (1, 2) {
    ioctl($pipe{$name}, $FIONREAD, my $left = pack 'i', 0);
    $left = unpack 'i', $left;
    while ($left > 0) { $left -= pass_on($name, $left) || last }
  }
  say_to_harness(sprintf 'e%d %d %d', $code, $count{1} // 0, $count{2} // 0);
  %count = ();
  ($limit, $job, $feed) = ($BETWEEN_COMMANDS, 0, undef);
}

sub start {
  ($limit, my ($option, $command), $input) = unpack 'x N N/a* N/a* N/a*', $_[0];
  pipe(my $given, $feed) or die "pipe: $!\n";
  fcntl($feed, F_SETFL, O_NONBLOCK | O_WRONLY);
  $job = fork;
  if (!defined $job) {
    say_to_harness("2bash: fork: $!\n");
    return finish(254);
  }
  return if $job;
  open(STDIN, '<&', $given) && open(STDOUT, '>&', $out_end) && open(STDERR, '>&', $err_end) or exit 126;
  setpgrp 0, 0;
  become_agent();
  exec '/bin/bash', $option, '-c', $command;
  print STDERR "bash: $!\n";
  exit 126;
}

# From here on there is only what the agent may have: the kernel takes the capabilities with the user.
sub become_agent {
  $SIG{PIPE} = 'DEFAULT';
  for ([$CORE, 0], $processes ? [$PROCESSES, $processes] : (), $memory ? [$ADDRESSES, $memory] : ()) {
    my ($what, $most) = @$_;
    syscall($setrlimit, $what, pack 'Q2', $most, $most);
  }
  return if !$user;
  $) = "$user $user";
  $( = $user;
  ($<, $>) = ($user, $user);
  exit 126 if grep { $_ != $user } $<, $>, split(' ', "$( $)");
  # A change of user may undo this.
  syscall($prctl, $DUMPABLE, 0, 0, 0, 0);
}

sub start_program {
  my ($id, $columns, $rows, $folder, $environment, $words) = unpack 'x N3 N/a* N/a* N/a*', $_[0];
  my @words = split /\0/, $words, -1;
  my $one = { input => '', may => [0, 0, 0], note => '', columns => $columns };
  my @theirs = $columns ? open_terminal($one, $columns, $rows) : open_pipes($one);
  @theirs && pipe($one->{starts}, my $report) && defined($one->{pid} = fork) or return say_to_harness(pack 'a N2', 'n', $id, $!);
  if ($one->{pid} == 0) {
    syswrite $report, pack 'N', $$;
    syscall($setsid);
    my ($in, $out, $err) = @theirs;
    open(STDIN, '<&', $in) && open(STDOUT, '>&', $out) && open(STDERR, '>&', $err)
      && (!$columns || ioctl(STDIN, $CONTROL, 0)) or give_up($report);
    become_agent();
    chdir $folder or give_up($report);
    %ENV = split /\0/, $environment, -1;
    exec { $words[0] } @words or give_up($report);
  }
  my $handle = syscall($PIDFD_OPEN, $one->{pid}, 0);
  open($one->{ends}, '<&=', $handle) if $handle >= 0;
  # While this end is open, the terminal stays, whatever the program closes.
  $one->{kept} = $theirs[0] if $columns;
  fcntl($_, F_SETFL, O_NONBLOCK) for grep { defined } @$one{'in', 1, 2, 'starts'};
  $programs{$id} = $one;
}

sub give_up { my ($report) = @_; syswrite $report, pack 'N', $!; exit 126 }

sub open_pipes {
  my ($one) = @_;
  pipe(my $in, $one->{in}) && pipe($one->{1}, my $out) && pipe($one->{2}, my $err) or return;
  return ($in, $out, $err);
}

sub open_terminal {
  my ($one, $columns, $rows) = @_;
  # It belongs to the user who opens it.
  local $> = $user || $>;
  sysopen(my $terminal, '/dev/ptmx', O_RDWR | O_NOCTTY) or return;
  ioctl($terminal, $LOCK_TERMINAL, my $no = pack 'i', 0) or return;
  my $number = ioctl($terminal, $OPEN_OTHER_END, O_RDWR | O_NOCTTY | $CLOSE_ON_EXEC) or return;
  open(my $inside, '+<&=', $number) or return;
  @$one{'in', 1} = ($terminal, $terminal);
  resize($one, $columns, $rows);
  return ($inside, $inside, $inside);
}

sub resize { my ($one, $columns, $rows) = @_; ioctl($one->{in}, $SET_SIZE, my $size = pack 'S4', $rows, $columns, 0, 0) if $one->{columns} && $one->{in} }

# Reads whether the program has been started: its process id, and an errno if not.
sub read_start {
  my ($id, $one) = @_;
  return if !$one->{starts};
  my $count = sysread $one->{starts}, $one->{note}, 64, length $one->{note};
  return read_start($id, $one) if $count;
  return if !defined $count && !defined $one->{status};
  my ($pid, $errno) = unpack 'N2', $one->{note};
  delete $one->{starts};
  return say_to_harness(pack 'a N3', 's', $id, $pid, $one->{pid}) if defined $pid && !defined $errno;
  say_to_harness(pack 'a N2', 'n', $id, $errno // 0);
  kill 9, $one->{pid} if !defined $one->{status};
  delete $programs{$id};
}

sub program_ended {
  my ($id, $status) = @_;
  my $one = $programs{$id};
  $one->{status} = $status;
  read_start($id, $one);
  return if !$programs{$id};
  say_to_harness(pack 'a N2', 'x', $id, $status);
  delete @$one{'ends', 'kept'};
  forget($id);
}

# A tracer can hold back the end of a program from its parent. Then the kernel still tells its status.
sub look_at_end {
  my ($id, $one) = @_;
  delete $one->{ends};
  return program_ended($id, $?) if waitpid($one->{pid}, 1) == $one->{pid};
  my $pid = unpack 'N', $one->{note};
  open(my $stat, '<', "/proc/$pid/stat") or return;
  my ($fields) = (readline($stat) // '') =~ /.*\) (.*)/s;
  my @fields = split ' ', $fields // '';
  program_ended($id, $fields[49]) if ($fields[0] // '') eq 'Z';
}

sub forget {
  my ($id) = @_;
  my $one = $programs{$id};
  return if !defined $one->{status} || $one->{1} || $one->{2};
  close_input($id, $one);
  delete $programs{$id};
}

sub close_input {
  my ($id, $one) = @_;
  say_to_harness(pack 'a N', 'b', $id) if delete $one->{in};
  $one->{input} = '';
}

sub close_output {
  my ($id, $stream) = @_;
  my $one = $programs{$id};
  say_to_harness(pack 'a N2', 'o', $id, $stream) if delete $one->{$stream};
  close_input($id, $one) if $one->{columns};
  forget($id);
}

sub pass_output {
  my ($id, $one, $stream) = @_;
  my $most = $one->{may}[$stream];
  my $size = sysread $one->{$stream}, my $block, $most < $BLOCK ? $most : $BLOCK;
  if ($size) {
    $one->{may}[$stream] -= $size;
    return say_to_harness(pack 'a N2 a*', 'o', $id, $stream, $block);
  }
  # A terminal that nobody has open any more gives EIO.
  close_output($id, $stream) if defined $size || ($! != 4 && $! != 11);
}

sub pass_input {
  my ($id, $one) = @_;
  my $written = length $one->{input} ? syswrite $one->{in}, $one->{input} : 0;
  return close_input($id, $one) if !defined $written && $! != 4 && $! != 11;
  substr($one->{input}, 0, $written // 0, '');
  return if length $one->{input};
  say_to_harness(pack 'a N', 'a', $id) if defined $written;
  delete $one->{in} if $one->{last} && !$one->{columns};
}

sub hang_up {
  my ($id, $one) = @_;
  delete $one->{kept};
  # What a program writes after it has found its input closed is lost.
  for my $stream (1, 2) { close_output($id, $stream) if $programs{$id} }
  close_input($id, $one);
}

sub change_program {
  my ($kind, $id, $words) = unpack 'a N a*', $_[0];
  my $one = $programs{$id} or return;
  if ($kind eq 'i') { $one->{input} .= $words if $one->{in}; return }
  my @numbers = unpack 'N*', $words;
  if ($kind eq 'f') { $one->{last} = 1; pass_input($id, $one) if $one->{in} && !length $one->{input} }
  elsif ($kind eq 'c') { $one->{may}[$numbers[0]] += $numbers[1] }
  elsif ($kind eq 'h') { hang_up($id, $one) }
  elsif ($kind eq 'z') { resize($one, @numbers) }
  elsif ($kind eq 't') { kill $numbers[0], $one->{pid} if !defined $one->{status} }
}

sub kill_command {
  my @tree = ($job);
  for (my $index = 0; $index < @tree; $index++) {
    open(my $children, '<', "/proc/$tree[$index]/task/$tree[$index]/children") or next;
    push @tree, split ' ', <$children> // '';
  }
  kill 9, @tree, -$job;
}

say_to_harness('r');
my $requests = '';
for (;;) {
  my ($reads, $writes) = ('', '');
  vec($reads, fileno $_, 1) = 1 for *STDIN, $ended, $out, $err;
  vec($writes, fileno $feed, 1) = 1 if $feed;
  for my $one (values %programs) {
    my @streams = grep { $one->{$_} && $one->{may}[$_] } 1, 2;
    vec($reads, fileno $_, 1) = 1 for grep { defined } @$one{'starts', 'ends', @streams};
    vec($writes, fileno $one->{in}, 1) = 1 if $one->{in} && length $one->{input};
  }
  # Perl runs a handler only between two steps: a signal that comes just before the wait does not end it.
  next if select($reads, $writes, undef, $job ? $PATIENCE : undef) < 0;
  for my $name (1, 2) { pass_on($name, $BLOCK) if vec($reads, fileno $pipe{$name}, 1) }
  if ($feed && vec($writes, fileno $feed, 1)) {
    my $written = length $input ? syswrite $feed, $input : 0;
    substr($input, 0, $written // 0, '');
    $feed = undef if !length $input || (!defined $written && $! != 4 && $! != 11);
  }
  if (vec($reads, fileno $ended, 1)) {
    sysread $ended, my $dots, $BLOCK;
    while ((my $pid = waitpid -1, 1) > 0) {
      my ($status, $signal) = ($?, $? & 0x7f);
      finish($signal ? 128 + $signal : $status >> 8) if $pid == $job;
      my ($id) = grep { $programs{$_}{pid} == $pid && !defined $programs{$_}{status} } keys %programs;
      program_ended($id, $status) if defined $id;
    }
    # Perl drops the status of a process that has only stopped. If it ended since, this tells it too.
    if ($job && waitpid($job, 3) == $job) {
      my $signal = kill(0, $job) ? 19 : $? & 0x7f;
      finish($signal ? 128 + $signal : $? >> 8);
    }
  }
  for my $id (keys %programs) {
    my $one = $programs{$id};
    my $is_ready = sub { my ($name) = @_; return $programs{$id} && $one->{$name} && vec($reads, fileno $one->{$name}, 1) };
    read_start($id, $one) if $is_ready->('starts');
    look_at_end($id, $one) if $is_ready->('ends');
    for my $stream (1, 2) { pass_output($id, $one, $stream) if $is_ready->($stream) && $one->{may}[$stream] }
    pass_input($id, $one) if $one->{in} && length $one->{input} && vec($writes, fileno $one->{in}, 1);
  }
  if (vec($reads, fileno STDIN, 1)) {
    sysread(STDIN, $requests, $BLOCK, length $requests) or $! == 4 && next or exit;
    while (length $requests >= 4 && length $requests >= 4 + unpack 'N', $requests) {
      my $request = unpack 'N/a*', $requests;
      substr($requests, 0, 4 + length $request, '');
      if ($request =~ /^r/) { start($request) }
      elsif ($request =~ /^p/) { start_program($request) }
      elsif ($request =~ /^[ifchzt]/) { change_program($request) }
      elsif ($job && $request eq 'k') { kill_command() }
      elsif ($job) {
        # It may have begun only now, after the harness looked for what to kill.
        kill 9, $job, -$job;
        finish(137);
      }
    }
  }
}
