# Receives sockets from another program and passes them to the channel of Node.js: a program in a container can reach a
# Unix socket in a shared folder, but not that channel.
#
# Arguments: numbers of the system calls sendmsg and recvmsg, path of the Unix socket, number of sockets to receive.
# Output: `ready` when it listens.
use strict;
use Socket;

my ($sendmsg, $recvmsg, $path, $count) = @ARGV;
open(my $channel, '+<&=', $ENV{NODE_CHANNEL_FD}) or die "channel: $!\n";
# Do not wait forever if the harness is gone.
alarm 60;
socket(my $door, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
bind($door, pack_sockaddr_un($path)) or die "$path: $!\n";
# The folder is private. Root in the container has no rights on files of other users, so the socket is open to all.
chmod(0666, $path) && listen($door, 1) or die "$path: $!\n";
$| = 1;
print "ready\n";
accept(my $sender, $door) or die "accept: $!\n";

# Each message carries one socket. The kernel never merges two such messages, but may truncate one.
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
