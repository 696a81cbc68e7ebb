/*
 * The sessions of other operators' holdfast on a server: they call themselves "holdfast PERSON
 * INCIDENT". Idle ones that only look are left out. Must never count a session of this handle.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_crawl.h"
#include "banned.h"

#define MAX_COMPANY 200

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
