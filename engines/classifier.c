/*
 * The classifier as the rest of the program sees it: text in, actions out, whatever happens to the
 * process that parses. Spans come from our own scanner; the child's answer is bounded and checked.
 * Must never answer less than "opaque" for a statement the child did not judge.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "engine.h"
#include "engines/classifier_memo.h"
#include "engines/classifier_wire.h"
#include "engines/dialect.h"
#include "engines/pg_sql.h"
#include "wait.h"
#include "banned.h"

#define STATEMENT_MS 2000
#define CRASHES_MAX 32 /* of one text; the rest is then opaque */

struct classifier {
	pid_t zygote;
	int control; /* to the zygote */
	int worker;  /* to the worker; -1 none */
	struct memo *memo;
	const struct engine *engine; /* where a text does not say */
};

/* A text on its way through the child. */
struct passage {
	struct classifier *c;
	const char *text;
	size_t len;
	const struct lexical *lx;
	struct arena *a;
	struct script *out;
	size_t done; /* statements answered */
	int is_careful;
	int dialect; /* index in dialects[] */
};

int
classifier_start(const struct engine *g, struct classifier **out, struct err *e)
{
	struct classifier *c;
	int pair[2];
	pid_t pid;

	if (dialect_of(g) < 0)
		return err_set(e, ERR_USAGE, "there is no classifier for %s", g->name);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return err_set(e, ERR_FAILED, "could not make a socket pair for the classifier: %s",
		    strerror(errno));
	if ((pid = fork()) == 0) {
		close(pair[0]);
		zygote_main(pair[1]);
	}
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return err_set(
		    e, ERR_FAILED, "could not start the classifier: %s", strerror(errno));
	}
	if ((c = calloc(1, sizeof(*c))) == NULL)
		abort();
	c->zygote = pid;
	c->control = pair[0];
	c->worker = -1;
	c->memo = memo_new();
	c->engine = g;
	*out = c;
	return 0;
}

void
classifier_stop(struct classifier *c)
{
	int i;

	if (c == NULL)
		return;
	if (c->worker >= 0)
		close(c->worker);
	close(c->control);
	memo_free(c->memo);
	/* It buries its worker and goes; where it does not, its worker dies with it. */
	for (i = 0; i < 100; i++) {
		if (waitpid(c->zygote, NULL, WNOHANG) != 0) {
			free(c);
			return;
		}
		poll(NULL, 0, 10);
	}
	kill(c->zygote, SIGKILL);
	while (waitpid(c->zygote, NULL, 0) < 0 && errno == EINTR)
		;
	free(c);
}

/* 1 ready, 0 too late. */
static int
wait_until(int fd, short events, int64_t deadline)
{
	struct pollfd p = {fd, events, 0};
	int64_t left;
	int n;

	for (;;) {
		left = deadline - now_ms();
		n = poll(&p, 1, left > 0 ? (int)left : 0);
		if (n > 0)
			return 1;
		if (n == 0 || errno != EINTR)
			return 0;
	}
}

static int
read_until(int fd, void *p, size_t n, int64_t deadline)
{
	char *at = p;
	ssize_t got;

	while (n > 0) {
		if (!wait_until(fd, POLLIN, deadline))
			return -2;
		got = recv(fd, at, n, MSG_DONTWAIT);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			return -1;
		at += got;
		n -= (size_t)got;
	}
	return 0;
}

static int
write_until(int fd, const void *p, size_t n, int64_t deadline)
{
	const char *at = p;
	ssize_t put;

	while (n > 0) {
		if (!wait_until(fd, POLLOUT, deadline))
			return -2;
		put = send(fd, at, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (put < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (put <= 0)
			return -1;
		at += put;
		n -= (size_t)put;
	}
	return 0;
}

/* Sends the zygote a command, with a descriptor where fd is one. */
static int
ask_zygote(struct classifier *c, char what, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {&what, 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *h;

	memset(&control, 0, sizeof(control));
	if (fd >= 0) {
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof(control.bytes);
		h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(h), &fd, sizeof(int));
	}
	if (sendmsg(c->control, &m, MSG_NOSIGNAL) != 1 ||
	    read_until(c->control, &what, 1, now_ms() + 10000) != 0)
		return -1;
	return what == 'Y' ? 0 : -1;
}

static int
need_worker(struct classifier *c)
{
	int pair[2], r;

	if (c->worker >= 0)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	r = ask_zygote(c, 'F', pair[1]);
	close(pair[1]);
	if (r != 0) {
		close(pair[0]);
		return -1;
	}
	c->worker = pair[0];
	return 0;
}

static void
end_worker(struct classifier *c)
{
	if (c->worker < 0)
		return;
	close(c->worker);
	c->worker = -1;
	ask_zygote(c, 'K', -1);
}

/* How long the statement that is next may take. */
static int64_t
patience(const struct passage *p)
{
	size_t len = p->done < p->out->nstatements ? p->out->statements[p->done].len : 0;

	return now_ms() + STATEMENT_MS + (int64_t)(len > PG_STATEMENT_MAX ? 0 : len) / 256 +
	       (p->is_careful ? 0 : 500);
}

/* One frame of answers. 1 more to come, 0 that was the last, -1 crashed, -2 too late. */
static int
take_frame(struct passage *p)
{
	struct wire_frame f;
	const char *at;
	char *bytes;
	int r = read_until(p->c->worker, &f, sizeof(f), patience(p));

	if (r != 0 || f.len > WIRE_FRAME_MAX)
		return r != 0 ? r : -1;
	if ((bytes = malloc((size_t)f.len + 1)) == NULL)
		abort();
	if ((r = read_until(p->c->worker, bytes, f.len, now_ms() + STATEMENT_MS)) != 0) {
		free(bytes);
		return r;
	}
	for (at = bytes; at < bytes + f.len; p->done++)
		if (p->done >= p->out->nstatements ||
		    wire_get(p->a, &at, bytes + f.len, &p->out->statements[p->done]) != 0) {
			free(bytes);
			return -1;
		}
	free(bytes);
	if (f.is_last)
		return p->done == p->out->nstatements ? 0 : -1;
	return 1;
}

static int
exchange(struct passage *p)
{
	struct wire_request r = {.len = (uint32_t)p->len,
	    .version = p->lx != NULL ? p->lx->version : 0,
	    .standard_conforming_strings = p->lx == NULL || p->lx->standard_conforming_strings,
	    .is_careful = p->is_careful,
	    .mode = p->lx != NULL ? p->lx->mode : 0,
	    .dialect = (uint32_t)p->dialect,
	    .skip = (uint32_t)p->done};
	int64_t limit = now_ms() + STATEMENT_MS + (int64_t)(r.len >> 10);
	int k;

	if ((k = write_until(p->c->worker, &r, sizeof(r), limit)) != 0 ||
	    (k = write_until(p->c->worker, p->text, r.len, limit)) != 0)
		return k;
	do
		k = take_frame(p);
	while (k == 1);
	return k;
}

static void
split(struct passage *p)
{
	struct script *o = p->out;
	struct statement s;
	struct my_split sp = {0};
	struct lexical now;
	char in;

	memset(o, 0, sizeof(*o));
	while (dialects[p->dialect].next(p->text, p->len, p->lx, &sp, &s, &in, &now)) {
		o->statements = arena_grow(p->a, o->statements, o->nstatements, sizeof(s));
		o->statements[o->nstatements++] = s;
	}
}

static void
give_up_rest(struct passage *p, const char *why)
{
	for (; p->done < p->out->nstatements; p->done++)
		pg_give_up(p->a, &p->out->statements[p->done], "unknown", why);
}

int
classify(struct classifier *c, const char *text, size_t len, const struct lexical *lx,
    struct arena *a, struct script *out, struct err *e)
{
	const struct engine *g = lx != NULL && lx->engine != NULL ? lx->engine : c->engine;
	struct passage p = {c, text, len, lx, a, out, 0, 0, dialect_of(g)};
	int k, crashes = 0, is_new;
	size_t i;

	if (p.dialect < 0)
		return err_set(e, ERR_USAGE, "there is no classifier for %s", g->name);
	if (len > UINT32_MAX / 2)
		return err_set(
		    e, ERR_USAGE, "the text is longer than the classifier takes (2 GiB)");
	split(&p);
	if (memo_get(c->memo, text, len, lx, a, out))
		p.done = out->nstatements;
	is_new = p.done < out->nstatements;
	while (p.done < out->nstatements) {
		if (crashes >= CRASHES_MAX)
			give_up_rest(&p, "the parser crashed too often on what stands before it");
		else if (need_worker(c) != 0)
			give_up_rest(&p, "the classifier's process is gone; restart holdfast");
		else if ((k = exchange(&p)) != 0) {
			end_worker(c);
			if (p.is_careful && p.done < out->nstatements) {
				pg_give_up(a, &out->statements[p.done++], "unknown",
				    k == -2 ? "the parser took too long over it"
					    : "the parser crashed on it");
				crashes++;
			}
			p.is_careful = 1;
		}
	}
	for (i = 0; i < out->nstatements; i++)
		if (out->statements[i].danger > out->danger)
			out->danger = out->statements[i].danger;
	if (is_new && crashes == 0 && c->worker >= 0)
		memo_put(c->memo, text, len, lx, out);
	return 0;
}

int
classify_here(const struct engine *g, const char *text, size_t len, const struct lexical *lx,
    struct arena *a, struct script *out, struct err *e)
{
	int d = dialect_of(g);
	struct my_split sp = {0};
	struct lexical now;
	struct statement s;
	char in;

	if (d < 0)
		return err_set(e, ERR_USAGE, "there is no classifier for %s", g->name);
	if (g == &engine_postgresql)
		return pg_classify(text, len, lx, a, out, e);
	memset(out, 0, sizeof(*out));
	while (dialects[d].next(text, len, lx, &sp, &s, &in, &now)) {
		dialects[d].judge(text, &now, in, NULL, a, &s);
		out->statements = arena_grow(a, out->statements, out->nstatements, sizeof(s));
		out->statements[out->nstatements++] = s;
		if (s.danger > out->danger)
			out->danger = s.danger;
	}
	return 0;
}
