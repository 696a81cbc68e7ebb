/*
 * Reading journals: one record after the other, and the list of files. Reading is lenient where
 * verify is strict: what is there is shown, up to the first line that is no record.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "journal.h"
#include "line.h"
#include "quick.h"
#include "banned.h"

struct journal_reader {
	int fd;
	struct jscan scan;
	json_t *json;
	char t[JLINE_T_CHARS + 1], type[JLINE_TYPE_MAX + 1];
	int (*wants)(void *ctx, const char *type); /* NULL: all */
	void *wants_ctx;
};

void
journal_reader_only(struct journal_reader *r, int (*wants)(void *ctx, const char *type), void *ctx)
{
	r->wants = wants;
	r->wants_ctx = ctx;
}

/* A record that is only to be counted. */
static int
is_unwanted(struct journal_reader *r, struct record *out)
{
	static const char mark[] = ",\"redacted\":";
	struct quick_record q;

	if (r->wants == NULL || !quick_line(out->line, out->len, NULL, &q))
		return 0;
	memcpy(r->type, q.type.p, q.type.n);
	r->type[q.type.n] = '\0';
	if (r->wants(r->wants_ctx, r->type) ||
	    memmem(out->line, out->len, mark, sizeof(mark) - 1) != NULL)
		return 0;
	memcpy(r->t, q.t, JLINE_T_CHARS);
	out->seq = q.seq;
	out->t = r->t;
	out->type = r->type;
	out->json = NULL;
	return 1;
}

int
journal_reader_open(const char *file, struct journal_reader **out, struct err *e)
{
	off_t size;
	int is_live, fd = jfile_open(file, &size, &is_live, e);
	struct journal_reader *r;

	if (fd < 0)
		return -1;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		abort();
	r->fd = fd;
	jscan_init(&r->scan, fd, size);
	*out = r;
	return 0;
}

int
journal_reader_next(struct journal_reader *r, struct record *out, struct err *e)
{
	enum jscan_got got = jscan_next(&r->scan, &out->line, &out->len);
	struct jhead head;
	const char *why;

	json_decref(r->json);
	r->json = NULL;
	if (got == JSCAN_END || got == JSCAN_TAIL)
		return 0;
	if (got == JSCAN_FAIL)
		return err_set(
		    e, ERR_FAILED, "could not read the journal: %s", strerror(r->scan.error));
	if (got == JSCAN_LONG)
		return err_set(e, ERR_FAILED,
		    "could not read the journal: a line is longer than a record may be");
	if (is_unwanted(r, out))
		return 1;
	r->json = jline_parse(out->line, out->len, &why);
	if (r->json == NULL || jline_head(out->line, out->len, &head) != 0)
		return err_set(e, ERR_FAILED, "could not read the journal: a line %s", why);
	memcpy(r->t, head.t, JLINE_T_CHARS);
	memcpy(r->type, head.type, head.ntype);
	r->type[head.ntype] = '\0';
	out->seq = head.seq;
	out->t = r->t;
	out->type = r->type;
	out->json = r->json;
	return 1;
}

void
journal_reader_close(struct journal_reader *r)
{
	if (r == NULL)
		return;
	json_decref(r->json);
	jscan_free(&r->scan);
	close(r->fd);
	free(r);
}

int
journal_reader_grow(struct journal_reader *r)
{
	struct stat st;

	if (fstat(r->fd, &st) != 0 || st.st_size <= r->scan.limit)
		return 0;
	r->scan.limit = st.st_size;
	return 1;
}

int64_t
journal_reader_size(const struct journal_reader *r)
{
	return r->scan.limit;
}

/* The first and the last line tell everything a list needs. -1: no journal of ours. */
static int
peek(struct arena *a, const char *file, struct journal_entry *out)
{
	struct journal_reader *r;
	struct jlast last;
	struct record rec;
	struct jhead head;
	off_t size;
	int fd = jfile_open(file, &size, &out->is_live, NULL);

	if (fd < 0)
		return -1;
	out->file = arena_strdup(a, file);
	out->bytes = size;
	if (jfile_last(a, fd, size, &last) == 0 && jline_head(last.line, last.len, &head) == 0) {
		out->records = head.seq + 1;
		out->is_closed = jline_is_type(&head, "close") && last.ntail == 0;
	}
	close(fd);
	if (journal_reader_open(file, &r, NULL) != 0)
		return -1;
	if (journal_reader_next(r, &rec, NULL) == 1 && strcmp(rec.type, "open") == 0) {
		out->session = arena_strdup(a, json_text_of(rec.json, "session"));
		out->person = arena_strdup(a, json_text_of(rec.json, "person"));
		out->cluster = arena_strdup(a, json_text_of(rec.json, "cluster"));
		out->opened = arena_strdup(a, rec.t);
	} else {
		out->session = out->person = out->cluster = out->opened = "";
	}
	journal_reader_close(r);
	return 0;
}

static int
by_newest(const void *x, const void *y)
{
	const struct journal_entry *p = x, *q = y;
	int c = strcmp(q->opened, p->opened);

	return c != 0 ? c : strcmp(p->file, q->file);
}

static int
is_journal_name(const char *name)
{
	size_t n = strlen(name);

	return n > 6 && name[0] != '.' && strcmp(name + n - 6, ".jsonl") == 0;
}

int
journal_list(struct arena *a, const char *const *dirs, size_t ndirs, struct journal_entry **out,
    size_t *n, struct err *e)
{
	struct journal_entry entry;
	struct dirent *d;
	size_t i;
	DIR *dir;

	*out = NULL;
	*n = 0;
	for (i = 0; i < ndirs; i++) {
		if ((dir = opendir(dirs[i])) == NULL) {
			if (errno == ENOENT)
				continue;
			return err_set(e, ERR_FAILED, "could not list the journals in %s: %s",
			    dirs[i], strerror(errno));
		}
		while ((d = readdir(dir)) != NULL) {
			memset(&entry, 0, sizeof(entry));
			if (!is_journal_name(d->d_name) ||
			    peek(a, arena_printf(a, "%s/%s", dirs[i], d->d_name), &entry) != 0)
				continue;
			*out = arena_grow(a, *out, *n, sizeof(entry));
			(*out)[(*n)++] = entry;
		}
		closedir(dir);
	}
	if (*n > 0)
		qsort(*out, *n, sizeof(**out), by_newest);
	return 0;
}
