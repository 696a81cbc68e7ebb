/*
 * Who am I, and where would a line act: person, node, ROLE, database, transaction, what is held,
 * incident, evidence. Answers from what is known; asks no server, so it always answers.
 */
#include <string.h>

#include "arena.h"
#include "command.h"
#include "commands/tree.h"
#include "text.h"
#include "banned.h"

#define ROWS_MAX 32
#define OTHERS_MAX 8

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

static void
add_session(struct context *c, struct table *t, const struct session *s)
{
	struct arena *a = c->arena;
	const struct topology *last = c->cluster == NULL ? NULL : facts_last(c->cluster);
	const struct node *n = last == NULL ? NULL : topology_find(last, s->node);
	const char *login = s->login == NULL ? "" : s->login;
	const char *super = s->is_superuser ? " (superuser)" : "";

	add(t, "node", s->node);
	add(t, "role",
	    s->role == ROLE_PRIMARY	 ? "PRIMARY"
	    : s->role == ROLE_STANDALONE ? "STANDALONE"
					 : role_name(s->role));
	add(t, "address", n == NULL ? NULL : n->address);
	add(t, "reached at", n == NULL ? NULL : arena_printf(a, "%s:%d", n->host, n->port));
	add(t, "identity", s->identity);
	add(t, "cluster identity", s->cluster);
	add(t, "server", n == NULL ? NULL : n->version_text);
	add(t, "database", s->database);
	if (s->current_role == NULL || strcmp(s->current_role, login) == 0)
		add(t, "user", arena_printf(a, "%s%s", login, super));
	else
		add(t, "user",
		    arena_printf(a, "%s, acting as %s%s", login, s->current_role, super));
	add(t, "backend", arena_printf(a, "%d", s->backend_pid));
	add(t, "transaction", transaction(a, s));
}

/* One row a hold: what must not be forgotten stands on a line of its own. */
static void
add_holds(struct context *c, struct table *t)
{
	const struct topology *last = c->cluster == NULL ? NULL : facts_last(c->cluster);
	size_t i;

	add(t, "held", c->nholds == 0 ? "nothing" : NULL);
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

/* As far as the last picture tells; this verb asks no server. */
static void
add_others(struct context *c, struct table *t)
{
	struct drawing d = {.arena = c->arena, .width = 80};
	const struct topology none = {.cluster = ""};
	const struct topology *last = c->cluster == NULL ? NULL : facts_last(c->cluster);
	const char **lines;
	size_t i, n = company_lines(&d, c, last == NULL ? &none : last, &lines);

	for (i = 0; i < n && i < OTHERS_MAX; i++)
		add(t, "also here", lines[i]);
}

static int
where_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	static const char *const titles[] = {"what", "is"};
	struct table *t = arena_alloc(c->arena, sizeof(*t));

	(void)argc, (void)argv, (void)e, t->a = c->arena;
	add(t, "person",
	    arena_printf(c->arena, "%s%s", c->person[0] == '\0' ? "nobody" : c->person,
		c->is_signed ? "" : " (unsigned: looking and safing only)"));
	add(t, "cluster", c->cluster_config == NULL ? "none" : c->cluster_config->name);
	if (c->session == NULL)
		add(t, "node", "not connected");
	else
		add_session(c, t, c->session);
	add_holds(c, t);
	add_others(c, t);
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
