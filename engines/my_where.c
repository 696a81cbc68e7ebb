/*
 * Does a WHERE restrict the rows of its target? Sub-queries count where their own condition ties
 * them to the target's row, and not where they only give the whole target back.
 */
#include <string.h>

#include "arena.h"
#include "engines/my_expr.h"
#include "banned.h"

#define EVERYTHING_MAX 8

/* Where a clause of the query [from, end) begins, at its own level of parentheses; end: nowhere. */
static size_t
clause(const struct my *m, size_t from, size_t end, const char *words)
{
	long level = 0;

	for (; from < end; from++)
		if (my_op_at(m, from, "("))
			level++;
		else if (my_op_at(m, from, ")"))
			level--;
		else if (level == 0 && my_word_in(m, from, words) &&
			 !(from > 0 && my_op_at(m, from - 1, ".")))
			return from;
	return end;
}

static int
has_clause(const struct my *m, size_t from, size_t end, const char *words)
{
	return clause(m, from, end, words) < end;
}

static int
is_aggregate(const struct my *m, size_t from, size_t end)
{
	static const char names[] = "count sum max min avg group_concat bit_and bit_or bit_xor std "
				    "stddev variance json_arrayagg json_objectagg any_value";

	end = clause(m, from, end, "from");
	for (; from < end; from++)
		if (my_word_in(m, from, names) && my_op_at(m, from + 1, "("))
			return 1;
	return 0;
}

/* The condition behind WHERE. */
static int
where_of(const struct my *m, size_t from, size_t end, size_t *first, size_t *last)
{
	size_t w = clause(m, from, end, "where");

	if (w >= end)
		return 0;
	*first = w + 1;
	*last =
	    clause(m, *first, end, "group having order limit window union except intersect for");
	return 1;
}

static int
is_shadowed(const struct my_expr *e, size_t from, size_t end)
{
	size_t i, k, f = clause(e->m, from, end, "from"),
		     w = clause(e->m, from, end, "where group order limit union");

	for (i = f; i < w; i++)
		for (k = 0; k < e->s->ntables; k++)
			if ((e->m->t[i].type == MY_WORD || e->m->t[i].type == MY_NAME) &&
			    strcasecmp(my_text(e->m, i), e->s->tables[k].alias) == 0)
				return 1;
	return 0;
}

/* Is there, in the inner WHERE or ON, a condition on the target's row? */
static int
is_tied(struct my_expr *e, size_t from, size_t end)
{
	struct my_expr inner = *e;
	struct my_value v;
	size_t first, last;
	int is_real = 0;

	if (is_shadowed(e, from, end) || has_clause(e->m, from, end, "union except intersect") ||
	    (is_aggregate(e->m, from, end) && !has_clause(e->m, from, end, "group having")))
		return 0;
	e->s->level++;
	if (where_of(e->m, from, end, &first, &last)) {
		inner.i = first;
		inner.end = last;
		my_expr_or(&inner, &v);
		is_real = v.yes == WORTH_REAL && inner.i == inner.end;
	}
	e->s->level--;
	return is_real;
}

/* The relation behind FROM of [from, end): its name token, or 0. */
static size_t
only_relation(const struct my *m, size_t from, size_t end)
{
	size_t f = clause(m, from, end, "from");

	if (f >= end || has_clause(m, f + 1, end, "join straight_join union except intersect"))
		return 0;
	return f + 1;
}

static const struct my_cte *
cte_of(const struct my *m, const char *name)
{
	size_t i;

	for (i = m->nctes; i > 0; i--)
		if (strcasecmp(m->ctes[i - 1].name, name) == 0)
			return &m->ctes[i - 1];
	return NULL;
}

/* Does the query [from, end) give every row of a tied table? */
static int
is_everything(struct my_expr *e, size_t from, size_t end, int depth)
{
	struct my *m = e->m;
	size_t at = only_relation(m, from, end), k, first, last, was = m->i;
	struct my_table t = {.is_tied = 1, .is_target = 1};
	struct my_scope s = {.tables = &t, .ntables = 1, .is_alone = 1};
	const struct my_cte *c;
	int is_target = 0;

	if (at == 0 || depth > EVERYTHING_MAX || has_clause(m, from, end, "limit group having"))
		return 0;
	if (my_op_at(m, at, "("))
		return my_word_in(m, at + 1, "select with") && !has_clause(m, at, end, "where") &&
		       is_everything(e, at + 1, my_close(m, at) - 1, depth + 1);
	m->i = at;
	k = my_qualified(m, &t.schema, &t.name);
	t.alias = t.name;
	if (k &&
	    (my_take(m, "as") ||
		(m->i < end && !my_word_in(m, m->i, "where order partition use force ignore"))) &&
	    m->i < end && m->t[m->i].type != MY_OP)
		t.alias = my_text(m, m->i);
	m->i = was;
	if (!k)
		return 0;
	if (t.schema == NULL && (c = cte_of(m, t.name)) != NULL && c->end < from)
		return !has_clause(m, from, end, "where") &&
		       is_everything(e, c->from, c->end, depth + 1);
	for (k = 0; k < e->s->ntables; k++)
		is_target |= e->s->tables[k].is_tied && e->s->tables[k].name != NULL &&
			     strcasecmp(e->s->tables[k].name, t.name) == 0;
	if (!is_target)
		return 0;
	return !where_of(m, from, end, &first, &last) || !my_restricts(m, &s, first, last);
}

/* IN (SELECT users.id FROM other): the target's own column, from wherever. */
static int
gives_own_back(struct my_expr *e, const struct my_value *left, size_t from, size_t end)
{
	struct my_expr inner = *e;
	struct my_value v;
	int is_same;

	inner.i = from + 1;
	inner.end = clause(e->m, from, end, "from");
	if (inner.i >= inner.end || is_shadowed(e, from, end))
		return 0;
	e->s->level += inner.end < end;
	my_expr_or(&inner, &v);
	e->s->level -= inner.end < end;
	is_same =
	    v.column != NULL && left->column != NULL && strcasecmp(v.column, left->column) == 0;
	return is_same && !is_tied(e, from, end);
}

void
my_expr_subquery(struct my_expr *e, const struct my_value *left, int is_exists, struct my_value *v)
{
	size_t from = e->i + 1, close = my_close(e->m, e->i), end = close - 1;
	enum my_worth k = WORTH_FREE;

	memset(v, 0, sizeof(*v));
	v->yes = v->no = WORTH_FREE;
	if (close > e->end || e->m->depth > 50 || e->m->effort++ > 100000) {
		v->is_odd = 1;
		e->i = e->end;
		return;
	}
	e->i = close;
	e->m->depth++;
	e->m->effort += close - from;
	while (my_op_at(e->m, from, "(") && my_close(e->m, from) == end) {
		from++;
		end--;
	}
	if (is_exists)
		k = is_tied(e, from, end) ? WORTH_REAL : WORTH_FREE;
	else if (left != NULL && left->needs && !left->is_odd && !left->is_bool && !left->is_zeroed)
		k = is_everything(e, from, end, 0) || gives_own_back(e, left, from, end)
			? WORTH_FREE
			: WORTH_REAL;
	else if (left != NULL)
		k = is_tied(e, from, end) ? WORTH_REAL : WORTH_FREE;
	else {
		/* One value: without FROM it is what it says. */
		v->is_odd = clause(e->m, from, end, "from") >= end;
		v->needs = is_tied(e, from, end);
	}
	e->m->depth--;
	if (left != NULL || is_exists) {
		v->yes = v->no = k;
		v->is_bool = 1;
	}
}

int
my_restricts(struct my *m, struct my_scope *s, size_t from, size_t end)
{
	struct my_expr e = {.m = m, .s = s, .i = from, .end = end};
	struct my_value v;

	my_expr_or(&e, &v);
	return e.i == end && (v.yes == WORTH_REAL || v.yes == WORTH_FALSE);
}
