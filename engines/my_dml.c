/*
 * Changes of rows. A DELETE or UPDATE is a write only where its own WHERE restricts every table it
 * changes; one that only LIMIT bounds is dangerous.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/my_refs.h"
#include "banned.h"

#define LIMIT_MAX 100000 /* more rows than that are no bound */

struct change {
	const char *kind;
	struct my_scope s;
	size_t where, where_end; /* 0 none */
	int has_limit;
	double limit;
};

static void
bad(struct my *m)
{
	m->is_bad = 1;
}

/* What a system schema's rows are, is not data. */
static void
harden(struct action *x, const char *schema)
{
	if (schema == NULL || !my_is_system(schema) || x->danger >= DANGER_DESTRUCTIVE)
		return;
	x->danger = strcmp(x->kind, "delete") == 0 && strcasecmp(schema, "mysql") == 0
			? DANGER_DESTRUCTIVE
			: DANGER_DANGEROUS;
	x->why = "changes a system table by hand";
}

static struct action *
changes(struct my *m, enum danger d, const char *kind, const char *why, const struct my_scope *s)
{
	struct action *x = my_add(m, d, kind, why);
	size_t i;

	x->flags = ACTION_DML;
	for (i = 0; i < s->ntables; i++)
		if (s->tables[i].is_target) {
			my_object(m, "table", s->tables[i].schema, s->tables[i].name);
			harden(x, s->tables[i].schema);
		}
	return x;
}

/* WHERE, ORDER BY, LIMIT, RETURNING: to the end. */
static void
tail(struct my *m, struct change *c)
{
	size_t depth = 0;

	if (my_take(m, "where")) {
		c->where = m->i;
		for (; !my_done(m); m->i++) {
			if (my_op_at(m, m->i, "("))
				depth++;
			else if (my_op_at(m, m->i, ")") && depth-- == 0)
				break;
			else if (depth == 0 && my_word_in(m, m->i, "order limit returning"))
				break;
		}
		c->where_end = m->i;
		if (c->where == c->where_end)
			bad(m);
	}
	if (my_match(m, "order by"))
		for (; !my_done(m) && (depth > 0 || !my_word_in(m, m->i, "limit returning"));
		     m->i++)
			depth += my_op_at(m, m->i, "(")		       ? 1
				 : my_op_at(m, m->i, ")") && depth > 0 ? -1
								       : 0;
	if (my_take(m, "limit")) {
		c->has_limit = 1;
		c->limit = m->i < m->n && m->t[m->i].type == MY_NUMBER
			       ? strtod(my_text(m, m->i), NULL)
			       : 0;
		m->i++;
		if (my_match(m, "rows examined"))
			m->i++;
	}
	if (my_take(m, "returning"))
		my_to_end(m);
}

static void
judge(struct my *m, struct change *c)
{
	int is_delete = strcmp(c->kind, "delete") == 0, is_real = c->where != 0;
	struct action *x;
	size_t i;

	for (i = 0; is_real && i < c->s.ntables; i++)
		if (c->s.tables[i].is_target)
			is_real = my_refs_restricted(m, &c->s, i, c->where, c->where_end);
	if (is_real)
		changes(m, DANGER_WRITE, c->kind,
		    is_delete ? "removes the rows its condition names"
			      : "changes the rows its condition names",
		    &c->s);
	else if (c->has_limit && c->limit <= LIMIT_MAX)
		changes(m, DANGER_DANGEROUS, c->kind,
		    "only its LIMIT says how many rows, nothing says which", &c->s);
	else {
		x = changes(m, DANGER_DESTRUCTIVE, c->kind,
		    arena_printf(m->a, "%s: every row of the table is %s",
			c->where == 0 ? "has no WHERE"
				      : "its WHERE does not restrict the table it changes",
			is_delete ? "removed" : "changed"),
		    &c->s);
		x->flags |= ACTION_UNBOUNDED;
		if (x->nobjects == 1 && x->objects[0].schema == NULL)
			x->flags |= ACTION_TEMPABLE;
	}
}

/* DELETE HISTORY FROM t: old versions of rows of a versioned table. */
static void
history(struct my *m)
{
	my_add(m, DANGER_DESTRUCTIVE, "delete-history", "removes old versions of rows for good");
	my_objects(m, "table");
	my_to_end(m);
}

/* FOR PORTION OF period FROM a TO b. */
static void
portion(struct my *m)
{
	if (my_match(m, "for portion of"))
		while (!my_done(m) && !my_word_in(m, m->i, "where set order limit returning"))
			m->i++;
}

struct names {
	const char *schema[64], *name[64];
	size_t n;
};

/* t1[.*], t2[.*] */
static int
target_names(struct my *m, struct names *l)
{
	l->n = 0;
	do {
		if (l->n == 64 || !my_qualified(m, &l->schema[l->n], &l->name[l->n]))
			return 0;
		l->n++;
		if (my_take_op(m, ".") && !my_take_op(m, "*"))
			return 0;
	} while (my_take_op(m, ","));
	return 1;
}

static int
mark_targets(struct my_scope *s, const struct names *l)
{
	size_t i, k;
	int found;

	for (i = 0; i < l->n; i++) {
		for (found = 0, k = 0; k < s->ntables; k++)
			if (!s->tables[k].is_derived &&
			    (strcasecmp(s->tables[k].alias, l->name[i]) == 0 ||
				strcasecmp(s->tables[k].name, l->name[i]) == 0))
				found = s->tables[k].is_target = 1;
		if (!found)
			return 0;
	}
	return 1;
}

static void
delete_many(struct my *m, struct change *c, const struct names *l)
{
	if (!my_refs(m, &c->s, "where order limit returning") || !mark_targets(&c->s, l)) {
		bad(m);
		return;
	}
	tail(m, c);
	judge(m, c);
}

void
my_rule_delete(struct my *m, const struct my_row *row)
{
	struct change c = {.kind = row->kind};
	struct names l;
	size_t from, was;

	if (my_match(m, "history from")) {
		history(m);
		return;
	}
	while (my_match(m, "low_priority|quick|ignore"))
		;
	from = m->i;
	if (my_take(m, "from")) {
		was = m->i;
		if (target_names(m, &l) && my_take(m, "using"))
			delete_many(m, &c, &l);
		else {
			m->i = was;
			if (!my_refs(m, &c.s, "where order limit returning for") ||
			    c.s.ntables != 1 || c.s.tables[0].is_derived)
				bad(m);
			else {
				c.s.tables[0].is_target = 1;
				from = m->i;
				portion(m);
				tail(m, &c);
				judge(m, &c);
			}
		}
	} else if (target_names(m, &l) && my_take(m, "from"))
		delete_many(m, &c, &l);
	else
		bad(m);
	if (!m->is_bad && my_done(m))
		my_scan_tokens(m, from, m->i);
}

/* [t.]column = ...: the tables whose columns are set. */
static void
set_targets(struct my *m, struct my_scope *s)
{
	size_t depth = 0, k;
	const char *schema, *name;
	struct names l = {.n = 1};
	int at_column = 1;

	for (; !my_done(m); m->i++) {
		if (at_column) {
			at_column = 0;
			if (!my_qualified(m, &schema, &name) || !my_op_at(m, m->i, "=")) {
				bad(m);
				return;
			}
			l.name[0] = schema;
			if (schema == NULL || !mark_targets(s, &l))
				for (k = 0; k < s->ntables; k++)
					s->tables[k].is_target |= !s->tables[k].is_derived;
			continue;
		}
		if (my_op_at(m, m->i, "("))
			depth++;
		else if (my_op_at(m, m->i, ")") && depth > 0)
			depth--;
		else if (depth == 0 && my_op_at(m, m->i, ","))
			at_column = 1;
		else if (depth == 0 && my_word_in(m, m->i, "where order limit returning"))
			return;
	}
}

void
my_rule_update(struct my *m, const struct my_row *row)
{
	struct change c = {.kind = row->kind};
	size_t from;

	while (my_match(m, "low_priority|ignore"))
		;
	from = m->i;
	if (!my_refs(m, &c.s, "set where for")) {
		bad(m);
		return;
	}
	if (c.s.ntables == 1)
		from = m->i;
	portion(m);
	if (!my_take(m, "set")) {
		bad(m);
		return;
	}
	set_targets(m, &c.s);
	tail(m, &c);
	if (m->is_bad)
		return;
	judge(m, &c);
	my_scan_tokens(m, from, m->i);
}

void
my_rule_insert(struct my *m, const struct my_row *row)
{
	int is_replace = strcmp(row->kind, "replace") == 0;
	struct my_table t = {.is_target = 1};
	struct my_scope s = {.tables = &t, .ntables = 1};
	size_t from, i;

	while (my_match(m, "low_priority|delayed|high_priority|ignore"))
		;
	my_take(m, "into");
	if (!my_qualified(m, &t.schema, &t.name)) {
		bad(m);
		return;
	}
	if (my_take(m, "partition"))
		my_skip_parens(m);
	if (!my_op_at(m, m->i, "(") || !my_word_in(m, m->i + 1, "select with values table"))
		my_skip_parens(m);
	if (!my_op_at(m, m->i, "(") && !my_word_in(m, m->i, "values value set select table with")) {
		bad(m);
		return;
	}
	from = m->i;
	my_to_end(m);
	changes(m, row->danger, row->kind, row->why, &s);
	for (i = from; !is_replace && i < m->i; i++)
		if (my_is_at(m, i, "duplicate") && my_is_at(m, i + 1, "key")) {
			m->actions[m->nactions - 1].kind = "upsert";
			m->actions[m->nactions - 1].why =
			    "adds rows, or changes the ones already there";
		}
	if (my_is_at(m, from, "with")) {
		m->i = from;
		m->i++;
		my_rule_with(m, row);
		return;
	}
	my_scan_tokens(m, from, m->i);
}

void
my_rule_truncate(struct my *m, const struct my_row *row)
{
	struct action *x = my_add(m, row->danger, row->kind, row->why);

	x->flags = row->flags;
	my_objects(m, "table");
	x = &m->actions[m->nactions - 1];
	if (x->nobjects > 0 && x->objects[0].schema == NULL)
		x->flags |= ACTION_TEMPABLE;
	if (x->nobjects > 0 && x->objects[0].schema != NULL &&
	    strcasecmp(x->objects[0].schema, "performance_schema") == 0) {
		x->danger = DANGER_DANGEROUS;
		x->why = "resets statistics that a diagnosis may need";
	}
	if (my_take(m, "wait"))
		m->i++;
	else
		my_take(m, "nowait");
}

/* LOAD DATA ... INTO TABLE t ... */
void
my_rule_load(struct my *m, const struct my_row *row)
{
	size_t i;

	my_add(m, row->danger, row->kind, row->why)->flags = ACTION_DML;
	i = m->i;
	my_to_end(m);
	for (; i + 2 < m->i; i++)
		if (my_is_at(m, i, "into") && my_is_at(m, i + 1, "table")) {
			size_t end = m->i;

			m->i = i + 2;
			my_objects(m, "table");
			m->i = end;
			break;
		}
	for (; i < m->i; i++)
		if (my_is_at(m, i, "set"))
			my_scan_tokens(m, i, m->i);
}
