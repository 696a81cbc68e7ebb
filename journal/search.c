/*
 * What was done before, over all journals that can be read: each intent and what came of it. Most
 * lines are passed by unparsed. Must never take a file's word for more than its own session.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "arena.h"
#include "journal.h"
#include "line.h"
#include "text.h"
#include "wait.h"
#include "banned.h"

#define MEMORY_BYTES ((int64_t)64 << 20) /* looked through for the judge */
#define AGAIN_MS 300000
#define TEXT_KEPT 2000

struct finding {
	struct arena *a;
	const struct memory_query *q;
	struct memory *list;
	size_t n, from; /* from: the first of the current file */
	const struct journal_entry *entry;
	char incident[65];
};

static const char *
kept(struct arena *a, const json_t *rec, const char *member)
{
	const json_t *v = json_object_get(rec, member);
	const char *s = json_is_object(v) ? json_text_of(v, "text") : json_text_of(rec, member);

	return strlen(s) > TEXT_KEPT ? arena_strndup(a, s, TEXT_KEPT) : arena_strdup(a, s);
}

/* "public.orders" is "orders" too. */
static int
has_object(const char *objects, const char *name)
{
	size_t n = strlen(name), len;

	for (; *objects != '\0'; objects += len + (objects[len] == ',')) {
		len = strcspn(objects, ",");
		if (len >= n && strncasecmp(objects + len - n, name, n) == 0 &&
		    (len == n || objects[len - n - 1] == '.'))
			return 1;
	}
	return 0;
}

static int
matches(const struct memory_query *q, const struct memory *m)
{
	if (q->text != NULL && q->text[0] != '\0' && strcasestr(m->text, q->text) == NULL)
		return 0;
	if (q->danger != NULL && q->danger[0] != '\0' && strcmp(q->danger, m->danger) != 0)
		return 0;
	if (q->since != NULL && strcmp(m->t, q->since) < 0)
		return 0;
	/* Old journals have no objects: there the text must name it. */
	if (q->object != NULL && q->object[0] != '\0' && !has_object(m->objects, q->object) &&
	    (m->objects[0] != '\0' || strcasestr(m->text, q->object) == NULL))
		return 0;
	return !q->is_bad || m->is_bad;
}

static void
on_intent(struct finding *f, const json_t *rec, const struct jhead *head)
{
	struct memory *m;

	f->list = arena_grow(f->a, f->list, f->n, sizeof(*f->list));
	m = &f->list[f->n++];
	*m = (struct memory){.t = arena_strndup(f->a, head->t, JLINE_T_CHARS),
	    .person = f->entry->person[0] == '\0' ? "unsigned" : f->entry->person,
	    .incident = arena_strdup(f->a, f->incident),
	    .node = kept(f->a, rec, "node"),
	    .text = kept(f->a, rec, "text"),
	    .danger = kept(f->a, rec, "danger"),
	    .kinds = kept(f->a, rec, "kinds"),
	    .objects = kept(f->a, rec, "objects"),
	    .plan = kept(f->a, rec, "plan"),
	    .outcome = "not run",
	    .session = f->entry->session,
	    .file = f->entry->file,
	    .seq = head->seq};
	if (strcmp(json_text_of(rec, "level"), "refuse") == 0)
		m->outcome = "refused by policy";
}

static struct memory *
find(struct finding *f, const char *plan)
{
	size_t i;

	for (i = f->n; i-- > f->from;)
		if (strcmp(f->list[i].plan, plan) == 0)
			return &f->list[i];
	return NULL;
}

/* The statement's own steps say what came of it; a guard that failed says so too. */
static void
on_step(struct finding *f, const json_t *rec, int is_begin)
{
	struct memory *m = find(f, json_text_of(rec, "plan"));
	int is_act = strcmp(json_text_of(rec, "kind"), "statement") == 0;

	if (m == NULL || (m->is_bad && !is_begin))
		return;
	if (m->node[0] == '\0')
		m->node = kept(f->a, rec, "node");
	if (is_begin) {
		if (is_act) {
			m->outcome = "OUTCOME UNKNOWN";
			m->is_bad = 1;
		}
	} else if (json_is_false(json_object_get(rec, "ok"))) {
		m->outcome = arena_printf(f->a, "FAILED: %s", kept(f->a, rec, "error"));
		m->is_bad = 1;
	} else if (is_act) {
		m->outcome = arena_printf(f->a, "ok, %s", kept(f->a, rec, "tag"));
	}
}

static void
on_record(struct finding *f, const json_t *rec, const struct jhead *head)
{
	struct memory *m;

	if (jline_is_type(head, "intent")) {
		on_intent(f, rec, head);
	} else if (jline_is_type(head, "begin")) {
		on_step(f, rec, 1);
	} else if (jline_is_type(head, "outcome")) {
		m = find(f, json_text_of(rec, "plan"));
		if (m != NULL && strcmp(json_text_of(rec, "kind"), "statement") == 0 &&
		    !json_is_true(json_object_get(rec, "unknown")))
			m->is_bad = 0;
		on_step(f, rec, 0);
	} else if (jline_is_type(head, "denial")) {
		m = find(f, json_text_of(rec, "request"));
		if (m != NULL) {
			m->outcome = arena_printf(f->a, "denied by %s", kept(f->a, rec, "person"));
			m->is_bad = 1;
		}
	} else if (jline_is_type(head, "incident")) {
		if (strcmp(json_text_of(rec, "action"), "open") == 0)
			text_copy(f->incident, sizeof(f->incident), json_text_of(rec, "name"));
		else if (strcmp(json_text_of(rec, "action"), "close") == 0)
			f->incident[0] = '\0';
	}
}

/* intent, incident, begin, outcome, denial: by the first letters of the type. */
static int
may_matter(const char *line, size_t len)
{
	static const char mark[] = ",\"type\":\"";
	const char *at = memmem(line, len < 256 ? len : 256, mark, sizeof(mark) - 1);

	if (at == NULL || at + sizeof(mark) + 3 > line + len)
		return 0;
	at += sizeof(mark) - 1;
	return memcmp(at, "int", 3) == 0 || memcmp(at, "inc", 3) == 0 || *at == 'b' ||
	       memcmp(at, "outc", 4) == 0 || memcmp(at, "den", 3) == 0;
}

static void
look_through(struct finding *f)
{
	const char *line, *why;
	struct jhead head;
	struct jscan s;
	json_t *rec;
	off_t size;
	size_t len;
	int is_live, fd = jfile_open(f->entry->file, &size, &is_live, NULL);

	if (fd < 0)
		return;
	f->from = f->n;
	f->incident[0] = '\0';
	jscan_init(&s, fd, size);
	while (jscan_next(&s, &line, &len) == JSCAN_LINE) {
		if (!may_matter(line, len) || jline_head(line, len, &head) != 0 ||
		    (rec = jline_parse(line, len, &why)) == NULL)
			continue;
		on_record(f, rec, &head);
		json_decref(rec);
	}
	jscan_free(&s);
	close(fd);
}

/* "undo ID" took something back: that hurt somebody. */
static void
mark_undone(struct finding *f)
{
	size_t i, k, n;
	const char *id;

	for (i = 0; i < f->n; i++) {
		if (strncmp(f->list[i].text, "undo ", 5) != 0 ||
		    strncmp(f->list[i].outcome, "ok", 2) != 0)
			continue;
		id = f->list[i].text + 5;
		n = strcspn(id, " \n;");
		for (k = 0; k < f->n && n >= 4; k++)
			if (k != i && strncmp(f->list[k].plan, id, n) == 0) {
				f->list[k].outcome = arena_printf(f->a, "%s; undone by %s",
				    f->list[k].outcome, f->list[i].person);
				f->list[k].is_bad = 1;
			}
	}
}

static int
by_time(const void *x, const void *y)
{
	const struct memory *p = x, *q = y;
	int c = strcmp(p->t, q->t);

	return c != 0 ? c : p->seq < q->seq ? -1 : p->seq > q->seq;
}

int
journal_search(struct arena *a, const char *const *dirs, size_t ndirs, const struct memory_query *q,
    struct memory **out, size_t *n, struct err *e)
{
	struct finding f = {.a = a, .q = q};
	struct journal_entry *list;
	size_t nlist, i;
	int64_t bytes = 0;

	*out = NULL;
	*n = 0;
	if (journal_list(a, dirs, ndirs, &list, &nlist, e) != 0)
		return -1;
	for (i = 0; i < nlist; i++) {
		bytes += list[i].bytes;
		if (q->max_bytes > 0 && bytes > q->max_bytes)
			break;
		f.entry = &list[i];
		look_through(&f);
	}
	mark_undone(&f);
	for (i = 0; i < f.n; i++)
		if (matches(q, &f.list[i]))
			f.list[(*n)++] = f.list[i];
	if (*n > 0)
		qsort(f.list, *n, sizeof(*f.list), by_time);
	*out = f.list;
	return 0;
}

const struct memory *
memories_like(struct memories *m, const char *const *dirs, size_t ndirs, const char *text,
    const char *kinds, const char *objects)
{
	static const struct memory_query bad = {.is_bad = 1, .max_bytes = MEMORY_BYTES};
	size_t i;

	if (m->arena == NULL || now_ms() - m->looked_ms > AGAIN_MS) {
		memories_free(m);
		m->arena = arena_new();
		m->looked_ms = now_ms();
		if (journal_search(m->arena, dirs, ndirs, &bad, &m->list, &m->n, NULL) != 0)
			m->n = 0;
	}
	for (i = m->n; i-- > 0;)
		if (strcmp(m->list[i].text, text) == 0 ||
		    (objects[0] != '\0' && strcmp(m->list[i].objects, objects) == 0 &&
			strcmp(m->list[i].kinds, kinds) == 0))
			return &m->list[i];
	return NULL;
}

void
memories_free(struct memories *m)
{
	arena_free(m->arena);
	*m = (struct memories){0};
}
