/*
 * One command over a libssh2 session. The far side says its process id and waits for the go, so
 * what broke before it has run nothing, and what is cancelled is ended there, by that id. Must
 * never say how a command ended before the far side closed its channel.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "engines/host_ssh.h"
#include "text.h"
#include "banned.h"

#define STOP_MS 5000 /* to end a command there */

struct ssh_job {
	struct ssh_link *link;
	struct waiter *w;
	struct host_command *cmd;
	LIBSSH2_CHANNEL *channel;
	int64_t deadline;
	struct host_start start;
	struct host_feed *feed; /* NULL: none */
	int is_fed;		/* the far side was told that nothing more comes */
};

#define FEED_MS 10 /* a pipe without data is looked at again after this */

static int
exec(struct ssh_job *j, const char *line, struct err *e)
{
	LIBSSH2_SESSION *s = j->link->session;
	int rc;

	while ((j->channel = libssh2_channel_open_session(s)) == NULL) {
		if (libssh2_session_last_errno(s) != LIBSSH2_ERROR_EAGAIN)
			return ssh_failed(j->link, "no channel", e);
		if (ssh_wait(j->link, j->w, j->deadline, e) != 0)
			return -1;
	}
	while ((rc = libssh2_channel_exec(j->channel, line)) == LIBSSH2_ERROR_EAGAIN)
		if (ssh_wait(j->link, j->w, j->deadline, e) != 0)
			return -1;
	return rc == 0 ? 0 : ssh_failed(j->link, "it does not run commands", e);
}

/* Says go, once; from the first byte on the command counts as run. */
static int
go(struct ssh_job *j, struct err *e)
{
	static const char word[] = "go\n";
	size_t sent = 0;
	ssize_t n;

	j->cmd->is_started = j->cmd->is_unknown = 1;
	while (sent < sizeof(word) - 1) {
		n = libssh2_channel_write(j->channel, word + sent, sizeof(word) - 1 - sent);
		if (n == LIBSSH2_ERROR_EAGAIN) {
			if (ssh_wait(j->link, j->w, j->deadline, e) != 0)
				return -1;
			continue;
		}
		if (n < 0)
			return ssh_failed(j->link, "it broke when the command was to start", e);
		sent += (size_t)n;
	}
	return 0;
}

static int
take(struct ssh_job *j, const char *data, size_t n, struct err *e)
{
	ssize_t own;

	if (j->cmd->is_started) {
		host_take(j->cmd, 0, data, n);
		return 0;
	}
	own = host_started(&j->start, data, n);
	if (own < 0)
		return err_set(e, ERR_CONN,
		    "its login shell says too much before a command starts; nothing was run");
	if (j->start.pid == 0)
		return 0;
	return go(j, e);
}

/* Reads what is there of both outputs. 1 something came, 0 nothing now, -1 broken. */
static int
read_some(struct ssh_job *j, struct err *e)
{
	char data[16384];
	int stream, got = 0;
	ssize_t n;

	for (stream = 0; stream < 2; stream++) {
		n = libssh2_channel_read_ex(j->channel, stream, data, sizeof(data));
		if (n == LIBSSH2_ERROR_EAGAIN || n == 0)
			continue;
		if (n < 0)
			return ssh_failed(j->link, "the connection broke", e);
		got = 1;
		if (stream == 1)
			host_take(j->cmd, 1, data, (size_t)n);
		else if (take(j, data, (size_t)n, e) != 0)
			return -1;
	}
	return got;
}

/* Sends what there is of its input. 1 something went, 0 nothing now, -1 broken. */
static int
feed_some(struct ssh_job *j, struct err *e)
{
	struct host_feed *f = j->feed;
	ssize_t n;

	if (f == NULL || j->is_fed || !j->cmd->is_started)
		return 0;
	if (host_fill(f, j->cmd->input)) {
		n = libssh2_channel_write(j->channel, f->data + f->at, f->n - f->at);
		if (n < 0 && n != LIBSSH2_ERROR_EAGAIN)
			return ssh_failed(j->link, "the connection broke", e);
		f->at += n > 0 ? (size_t)n : 0;
		return n > 0;
	}
	if (f->is_over && libssh2_channel_send_eof(j->channel) != LIBSSH2_ERROR_EAGAIN)
		j->is_fed = 1;
	return 0;
}

static int
wait_some(struct ssh_job *j, struct err *e)
{
	if (j->feed == NULL || j->is_fed || j->feed->at < j->feed->n)
		return ssh_wait(j->link, j->w, j->deadline, e);
	if (now_ms() >= j->deadline)
		return err_set(e, ERR_CONN, "it did not end in time");
	if (j->w->wait(j->w, *j->cmd->input, POLLIN, now_ms() + FEED_MS) < 0)
		return err_set(e, ERR_CANCELLED, "cancelled");
	return 0;
}

static int
pump(struct ssh_job *j, struct err *e)
{
	int rc, sent;

	for (;;) {
		rc = read_some(j, e);
		sent = rc < 0 ? 0 : feed_some(j, e);
		if (rc < 0 || sent < 0)
			return -1;
		if (rc > 0 || sent > 0)
			continue;
		if (libssh2_channel_eof(j->channel))
			break;
		if (wait_some(j, e) != 0)
			return -1;
	}
	while ((rc = libssh2_channel_wait_closed(j->channel)) == LIBSSH2_ERROR_EAGAIN)
		if (ssh_wait(j->link, j->w, j->deadline, e) != 0)
			return -1;
	return rc == 0 ? 0 : ssh_failed(j->link, "the connection broke before it ended", e);
}

static void
keep_status(struct ssh_job *j)
{
	char *sig = NULL;
	size_t n = 0;

	libssh2_channel_get_exit_signal(j->channel, &sig, &n, NULL, NULL, NULL, NULL);
	if (sig != NULL) {
		snprintf(j->cmd->signal, sizeof(j->cmd->signal), "%.*s", (int)n, sig);
		libssh2_free(j->link->session, sig);
	} else {
		j->cmd->status = libssh2_channel_get_exit_status(j->channel);
	}
	j->cmd->is_unknown = 0;
}

/* Ends the command there and waits for its end; what it had done until then stays done. */
static void
stop(struct ssh_job *j)
{
	char pid[32];
	const char *const argv[] = {"/bin/sh", "-c", "kill -s TERM -- \"-$1\"", "stop", pid, NULL};
	struct waiter plain;
	struct host_command kill = {.argv = argv};
	struct ssh_job k = {.link = j->link, .w = &plain, .cmd = &kill};
	struct err ignored = {0};
	struct buf line;

	if (!j->cmd->is_started)
		return;
	snprintf(pid, sizeof(pid), "%ld", j->start.pid);
	poll_waiter(&plain, -1);
	k.deadline = now_ms() + STOP_MS;
	buf_init(&line, HOST_LINE_MAX);
	buf_init(&kill.out, 4096);
	buf_init(&kill.err, 4096);
	if (host_line(&line, argv, &ignored) == 0 && exec(&k, buf_str(&line), &ignored) == 0)
		pump(&k, &ignored);
	if (k.channel != NULL)
		libssh2_channel_free(k.channel);
	j->w = &plain;
	j->deadline = now_ms() + STOP_MS;
	if (pump(j, &ignored) == 0)
		keep_status(j);
	host_command_free(&kill);
	buf_free(&k.start.head);
	buf_free(&line);
}

static int
ended_early(struct ssh_job *j, struct err *e)
{
	int was_cancelled = e->code == ERR_CANCELLED, late = now_ms() >= j->deadline;

	if (!was_cancelled && !late)
		return -1;
	stop(j);
	if (j->cmd->is_unknown)
		return err_set(e, ERR_CONN,
		    "the command was %s, and the host did not say that it ended",
		    was_cancelled ? "cancelled" : "given up");
	return err_set(e, was_cancelled ? ERR_CANCELLED : ERR_FAILED, "the command was %s and %s",
	    was_cancelled ? "cancelled" : "too slow",
	    j->cmd->is_started ? "ended there" : "never started");
}

int
ssh_run(struct host_conn *h, struct waiter *w, struct host_command *cmd, struct err *e)
{
	struct ssh_job j = {.link = h->link, .w = w, .cmd = cmd};
	struct host_feed feed = {.at = 0};
	struct err own = {0};
	struct buf line;
	int rc;

	j.deadline = now_ms() + cmd->timeout_ms;
	buf_init(&line, HOST_LINE_MAX);
	j.feed = cmd->input == NULL ? NULL : &feed;
	rc = cmd->input == NULL ? host_line(&line, cmd->argv, &own)
				: host_line_fed(&line, cmd->argv, &own);
	if (rc == 0)
		rc = exec(&j, buf_str(&line), &own);
	if (rc == 0)
		rc = pump(&j, &own);
	if (rc == 0 && cmd->is_started)
		keep_status(&j);
	else if (rc == 0)
		rc = err_set(&own, ERR_CONN, "its login shell did not start the command");
	else
		rc = ended_early(&j, &own);
	if (rc != 0 && e != NULL)
		*e = own;
	if (j.channel != NULL)
		libssh2_channel_free(j.channel);
	buf_free(&j.start.head);
	buf_free(&line);
	return rc;
}
