/*
 * journal search: has anyone run this before, and what happened? And the same memory for the judge.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "commands/searching.h"
#include "shape.h"
#include "text.h"
#include "banned.h"

#define LIST_MAX ((size_t)16 << 10)

static json_t *
as_json(const struct memory *m, size_t n)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_array_append_new(
		    all, json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:b}", "t", m[i].t,
			     "person", m[i].person, "incident", m[i].incident, "node", m[i].node,
			     "statement", m[i].text, "class", m[i].danger, "objects", m[i].objects,
			     "outcome", m[i].outcome, "plan", m[i].plan, "file", m[i].file,
			     "record", (json_int_t)m[i].seq, "bad", m[i].is_bad));
	return all;
}

static int
take_words(int argc, char **argv, struct memory_query *q, struct err *e)
{
	int i;

	for (i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--object") == 0 && i + 1 < argc)
			q->object = argv[++i];
		else if (strcmp(argv[i], "--class") == 0 && i + 1 < argc)
			q->danger = argv[++i];
		else if (strcmp(argv[i], "--since") == 0 && i + 1 < argc)
			q->since = argv[++i];
		else if (strcmp(argv[i], "--bad") == 0)
			q->is_bad = 1;
		else if (strncmp(argv[i], "--", 2) != 0 && q->text == NULL)
			q->text = argv[i];
		else
			return err_set(e, ERR_USAGE,
			    "journal search takes one text, --object, --class, --since and --bad");
	}
	if (q->danger != NULL && danger_parse(q->danger) < 0)
		return err_set(e, ERR_USAGE, "\"%.40s\" is no class", q->danger);
	if (q->since != NULL &&
	    (strlen(q->since) < 4 || strspn(q->since, "0123456789-T:Z.") != strlen(q->since)))
		return err_set(e, ERR_USAGE, "\"%.40s\" is no time", q->since);
	return 0;
}

int
searching_view(struct context *c, int argc, char **argv, struct view *v, struct err *e)
{
	static const char *const titles[] = {
	    "when", "person", "incident", "node", "statement", "outcome", "record"};
	static const unsigned char is_numeric[] = {0, 0, 0, 0, 0, 0, 0};
	struct memory_query q = {0};
	struct memory *m;
	const char **cells, **row;
	size_t n, i;
	json_t *all;

	if (take_words(argc, argv, &q, e) != 0 ||
	    journal_search(c->arena, c->config->journal, c->config->njournal, &q, &m, &n, e) != 0)
		return -1;
	cells = arena_array(c->arena, 7 * n + 1, sizeof(*cells));
	for (i = 0, row = cells; i < n; i++, row += 7) {
		row[0] = arena_printf(c->arena, "%.19sZ", m[i].t);
		row[1] = m[i].person;
		row[2] = m[i].incident;
		row[3] = m[i].node;
		row[4] = m[i].text;
		row[5] = m[i].outcome;
		row[6] =
		    arena_printf(c->arena, "%.8s:%llu", m[i].session, (unsigned long long)m[i].seq);
	}
	view_table(c->arena, v, 7, titles, cells, n, is_numeric);
	all = as_json(m, n);
	v->json = shape_dump(c->arena, all, &i);
	json_decref(all);
	return 0;
}

void
searching_fingerprint(
    struct arena *a, const struct plan *p, const char **kinds, const char **objects)
{
	const struct action *x;
	struct buf k, o;
	size_t i, j, n;

	buf_init(&k, LIST_MAX);
	buf_init(&o, LIST_MAX);
	for (i = 0; i < p->nstatements; i++) {
		buf_printf(&k, "%s%s", i > 0 ? "," : "", statement_kinds(a, &p->statements[i]));
		for (j = 0; j < p->statements[i].nactions; j++) {
			x = &p->statements[i].actions[j];
			for (n = 0; n < x->nobjects; n++)
				buf_printf(&o, "%s%s", o.len > 0 ? "," : "",
				    object_name(a, &x->objects[n]));
		}
	}
	*kinds = arena_strdup(a, buf_str(&k));
	*objects = arena_strdup(a, buf_str(&o));
	buf_free(&k);
	buf_free(&o);
}

void
searching_remember(struct context *c, struct plan *p)
{
	const char *kinds, *objects, *what;
	const struct memory *m;
	struct reason *r;

	if (c->memories == NULL || p->danger == DANGER_READ || p->verdict.level == LEVEL_REFUSE)
		return;
	searching_fingerprint(c->arena, p, &kinds, &objects);
	m = memories_like(
	    c->memories, c->config->journal, c->config->njournal, p->text, kinds, objects);
	if (m == NULL)
		return;
	what = text_fit(c->arena, m->outcome, strlen(m->outcome), 200);
	p->verdict.reasons = arena_grow(
	    c->arena, p->verdict.reasons, p->verdict.nreasons, sizeof(*p->verdict.reasons));
	r = &p->verdict.reasons[p->verdict.nreasons++];
	*r = (struct reason){.rule = "memory",
	    .level = LEVEL_ALLOW,
	    .sentence = arena_printf(c->arena,
		"Something like this went wrong before: %s, %.19sZ%s%s: %s. Read it first: journal "
		"search, record %.8s:%llu.",
		m->person, m->t, m->incident[0] == '\0' ? "" : ", incident ", m->incident, what,
		m->session, (unsigned long long)m->seq)};
}
