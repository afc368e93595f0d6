# Passes on sockets that a program elsewhere hands over, to the channel of Node.js: a program in a container can reach a
# Unix socket in a shared folder, but not that channel.
#
# Arguments: numbers of the system calls sendmsg and recvmsg, path where to wait, how many sockets will come.
# Output: `ready`, when it waits.
use strict;
use Socket;

my ($sendmsg, $recvmsg, $path, $count) = @ARGV;
open(my $channel, '+<&=', $ENV{NODE_CHANNEL_FD}) or die "channel: $!\n";
# Nobody comes when the harness has gone.
alarm 60;
socket(my $door, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
bind($door, pack_sockaddr_un($path)) or die "$path: $!\n";
# The folder is private. Root of a container has no power over files of others, so the socket itself is open to all.
chmod(0666, $path) && listen($door, 1) or die "$path: $!\n";
$| = 1;
print "ready\n";
accept(my $sender, $door) or die "accept: $!\n";

# Each message has one socket. The kernel never joins two messages that have one, but may cut one off.
for my $number (1 .. $count) {
  my ($text, $rights) = ('', '');
  vec($text, 4095, 8) = 0;
  vec($rights, 23, 8) = 0;
  my $take = pack 'P Q', $text, length $text;
  my $envelope = pack 'Q L x4 P Q P Q l x4', 0, 0, $take, 1, $rights, length $rights, 0;
  my $size = syscall $recvmsg, fileno $sender, $envelope, 0;
  $size > 0 or die 'recvmsg: ' . ($size < 0 ? $! : 'the sender ended') . "\n";
  my $give = pack 'P Q', $text, $size;
  $envelope = pack 'Q L x4 P Q P Q l x4', 0, 0, $give, 1, $rights, length $rights, 0;
  syscall($sendmsg, fileno $channel, $envelope, 0) == $size or die "sendmsg: $!\n";
}
while ($count > 0 && sysread $channel, my $block, 4096) { $count -= ($block =~ tr/\n//) }
