#!/usr/bin/perl
# Answers at port 8099 of this computer, for two minutes.
use strict;
use warnings;
use IO::Socket::INET;

alarm 120;
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 8099, Listen => 5, ReuseAddr => 1)
  or die "port 8099: $!\n";
while (my $client = $server->accept) {
  print $client "HTTP/1.0 200 OK\r\n\r\nready\n";
  close $client;
}
