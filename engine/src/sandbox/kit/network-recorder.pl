# Records every attempt to reach an address. Runs after join-network.pl. It interprets as little as possible, and keeps
# only a bounded head of each open connection in memory.
#
# Arguments: number of the system call capset, bytes kept of an attempt, then pairs of address and port that it does not
# serve. Port 0: all ports of the address; a TCP connection to it is reported, but not accepted.
# Input: each line is echoed as `s LINE` after everything before it was reported. End of input ends the program.
# Output, one line each: `ready` ·
# `o ID ADDRESS PORT` a TCP connection was opened · `d ID COUNT HEX` it received COUNT bytes, of which HEX are kept ·
# `u ADDRESS PORT COUNT HEX ANSWER` a UDP packet; ANSWER is the address made up for a DNS question or `-` ·
# `l COUNT` packets were lost.

my ($capset, $keep, @left_alone) = @ARGV;
my ($OPEN_MAX, $IDLE_S, $HEAD_MAX, $NAMES_MAX) = (256, 10, 16384, 65534);
$SIG{PIPE} = 'IGNORE';
$| = 1;

# Make every address local, for both families: ip route add local default dev lo.
for my $family (AF_INET, AF_INET6) {
  my $route = pack('C8 L', $family, 0, 0, 0, 255, 3, 254, 2, 0) . attr(4, pack 'L', 1);
  configure('route', 0, 1, message(24, 0x605, $route));
}

# All TCP connections, to any port of any address, arrive at these two listeners.
socket(my $four, AF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
bind($four, pack_sockaddr_in(0, INADDR_LOOPBACK)) && listen($four, 1024) or die "listen: $!\n";
my ($port) = unpack_sockaddr_in(getsockname $four);
socket(my $six, AF_INET6, SOCK_STREAM, 0) or die "socket: $!\n";
bind($six, pack_sockaddr_in6($port, inet_pton(AF_INET6, '::1'))) && listen($six, 1024) or die "listen: $!\n";

# nft: type nat hook output priority -100; redirect all TCP except loopback to the port above.
sub expression { my ($name, @parts) = @_; return nest(1, attr(1, "$name\0"), nest(2, @parts)) }
sub number { my ($type, $value) = @_; return attr($type, pack 'N', $value) }
sub nft { my ($type, $flags, $family, @parts) = @_; return message(0xa00 | $type, $flags, pack('C C n', $family, 0, 0) . join '', @parts) }
sub family_of { return $_[0] =~ /:/ ? AF_INET6 : AF_INET }
my ($pass, @exempt, %refused) = (expression('immediate', number(1, 0), nest(2, nest(2, number(1, 1)))));
while (my ($address, $port) = splice @left_alone, 0, 2) {
  my $family = family_of($address);
  my $binary = inet_pton($family, $address) or die "no address: $address\n";
  $refused{$binary} = 1 if $port == 0;
  my $rule = join '',
    expression('payload', number(1, 1), number(2, 1), number(3, $family == AF_INET ? 16 : 24), number(4, length $binary)),
    expression('cmp', number(1, 1), number(2, 0), nest(3, attr(1, $binary)));
  $rule .= join '',
    expression('meta', number(2, 16), number(1, 1)),
    expression('cmp', number(1, 1), number(2, 0), nest(3, attr(1, "\x06"))),
    expression('payload', number(1, 1), number(2, 2), number(3, 2), number(4, 2)),
    expression('cmp', number(1, 1), number(2, 0), nest(3, attr(1, pack 'n', $port))) if $port != 0;
  push @exempt, [$family, $rule . $pass];
}
for (['ip', 2, 16, "\x7f"], ['ip6', 10, 24, inet_pton(AF_INET6, '::1')]) {
  my ($name, $family, $offset, $loopback) = @$_;
  my @rules = map { $_->[1] } grep { $_->[0] == $family } @exempt;
  push @rules, join '',
    expression('payload', number(1, 1), number(2, 1), number(3, $offset), number(4, length $loopback)),
    expression('cmp', number(1, 1), number(2, 1), nest(3, attr(1, $loopback))),
    expression('meta', number(2, 16), number(1, 1)),
    expression('cmp', number(1, 1), number(2, 0), nest(3, attr(1, "\x06"))),
    expression('immediate', number(1, 1), nest(2, attr(1, pack 'n', $port))),
    expression('redir', number(1, 1));
  configure("nf_tables $name", 12, 2 + @rules,
    message(0x10, 1, pack 'C C n', 0, 0, 10),
    nft(0, 0x405, $family, attr(1, "record\0")),
    nft(3, 0x405, $family, attr(1, "record\0"), attr(3, "out\0"), nest(4, number(1, 3), number(2, 0xffffff9c)), attr(7, "nat\0")),
    (map { nft(6, 0xc05, $family, attr(1, "record\0"), attr(2, "out\0"), nest(4, $_)) } @rules),
    message(0x11, 1, pack 'C C n', 0, 0, 10));
}

# UDP is read with a packet socket, so that no port is missed. The socket on port 53 only prevents ICMP errors.
# A filter keeps packets that are not UDP or go to 127.x.x.x out of its small buffer.
sub wire {
  my ($protocol, @filter) = @_;
  my $code = join '', map { pack 'S C C L', @$_ } @filter;
  socket(my $wire, 17, SOCK_DGRAM, unpack 'S', pack 'n', $protocol) or die "packet socket: $!\n";
  setsockopt($wire, SOL_SOCKET, 26, pack 'S x![P] P', scalar @filter, $code) or die "packet filter: $!\n";
  setsockopt($wire, SOL_SOCKET, SO_RCVBUF, 8 << 20);
  return $wire;
}
my ($take, $drop) = ([0x06, 0, 0, 0xffffffff], [0x06, 0, 0, 0]);
my $wire_four = wire(0x0800, [0x30, 0, 0, 9], [0x15, 0, 3, 17], [0x30, 0, 0, 16], [0x15, 1, 0, 127], $take, $drop);
my $wire_six = wire(0x86dd, [0x30, 0, 0, 6], [0x15, 0, 1, 17], $take, $drop);
# If there are refused hosts, capture the first packet of TCP connections: nothing accepts these connections.
my @first = !%refused ? () : (
  wire(0x0800, [0x30, 0, 0, 9], [0x15, 0, 5, 6], [0xb1, 0, 0, 0], [0x50, 0, 0, 13], [0x54, 0, 0, 0x12], [0x15, 0, 1, 2], $take, $drop),
  wire(0x86dd, [0x30, 0, 0, 6], [0x15, 0, 4, 6], [0x30, 0, 0, 53], [0x54, 0, 0, 0x12], [0x15, 0, 1, 2], $take, $drop));
socket(my $dns, AF_INET6, SOCK_DGRAM, 0) or die "socket: $!\n";
setsockopt($dns, IPPROTO_IPV6, IPV6_V6ONLY, 0);
setsockopt($dns, SOL_SOCKET, SO_REUSEADDR, 1);
bind($dns, pack_sockaddr_in6(53, inet_pton(AF_INET6, '::'))) or die "port 53: $!\n";

# Drop all capabilities except the one to answer from port 53.
my $bind_service = 1 << 10;
my $head = pack 'L i', 0x20080522, 0;
my $sets = pack 'L6', $bind_service, $bind_service, 0, 0, 0, 0;
syscall($capset, $head, $sets) == 0 or die "capset: $!\n";

fcntl($_, F_SETFL, O_NONBLOCK | fcntl($_, F_GETFL, 0)) for (*STDIN, $four, $six, $wire_four, $wire_six, @first);
my ($next, $asked, $told, %open, %names) = (0, '', "ready\n");

sub tell_line { $told .= join(' ', @_) . "\n" }
sub flush_lines { print $told or exit if $told ne ''; $told = '' }

# A name always gets the same address: 198.18.0.1, 198.18.0.2 and so on, from the range for network tests.
sub made_up { my ($name) = @_; return $names{$name} //= keys %names < $NAMES_MAX ? inet_ntoa(pack 'N', 0xc6120000 + keys %names) : '198.19.255.254' }

sub answer_dns {
  my ($family, $from, $from_port, $to, $question) = @_;
  return '-' if length $question < 17 || ord(substr $question, 2, 1) & 0x80;
  my $end = index $question, "\0", 12;
  return '-' if $end < 0 || $end + 5 > length $question;
  my $type = unpack 'n', substr $question, $end + 1, 2;
  my $address = $type == 1 ? made_up(lc substr $question, 12, $end - 12) : '-';
  my $reply = substr($question, 0, 2) . pack('n5', 0x8580, 1, $type == 1, 0, 0) . substr($question, 12, $end - 7);
  $reply .= pack('n n n N n', 0xc00c, 1, 1, 60, 4) . inet_aton($address) if $type == 1;
  my $name = sub { my ($port, $ip) = @_; return $family == AF_INET ? pack_sockaddr_in($port, $ip) : pack_sockaddr_in6($port, $ip) };
  # Answer from the address that was asked. Any other answer would be discarded.
  socket(my $out, $family, SOCK_DGRAM, 0) or return '-';
  setsockopt($out, SOL_SOCKET, SO_REUSEADDR, 1);
  setsockopt($out, IPPROTO_IPV6, 78, 1) if $family == AF_INET6;
  bind($out, $name->(53, $to)) and send($out, $reply, 0, $name->($from_port, $from));
  close $out;
  return $address;
}

sub read_wire {
  my ($wire) = @_;
  my $some = 0;
  while ($some < 256 && defined recv $wire, my $packet, 65536, 0) {
    $some++;
    next if length $packet <= 20;
    my ($family, $from, $to, $udp);
    if (ord($packet) >> 4 == 4) {
      # Later fragments of a packet have no ports.
      next if unpack('x6 n', $packet) & 0x1fff;
      ($family, $from, $to, $udp) = (AF_INET, substr($packet, 12, 4), substr($packet, 16, 4), substr($packet, 4 * (ord($packet) & 15)));
    } else {
      next if length $packet < 48 || substr($packet, 24, 16) eq "\0" x 15 . "\1";
      ($family, $from, $to, $udp) = (AF_INET6, substr($packet, 8, 16), substr($packet, 24, 16), substr($packet, 40));
    }
    next if length $udp < 8;
    my ($from_port, $to_port, $size) = unpack 'n n n', $udp;
    # Ignore packets from the recorder itself.
    next if $from_port == 53;
    my $content = substr $udp, 8;
    my $address = $to_port == 53 ? answer_dns($family, $from, $from_port, $to, $content) : '-';
    tell_line('u', inet_ntop($family, $to), $to_port, $size >= 8 ? $size - 8 : 0, unpack('H*', substr $content, 0, $keep) || '-', $address);
  }
  return $some;
}

sub read_first {
  my ($wire) = @_;
  my $some = 0;
  while ($some < 256 && defined recv $wire, my $packet, 128, 0) {
    $some++;
    my $is_four = ord($packet) >> 4 == 4;
    my $to = $is_four ? substr($packet, 16, 4) : substr($packet, 24, 16);
    next unless $refused{$to};
    my $port = unpack 'x2 n', substr $packet, $is_four ? 4 * (ord($packet) & 15) : 40;
    tell_line('o', $next++, inet_ntop($is_four ? AF_INET : AF_INET6, $to), $port);
  }
  return $some;
}

sub accept_all {
  my ($listener, $family) = @_;
  my $some = 0;
  while ($some < 64 && accept(my $client, $listener)) {
    $some++;
    my $original = getsockopt($client, $family == AF_INET ? 0 : 41, 80);
    # Without an entry, it connected directly to this port, which is not an attempt to reach an address.
    next unless defined $original;
    my ($to_port, $to) = $family == AF_INET ? unpack('x2 n a4', $original) : unpack('x2 n x4 a16', $original);
    my $id = $next++;
    tell_line('o', $id, inet_ntop($family, $to), $to_port);
    next if keys %open >= $OPEN_MAX;
    fcntl($client, F_SETFL, O_NONBLOCK | fcntl($client, F_GETFL, 0));
    my $mail = $to_port == 25 || $to_port == 587;
    $open{fileno $client} = { id => $id, socket => $client, head => '', tail => '', bytes => 0, seen => time, mail => $mail };
    syswrite($client, "220 mail ESMTP\r\n") if $mail;
  }
  return $some;
}

sub finish { my ($one) = @_; delete $open{fileno $one->{socket}}; close $one->{socket}; return }

sub read_client {
  my ($one) = @_;
  my $count = sysread($one->{socket}, my $block, 65536);
  return if !defined $count && $!{EAGAIN};
  return finish($one) unless $count;
  my $kept = $one->{bytes} < $keep ? substr($block, 0, $keep - $one->{bytes}) : '';
  tell_line('d', $one->{id}, $count, unpack('H*', $kept) || '-');
  $one->{bytes} += $count;
  $one->{seen} = time;
  $one->{head} .= substr($block, 0, $HEAD_MAX - length $one->{head}) if length $one->{head} < $HEAD_MAX;
  $one->{tail} = substr($one->{tail} . $block, -16);
  return answer_mail($one, $block) if $one->{mail};
  # Answer a TLS ClientHello with the alert "handshake failure": there is no certificate that the client would accept.
  if ($one->{head} =~ /^\x16\x03/) {
    return unless length $one->{head} >= 5 && $one->{bytes} >= 5 + unpack('x3 n', $one->{head});
    syswrite($one->{socket}, "\x15\x03\x03\x00\x02\x02\x28");
    return finish($one);
  }
  answer_http($one) if $one->{head} =~ /^[A-Z]{3,10} \S+ HTTP\/1/;
}

sub answer_http {
  my ($one) = @_;
  my $end = index $one->{head}, "\r\n\r\n";
  return if $end < 0 && $one->{bytes} < $HEAD_MAX;
  my $fields = $end < 0 ? '' : substr $one->{head}, 0, $end;
  if ($fields =~ /^Expect: *100-continue/mi && !$one->{continued}++) { syswrite($one->{socket}, "HTTP/1.1 100 Continue\r\n\r\n") }
  if ($fields =~ /^Transfer-Encoding:.*chunked/mi) { return unless $one->{tail} =~ /0\r\n\r\n$/ }
  elsif ($fields =~ /^Content-Length: *(\d{1,15})/mi) { return unless $one->{bytes} >= $end + 4 + $1 }
  syswrite($one->{socket}, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n");
  shutdown($one->{socket}, 1);
}

sub answer_mail {
  my ($one, $block) = @_;
  if ($one->{body}) { return unless $one->{tail} =~ /\r?\n\.\r?\n$/; $one->{body} = 0; syswrite($one->{socket}, "250 OK\r\n"); return }
  for my $line (grep { length } split /\r?\n/, $block) {
    if ($line =~ /^DATA/i) { $one->{body} = 1; syswrite($one->{socket}, "354 go on\r\n"); return }
    if ($line =~ /^QUIT/i) { syswrite($one->{socket}, "221 bye\r\n"); return finish($one) }
    syswrite($one->{socket}, "250 OK\r\n");
  }
}

# Processes everything that is ready, and returns how much there was.
sub look {
  my ($seconds) = @_;
  my $ready = '';
  vec($ready, fileno($_), 1) = 1 for (*STDIN, $four, $six, $wire_four, $wire_six, @first, map { $_->{socket} } values %open);
  my $count = select($ready, undef, undef, $seconds);
  return 0 if $count <= 0;
  my $some = 0;
  for my $wire ($wire_four, $wire_six) { $some += read_wire($wire) if vec $ready, fileno($wire), 1 }
  for my $wire (@first) { $some += read_first($wire) if vec $ready, fileno($wire), 1 }
  $some += accept_all($four, AF_INET) if vec $ready, fileno($four), 1;
  $some += accept_all($six, AF_INET6) if vec $ready, fileno($six), 1;
  for my $one (values %open) { $some++, read_client($one) if vec $ready, fileno($one->{socket}), 1 }
  if (vec $ready, fileno(STDIN), 1) {
    my $count = sysread(STDIN, my $block, 4096);
    exit if defined $count && $count == 0;
    $asked .= $block if $count;
  }
  flush_lines();
  return $some;
}

flush_lines();
while (1) {
  look(1);
  for my $one (values %open) { finish($one) if time - $one->{seen} > $IDLE_S }
  next unless $asked =~ /\n/;
  # Bounded, so that an agent that never stops sending cannot block the harness.
  for (my $round = 0; $round < 2000 && look(0) > 0; $round++) {}
  # Reading the counters resets them to zero.
  for my $wire ($wire_four, $wire_six, @first) {
    my $lost = unpack 'x4 L', getsockopt($wire, 263, 6) || "\0" x 8;
    tell_line('l', $lost) if $lost;
  }
  tell_line('s', $1) while $asked =~ s/^(.*)\n//;
  flush_lines();
}
