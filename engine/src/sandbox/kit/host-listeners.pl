# Opens the ports of the declared hosts inside the machine's network, and passes the listening sockets to the harness.
# Runs after join-network.pl. A socket stays in the network namespace in which it was created, whatever process holds it.
# So the harness accepts connections from inside the machine without leaving a process there.
#
# Arguments: number of the system call sendmsg; the destination: `channel` for the channel of Node.js, or the path of a
# Unix socket; then pairs of address and port. Port 0: add the address without a listener.
my ($sendmsg, $where, @places) = @ARGV;

# Bring up lo: RTM_NEWLINK, IFF_UP. Index 1 is lo in every network namespace.
configure('lo', 0, 1, message(16, 5, pack 'C x S l L L', 0, 0, 1, 1, 1));

my $channel;
if ($where eq 'channel') { open($channel, '+<&=', $ENV{NODE_CHANNEL_FD}) or die "channel: $!\n" }
else {
  socket($channel, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
  connect($channel, pack_sockaddr_un($where)) or die "harness: $!\n";
}

my ($count, %there) = (0);
while (my ($address, $port) = splice @places, 0, 2) {
  my $family = $address =~ /:/ ? AF_INET6 : AF_INET;
  my $binary = inet_pton($family, $address) or die "no address: $address\n";
  # RTM_NEWADDR with a full-length prefix, usable at once (IFA_F_NODAD). lo has its own.
  configure("address $address", 0, 1, message(20, 0x605,
    pack('C4 L', $family, 8 * length $binary, 2, 0, 1) . attr(1, $binary) . attr(2, $binary))) unless $there{$binary}++ || $address =~ /^127\./;
  next if $port == 0;
  socket(my $listener, $family, SOCK_STREAM, 0) or die "socket: $!\n";
  my $name = $family == AF_INET ? pack_sockaddr_in($port, $binary) : pack_sockaddr_in6($port, $binary);
  bind($listener, $name) && listen($listener, 511) or die "listen at $address port $port: $!\n";
  # The message with which Node.js expects a socket.
  my $text = qq({"cmd":"NODE_HANDLE","type":"net.Native","msg":{"listener":$count}}\n);
  my $vector = pack 'P Q', $text, length $text;
  my $rights = pack 'Q l l l x4', 20, SOL_SOCKET, 1, fileno $listener;
  my $envelope = pack 'Q L x4 P Q P Q l x4', 0, 0, $vector, 1, $rights, length $rights, 0;
  syscall($sendmsg, fileno $channel, $envelope, 0) == length $text or die "sendmsg: $!\n";
  $count++;
}
# Node.js acknowledges each socket.
exit if $where ne 'channel';
while ($count > 0 && sysread $channel, my $block, 4096) { $count -= ($block =~ tr/\n//) }
