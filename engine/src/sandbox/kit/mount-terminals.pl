# Gives a machine terminals of its own. bwrap would nest a second user namespace for that, and all that joins the machine
# would have to find its way through both. It loads no module: every start of a machine waits for it.
#
# Arguments: PID 1 of the machine, numbers of the system calls setns and mount.
my ($pid, $setns, $mount) = @ARGV;
my @spaces = map { open(my $handle, '<', "/proc/$pid/ns/$_") or die "$_ namespace: $!\n"; $handle } 'user', 'mnt';
for my $space (@spaces) { syscall($setns, fileno($space), 0) == 0 or die "setns: $!\n" }
my ($what, $where, $options, $flags) = ('devpts', '/dev/pts', 'newinstance,ptmxmode=0666,mode=0620', 2 | 8);
syscall($mount, $what, $where, $what, $flags, $options) == 0 or die "devpts: $!\n";
