/*
 * Writing the journal: add, sync, checkpoint, close. Nothing is acknowledged that is not durable,
 * and a file that failed once is never trusted again.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "closed.h"
#include "copy.h"
#include "line.h"
#include "slow.h"
#include "wait.h"
#include "writer.h"
#include "banned.h"

#define SYNC_AFTER_MS 900
#define CHECKPOINT_AFTER_MS 60000
#define CHECKPOINT_AFTER_RECORDS 1000
#define RETRY_MS 30000
#define COPY_MS 2000
#define COPY_LAST_MS 10000
#define CLOSED_MS 30000
#define CLOCK_STEP_NS 1000000000LL

static int64_t
clock_offset(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec - jtime_boot();
}

static const char *
text_or_empty(struct arena *a, const char *s)
{
	return s == NULL ? "" : arena_strdup(a, s);
}

static void
journal_free(struct journal *j)
{
	size_t i;

	jpart_drop(j);
	jslow_stop(j->slow);
	jcopy_stop(j->copy);
	pending_clear(j);
	for (i = 0; i < j->nlater; i++)
		json_decref(j->later[i].body);
	for (i = 0; i < j->nbegun; i++)
		free(j->begun[i].key);
	free(j->begun);
	buf_free(&j->lazy);
	json_decref(j->cert);
	arena_free(j->arena);
	free(j);
}

/* Everything written so far is on the disk. */
static void
settled(struct journal *j)
{
	pending_clear(j);
	begun_durable(j);
	j->durable = j->head;
	j->dirty_ms = 0;
	j->lost = 0;
	if (j->copy != NULL)
		jcopy_upto(j->copy, j->file, j->size, j->durable.records, COPY_MS);
}

/* The file is dead: go on in the next directory. From then on `start` names the whole list again,
 * as a later retry may find room in any. */
static int
move_on(struct journal *j, size_t start, struct err *e)
{
	struct err why = *e;
	int r;

	jpart_drop(j);
	r = jpart_start(j, start, why.msg, e);
	/* What was held back is free now: a full disk takes a new file, though no new begin. */
	if (r != 0 && start > 0 && j->is_full)
		r = jpart_start(j, 0, why.msg, e);
	j->is_full = 0;
	if (r == 0) {
		settled(j);
		return 0;
	}
	pending_drop_ahead(j);
	j->retry_ms = now_ms() + RETRY_MS;
	err_wrap(e, "%s; no other directory takes records", why.msg);
	return err_hint(
	    e, "Only looking and safing work now; free space or mend the journal's directory.");
}

/* Which configured directory the file is in, plus one. */
static size_t
next_dir(const struct journal *j)
{
	size_t i, n;

	for (i = 0; i < j->ndirs; i++) {
		n = strlen(j->dirs[i]);
		if (strncmp(j->file, j->dirs[i], n) == 0 && j->file[n] == '/' &&
		    strcmp(j->file + n + 1, j->name) == 0)
			return i + 1;
	}
	return j->ndirs;
}

int
journal_open(const struct journal_setup *s, struct journal **out, struct err *e)
{
	struct journal *j = calloc(1, sizeof(*j));
	size_t i;

	*out = NULL;
	if (j == NULL)
		abort();
	/* A file size limit must be an error of write(2), not our death. */
	signal(SIGXFSZ, SIG_IGN);
	j->arena = arena_new();
	buf_init(&j->lazy, (size_t)256 << 10);
	j->fd = j->dirfd = j->reserve_fd = -1;
	j->left = -1;
	j->pid = getpid();
	j->closed = arena_array(j->arena, s->nclosed + 1, sizeof(*j->closed));
	for (i = 0; i < s->nclosed; i++)
		j->closed[j->nclosed++] = arena_strdup(j->arena, s->closed[i]);
	j->dirs = arena_array(j->arena, s->ndirs, sizeof(*j->dirs));
	for (i = 0; i < s->ndirs; i++)
		j->dirs[i] = arena_strdup(j->arena, s->dirs[i]);
	j->ndirs = s->ndirs;
	j->person = text_or_empty(j->arena, s->person);
	j->cluster = text_or_empty(j->arena, s->cluster);
	j->operators_file = text_or_empty(j->arena, s->operators_file);
	j->policy_digest = text_or_empty(j->arena, s->policy_digest);
	j->key = s->key;
	id_new(j->session);
	if (s->key == NULL) {
		journal_free(j);
		return err_set(e, ERR_JOURNAL, "could not open a journal: no session key");
	}
	if (s->copy != NULL && (j->copy = jcopy_start(s->copy, e)) == NULL) {
		journal_free(j);
		return -1;
	}
	/* After the fork of the copy's helper: that one has no thread. */
	if (s->slow != NULL)
		j->slow = jslow_start(s->slow, s->slow_ctx);
	if (jpart_start(j, 0, NULL, e) != 0) {
		journal_free(j);
		return -1;
	}
	settled(j);
	j->offset_ns = clock_offset();
	j->checkpoint_ms = now_ms();
	j->checkpoint_at = j->head.records;
	*out = j;
	return 0;
}

const char *
journal_session(const struct journal *j)
{
	return j->session;
}

const char *
journal_file(const struct journal *j)
{
	return j->file;
}

char *
journal_head(struct arena *a, struct journal *j)
{
	char leaf[SHA256_HEX];

	journal_settle(j);
	hex_encode(j->head.leaf, SHA256_BYTES, leaf);
	return arena_printf(a, "%s:%llu:%s", j->session, (unsigned long long)journal_seq(j), leaf);
}

uint64_t
journal_seq(struct journal *j)
{
	journal_settle(j);
	return j->head.records - 1;
}

int
journal_is_writable(const struct journal *j)
{
	return j->fd >= 0;
}

/* Without a directory, what already happened is kept for the time one returns; what is only
 * about to happen is refused, as then it will not happen. */
static int
refuse_add(struct journal *j, const char *type, struct pending *p, struct err *e)
{
	if (!p->is_ahead && j->kept + p->len < KEPT_MAX) {
		pending_keep(j, p);
	} else {
		j->lost++;
		pending_free(p);
	}
	return err_set(
	    e, ERR_JOURNAL, "could not write the %s record: no directory takes records", type);
}

/* Somebody set the clock: the order is by seq only, but people read times. */
static void
note_clock(struct journal *j)
{
	int64_t now = clock_offset(), step = now - j->offset_ns;

	if (step < CLOCK_STEP_NS && step > -CLOCK_STEP_NS)
		return;
	j->offset_ns = now;
	journal_add(j, "clock", json_pack("{s:I}", "step_ms", (json_int_t)(step / 1000000)), NULL);
}

static int
has_room(struct journal *j, struct err *e)
{
	int r;

	jpart_waits(j, j->file);
	r = room_ahead(j, e);
	jpart_waited(j);
	return r;
}

/* One process writes, the time of day is right, and what begins finds room for its outcome. */
static int
may_add(struct journal *j, const char *type, struct err *e)
{
	struct err why;

	if (getpid() != j->pid)
		return err_set(e, ERR_JOURNAL,
		    "could not write the %s record: only the process that opened the journal may",
		    type);
	if (j->fd < 0)
		return 0;
	if (strcmp(type, "clock") != 0)
		note_clock(j);
	if (strcmp(type, "begin") != 0 || has_room(j, &why) == 0)
		return 0;
	/* Another directory may have room; where there is none, this file lives on without it. */
	if (next_dir(j) < j->ndirs && move_on(j, next_dir(j), &why) == 0 && has_room(j, &why) == 0)
		return 0;
	if (e != NULL)
		*e = why;
	return -1;
}

static int
add(struct journal *j, const struct added *record, struct err *e)
{
	const char *type = record->type;
	json_t *kept = json_incref(record->body);
	struct pending *p;
	struct err why;
	int r = 0;

	journal_clean(type, record->body);
	p = pending_make(record, e);
	if (p == NULL) {
		json_decref(kept);
		return -1;
	}
	j->acts += strcmp(type, "begin") == 0 || strcmp(type, "recover") == 0;
	if (j->fd >= 0 || strcmp(type, "begin") != 0)
		begun_note(j, type, kept);
	if (strcmp(type, "cert") == 0) {
		json_decref(j->cert);
		j->cert = json_incref(kept);
	}
	json_decref(kept);
	if (j->fd < 0)
		return refuse_add(j, type, p, e);
	pending_keep(j, p);
	if (j->dirty_ms == 0)
		j->dirty_ms = now_ms();
	if (jpart_emit(j, p, &why) != 0) {
		r = move_on(j, next_dir(j), &why);
		if (r != 0 && e != NULL)
			*e = why;
	}
	return r;
}

void
journal_settle(struct journal *j)
{
	struct added each[LATER_MAX];
	size_t i, n = j->nlater;
	struct err why;

	if (n == 0 || getpid() != j->pid)
		return;
	memcpy(each, j->later, n * sizeof(*each));
	j->nlater = 0;
	for (i = 0; i < n; i++) {
		err_clear(&why);
		if (add(j, &each[i], &why) == 0 || why.code == ERR_JOURNAL)
			continue;
		/* Whoever added it was told that all is well; said in its place, at its time. */
		each[i].type = "alarm";
		each[i].body =
		    json_pack("{s:o}", "sentence", journal_text(why.msg, strlen(why.msg)));
		add(j, &each[i], NULL);
	}
}

int
journal_add(struct journal *j, const char *type, json_t *body, struct err *e)
{
	const char *lazy = record_lazy(type);
	struct added record;

	/* First, as the file may fail there: what begins needs its room where it will stand. */
	if (lazy == NULL || j->nlater == LATER_MAX || j->fd < 0)
		journal_settle(j);
	if (may_add(j, type, e) != 0) {
		json_decref(body);
		return -1;
	}
	record_set(&record, lazy == NULL ? type : lazy, body);
	if (lazy == NULL || j->fd < 0)
		return add(j, &record, e);
	j->later[j->nlater++] = record;
	if (j->dirty_ms == 0)
		j->dirty_ms = now_ms();
	return 0;
}

static int
sync_file(struct journal *j, struct err *e)
{
	int r;

	jpart_waits(j, j->file);
	r = jpart_flush(j, e);
	if (r == 0 && fdatasync(j->fd) != 0)
		r = err_set(
		    e, ERR_JOURNAL, "could not sync the journal %s: %s", j->file, strerror(errno));
	jpart_waited(j);
	return r;
}

int
journal_sync(struct journal *j, struct err *e)
{
	struct err why;

	if (getpid() != j->pid)
		return err_set(e, ERR_JOURNAL,
		    "could not sync the journal: only the process that opened it may");
	journal_settle(j);
	if (j->fd < 0)
		return err_set(
		    e, ERR_JOURNAL, "could not sync the journal: no directory takes records");
	if (j->first == NULL)
		return 0;
	if (sync_file(j, &why) == 0) {
		settled(j);
		return 0;
	}
	if (move_on(j, next_dir(j), &why) == 0)
		return 0;
	if (e != NULL)
		*e = why;
	return -1;
}

int
journal_put(struct journal *j, const char *type, json_t *body, struct err *e)
{
	return journal_add(j, type, body, e) != 0 ? -1 : journal_sync(j, e);
}

int
journal_checkpoint(struct journal *j, struct err *e)
{
	if (journal_put(j, "checkpoint", json_object(), e) != 0)
		return -1;
	j->checkpoint_ms = now_ms();
	j->checkpoint_at = j->head.records;
	return 0;
}

void
journal_tick(struct journal *j)
{
	int64_t now = now_ms();
	struct err e;

	if (getpid() != j->pid)
		return;
	journal_settle(j);
	if (j->fd < 0) {
		if (now < j->retry_ms)
			return;
		err_set(&e, ERR_JOURNAL, "no directory took records for a while");
		move_on(j, 0, &e);
		return;
	}
	jpart_waits(j, j->file);
	room_tick(j);
	jpart_waited(j);
	trouble_note(j);
	note_clock(j);
	if (j->head.records > j->checkpoint_at &&
	    (now - j->checkpoint_ms >= CHECKPOINT_AFTER_MS ||
		j->head.records - j->checkpoint_at >= CHECKPOINT_AFTER_RECORDS))
		journal_checkpoint(j, NULL);
	else if (j->dirty_ms != 0 && now - j->dirty_ms >= SYNC_AFTER_MS)
		journal_sync(j, NULL);
}

/* All files of the session are closed now; each goes to the site's program. */
static int
hand_over(const struct journal *j, struct err *e)
{
	struct err each;
	int r = 0;
	size_t i;

	for (i = 0; j->nclosed > 0 && i < j->nfiles; i++)
		if (closed_run(j->closed, j->nclosed, j->files[i], CLOSED_MS, &each) != 0 &&
		    r == 0) {
			r = -1;
			if (e != NULL)
				*e = each;
		}
	return r;
}

int
journal_finish(struct journal *j, struct err *e)
{
	struct err ignored, *first = e == NULL ? &ignored : e;
	char *trouble;
	int r = 0;

	if (j == NULL)
		return 0;
	if (getpid() != j->pid) /* a fork leaves everything to whom it is a fork of */
		return err_set(first, ERR_JOURNAL,
		    "could not close the journal: only the process that opened it may");
	journal_settle(j);
	if (j->fd < 0) /* perhaps there is room again */
		j->retry_ms = 0, journal_tick(j);
	if (j->fd >= 0)
		trouble_note(j);
	if (j->fd < 0)
		r = err_set(first, ERR_JOURNAL,
		    "could not close the journal %s: no directory takes records", j->file);
	else
		r = journal_put(j, "close",
		    json_pack("{s:I,s:I,s:s}", "records", (json_int_t)j->head.records + 1, "acts",
			(json_int_t)j->acts, "reason", "exit"),
		    first);
	if (r == 0)
		fchmod(j->fd, 0400); /* a hint for people, never a proof */
	if (r == 0 && j->copy != NULL)
		jcopy_settle(j->copy, COPY_LAST_MS);
	if (r == 0 && j->copy != NULL && (trouble = jcopy_trouble(j->arena, j->copy)) != NULL)
		r = err_set(first, ERR_JOURNAL, "%s", trouble);
	jpart_drop(j);
	if (hand_over(j, r == 0 ? first : NULL) != 0)
		r = -1;
	journal_free(j);
	return r;
}

void
journal_close(struct journal *j)
{
	journal_finish(j, NULL);
}
