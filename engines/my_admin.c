/*
 * Accounts, replication, prepared statements, locks.
 */
#include <string.h>

#include "arena.h"
#include "engines/my_sql.h"
#include "banned.h"

static int
has_word(const struct my *m, size_t from, const char *words)
{
	for (; from < m->n && !my_op_at(m, from, ";"); from++)
		if (my_word_in(m, from, words))
			return 1;
	return 0;
}

/* GRANT and REVOKE ... ON [type] object ... */
void
my_rule_grant(struct my *m, const struct my_row *row)
{
	struct action *x = my_add(m, row->danger, row->kind, row->why);
	const char *schema, *name;
	size_t from = m->i;

	if (has_word(m, from, "identified"))
		x->flags |= ACTION_SECRET;
	while (!my_done(m) && !my_is(m, "on"))
		m->i++;
	if (my_take(m, "on")) {
		my_match(m, "table|function|procedure|package");
		if (my_qualified(m, &schema, &name))
			my_object(m, "table", schema, name);
	}
	my_to_end(m);
}

/* Users and roles by name. */
void
my_rule_account(struct my *m, const struct my_row *row)
{
	struct action *x = my_add(m, row->danger, row->kind, row->why);

	if (my_match(m, "if exists"))
		x->flags |= ACTION_IF_EXISTS;
	if (has_word(m, m->i, "identified password"))
		x->flags |= ACTION_SECRET;
	if (my_done(m))
		m->is_bad = 1;
	else
		my_object(m, row->type, NULL, my_text(m, m->i));
	my_to_end(m);
}

/* START, STOP and CHANGE of replication: starting the SQL thread ends a hold. */
void
my_rule_replica(struct my *m, const struct my_row *row)
{
	struct action *x = my_add(m, row->danger, row->kind, row->why);
	size_t from = m->i;
	int is_io = has_word(m, from, "io_thread relay_thread"),
	    is_sql = has_word(m, from, "sql_thread");

	x->flags = row->flags;
	if ((x->flags & ACTION_RESUME) && is_io && !is_sql)
		x->flags &= ~(unsigned)ACTION_RESUME;
	if (has_word(m, from, "master_delay source_delay"))
		x->flags |= ACTION_RESUME;
	if (has_word(m, from, "password master_password source_password"))
		x->flags |= ACTION_SECRET;
	my_to_end(m);
}

/* A statement in a literal is that statement; any other source may hold anything. */
static void
from_source(struct my *m)
{
	char *text = my_literal(m, m->i);
	size_t after = m->i, i;

	while (after < m->n && m->t[after].type == MY_STRING)
		after++;
	if (text == NULL ||
	    (after < m->n && !my_op_at(m, after, ";") && !my_is_at(m, after, "using"))) {
		i = m->i;
		my_to_end(m);
		my_opaque(m, "execute", "runs a text that is put together when it runs");
		my_scan_tokens(m, i, m->i);
		return;
	}
	m->i = after;
	if (my_take(m, "using")) {
		i = m->i;
		my_to_end(m);
		my_scan_tokens(m, i, m->i);
	}
	my_inner(m, text, strlen(text));
}

void
my_rule_prepare(struct my *m, const struct my_row *row)
{
	const char *schema, *name;

	my_add(m, row->danger, row->kind, row->why)->flags = ACTION_SESSION;
	if (!my_qualified(m, &schema, &name) || !my_take(m, "from") || my_done(m)) {
		m->is_bad = 1;
		return;
	}
	my_object(m, "prepared", NULL, name);
	from_source(m);
}

void
my_rule_immediate(struct my *m, const struct my_row *row)
{
	if (my_done(m))
		m->is_bad = 1;
	my_add(m, row->danger, row->kind, row->why);
	from_source(m);
}

/* LOCK TABLES t [[AS] alias] READ | WRITE, ... */
void
my_rule_lock(struct my *m, const struct my_row *row)
{
	const char *schema, *name;
	size_t n = 0;

	my_add(m, row->danger, row->kind, row->why)->flags = row->flags;
	do {
		if (!my_qualified(m, &schema, &name))
			break;
		my_object(m, "table", schema, name);
		while (!my_done(m) && !my_op_at(m, m->i, ","))
			m->i++;
		n++;
	} while (my_take_op(m, ","));
	if (n == 0)
		m->is_bad = 1;
}

/* HANDLER t OPEN | READ | CLOSE */
void
my_rule_handler(struct my *m, const struct my_row *row)
{
	const char *schema, *name;
	size_t from = m->i;

	my_add(m, row->danger, row->kind, row->why)->flags = row->flags;
	if (!my_qualified(m, &schema, &name) || !my_word_in(m, m->i, "open read close"))
		m->is_bad = 1;
	else
		my_read(m, schema, name);
	my_to_end(m);
	if (!m->is_bad)
		my_scan_tokens(m, from, m->i);
}
