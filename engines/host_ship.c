/*
 * A stopped data directory from one host to another. What one host sends goes through a pipe of
 * ours to the other one; neither reaches the other. Three steps: what is there already, the rest as
 * an archive, and the sums of all files on both sides. Must never let a copy get its name whose
 * source did not say all of its sums.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engines/host_ask.h"
#include "engines/members.h"
#include "text.h"
#include "banned.h"

#define LIST_MAX (32 << 20) /* of what is there already: some 300,000 files */
#define SLICE_MS 200
#define SHIP_WORDS 8

/* What both sides share. The caller's thread alone talks to who waits. */
struct ship {
	pthread_mutex_t lock;
	char said[16384]; /* by the target, not told yet */
	size_t nsaid;
	int is_over; /* one side ended: the other one need not go on sending */
	struct waiter *outer;
	struct host_telling *telling;
};

struct side {
	struct ship *ship;
	struct host_conn *h;
	const char *script, *words[SHIP_WORDS];
	size_t nwords;
	int timeout_ms, to, from; /* ends of pipes, or -1 */
	int is_source;
	struct host_command cmd;
	struct waiter *worker;
	int rc;
	struct err err;
};

static void
tell_now(struct ship *s)
{
	char data[sizeof(s->said)];
	size_t n;

	pthread_mutex_lock(&s->lock);
	n = s->nsaid;
	memcpy(data, s->said, n);
	s->nsaid = 0;
	pthread_mutex_unlock(&s->lock);
	if (n > 0)
		host_tell(s->telling, 0, data, n);
}

/* The caller's own waiter, in slices, so that progress is told meanwhile. */
static int
outer_wait(struct waiter *w, int fd, short events, int64_t deadline)
{
	struct ship *s = w->ctx;
	int64_t until;
	int rc;

	for (;;) {
		until = now_ms() + SLICE_MS;
		until = until < deadline ? until : deadline;
		rc = s->outer->wait(s->outer, fd, events, until);
		tell_now(s);
		if (rc != 0 || now_ms() >= deadline)
			return rc;
	}
}

static int
is_over(struct ship *s)
{
	int over;

	pthread_mutex_lock(&s->lock);
	over = s->is_over;
	pthread_mutex_unlock(&s->lock);
	return over;
}

/* A source is cancelled, too, when nobody takes what it sends. */
static int
source_wait(struct waiter *w, int fd, short events, int64_t deadline)
{
	struct side *x = w->ctx;
	int64_t until;
	int rc;

	for (;;) {
		if (is_over(x->ship))
			return -1;
		until = now_ms() + SLICE_MS;
		until = until < deadline ? until : deadline;
		rc = x->worker->wait(x->worker, fd, events, until);
		if (rc != 0 || now_ms() >= deadline)
			return rc;
	}
}

static void
send_on(void *ctx, int is_err, const char *data, size_t n)
{
	struct side *x = ctx;
	ssize_t k;

	while (!is_err && n > 0 && !is_over(x->ship)) {
		k = write(x->to, data, n);
		if (k > 0) {
			data += k;
			n -= (size_t)k;
		} else if (errno == EAGAIN) {
			if (x->worker->wait(x->worker, x->to, POLLOUT, now_ms() + SLICE_MS) < 0)
				return;
		} else if (errno != EINTR) {
			return;
		}
	}
}

static void
hear(void *ctx, int is_err, const char *data, size_t n)
{
	struct side *x = ctx;
	struct ship *s = x->ship;

	if (is_err)
		return;
	pthread_mutex_lock(&s->lock);
	if (n <= sizeof(s->said) - s->nsaid) {
		memcpy(s->said + s->nsaid, data, n);
		s->nsaid += n;
	}
	pthread_mutex_unlock(&s->lock);
}

static void
run_side(void *arg, struct waiter *w)
{
	struct side *x = arg;
	struct waiter own = {.wait = source_wait, .ctx = x, .cancel_fd = w->cancel_fd};

	x->worker = w;
	x->cmd.is_stream = 1;
	x->cmd.output = x->is_source ? send_on : hear;
	x->cmd.ctx = x;
	x->cmd.input = x->from >= 0 ? &x->from : NULL;
	x->rc = host_script(x->h, x->is_source ? &own : w, x->script, x->words, x->nwords,
	    x->timeout_ms, &x->cmd, &x->err);
	/* Its end is the end of what it sends; a target that ended needs nothing more. */
	if (x->is_source) {
		close(x->to);
		x->to = -1;
	}
	pthread_mutex_lock(&x->ship->lock);
	x->ship->is_over |= !x->is_source;
	pthread_mutex_unlock(&x->ship->lock);
}

/* Both sides at once. The source's reason comes first: what the target says follows from it, unless
 * it was the target that gave up. */
static int
run_both(struct ship *s, struct side sides[2], struct outcome *out, struct err *e)
{
	struct waiter outer = {.wait = outer_wait, .ctx = s, .cancel_fd = s->outer->cancel_fd};
	struct side *source = &sides[0], *target = &sides[1];
	int ends[2], was_cancelled, rc;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return err_set(e, ERR_FAILED, "no pipe: %s", strerror(errno));
	(void)fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
	source->to = ends[1];
	target->from = ends[0];
	s->is_over = 0;
	rc = fanout(&outer, run_side, sides, sizeof(*sides), 2);
	tell_now(s);
	close(ends[0]);
	if (source->to >= 0)
		close(source->to); /* cancelled before it began */
	was_cancelled = source->err.code == ERR_CANCELLED;
	out->is_unknown |= target->cmd.is_unknown;
	if (rc < 0)
		err_set(e, ERR_CANCELLED,
		    "cancelled; what was copied stays, and the same command goes on from there");
	else if (source->rc != 0 && !was_cancelled)
		*e = source->err, rc = -1;
	else if (target->rc != 0)
		*e = target->err, rc = -1;
	else if (source->rc != 0)
		*e = source->err, rc = -1;
	host_command_free(&source->cmd);
	host_command_free(&target->cmd);
	return rc;
}

static struct side
side_of(
    struct ship *s, struct host_conn *h, const struct step *step, const char *script, int is_source)
{
	static const char *const from[] = {"source", "source_inode", NULL}, *const to[] = {"above",
										"above_inode",
										"name", "bytes",
										"keep", "marker",
										NULL};
	const char *const *names = is_source ? from : to;
	struct side x = {.ship = s,
	    .h = h,
	    .script = script,
	    .is_source = is_source,
	    .timeout_ms = step->timeout_ms,
	    .to = -1,
	    .from = -1};

	for (; names[x.nwords] != NULL; x.nwords++)
		x.words[x.nwords] = host_argument(step, names[x.nwords]);
	return x;
}

/* What the target has already, as a file that the source's command reads; -1 and why. */
static int
had(struct ship *s, struct host_conn *to, const struct step *step, struct waiter *w, struct err *e)
{
	struct side x = side_of(s, to, step, script_ship_begin, 0);
	size_t sent = 0;
	ssize_t n;
	int fd = -1;

	x.cmd.max = LIST_MAX;
	if (host_script(to, w, x.script, x.words, x.nwords, x.timeout_ms, &x.cmd, e) == 0 &&
	    (fd = memfd_create("holdfast", MFD_CLOEXEC)) < 0)
		err_set(e, ERR_FAILED, "no memory file: %s", strerror(errno));
	while (fd >= 0 && sent < x.cmd.out.len) {
		n = write(fd, x.cmd.out.data + sent, x.cmd.out.len - sent);
		if (n <= 0) {
			err_set(e, ERR_FAILED, "no memory for the list: %s", strerror(errno));
			close(fd);
			fd = -1;
		}
		sent += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	host_command_free(&x.cmd);
	return fd;
}

static int
ship(struct ship *s, struct host_conn *from, struct host_conn *to, const struct step *step,
    struct outcome *out, struct err *e)
{
	struct side sides[] = {
	    side_of(s, from, step, script_ship_send, 1), side_of(s, to, step, script_ship_take, 0)};
	int rc, has = had(s, to, step, s->outer, e);

	if (has < 0)
		return -1;
	sides[0].from = has;
	rc = run_both(s, sides, out, e);
	close(has);
	if (rc != 0)
		return -1;
	sides[0] = side_of(s, from, step, script_ship_sums, 1);
	sides[1] = side_of(s, to, step, script_ship_check, 0);
	return run_both(s, sides, out, e);
}

int
host_ship(struct cluster *c, struct waiter *w, const struct step *s, struct outcome *out,
    struct host_telling *t, struct err *e)
{
	struct ship x = {.outer = w, .telling = t};
	const char *name = host_argument(s, "source_host"),
		   *key = host_argument(s, "source_fingerprint");
	struct host_conn *from = NULL, *to = NULL;
	int rc = -1;

	if (name == NULL || key == NULL || host_argument(s, "source") == NULL ||
	    host_argument(s, "source_inode") == NULL || host_argument(s, "marker") == NULL)
		return err_set(e, ERR_FAILED, "%s lacks an argument; nothing was done", s->proc);
	pthread_mutex_init(&x.lock, NULL);
	if (host_of_step(c, w, s, &to, e) == 0 &&
	    host_open(c->setup.config, name, w, &from, e) == 0) {
		if (strcmp(host_fingerprint(from), key) == 0)
			rc = ship(&x, from, to, s, out, e);
		else
			err_set(e, ERR_STALE,
			    "host %s shows another host key than when the plan was made; nothing "
			    "was done",
			    name);
	}
	host_close(from);
	host_close(to);
	pthread_mutex_destroy(&x.lock);
	if (rc != 0 && out->is_unknown && e != NULL)
		e->code = ERR_UNKNOWN;
	text_copy(out->tag, sizeof(out->tag),
	    rc != 0		 ? "not done"
	    : t->last[0] != '\0' ? t->last
				 : "done");
	return rc;
}
