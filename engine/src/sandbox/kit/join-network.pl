# Joins the network of a machine. The text of another program is appended to this one.
# The process enters the user and network namespaces of the machine, but stays outside its PID and mount namespaces, so
# that the agent can neither see, signal nor trace it.
#
# Arguments, removed from the list: PID 1 of the machine (0: this process is already in its network), the namespaces to
# join, separated by commas, and the number of the system call setns.
use strict;
use Socket qw(:DEFAULT inet_ntop inet_pton pack_sockaddr_in6 unpack_sockaddr_in6 IPPROTO_IPV6 IPV6_V6ONLY);
use Fcntl;

my ($pid, $spaces, $setns) = splice @ARGV, 0, 3;
# Open all handles first: after the first setns this process may no longer be allowed to open them.
my @spaces = $pid == 0 ? () : map { open(my $handle, '<', "/proc/$pid/ns/$_") or die "$_ namespace: $!\n"; $handle } split /,/, $spaces;
for my $space (@spaces) { syscall($setns, fileno($space), 0) == 0 or die "setns: $!\n" }

sub attr { my ($type, $value) = @_; return pack('S S a*', 4 + length $value, $type, $value) . "\0" x (-length($value) & 3) }
sub nest { my ($type, @parts) = @_; return attr($type | 0x8000, join '', @parts) }
sub message { my ($type, $flags, $body) = @_; return pack('L S S L L a*', 16 + length $body, $type, $flags, 1, 0, $body) }

# Sends messages to the kernel, and dies with the first error that it returns.
sub configure {
  my ($what, $protocol, $acknowledged, @messages) = @_;
  socket(my $link, 16, SOCK_RAW, $protocol) or die "$what: $!\n";
  send($link, join('', @messages), 0) or die "$what: $!\n";
  while ($acknowledged > 0) {
    defined recv($link, my $answer, 65536, 0) or die "$what: $!\n";
    while (length $answer >= 20) {
      my ($size, $type, $error) = unpack('L S x10 l', $answer);
      if ($type == 2) { $! = -$error, die "$what: $!\n" if $error; $acknowledged-- }
      $answer = substr($answer, ($size + 3) & ~3);
    }
  }
}

