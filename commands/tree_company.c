/*
 * Other operators: what they have open, what they hold, what waits for a signature and what runs
 * right now. From the sessions the servers list, the holds that are published, and the store.
 */
#include <string.h>

#include "arena.h"
#include "command.h"
#include "commands/asked.h"
#include "commands/tree.h"
#include "text.h"
#include "banned.h"

#define STATEMENT_SHOWN 60
#define NAMES_MAX 50
#define PLACES_NAMED 4

/* "pg1, pg2" where this one has sessions, or how many; the first that acts or runs something. */
static const char *
places(struct drawing *d, const struct topology *t, const char *who, const struct company **busy)
{
	const struct company *c;
	const char *out = "", *last = "";
	size_t i, n = 0;

	*busy = NULL;
	for (i = 0; i < t->ncompanies; i++) {
		c = &t->companies[i];
		if (strcmp(c->who, who) != 0)
			continue;
		if (strcmp(last, c->node) != 0 && n++ < PLACES_NAMED)
			out = arena_printf(d->arena, "%s%s%s", out, n > 1 ? ", " : "", c->node);
		last = c->node;
		if (c->statement != NULL && (*busy == NULL || c->is_acting > (*busy)->is_acting))
			*busy = c;
	}
	return n <= PLACES_NAMED ? out : text_many(d->arena, (int64_t)n, "node");
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

static const char *
doing(struct drawing *d, const struct company *c)
{
	const char *age = c->age_ms < 0 ? ""
					: arena_printf(d->arena, " for %s",
					      text_seconds(d->arena, (double)c->age_ms / 1000));

	return arena_printf(d->arena, "; %s on %s, %s%s: %s",
	    c->is_acting ? "ACTS (has the lock)" : "runs", c->node,
	    c->state == NULL ? "state not shown" : tree_inert(d, c->state), age,
	    text_fit(d->arena, c->statement, strlen(c->statement), STATEMENT_SHOWN));
}

/* Requests of others that wait, as they stand in the store. */
static void
requests(struct drawing *d, struct context *c, const char **out, size_t max, size_t *n)
{
	struct asked *all;
	struct err ignored = {0};
	const char *bad;
	size_t i, count, nbad;

	if (c->store == NULL || asked_list(c, &all, &count, &nbad, &bad, &ignored) != 0)
		return;
	for (i = 0; i < count && *n < max; i++) {
		const struct plan *p = all[i].request.plan;

		if (all[i].doubt != NULL || all[i].state > REQUEST_APPROVED ||
		    strcmp(p->requester, c->person) == 0)
			continue;
		out[(*n)++] = arena_printf(d->arena, "%s: request %.8s for %s: %s",
		    tree_inert(d, p->requester), all[i].request.id, plan_target(p),
		    text_fit(d->arena, p->text, p->text_len, STATEMENT_SHOWN));
	}
}

size_t
company_lines(struct drawing *d, struct context *c, const struct topology *t, const char ***lines)
{
	const char **out = arena_array(d->arena, NAMES_MAX, sizeof(*out));
	const struct company *busy;
	size_t i, n = 0;

	for (i = 0; i < t->ncompanies && n < NAMES_MAX; i++)
		if (is_first(t, i)) {
			const char *who = t->companies[i].who;
			const char *on = places(d, t, who, &busy);

			out[n++] = arena_printf(d->arena, "%s: sessions on %s%s",
			    tree_inert(d, who), on, busy == NULL ? "" : doing(d, busy));
		}
	for (i = 0; i < c->nholds && n < NAMES_MAX; i++)
		if (strcmp(c->holds[i].person, c->person) != 0)
			out[n++] = arena_printf(d->arena, "%s: %s %s since %.19sZ%s",
			    tree_inert(d, c->holds[i].person),
			    hold_is_lost(&c->holds[i], t) ? "held" : "holds",
			    tree_inert(d, c->holds[i].node), c->holds[i].since,
			    hold_is_lost(&c->holds[i], t) ? "; it is NOT HELD any more" : "");
	requests(d, c, out, NAMES_MAX, &n);
	*lines = out;
	return n;
}

void
tree_company(struct drawing *d, struct context *c, const struct topology *t)
{
	const char **lines;
	size_t i, n = company_lines(d, c, t, &lines);

	if (n > 0)
		tree_line(d, "other operators:");
	for (i = 0; i < n; i++)
		tree_wrap(d, "  ", "%s", lines[i]);
}
