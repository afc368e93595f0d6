# The command server of a machine. It runs commands one after the other, for the harness at its input and output, which
# no process of the agent has. Processes of the agent have the pipes that it reads, and may read, fill or close them: what
# they take is lost to them, and no end of a command travels there.
#
# Arguments: the numbers of the system calls prctl and setrlimit, the most processes (0: not limited here), the bytes of
# address space of a process (0: not limited), and the words to put before the shell.
# Each message is its length (32 bits, big-endian) and its content.
# Input: `r BYTES OPTION COMMAND STDIN` runs a command, BYTES (32 bits) being what is passed on of each output, the others
# texts after their lengths; `k` kills it, where this process sees the numbers of its children in /proc; `s` ends the wait
# for a killed command, whose end a tracer can hold back.
# Output: `r` it is ready; `1` or `2` and bytes of that output; `e CODE COUNT COUNT` the end, with the bytes of both.
use strict;
use Fcntl;

my ($prctl, $setrlimit, $processes, $memory, @become) = map { /^\d+$/ ? $_ + 0 : $_ } @ARGV;
my ($FIONREAD, $DUMPABLE, $CORE, $PROCESSES, $ADDRESSES) = (0x541B, 4, 4, 6, 9);
my ($BLOCK, $BETWEEN_COMMANDS, $PATIENCE) = (65536, 65536, 0.1);
$0 = 'bash';
$SIG{PIPE} = 'IGNORE';
# Until it runs the shell, a child is a copy of this process. Nobody can trace it or take its descriptors.
syscall($prctl, $DUMPABLE, 0, 0, 0, 0);
chdir $ENV{HOME};
@ENV{'PWD', 'OLDPWD'} = ($ENV{HOME}, '/');

pipe(my $ended, my $ends) && pipe(my $out, my $out_end) && pipe(my $err, my $err_end) or die "pipe: $!\n";
fcntl($_, F_SETFL, O_NONBLOCK) for $ended, $ends, $out, $err;
$SIG{CHLD} = sub { syswrite $ends, '.' };

my (%pipe, %count) = (1 => $out, 2 => $err);
my ($limit, $job, $feed, $input) = ($BETWEEN_COMMANDS, 0, undef, '');

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
  $SIG{PIPE} = 'DEFAULT';
  for ([$CORE, 0], $processes ? [$PROCESSES, $processes] : (), $memory ? [$ADDRESSES, $memory] : ()) {
    my ($what, $most) = @$_;
    syscall($setrlimit, $what, pack 'Q2', $most, $most);
  }
  syscall($prctl, $DUMPABLE, 1, 0, 0, 0);
  exec @become, '/bin/bash', $option, '-c', $command;
  print STDERR "bash: $!\n";
  exit 126;
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
    # Perl drops the status of a process that has only stopped, and that still exists.
    while ((my $pid = waitpid -1, 3) > 0) {
      my $signal = kill(0, $pid) ? 19 : $? & 0x7f;
      finish($signal ? 128 + $signal : $? >> 8) if $pid == $job;
    }
  }
  if (vec($reads, fileno STDIN, 1)) {
    sysread(STDIN, $requests, $BLOCK, length $requests) or $! == 4 && next or exit;
    while (length $requests >= 4 && length $requests >= 4 + unpack 'N', $requests) {
      my $request = unpack 'N/a*', $requests;
      substr($requests, 0, 4 + length $request, '');
      if ($request =~ /^r/) { start($request) }
      elsif ($job && $request eq 'k') { kill_command() }
      elsif ($job) {
        # It may have begun only now, after the harness looked for what to kill.
        kill 9, $job, -$job;
        finish(137);
      }
    }
  }
}
