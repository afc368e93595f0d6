# Sets a seccomp filter and becomes another program. It keeps its process id.
#
# Arguments: the numbers of prctl and seccomp, the filter that notifies and the one that does not, in hex (empty: no such
# filter), then the program with its arguments.
# With a filter that notifies it writes a message as the command server does, `l LISTENER PID` or `l-1 REASON` where the
# kernel refuses, and waits for one byte on its input before it goes on.
my ($prctl, $seccomp, $notifying, $plain, @program) = @ARGV;
my ($NO_NEW_PRIVS, $SET_FILTER, $NEW_LISTENER, $WAIT_KILLABLE) = (38, 1, 8, 32);

sub filter {
  my ($flags, $hex) = @_;
  my $code = pack('H*', $hex);
  return syscall($seccomp, $SET_FILTER, $flags, pack('S x6 P', length($code) / 8, $code));
}

syscall($prctl, $NO_NEW_PRIVS, 1, 0, 0, 0) == 0 or die "no_new_privs: $!\n";
my $listener = -1;
if ($notifying) {
  $listener = filter($NEW_LISTENER | $WAIT_KILLABLE, $notifying);
  # Kernels before 5.19 do not know the second flag.
  $listener = filter($NEW_LISTENER, $notifying) if $listener < 0 && $!{EINVAL};
  syswrite STDOUT, pack 'N/a*', $listener < 0 ? "l-1 $!" : "l$listener $$";
  sysread STDIN, my $go, 1;
}
filter(0, $plain) == 0 or die "seccomp: $!\n" if $listener < 0 && $plain;
# The program gets input, output and errors, and nothing that somebody handed to the harness (close_range, from 5.11 on).
syscall(436, 3, 0xffffffff, 4);
exec { $program[0] } @program or die "$program[0]: $!\n";
