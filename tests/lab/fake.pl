#!/usr/bin/perl
# A server that misbehaves, on a free port of the loopback address, for as long as its test lives.
#	fake.pl MODE [PORT [BYTES]]	prints its own port, then serves until it is killed
# silent: accepts and never answers. garbage: answers with bytes of no protocol. eof: hangs up.
# old: lets in, and is PostgreSQL 11. starting, noslots, nologin: refuses as a server does that is starting, full, or a stranger.
# cut: hands on to PORT and hangs up once PORT has sent BYTES since a query with the word CUTME.
# stall: the same, but goes silent instead of hanging up.
use strict;
use warnings;
use IO::Socket::INET;
use IO::Select;

my ($mode, $to, $limit) = @ARGV;
my $l = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 64) or die $!;
$| = 1;
print $l->sockport, "\n";
$SIG{CHLD} = 'IGNORE';
# Who ends the listener ends every conversation with it.
setpgrp;
$SIG{TERM} = sub { $SIG{TERM} = 'IGNORE'; kill 'TERM', -$$; exit 0 };
alarm 600;

sub refuse {
	my ($c, $state, $text) = @_;
	my $body = join('', map { "$_\0" } 'SFATAL', 'VFATAL', "C$state", "M$text") . "\0";
	$c->syswrite('E' . pack('N', length($body) + 4) . $body);
}

sub startup {
	my ($c) = @_;
	while ($c->sysread(my $head, 8) == 8) {
		my ($n, $code) = unpack 'NN', $head;
		$c->sysread(my $rest, $n - 8) if $n > 8;
		return if $code == 196608;
		$c->syswrite('N');
	}
}

sub relay {
	my ($c) = @_;
	my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $to) or return;
	my $sel = IO::Select->new($c, $s);
	my ($is_marked, $sent) = (0, 0);
	while (my @ready = $sel->can_read) {
		for my $from (@ready) {
			$from->sysread(my $buf, 4096) or return;
			if ($from == $c) {
				$is_marked = 1 if $buf =~ /CUTME/;
				$s->syswrite($buf);
				next;
			}
			$sent += length $buf if $is_marked;
			if ($is_marked && $sent > $limit) {
				$c->syswrite(substr $buf, 0, length($buf) / 2);
				sleep 600 if $mode eq 'stall';
				return;
			}
			$c->syswrite($buf);
		}
	}
}

while (1) {
	my $c = $l->accept or next;
	next if fork;
	$SIG{TERM} = 'DEFAULT';
	alarm 600;
	if ($mode eq 'silent') { sleep 600 }
	elsif ($mode eq 'garbage') { $c->syswrite("\033[2J\0\377garbage\n" x 4000) }
	elsif ($mode eq 'cut' || $mode eq 'stall') { relay($c) }
	elsif ($mode ne 'eof') {
		startup($c);
		refuse($c, '57P03', 'the database system is starting up') if $mode eq 'starting';
		refuse($c, '57P03', 'the database system is not accepting connections')
		    if $mode eq 'cold';
		refuse($c, '53300', 'sorry, too many clients already') if $mode eq 'noslots';
		refuse($c, '28P01', "no \033[31mentry\302\233 for\nyou") if $mode eq 'nologin';
		if ($mode eq 'old') {
			my $v = "server_version\0" . "11.22\0";
			$c->syswrite('R' . pack('NN', 8, 0) . 'S' . pack('N', length($v) + 4) . $v .
			    'K' . pack('NNN', 12, 1, 2) . 'Z' . pack('N', 5) . 'I');
			sleep 600;
		}
	}
	exit 0;
}
