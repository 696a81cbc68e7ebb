/*
 * From what a person names (a file, a session, an incident) to journal files. Reads only.
 */
#include <string.h>
#include <stdlib.h>
#include <unistd.h>

#include "arena.h"
#include "journal.h"
#include "line.h"
#include "text.h"
#include "banned.h"

#define SESSION_LEAST 4

struct found {
	struct arena *a;
	const char **files;
	size_t n;
};

static void
take(struct found *f, const char *file)
{
	f->files = arena_grow(f->a, f->files, f->n, sizeof(*f->files));
	f->files[f->n++] = file;
}

/* True where a record of the file opens the incident; most lines are passed by unparsed. */
static int
works_on(const char *file, const char *incident)
{
	static const char mark[] = ",\"type\":\"incident\"";
	const char *line, *why;
	json_t *rec;
	struct jscan s;
	off_t size;
	size_t len;
	int is_live, found = 0, fd = jfile_open(file, &size, &is_live, NULL);

	if (fd < 0)
		return 0;
	jscan_init(&s, fd, size);
	while (!found && jscan_next(&s, &line, &len) == JSCAN_LINE) {
		if (memmem(line, len < 256 ? len : 256, mark, sizeof(mark) - 1) == NULL)
			continue;
		rec = jline_parse(line, len, &why);
		found = strcmp(json_text_of(rec, "name"), incident) == 0;
		json_decref(rec);
	}
	jscan_free(&s);
	close(fd);
	return found;
}

static int
by_text(const void *x, const void *y)
{
	const char *p = *(const char *const *)x, *q = *(const char *const *)y;

	return strcmp(p, q);
}

/* The files of the one session whose id begins so. -1: more than one does. */
static int
find_session(struct found *f, const struct journal_entry *list, size_t n, const char *word)
{
	const char *session = NULL;
	size_t i;

	for (i = 0; i < n && strlen(word) >= SESSION_LEAST; i++) {
		if (strncmp(list[i].session, word, strlen(word)) != 0)
			continue;
		if (session != NULL && strcmp(session, list[i].session) != 0)
			return -1;
		session = list[i].session;
		take(f, list[i].file);
	}
	return 0;
}

int
journal_incident_files(struct arena *a, const char *const *dirs, size_t ndirs, const char *name,
    const char ***files, size_t *n, struct err *e)
{
	struct found f = {.a = a};
	struct journal_entry *list;
	size_t nlist, i;

	if (journal_list(a, dirs, ndirs, &list, &nlist, e) != 0)
		return -1;
	for (i = 0; i < nlist; i++)
		if (works_on(list[i].file, name))
			take(&f, list[i].file);
	if (f.n > 0)
		qsort(f.files, f.n, sizeof(*f.files), by_text);
	*files = f.files;
	*n = f.n;
	return 0;
}

int
journal_resolve(struct arena *a, const char *const *dirs, size_t ndirs, const char *word,
    const char ***files, size_t *n, struct err *e)
{
	struct found f = {.a = a};
	struct journal_entry *list;
	size_t nlist;

	if (strchr(word, '/') != NULL || access(word, F_OK) == 0) {
		take(&f, arena_strdup(a, word));
	} else {
		if (journal_list(a, dirs, ndirs, &list, &nlist, e) != 0)
			return -1;
		if (find_session(&f, list, nlist, word) != 0)
			return err_set(e, ERR_USAGE,
			    "\"%.64s\" is the beginning of more than one session", word);
		if (f.n == 0 &&
		    journal_incident_files(a, dirs, ndirs, word, &f.files, &f.n, e) != 0)
			return -1;
	}
	if (f.n == 0) {
		err_set(
		    e, ERR_USAGE, "no journal file, session or incident is named \"%.64s\"", word);
		return err_hint(e, "`journal list` shows sessions and files.");
	}
	qsort(f.files, f.n, sizeof(*f.files), by_text);
	*files = f.files;
	*n = f.n;
	return 0;
}
