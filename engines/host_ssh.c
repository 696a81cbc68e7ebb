/*
 * SSH with libssh2: sockets, the handshake, jump hosts. A connection through a jump host is carried
 * by a channel of the outer one. Nothing blocks but for the look-up of a name; every wait has the
 * deadline of the host. Must never log in before the host key was checked.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engines/host_ssh.h"
#include "banned.h"

#define GOODBYE_MS 300
#define SLICE_MS 250 /* a library that waits for what already came is asked again */

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
start_library(void)
{
	libssh2_init(0);
}

int
ssh_wait(struct ssh_link *l, struct waiter *w, int64_t deadline, struct err *e)
{
	struct ssh_link *base = l;
	int64_t now = now_ms(), until = now + SLICE_MS < deadline ? now + SLICE_MS : deadline;
	short events;
	int dir;

	while (base->via != NULL)
		base = base->via;
	dir = libssh2_session_block_directions(base->session);
	events = (short)((dir & LIBSSH2_SESSION_BLOCK_OUTBOUND ? POLLOUT : 0) |
			 (dir & LIBSSH2_SESSION_BLOCK_INBOUND || dir == 0 ? POLLIN : 0));
	if (now >= deadline)
		return err_set(e, ERR_CONN, "%s did not answer in time", l->config->address);
	if (w->wait(w, base->sock, events, until) < 0)
		return err_set(e, ERR_CANCELLED, "cancelled");
	return 0;
}

int
ssh_failed(struct ssh_link *l, const char *what, struct err *e)
{
	char *said = NULL;
	int n = 0;

	libssh2_session_last_error(l->session, &said, &n, 0);
	return err_set(e, ERR_CONN, "%s:%d: %s: %.*s", l->config->address, l->config->port, what,
	    n > 300 ? 300 : n, said == NULL ? "" : said);
}

static ssize_t
inner_send(libssh2_socket_t fd, const void *data, size_t n, int flags, void **abstract)
{
	struct ssh_link *l = *abstract;
	ssize_t rc = libssh2_channel_write(l->channel, data, n);

	(void)fd;
	(void)flags;
	if (rc == LIBSSH2_ERROR_EAGAIN || rc == 0)
		return -EAGAIN;
	return rc < 0 ? -EPIPE : rc;
}

static ssize_t
inner_recv(libssh2_socket_t fd, void *data, size_t n, int flags, void **abstract)
{
	struct ssh_link *l = *abstract;
	ssize_t rc = libssh2_channel_read(l->channel, data, n);

	(void)fd;
	(void)flags;
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return -EAGAIN;
	if (rc == 0)
		return libssh2_channel_eof(l->channel) ? -ECONNRESET : -EAGAIN;
	return rc < 0 ? -ECONNRESET : rc;
}

static int
connect_one(struct ssh_link *l, const struct addrinfo *ai, struct waiter *w, int64_t deadline,
    struct err *e)
{
	socklen_t len = sizeof(int);
	int why = 0, rc;

	l->sock =
	    socket(ai->ai_family, ai->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, ai->ai_protocol);
	if (l->sock == -1)
		return err_set(e, ERR_CONN, "no socket: %s", strerror(errno));
	rc = connect(l->sock, ai->ai_addr, ai->ai_addrlen);
	if (rc != 0 && errno == EINPROGRESS) {
		rc = w->wait(w, l->sock, POLLOUT, deadline);
		if (rc < 0)
			err_set(e, ERR_CANCELLED, "cancelled");
		else if (rc == 0)
			err_set(e, ERR_CONN, "%s:%d did not answer in time", l->config->address,
			    l->config->port);
		if (rc == 1 && getsockopt(l->sock, SOL_SOCKET, SO_ERROR, &why, &len) == 0 &&
		    why == 0)
			return 0;
	} else if (rc == 0) {
		return 0;
	} else {
		why = errno;
	}
	if (why != 0)
		err_set(e, ERR_CONN, "%s:%d could not be reached: %s", l->config->address,
		    l->config->port, strerror(why));
	close(l->sock);
	l->sock = -1;
	return -1;
}

static int
connect_socket(struct ssh_link *l, struct waiter *w, int64_t deadline, struct err *e)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *list = NULL, *ai;
	char port[16];
	int rc;

	snprintf(port, sizeof(port), "%d", l->config->port);
	rc = getaddrinfo(l->config->address, port, &hints, &list);
	if (rc != 0)
		return err_set(e, ERR_CONN, "%s could not be looked up: %s", l->config->address,
		    gai_strerror(rc));
	rc = -1;
	for (ai = list; ai != NULL && rc != 0; ai = ai->ai_next) {
		rc = connect_one(l, ai, w, deadline, e);
		if (rc != 0 && e != NULL && e->code == ERR_CANCELLED)
			break;
	}
	freeaddrinfo(list);
	return rc;
}

static int
open_channel_via(struct ssh_link *l, struct waiter *w, int64_t deadline, struct err *e)
{
	struct ssh_link *via = l->via;

	for (;;) {
		l->channel = libssh2_channel_direct_tcpip_ex(
		    via->session, l->config->address, l->config->port, "127.0.0.1", 0);
		if (l->channel != NULL)
			return 0;
		if (libssh2_session_last_errno(via->session) != LIBSSH2_ERROR_EAGAIN)
			return ssh_failed(
			    via, "the jump host would not connect to the next one", e);
		if (ssh_wait(via, w, deadline, e) != 0)
			return -1;
	}
}

static void
link_close(struct ssh_link *l)
{
	if (l == NULL)
		return;
	if (l->session != NULL) {
		/* Nobody waits long for a goodbye. */
		libssh2_session_set_timeout(l->session, GOODBYE_MS);
		libssh2_session_set_blocking(l->session, 1);
		libssh2_session_disconnect(l->session, "bye");
		libssh2_session_free(l->session);
	}
	if (l->via == NULL && l->sock != -1)
		close(l->sock);
	if (l->channel != NULL)
		libssh2_channel_free(l->channel);
	link_close(l->via);
}

static int
handshake(
    struct host_conn *h, struct ssh_link *l, struct waiter *w, int64_t deadline, struct err *e)
{
	int rc;

	l->session = libssh2_session_init_ex(NULL, NULL, NULL, l);
	if (l->session == NULL)
		return err_set(e, ERR_FAILED, "out of memory");
	libssh2_session_set_blocking(l->session, 0);
	if (l->via != NULL) {
		libssh2_session_callback_set(
		    l->session, LIBSSH2_CALLBACK_SEND, (void *)(uintptr_t)inner_send);
		libssh2_session_callback_set(
		    l->session, LIBSSH2_CALLBACK_RECV, (void *)(uintptr_t)inner_recv);
	}
	if (ssh_prefer_known(h, l, e) != 0)
		return -1;
	while ((rc = libssh2_session_handshake(l->session, l->sock)) == LIBSSH2_ERROR_EAGAIN)
		if (ssh_wait(l, w, deadline, e) != 0)
			return err_wrap(e, "the SSH handshake did not end");
	if (rc != 0)
		return ssh_failed(l, "no SSH session", e);
	return ssh_check_key(h, l, e);
}

static int
open_link(struct host_conn *h, const struct host_config *config, struct waiter *w, int64_t deadline,
    struct ssh_link **out, struct err *e)
{
	struct ssh_link *l = arena_alloc(h->arena, sizeof(*l));
	int rc = 0;

	l->config = config;
	l->sock = -1;
	if (config->jump != NULL) {
		rc = open_link(h, host_find(h->cluster, config->jump), w, deadline, &l->via, e);
		if (rc == 0)
			rc = open_channel_via(l, w, deadline, e);
		if (rc == 0)
			l->sock = l->via->sock;
	} else {
		rc = connect_socket(l, w, deadline, e);
	}
	if (rc == 0)
		rc = handshake(h, l, w, deadline, e);
	if (rc == 0)
		rc = ssh_login(h, l, w, deadline, e);
	if (rc == 0) {
		*out = l;
		return 0;
	}
	link_close(l);
	return err_wrap(e, "host %s", config->name);
}

static int
open_ssh(struct host_conn *h, struct waiter *w, struct err *e)
{
	struct ssh_link *l;

	pthread_once(&once, start_library);
	if (open_link(h, h->config, w, now_ms() + h->config->timeout_ms, &l, e) != 0)
		return -1;
	h->link = l;
	return 0;
}

static void
close_ssh(struct host_conn *h)
{
	link_close(h->link);
	h->link = NULL;
}

const struct transport transport_libssh2 = {"libssh2", open_ssh, ssh_run, close_ssh};
