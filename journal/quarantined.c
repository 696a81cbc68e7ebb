/*
 * Directories that an rm renamed on a host and that nobody renamed back or removed for good, from
 * the journals alone. What began and whose outcome is not known counts as still there.
 */
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "journal.h"
#include "line.h"
#include "banned.h"

struct moving {
	struct arena *a;
	struct quarantined *list;
	size_t n;
	json_t *begun; /* plan and step -> what it does to which */
};

static const char *
arg_of(const json_t *rec, const char *name)
{
	return json_text_of(json_object_get(rec, "args"), name);
}

static struct quarantined *
find(struct moving *m, const char *node, const char *name)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (strcmp(m->list[i].name, name) == 0 && strcmp(m->list[i].host, node) == 0)
			return &m->list[i];
	return NULL;
}

static const char *
key_of(struct moving *m, const struct record *rec)
{
	return arena_printf(m->a, "%s %lld", json_text_of(rec->json, "plan"),
	    (long long)json_integer_value(json_object_get(rec->json, "step")));
}

static void
began(struct moving *m, const struct record *rec, const char *person)
{
	const char *proc = json_text_of(rec->json, "proc");
	const char *name = arg_of(rec->json, "quarantine");

	if (name[0] == '\0' || strncmp(proc, "host-", 5) != 0)
		return;
	json_object_set_new(m->begun, key_of(m, rec), json_incref(rec->json));
	if (strcmp(proc, "host-quarantine-v1") != 0 ||
	    find(m, json_text_of(rec->json, "node"), name) != NULL)
		return;
	m->list = arena_grow(m->a, m->list, m->n, sizeof(*m->list));
	m->list[m->n++] =
	    (struct quarantined){.host = arena_strdup(m->a, json_text_of(rec->json, "node")),
		.name = arena_strdup(m->a, name),
		.path = arena_printf(m->a, "%s/%s", arg_of(rec->json, "above"), name),
		.was = arena_strdup(m->a, arg_of(rec->json, "name")),
		.plan = arena_strdup(m->a, json_text_of(rec->json, "plan")),
		.person = arena_strdup(m->a, person),
		.since = arena_strdup(m->a, rec->t)};
}

/* Back, or gone for good; or it never came there. */
static void
ended(struct moving *m, const struct record *rec)
{
	json_t *begin = json_object_get(m->begun, key_of(m, rec));
	int ok = !json_is_false(json_object_get(rec->json, "ok"));
	struct quarantined *q;

	if (begin == NULL || json_is_true(json_object_get(rec->json, "unknown")))
		return;
	q = find(m, json_text_of(begin, "node"), arg_of(begin, "quarantine"));
	if (q != NULL && ok == (strcmp(json_text_of(begin, "proc"), "host-quarantine-v1") != 0))
		*q = m->list[--m->n];
}

static void
read_file(struct moving *m, const struct journal_entry *entry)
{
	struct journal_reader *r;
	struct record rec;

	if (journal_reader_open(entry->file, &r, NULL) != 0)
		return;
	journal_reader_only(r, journal_is_step, NULL);
	while (journal_reader_next(r, &rec, NULL) == 1) {
		if (rec.json == NULL)
			continue;
		if (strcmp(rec.type, "begin") == 0)
			began(m, &rec, entry->person);
		else if (strcmp(rec.type, "outcome") == 0)
			ended(m, &rec);
	}
	journal_reader_close(r);
}

int
journal_is_step(void *ctx, const char *type)
{
	(void)ctx;
	return strcmp(type, "begin") == 0 || strcmp(type, "outcome") == 0;
}

int
journal_quarantined(struct arena *a, const char *const *dirs, size_t ndirs,
    struct quarantined **out, size_t *n, struct err *e)
{
	struct moving m = {.a = a, .begun = json_object()};
	struct journal_entry *list;
	size_t nlist, i;
	int rc = journal_list(a, dirs, ndirs, &list, &nlist, e);

	for (i = nlist; rc == 0 && i-- > 0;) /* oldest first */
		read_file(&m, &list[i]);
	json_decref(m.begun);
	*out = m.list;
	*n = m.n;
	return rc;
}
