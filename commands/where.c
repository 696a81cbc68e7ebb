/*
 * Who am I, and where would a line act: person, node, ROLE, database, transaction, what is held,
 * incident, evidence. Answers from what is known; asks no server, so it always answers.
 */
#include <string.h>

#include "arena.h"
#include "command.h"
#include "text.h"
#include "banned.h"

#define ROWS_MAX 24

extern const struct command command_where;

struct table {
	struct arena *a;
	const char *cells[ROWS_MAX * 2];
	size_t n;
};

static void
add(struct table *t, const char *what, const char *value)
{
	if (t->n >= ROWS_MAX || value == NULL)
		return;
	t->cells[t->n * 2] = what;
	t->cells[t->n * 2 + 1] = value;
	t->n++;
}

static const char *
transaction(struct arena *a, const struct session *s)
{
	switch (s->tx) {
	case TX_NONE:
		return "none";
	case TX_OPEN:
		return arena_printf(a, "open for %s", text_seconds(a, (double)s->tx_age_ms / 1000));
	case TX_FAILED:
		return "FAILED: only ROLLBACK ends it";
	case TX_UNKNOWN:
		return "not known";
	}
	return "not known";
}

static const char *
role_in_words(enum role r)
{
	return r == ROLE_PRIMARY ? "PRIMARY" : r == ROLE_STANDALONE ? "STANDALONE" : role_name(r);
}

static void
add_session(struct context *c, struct table *t, const struct session *s)
{
	struct arena *a = c->arena;
	const struct node *n = c->topology == NULL ? NULL : topology_find(c->topology, s->node);

	add(t, "node", s->node);
	add(t, "role", role_in_words(s->role));
	add(t, "address", n == NULL ? NULL : n->address);
	add(t, "identity", s->identity);
	add(t, "cluster identity", s->cluster);
	add(t, "server", n == NULL ? NULL : n->version_text);
	add(t, "database", s->database);
	add(t, "user",
	    arena_printf(a, "%s%s%s%s", s->login == NULL ? "" : s->login,
		s->current_role != NULL && s->login != NULL &&
			strcmp(s->current_role, s->login) != 0
		    ? ", acting as "
		    : "",
		s->current_role != NULL && s->login != NULL &&
			strcmp(s->current_role, s->login) != 0
		    ? s->current_role
		    : "",
		s->is_superuser ? " (superuser)" : ""));
	add(t, "backend", arena_printf(a, "%d", s->backend_pid));
	add(t, "transaction", transaction(a, s));
}

/* One row a hold: what must not be forgotten stands on a line of its own. */
static void
add_holds(struct context *c, struct table *t)
{
	const struct topology *last = c->cluster == NULL ? NULL : facts_last(c->cluster);
	size_t i;

	if (c->nholds == 0)
		add(t, "held", "nothing");
	for (i = 0; i < c->nholds; i++)
		add(t, hold_is_lost(&c->holds[i], last) ? "NOT HELD any more" : "held",
		    arena_printf(c->arena, "%s since %s at %s%s", c->holds[i].node,
			c->holds[i].since,
			c->holds[i].position == NULL || c->holds[i].position[0] == '\0'
			    ? "an unknown position"
			    : c->holds[i].position,
			c->holds[i].is_hardened ? ", survives a restart"
						: ", dies with a restart"));
}

static int
where_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	static const char *const titles[] = {"what", "is"};
	struct table *t = arena_alloc(c->arena, sizeof(*t));

	(void)argc, (void)argv, (void)e;
	t->a = c->arena;
	add(t, "person",
	    arena_printf(c->arena, "%s%s", c->person[0] == '\0' ? "nobody" : c->person,
		c->is_signed ? "" : " (unsigned: looking and safing only)"));
	add(t, "cluster", c->cluster_config == NULL ? "none" : c->cluster_config->name);
	if (c->session == NULL)
		add(t, "node", "not connected");
	else
		add_session(c, t, c->session);
	add_holds(c, t);
	add(t, "incident", c->incident[0] == '\0' ? "none" : c->incident);
	add(t, "journal",
	    c->journal_session == NULL ? "NONE: looking and safing only"
				       : arena_printf(c->arena, "%s%s%s%s", c->journal_session,
					     c->is_journal_writable ? "" : " (NOT WRITABLE)",
					     c->journal_trouble == NULL ? "" : "; ",
					     c->journal_trouble == NULL ? "" : c->journal_trouble));
	r->kind = RETURNS_VIEW;
	view_table(c->arena, &r->view, 2, titles, t->cells, t->n, NULL);
	return 0;
}

const struct command command_where = {
    .name = "where",
    .alias = "\\conninfo",
    .args = "",
    .min = 0,
    .max = 0,
    .needs = IN_SHELL | HAS_JSON,
    .help = "Say who you are and where a line would act",
    .exec = where_exec,
};
