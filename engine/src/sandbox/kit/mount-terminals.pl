# Gives a machine terminals of its own. Runs after join-network.pl, which joins its user and mount namespaces. bwrap would
# nest a second user namespace for that, and all that joins the machine would have to find its way through both.
#
# Argument: number of the system call mount.
my ($what, $where, $options, $flags) = ('devpts', '/dev/pts', 'newinstance,ptmxmode=0666,mode=0620', 2 | 8);
syscall($ARGV[0], $what, $where, $what, $flags, $options) == 0 or die "terminals: $!\n";
