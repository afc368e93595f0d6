# Sets a seccomp filter and becomes another program. It keeps its process id.
#
# Arguments: the numbers of prctl and seccomp, `offer` or `alone`, the filter in hex, then the program with its arguments.
# A filter that notifies is offered: it writes a message as the command server does, `l LISTENER PID`, and waits for one byte
# on its input before it goes on; or `l-1 REASON` where the kernel refuses, and ends.
my ($prctl, $seccomp, $how, $hex, @program) = @ARGV;
my ($NO_NEW_PRIVS, $SET_FILTER, $NEW_LISTENER, $WAIT_KILLABLE) = (38, 1, 8, 32);

sub filter {
  my $flags = shift;
  my $code = pack('H*', $hex);
  return syscall($seccomp, $SET_FILTER, $flags, pack('S x6 P', length($code) / 8, $code));
}

syscall($prctl, $NO_NEW_PRIVS, 1, 0, 0, 0) == 0 or die "no_new_privs: $!\n";
if ($how eq 'offer') {
  my $listener = filter($NEW_LISTENER | $WAIT_KILLABLE);
  # Kernels before 5.19 do not know the second flag.
  $listener = filter($NEW_LISTENER) if $listener < 0 && $!{EINVAL};
  syswrite STDOUT, pack 'N/a*', $listener < 0 ? "l-1 $!" : "l$listener $$";
  exit 1 if $listener < 0;
  sysread STDIN, my $go, 1;
} else {
  filter(0) == 0 or die "seccomp: $!\n";
}
# The program gets input, output and errors, and nothing that somebody handed to the harness (close_range, from 5.11 on).
syscall(436, 3, 0xffffffff, 4);
exec { $program[0] } @program or die "$program[0]: $!\n";
