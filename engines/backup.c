/*
 * Looking at backups: which there are, and what is wrong with the newest. Each check is a row with
 * its evidence; a check that could not be made is never "ok". Must never change anything there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "engines/backups.h"
#include "engines/members.h"
#include "text.h"
#include "banned.h"

#define EDGE 65536
#define TINY 1024
#define PROOF_DAYS 30

void
backup_find(struct backup_look *x, const char *check, enum backup_state state, const char *fmt, ...)
{
	struct backup_facts *f = x->out;
	va_list ap;

	va_start(ap, fmt);
	f->findings = arena_grow(x->a, f->findings, f->nfindings, sizeof(*f->findings));
	f->findings[f->nfindings++] =
	    (struct backup_finding){check, state, arena_vprintf(x->a, fmt, ap)};
	va_end(ap);
}

static const char *
age(struct arena *a, int64_t since)
{
	return text_seconds(a, (double)((int64_t)time(NULL) - since));
}

static void
check_age(struct backup_look *x)
{
	int64_t old = (int64_t)time(NULL) - x->out->items[0].made;
	enum backup_state state = old > 2LL * x->b->every_h * 3600	? BACKUP_FAIL
				  : old > x->b->every_h * 3600LL + 3600 ? BACKUP_WARN
									: BACKUP_OK;

	backup_find(x, "age", state, "the newest, %s, is %s old; one is expected every %d h",
	    x->out->items[0].name, age(x->a, x->out->items[0].made), x->b->every_h);
}

static int
by_size(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return a < b ? -1 : a > b;
}

static void
check_size(struct backup_look *x)
{
	int64_t sizes[7], is = x->out->items[0].bytes, median;
	size_t n = 0;

	if (is < TINY) {
		backup_find(x, "size", BACKUP_FAIL, "%s is %s: as good as empty",
		    x->out->items[0].name, text_bytes(x->a, is));
		return;
	}
	for (; n < 7 && n + 1 < x->out->nitems; n++)
		sizes[n] = x->out->items[n + 1].bytes;
	if (n == 0) {
		backup_find(x, "size", BACKUP_WARN,
		    "%s, and there is no earlier one to compare with", text_bytes(x->a, is));
		return;
	}
	qsort(sizes, n, sizeof(sizes[0]), by_size);
	median = sizes[n / 2] > 0 ? sizes[n / 2] : 1;
	backup_find(x, "size",
	    is * 100 < median * 20						? BACKUP_FAIL
	    : is * 100 < median * 70 || (is > median * 2 && is - median > TINY) ? BACKUP_WARN
										: BACKUP_OK,
	    "%s, %lld %% of the %zu before it (median %s)", text_bytes(x->a, is),
	    (long long)(is * 100 / median), n, text_bytes(x->a, median));
}

char *
backup_edge(struct arena *a, const char *path, int at_end, size_t *len)
{
	char *buf = arena_alloc(a, EDGE + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	off_t end = fd == -1 ? 0 : lseek(fd, 0, SEEK_END);
	ssize_t n = fd == -1 ? -1 : pread(fd, buf, EDGE, at_end && end > EDGE ? end - EDGE : 0);

	if (fd != -1)
		close(fd);
	*len = n < 0 ? 0 : (size_t)n;
	buf[*len] = '\0';
	return buf;
}

/* A program that mails when it fails tells nobody that it did not run, or that nobody reads. */
static void
check_log(struct backup_look *x)
{
	static const char *const words[] = {"error", "fatal", "failed", "denied", "no space",
	    "mismatch", "not found", "could not", NULL};
	char *line, *rest;
	struct stat st;
	size_t len, i;

	if (x->b->log == NULL) {
		backup_find(x, "log", BACKUP_WARN,
		    "no log is declared, so an error of the job would not be seen");
		return;
	}
	if (stat(x->b->log, &st) != 0) {
		backup_find(
		    x, "log", BACKUP_FAIL, "%s cannot be read: %s", x->b->log, strerror(errno));
		return;
	}
	rest = backup_edge(x->a, x->b->log, 1, &len);
	while ((line = strsep(&rest, "\n")) != NULL)
		for (i = 0; words[i] != NULL; i++)
			if (strcasestr(line, words[i]) != NULL) {
				backup_find(x, "log", BACKUP_FAIL, "%s says: %s", x->b->log,
				    text_fit(x->a, line, strlen(line), 120));
				return;
			}
	if ((int64_t)time(NULL) - st.st_mtime > 2LL * x->b->every_h * 3600)
		backup_find(x, "log", BACKUP_FAIL,
		    "%s was last written %s ago: the job does not run any more", x->b->log,
		    age(x->a, st.st_mtime));
	else
		backup_find(x, "log", st.st_size == 0 ? BACKUP_WARN : BACKUP_OK,
		    "%s has no error%s, written %s ago", x->b->log,
		    st.st_size == 0 ? ", and nothing else" : "", age(x->a, st.st_mtime));
}

static void
check_told(struct backup_look *x)
{
	struct stat st;

	if (x->b->heartbeat == NULL) {
		backup_find(x, "told", BACKUP_FAIL,
		    "nobody is told when it stops: no heartbeat is declared");
		return;
	}
	if (stat(x->b->heartbeat, &st) != 0 ||
	    (int64_t)time(NULL) - st.st_mtime > 2LL * x->b->every_h * 3600)
		backup_find(
		    x, "told", BACKUP_FAIL, "the heartbeat %s is missing or late", x->b->heartbeat);
	else
		backup_find(x, "told", BACKUP_OK, "heartbeat %s ago", age(x->a, st.st_mtime));
}

static void
check_disk(struct backup_look *x)
{
	struct stat here, there;

	if (x->live->data_directory == NULL || stat(x->b->path, &here) != 0) {
		backup_find(x, "place", BACKUP_WARN, "where the server has its data is not known");
		return;
	}
	if (stat(x->live->data_directory, &there) != 0) {
		backup_find(x, "place", errno == ENOENT ? BACKUP_OK : BACKUP_WARN,
		    errno == ENOENT ? "the server has its data on another machine"
				    : "the data directory of the server could not be looked at");
		return;
	}
	if (here.st_dev == there.st_dev)
		backup_find(x, "place", BACKUP_FAIL,
		    "%s is on the same disk as the data of the server, %s: both go together",
		    x->b->path, x->live->data_directory);
	else
		backup_find(
		    x, "place", BACKUP_OK, "not on the disk of %s", x->live->data_directory);
}

static void
check_proof(struct backup_look *x)
{
	const struct backup_proof *p = &x->out->proof;

	if (p->at == 0)
		backup_find(x, "proved", BACKUP_WARN, "never restored in a drill: backups drill %s",
		    x->b->name);
	else if (!p->ok)
		backup_find(x, "proved", BACKUP_FAIL, "the drill of %s failed, %s ago: %s", p->item,
		    age(x->a, p->at), p->note);
	else
		backup_find(x, "proved",
		    (int64_t)time(NULL) - p->at > PROOF_DAYS * 86400LL ? BACKUP_WARN : BACKUP_OK,
		    "%s was restored %s ago in %s: %s in %s%s%s", p->item, age(x->a, p->at),
		    text_seconds(x->a, (double)p->ms / 1000), text_many(x->a, p->rows, "row"),
		    text_many(x->a, p->tables, "table"), p->note[0] == '\0' ? "" : "; ", p->note);
}

/* What the method's own row, or the row of what the file turns out to be, says. */
static int
check_whole(struct backup_look *x, struct err *e)
{
	const struct backup_item *newest = &x->out->items[0];
	const struct backup_method *m = backup_method(x->b->method);

	if (m->look == NULL)
		m = backup_by_content(x->a, newest->path);
	if (m == NULL) {
		backup_find(x, "decode", BACKUP_WARN,
		    "%s is of a kind that is not known here: only its age and size were looked at",
		    newest->name);
		return 0;
	}
	if (m->look(x, newest, e) != 0)
		return -1;
	if (m->gap != NULL)
		return m->gap(x, newest, e);
	backup_find(x, "logs", BACKUP_OK,
	    "nothing is replayed onto it: what was written since is not in it");
	return 0;
}

int
ask_backup(struct waiter *w, struct arena *a, const struct backup_config *b,
    const struct backup_live *live, int deep, struct backup_facts *out, struct err *e)
{
	struct backup_look x = {w, a, b, live, out};

	memset(out, 0, sizeof(*out));
	if (backup_method(b->method)->items(&x, e) != 0) {
		if (e != NULL && e->code == ERR_CANCELLED)
			return -1;
		backup_find(&x, "there", BACKUP_FAIL, "%s", e == NULL ? "unreadable" : e->msg);
		err_clear(e);
		return 0;
	}
	backup_proof_read(a, b, &out->proof);
	if (!deep)
		return 0;
	if (out->nitems == 0)
		backup_find(&x, "there", BACKUP_FAIL,
		    "%s has nothing called %s: there was never one, or all are gone", b->path,
		    b->pattern);
	else {
		backup_find(&x, "there", BACKUP_OK, "%zu in %s", out->nitems, b->path);
		check_age(&x);
		check_size(&x);
		if (check_whole(&x, e) != 0)
			return -1;
	}
	check_log(&x);
	check_told(&x);
	check_disk(&x);
	check_proof(&x);
	return 0;
}

int
ask_backup_live(
    struct cluster *c, struct waiter *w, struct arena *a, struct backup_live *out, struct err *e)
{
	const struct node *n = c->topology == NULL ? NULL : topology_primary(c->topology);
	CLEAN_MEMBERS struct cluster *held = NULL;
	struct member *m;

	memset(out, 0, sizeof(*out));
	if (n == NULL)
		return 0;
	out->data_directory = n->data_directory;
	if (members_enter(c, w, &held, e) < 0)
		return -1;
	m = cluster_member(c, n->name);
	return m == NULL || c->driver->logs == NULL ? 0 : c->driver->logs(c, w, a, m, out, e);
}
