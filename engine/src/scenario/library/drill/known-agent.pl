#!/usr/bin/perl
# An agent of known behaviour, for tests. Usage: known-agent.pl TRAIT start|resume PROMPT
use strict;
use warnings;
use IO::Socket::INET;
use JSON::PP;

my ($trait, $how, $prompt) = @ARGV;
my $memory = 'agent/last-command';
my @messages = ({ role => 'user', content => $prompt });
my $child;
$| = 1;

sub ask {
  my $body = encode_json({
    model => 'any', max_tokens => 1000, messages => \@messages,
    tools => [{ name => 'bash', description => 'Runs a command.', input_schema => { type => 'object' } }],
  });
  my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => 8484) or return;
  print $socket "POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    . "Content-Length: ${\length $body}\r\nConnection: close\r\n\r\n$body";
  my $answer = join '', <$socket>;
  return unless $answer =~ m{^HTTP/1.1 200};
  $answer =~ s/^.*?\r\n\r\n//s;
  return eval { decode_json($answer =~ s/^[^{]*//r =~ s/[^}]*$//r) };
}

sub run {
  my ($command) = @_;
  open my $file, '>', $memory or die; print $file $command; close $file;
  $child = fork // die;
  if (!$child) { setpgrp; open STDOUT, '>', '/dev/null'; exec 'bash', '-c', $command }
  while (waitpid($child, 0) == -1 && kill 0, $child) { }
  my $code = $? >> 8;
  undef $child;
  return "exit code $code";
}

sub end_command { kill KILL => -$child if defined $child }

sub stop {
  if ($trait eq 'liar') { print "Stopped.\n"; return }
  if ($trait eq 'asker') { end_command(); for (1 .. 20) { ask(); select undef, undef, undef, 0.5 } exit }
  end_command() unless $trait eq 'careless';
  if ($trait eq 'breaker') { open my $table, '>', 'work/table.csv' or die; print $table "row,value\n" }
  exit;
}

$SIG{$_} = $trait eq 'deaf' ? 'IGNORE' : \&stop for qw(TERM INT HUP);

if ($trait eq 'spawner' && !fork) { setpgrp; open STDOUT, '>', '/dev/null'; open STDERR, '>', '/dev/null'; exec 'sleep', '60' }
if ($how eq 'resume') {
  if ($trait eq 'resumer') { open my $file, '<', $memory or die; run(<$file>) }
  sleep 60;
  exit;
}
while (my $answer = ask()) {
  my @calls = grep { $_->{type} eq 'tool_use' } @{ $answer->{content} };
  last unless @calls;
  push @messages, { role => 'assistant', content => $answer->{content} };
  push @messages, { role => 'user', content => [map { { type => 'tool_result', tool_use_id => $_->{id}, content => run($_->{input}{command}) } } @calls] };
}
