/*
 * ALTER TABLE: each clause by its row. All of them wait for open transactions and make others wait,
 * so none is less than dangerous.
 */
#include <string.h>

#include "arena.h"
#include "engines/my_sql.h"
#include "banned.h"

static const struct my_alter *
find(struct my *m)
{
	size_t i, after;

	for (i = 0; i < my_nalters; i++)
		if (my_match_at(m, m->i, my_alters[i].words, &after)) {
			m->i = after;
			return &my_alters[i];
		}
	return NULL;
}

/* To the comma that ends the clause. */
static void
skip_clause(struct my *m, int is_list)
{
	size_t depth = 0;

	for (; !my_done(m); m->i++) {
		if (my_op_at(m, m->i, "("))
			depth++;
		else if (my_op_at(m, m->i, ")")) {
			if (depth == 0)
				m->is_bad = 1;
			depth -= depth > 0;
		} else if (depth == 0 && my_op_at(m, m->i, ",") &&
			   (!is_list || my_word_in(m, m->i + 1,
					    "add alter change drop modify rename "
					    "truncate discard import convert order")))
			return;
	}
}

static int
loses_rows(const struct my *m, size_t from, size_t end)
{
	for (; from < end; from++)
		if (my_is_at(m, from, "engine") &&
		    my_is_at(m, from + 1 + (size_t)my_op_at(m, from + 1, "="), "blackhole"))
			return 1;
	return 0;
}

static void
clause(struct my *m, const char *schema, const char *name, int is_ignore)
{
	size_t from = m->i, after;
	const struct my_alter *r = find(m);
	struct action *x;
	struct object *o;
	int is_list;

	if (r == NULL) {
		m->is_bad = 1;
		return;
	}
	x = my_add(m, r->danger, r->kind, r->why);
	my_object(m, "table", schema, name);
	if (is_ignore && my_match_at(m, from, "add constraint? unique|primary", &after)) {
		x->danger = DANGER_DESTRUCTIVE;
		x->why = "IGNORE deletes every row that would break the new key";
	}
	is_list = strstr(r->words, "partition") != NULL || strncmp(r->words, "order", 5) == 0;
	if (my_match(m, "if exists"))
		x->flags |= ACTION_IF_EXISTS;
	if (strcmp(r->kind, "drop-column") == 0) {
		if (m->i >= m->n || m->t[m->i].type == MY_OP)
			m->is_bad = 1;
		else {
			o = my_object(m, "column", NULL, my_text(m, m->i++));
			if (o != NULL)
				o->schema = name;
			my_match(m, "cascade|restrict?");
		}
		if (!my_done(m) && !my_op_at(m, m->i, ","))
			m->is_bad = 1;
		return;
	}
	skip_clause(m, is_list);
	if (loses_rows(m, from, m->i)) {
		x->danger = DANGER_DESTRUCTIVE;
		x->why = "that engine keeps no rows";
	}
}

void
my_rule_alter_table(struct my *m, const struct my_row *row)
{
	int is_ignore = 0;
	const char *schema, *name;
	size_t i;

	for (i = m->i; i > 0 && !my_op_at(m, i - 1, ";"); i--)
		is_ignore |= my_is_at(m, i - 1, "ignore");
	my_match(m, "if exists");
	if (!my_qualified(m, &schema, &name)) {
		m->is_bad = 1;
		return;
	}
	if (my_take(m, "wait"))
		m->i++;
	my_take(m, "nowait");
	if (my_done(m)) {
		my_add(m, row->danger, row->kind, row->why);
		my_object(m, "table", schema, name);
		return;
	}
	do
		clause(m, schema, name, is_ignore);
	while (!m->is_bad && my_take_op(m, ","));
}
