/*
 * A TCP proxy that adds a round trip: every byte waits RTT/2 in each direction. For benches and
 *tests. delay_proxy RTT_MS TO_PORT [TO_PORT ...]	prints one listening port a line, then
 *serves Loopback only. Ends with its standard input.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_FDS 2048
#define CHUNK 65536

struct chunk {
	struct chunk *next;
	int64_t due; /* microseconds */
	size_t len, sent;
	char data[];
};

struct end {
	int fd;	  /* -1 free */
	int peer; /* index of the other end; -1 for a listener */
	int to_port;
	int closing;
	struct chunk *first, **last; /* to be written to fd */
};

static struct end ends[MAX_FDS];
static int nends;
static int64_t half_us;

static int64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int
add(int fd, int peer, int to_port)
{
	int i, one = 1;

	for (i = 0; i < nends && ends[i].fd >= 0; i++)
		continue;
	if (i == MAX_FDS)
		exit(1);
	if (i == nends)
		nends++;
	ends[i] = (struct end){.fd = fd, .peer = peer, .to_port = to_port};
	ends[i].last = &ends[i].first;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return i;
}

static struct sockaddr_in
loopback(int port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sa;
}

static void
listen_for(int to_port)
{
	struct sockaddr_in sa = loopback(0);
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, len) != 0 || listen(fd, 64) != 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &len) != 0) {
		perror("delay_proxy");
		exit(1);
	}
	add(fd, -1, to_port);
	printf("%d\n", ntohs(sa.sin_port));
}

static void
accept_on(int i)
{
	struct sockaddr_in sa = loopback(ends[i].to_port);
	int in = accept(ends[i].fd, NULL, NULL), out, a, b;

	if (in < 0)
		return;
	out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (out < 0 || connect(out, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
		close(in);
		if (out >= 0)
			close(out);
		return;
	}
	a = add(in, 0, 0);
	b = add(out, a, 0);
	ends[a].peer = b;
}

static void
drop(int i)
{
	struct chunk *c, *next;

	for (c = ends[i].first; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	close(ends[i].fd);
	ends[i].fd = -1;
}

static void
take(int i)
{
	struct chunk *c = malloc(sizeof(*c) + CHUNK);
	struct end *to = &ends[ends[i].peer];
	ssize_t n = read(ends[i].fd, c->data, CHUNK);

	if (n <= 0) {
		free(c);
		ends[i].closing = 1;
		to->closing = 1;
		return;
	}
	c->next = NULL;
	c->due = now_us() + half_us;
	c->len = (size_t)n;
	c->sent = 0;
	*to->last = c;
	to->last = &c->next;
}

static void
give(int i)
{
	struct chunk *c;
	ssize_t n;

	while ((c = ends[i].first) != NULL && c->due <= now_us()) {
		n = send(
		    ends[i].fd, c->data + c->sent, c->len - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n < 0) {
			ends[i].closing = ends[ends[i].peer].closing = 1;
			return;
		}
		c->sent += (size_t)n;
		if (c->sent < c->len)
			return;
		ends[i].first = c->next;
		if (ends[i].first == NULL)
			ends[i].last = &ends[i].first;
		free(c);
	}
}

static void
turn(struct pollfd *p)
{
	int64_t wait = 1000000, left;
	struct timespec ts;
	int i;

	for (i = 0; i < nends; i++) {
		p[i] = (struct pollfd){.fd = ends[i].closing ? -1 : ends[i].fd, .events = POLLIN};
		if (ends[i].fd >= 0 && ends[i].first != NULL) {
			left = ends[i].first->due - now_us();
			wait = left < wait ? (left < 0 ? 0 : left) : wait;
		}
	}
	p[nends] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
	ts = (struct timespec){.tv_sec = wait / 1000000, .tv_nsec = wait % 1000000 * 1000};
	ppoll(p, (nfds_t)nends + 1, &ts, NULL);
}

int
main(int argc, char **argv)
{
	static struct pollfd p[MAX_FDS + 1];
	int i, n;

	if (argc < 3)
		return 2;
	half_us = strtol(argv[1], NULL, 10) * 500;
	for (i = 2; i < argc; i++)
		listen_for((int)strtol(argv[i], NULL, 10));
	fflush(stdout);
	for (;;) {
		turn(p);
		if (p[nends].revents != 0)
			return 0;
		n = nends;
		for (i = 0; i < n; i++) {
			if (ends[i].fd >= 0 && p[i].fd >= 0 && p[i].revents != 0) {
				if (ends[i].peer < 0)
					accept_on(i);
				else
					take(i);
			}
			if (ends[i].fd >= 0 && ends[i].peer >= 0)
				give(i);
		}
		for (i = 0; i < n; i++)
			if (ends[i].fd >= 0 && ends[i].closing && ends[i].first == NULL &&
			    ends[ends[i].peer].first == NULL) {
				if (ends[ends[i].peer].fd >= 0)
					drop(ends[i].peer);
				drop(i);
			}
	}
}
