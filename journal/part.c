/*
 * The files of a session: normally one. When a file fails, or is changed by somebody else, it is
 * dead: it is neither written nor synced again, and a new file in the next directory links to
 * what was durable in it. Must never truncate, and never write to a file it did not create.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "line.h"
#include "parent.h"
#include "place.h"
#include "slow.h"
#include "text.h"
#include "writer.h"
#include "banned.h"

/* The file must be as we left it, under its name; else what we add would prove nothing. */
static int
check_file(struct journal *j, struct err *e)
{
	struct stat st, named;

	if (fstat(j->fd, &st) != 0 || st.st_nlink == 0)
		return err_set(e, ERR_JOURNAL, "the journal %s was removed", j->file);
	if (st.st_size != j->size)
		return err_set(e, ERR_JOURNAL,
		    "the journal %s was changed by somebody else: it has %lld bytes instead of "
		    "%lld",
		    j->file, (long long)st.st_size, (long long)j->size);
	if (fstatat(j->dirfd, j->name, &named, AT_SYMLINK_NOFOLLOW) != 0 ||
	    named.st_ino != st.st_ino || named.st_dev != st.st_dev)
		return err_set(e, ERR_JOURNAL, "the journal %s was moved or replaced", j->file);
	return 0;
}

static int
append_now(struct journal *j, const char *p, size_t n, struct err *e)
{
	ssize_t w;

	if (check_file(j, e) != 0)
		return -1;
	while (n > 0) {
		w = write(j->fd, p, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0) {
			j->is_full = w < 0 && room_is_full(errno);
			return err_set(e, ERR_JOURNAL, "could not write to the journal %s: %s",
			    j->file, w < 0 ? strerror(errno) : "nothing was taken");
		}
		p += w;
		n -= (size_t)w;
		j->size += w;
	}
	return 0;
}

static int
append(struct journal *j, const char *p, size_t n, struct err *e)
{
	int r;

	jpart_waits(j, j->file);
	r = append_now(j, p, n, e);
	jpart_waited(j);
	return r;
}

void
jpart_waits(struct journal *j, const char *file)
{
	jslow_enter(j->slow, file);
}

void
jpart_waited(struct journal *j)
{
	int64_t ms = jslow_leave(j->slow);

	if (ms > j->waited_ms)
		j->waited_ms = ms;
}

#define LAZY_BYTES ((size_t)64 << 10)

int
jpart_flush(struct journal *j, struct err *e)
{
	int r;

	if (j->lazy.len == 0)
		return 0;
	r = append(j, j->lazy.data, j->lazy.len, e);
	buf_reset(&j->lazy);
	return r;
}

/* Lines of reads wait for the next other record, a sync, or the second that design allows them. */
static int
write_line(struct journal *j, const struct pending *p, const struct buf *line, struct err *e)
{
	if (p->is_lazy && line->len < LAZY_BYTES) {
		buf_add(&j->lazy, line->data, line->len);
		return j->lazy.len < LAZY_BYTES ? 0 : jpart_flush(j, e);
	}
	if (jpart_flush(j, e) != 0)
		return -1;
	return append(j, line->data, line->len, e);
}

static int
sign(struct journal *j, struct buf *line, struct err *e)
{
	struct arena *a = arena_new();
	char *sig = NULL;
	int r = sshsig_sign(a, j->key, NS_CHECKPOINT, line->data, line->len, &sig, e);

	if (r == 0)
		buf_printf(line, ",\"sig\":\"%s\"", sig);
	arena_free(a);
	return r;
}

int
jpart_emit(struct journal *j, const struct pending *p, struct err *e)
{
	char prev[SHA256_HEX];
	struct buf line;
	int r = 0;

	hex_encode(j->head.leaf, SHA256_BYTES, prev);
	buf_init(&line, JOURNAL_LINE_MAX + 1);
	buf_printf(
	    &line, "{\"prev\":\"%s\",\"seq\":%llu,", prev, (unsigned long long)j->head.records);
	buf_add(&line, p->rest, p->len);
	if (p->is_signed)
		r = sign(j, &line, e);
	buf_puts(&line, "}\n");
	if (r == 0 && line.overflow)
		r = err_set(e, ERR_JOURNAL, "could not write a journal record: it is too long");
	if (r == 0)
		r = write_line(j, p, &line, e);
	if (r == 0) {
		jline_leaf(line.data, line.len - 1, j->head.leaf);
		j->head.records++;
	}
	buf_free(&line);
	return r;
}

static int
emit_new(struct journal *j, const char *type, json_t *body, struct err *e)
{
	struct added record;
	struct pending *p;
	int r;

	record_set(&record, type, body);
	p = pending_make(&record, e);
	r = p == NULL ? -1 : jpart_emit(j, p, e);

	pending_free(p);
	return r;
}

/* 20261122T030820Z-bastion1-alice-abcdefgh.jsonl; a continuing file has its part before .jsonl. */
static const char *
file_name(struct journal *j)
{
	const char *person = text_is_name(j->person, 64) ? j->person : "unsigned";
	char t[JLINE_T_CHARS + 1], host[65], *p;

	jtime_now(t);
	if (gethostname(host, sizeof(host) - 1) != 0)
		text_copy(host, sizeof(host), "host");
	host[sizeof(host) - 1] = '\0';
	for (p = host; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p))
			*p = '_';
	p = arena_printf(j->arena, "%.4s%.2s%.2sT%.2s%.2s%.2sZ-%s-%s-%.8s", t, t + 5, t + 8, t + 11,
	    t + 14, t + 17, host, person, j->session);
	return arena_printf(j->arena, j->part == 0 ? "%s.jsonl" : "%s.%d.jsonl", p, j->part);
}

static json_t *
open_body(struct journal *j, const struct jparent *parent)
{
	char host[256] = "", boot[64] = "";
	time_t now = time(NULL);
	struct tm tm = {0};
	json_t *b;

	localtime_r(&now, &tm);
	gethostname(host, sizeof(host) - 1);
	jparent_boot_id(boot, sizeof(boot));
	b = json_pack("{s:i,s:s,s:i,s:s,s:s,s:s,s:i,s:s,s:s,s:s,s:s,s:s}", "format", 1, "session",
	    j->session, "part", j->part, "person", j->person, "host",
	    text_is_utf8(host, strlen(host)) ? host : "", "boot_id", boot, "pid", (int)getpid(),
	    "tool", "holdfast " HOLDFAST_VERSION, "key", session_key_public(j->key), "operators",
	    j->operators_file, "policy", j->policy_digest, "cluster", j->cluster);
	/* What people's watches said, for the local times of a postmortem. */
	if (b != NULL)
		json_object_set_new(b, "offset", json_integer(tm.tm_gmtoff));
	if (b != NULL && tm.tm_zone != NULL && text_is_name(tm.tm_zone, 16))
		json_object_set_new(b, "zone", json_string(tm.tm_zone));
	if (b != NULL && parent != NULL && parent->json != NULL)
		json_object_set(b, "parent", parent->json);
	return b;
}

/* open, then for a continuing file the certificate and what happened, then what is kept. */
static int
fill(struct journal *j, const struct jparent *parent, json_t *degraded, struct err *e)
{
	struct pending *p;

	if (emit_new(j, "open", open_body(j, parent), e) != 0)
		return -1;
	if (degraded != NULL && j->cert != NULL &&
	    emit_new(j, "cert", json_incref(j->cert), e) != 0)
		return -1;
	if (degraded != NULL && emit_new(j, "degraded", json_incref(degraded), e) != 0)
		return -1;
	for (p = j->first; p != NULL; p = p->next)
		if (jpart_emit(j, p, e) != 0)
			return -1;
	if (jpart_flush(j, e) != 0)
		return -1;
	if (fsync(j->fd) != 0 || fsync(j->dirfd) != 0) {
		j->is_full = room_is_full(errno);
		return err_set(e, ERR_JOURNAL, "could not make the journal %s durable: %s", j->file,
		    strerror(errno));
	}
	return 0;
}

void
jpart_drop(struct journal *j)
{
	if (j->fd >= 0)
		close(j->fd);
	if (j->dirfd >= 0)
		close(j->dirfd);
	j->fd = j->dirfd = -1;
	room_release(j);
}

static int
start_there(struct journal *j, const char *dir, const struct jparent *parent, json_t *degraded,
    struct err *e)
{
	memset(&j->head, 0, sizeof(j->head));
	buf_reset(&j->lazy);
	j->size = 0;
	j->dirfd = jplace_open(dir, e);
	if (j->dirfd < 0)
		return -1;
	j->name = file_name(j);
	j->file = arena_printf(j->arena, "%s/%s", dir, j->name);
	j->fd = jplace_create(j->dirfd, dir, j->name, e);
	if (j->fd >= 0 && fill(j, parent, degraded, e) == 0) {
		room_hold(j);
		j->files = arena_grow(j->arena, j->files, j->nfiles, sizeof(*j->files));
		j->files[j->nfiles++] = j->file;
		return 0;
	}
	/* Nothing in it was acknowledged, and it is ours: no litter. */
	if (j->fd >= 0)
		unlinkat(j->dirfd, j->name, 0);
	jpart_drop(j);
	return -1;
}

static int
start_in(struct journal *j, const char *dir, const struct jparent *parent, json_t *degraded,
    struct err *e)
{
	int r;

	jpart_waits(j, dir);
	r = start_there(j, dir, parent, degraded, e);
	jpart_waited(j);
	return r;
}

int
jpart_start(struct journal *j, size_t from, const char *why, struct err *e)
{
	struct jparent parent = {0};
	const char *old_file = j->file, *old_name = j->name;
	json_t *degraded = NULL;
	struct err each;
	int r = -1;
	size_t i;

	if (why != NULL) {
		degraded = json_pack("{s:s,s:o,s:i,s:o,s:i}", "file", j->file, "why",
		    journal_text(why, strlen(why)), "durable", (int)j->durable.records, "begun",
		    begun_list(j), "lost", (int)j->lost);
		jparent_own(&parent, j);
		j->part++;
	} else {
		jpart_waits(j, j->ndirs == 0 ? "" : j->dirs[0]);
		jparent_find(&parent, j);
		jpart_waited(j);
	}
	err_set(e, ERR_JOURNAL, "could not keep a journal: no directory is configured");
	for (i = from; r != 0 && i < j->ndirs; i++) {
		r = start_in(j, j->dirs[i], &parent, degraded, &each);
		if (r != 0 && e != NULL)
			*e = each;
	}
	json_decref(degraded);
	json_decref(parent.json);
	if (r == 0) {
		err_clear(e);
		return 0;
	}
	/* The head stays the last durable record, in the file that holds it. */
	j->part -= why != NULL;
	j->file = old_file;
	j->name = old_name;
	j->head = j->durable;
	return r;
}
