/*
 * The sessions of other operators' holdfast on a server: they call themselves "holdfast PERSON
 * INCIDENT". Idle ones that only look are left out. Must never count a session of this handle.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_findings.h"
#include "text.h"
#include "banned.h"

#define MAX_COMPANY 200
#define NODES_NAMED 4
#define PEOPLE_NAMED 6

static const char *
cell(struct arena *a, const PGresult *r, int row, int column)
{
	return PQgetisnull(r, row, column) ? NULL : arena_strdup(a, PQgetvalue(r, row, column));
}

void
pg_read_company(struct arena *a, const PGresult *r, struct probe *p)
{
	struct company *c;
	int i, n;

	if (r == NULL || PQresultStatus(r) != PGRES_TUPLES_OK || PQnfields(r) != 6)
		return;
	n = PQntuples(r) > MAX_COMPANY ? MAX_COMPANY : PQntuples(r);
	p->companies = arena_array(a, (size_t)n, sizeof(*p->companies));
	p->ncompanies = (size_t)n;
	for (i = 0; i < n; i++) {
		c = &p->companies[i];
		c->who = cell(a, r, i, 0);
		c->pid = (int)strtol(PQgetvalue(r, i, 1), NULL, 10);
		c->state = cell(a, r, i, 2);
		c->age_ms = PQgetisnull(r, i, 3) ? -1 : strtoll(PQgetvalue(r, i, 3), NULL, 10);
		c->statement = cell(a, r, i, 4);
		c->is_acting = PQgetvalue(r, i, 5)[0] == 't';
	}
}

void
crawl_company(struct arena *a, const struct probe *p, const struct node *n, struct topology *t)
{
	struct company *c;
	size_t i;

	for (i = 0; i < p->ncompanies; i++) {
		t->companies = arena_grow(a, t->companies, t->ncompanies, sizeof(*c));
		c = &t->companies[t->ncompanies++];
		*c = p->companies[i];
		c->node = n->name;
		c->who = arena_strdup(a, c->who);
		c->state = arena_strdup(a, c->state);
		c->statement = arena_strdup(a, c->statement);
	}
}

/* Where this one has sessions; the node of one that acts, else NULL. */
static const char *
places(struct arena *a, const struct topology *t, const char *who, const char **acts)
{
	const char *out = "", *last = "";
	size_t i, n = 0;

	*acts = NULL;
	for (i = 0; i < t->ncompanies; i++) {
		if (strcmp(t->companies[i].who, who) != 0)
			continue;
		if (t->companies[i].is_acting)
			*acts = t->companies[i].node;
		if (strcmp(t->companies[i].node, last) == 0)
			continue;
		last = t->companies[i].node;
		if (n++ < NODES_NAMED)
			out = arena_printf(a, "%s%s%s", out, n > 1 ? ", " : "", last);
	}
	return n <= NODES_NAMED ? out : text_many(a, (int64_t)n, "node");
}

static int
is_first(const struct topology *t, size_t at)
{
	size_t i;

	for (i = 0; i < at; i++)
		if (strcmp(t->companies[i].who, t->companies[at].who) == 0)
			return 0;
	return 1;
}

/* One sentence for all of them, and who acts comes first. */
const char *
finding_company(const struct view_of *v)
{
	const char *acting = "", *working = "", *acts, *on, *who;
	size_t i, n = 0;

	for (i = 0; i < v->t->ncompanies; i++) {
		who = v->t->companies[i].who;
		if (!is_first(v->t, i))
			continue;
		on = places(v->a, v->t, who, &acts);
		if (acts != NULL)
			acting = arena_printf(v->a, "%s; \"%s\" ACTS on %s", acting, who, acts);
		else if (n++ < PEOPLE_NAMED)
			working = arena_printf(v->a, "%s; \"%s\" works on %s", working, who, on);
	}
	if (acting[0] == '\0' && n == 0)
		return NULL;
	return arena_printf(v->a, "somebody else is here: %s%s%s",
	    acting[0] == '\0' ? working + 2 : acting + 2, acting[0] == '\0' ? "" : working,
	    n <= PEOPLE_NAMED ? "" : arena_printf(v->a, "; and %zu more", n - PEOPLE_NAMED));
}
