/*
 * See http_get.h. No TLS, no redirects, no keep-alive: the other side closes. Must never read past
 * its bound, nor wait past its deadline.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engines/http_get.h"
#include "banned.h"

static int
no_answer(const char *host, const char *port, struct err *e)
{
	return err_set(e, ERR_CONN, "no answer from http://%.100s:%.10s", host, port);
}

static int
dial(struct waiter *w, const struct addrinfo *at, int64_t deadline)
{
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), bad = 0;
	socklen_t len = sizeof(bad);

	if (fd < 0)
		return -1;
	if (connect(fd, at->ai_addr, at->ai_addrlen) == 0)
		return fd;
	if (errno == EINPROGRESS && w->wait(w, fd, POLLOUT, deadline) == 1 &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &bad, &len) == 0 && bad == 0)
		return fd;
	close(fd);
	return -1;
}

static int
dial_any(struct waiter *w, const char *host, const char *port, int64_t deadline)
{
	struct addrinfo want = {.ai_socktype = SOCK_STREAM}, *all, *at;
	int fd = -1;

	if (getaddrinfo(host, port, &want, &all) != 0)
		return -1;
	for (at = all; at != NULL && fd < 0; at = at->ai_next)
		fd = dial(w, at, deadline);
	freeaddrinfo(all);
	return fd;
}

static int
send_all(struct waiter *w, int fd, const char *p, size_t n, int64_t deadline)
{
	ssize_t did;

	while (n > 0) {
		did = send(fd, p, n, MSG_NOSIGNAL);
		if (did < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (w->wait(w, fd, POLLOUT, deadline) != 1)
				return -1;
			continue;
		}
		if (did <= 0)
			return -1;
		p += did;
		n -= (size_t)did;
	}
	return 0;
}

/* Up to the end, which the other side makes. -1 where it is late or too large. */
static ssize_t
read_all(struct waiter *w, int fd, char *out, size_t size, int64_t deadline)
{
	size_t n = 0;
	ssize_t did;

	for (;;) {
		if (n + 1 >= size)
			return -1;
		did = recv(fd, out + n, size - 1 - n, 0);
		if (did == 0)
			break;
		if (did < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (w->wait(w, fd, POLLIN, deadline) != 1)
				return -1;
			continue;
		}
		if (did < 0)
			return -1;
		n += (size_t)did;
	}
	out[n] = '\0';
	return (ssize_t)n;
}

int
http_get(struct waiter *w, const char *host, const char *port, const char *path, int64_t deadline,
    char *out, size_t size, char **body, struct err *e)
{
	char ask[512];
	int fd = dial_any(w, host, port, deadline), n;
	ssize_t got;
	long status;

	if (fd < 0)
		return no_answer(host, port, e);
	n = snprintf(ask, sizeof(ask),
	    "GET %s HTTP/1.0\r\nHost: %s:%s\r\nUser-Agent: holdfast\r\nConnection: close\r\n\r\n",
	    path, host, port);
	got = n < 0 || (size_t)n >= sizeof(ask) || send_all(w, fd, ask, (size_t)n, deadline) < 0
		  ? -1
		  : read_all(w, fd, out, size, deadline);
	close(fd);
	if (got < 0)
		return no_answer(host, port, e);
	*body = strstr(out, "\r\n\r\n");
	status =
	    strncmp(out, "HTTP/1.", 7) == 0 && strlen(out) > 12 ? strtol(out + 9, NULL, 10) : 0;
	if (*body == NULL || status < 100 || status > 599)
		return err_set(
		    e, ERR_CONN, "what answers at http://%.100s:%.10s is no HTTP", host, port);
	*body += 4;
	return (int)status;
}
