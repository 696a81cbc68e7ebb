/*
 * What a comparison is worth: one that needs a column of the target, and not only against itself or
 * a pattern that everything matches.
 */
#include <string.h>

#include "arena.h"
#include "engines/pg_where.h"
#include "banned.h"

#define OPPOSITES_MAX 16 /* branches of an OR that are compared with one another */

/* The same expression, but for where in the text it stands and how the column is qualified. */
int
where_is_same(struct where *q, uint32_t a, uint32_t b)
{
	const struct json_events *j = q->w->j;
	const char *ca = where_own(q, a), *cb = where_own(q, b);
	uint32_t i = a, k = b;

	if (ca != NULL && cb != NULL)
		return strcmp(ca, cb) == 0;
	while (i < j->at[a].next && k < j->at[b].next) {
		if (j->at[i].type != j->at[k].type)
			return 0;
		if (j->at[i].type == JSON_KEY && json_is(j, i, "location") &&
		    json_is(j, k, "location")) {
			i += 2;
			k += 2;
			continue;
		}
		if (j->at[i].type >= JSON_KEY &&
		    (j->at[i].len != j->at[k].len ||
			memcmp(j->text + j->at[i].from, j->text + j->at[k].from, j->at[i].len) !=
			    0))
			return 0;
		i++;
		k++;
	}
	return i == j->at[a].next && k == j->at[b].next;
}

static const char *
operator_name(struct where *q, uint32_t expr)
{
	const char *schema, *name;

	walk_split_names(q->w, walk_get(q->w, expr, "name"), &schema, &name);
	return name != NULL ? name : "";
}

/* col, col + 0, -col, col::text: the column where nothing but constants is with it. */
static const char *
bare_column(struct where *q, uint32_t e, int depth)
{
	uint32_t x, l, r;
	const char *c = where_own(q, e);

	if (c != NULL || e == 0 || depth > 20)
		return c;
	if ((x = json_node(q->w->j, e, "TypeCast")) != 0)
		return bare_column(q, walk_get(q->w, x, "arg"), depth + 1);
	if ((x = json_node(q->w->j, e, "CollateClause")) != 0)
		return bare_column(q, walk_get(q->w, x, "arg"), depth + 1);
	if ((x = json_node(q->w->j, e, "SubLink")) != 0) {
		/* (SELECT col) is col. */
		x = where_subselect(q, x);
		if (x == 0 || walk_get(q->w, x, "fromClause") != 0)
			return NULL;
		x = json_first(q->w->j, walk_get(q->w, x, "targetList"));
		x = json_node(q->w->j, x, "ResTarget");
		return bare_column(q, walk_get(q->w, x, "val"), depth + 1);
	}
	if ((x = json_node(q->w->j, e, "A_Expr")) == 0 || !walk_is(q->w, x, "kind", "AEXPR_OP") ||
	    strspn(operator_name(q, x), "+-*/|") == 0)
		return NULL;
	l = walk_get(q->w, x, "lexpr");
	r = walk_get(q->w, x, "rexpr");
	if (l == 0 || walk_constant(q->w, l) != NULL)
		return bare_column(q, r, depth + 1);
	return r != 0 && walk_constant(q->w, r) != NULL ? bare_column(q, l, depth + 1) : NULL;
}

/* col * 0 needs the column and yet says nothing about it. */
static int
is_zeroed(struct where *q, uint32_t e)
{
	uint32_t x = json_node(q->w->j, e, "A_Expr");
	const char *l, *r;

	if (x == 0 || strcmp(operator_name(q, x), "*") != 0)
		return 0;
	l = walk_constant(q->w, walk_get(q->w, x, "lexpr"));
	r = walk_constant(q->w, walk_get(q->w, x, "rexpr"));
	return (l != NULL && strcmp(l, "0") == 0) || (r != NULL && strcmp(r, "0") == 0);
}

/* What stands in FROM or USING at event i under that alias: less than the target, or WORTH_REAL. */
static enum worth
joined_as(struct where *q, uint32_t i, const char *alias)
{
	uint32_t rel = json_node(q->w->j, i, "RangeVar"), sub, a;

	if (rel != 0) {
		a = walk_get(q->w, rel, "alias");
		return walk_is(q->w, a != 0 ? a : rel, a != 0 ? "aliasname" : "relname", alias)
			   ? where_is_less_named(q, walk_string(q->w, rel, "schemaname"),
				 walk_string(q->w, rel, "relname"))
			   : WORTH_REAL;
	}
	if ((sub = json_node(q->w->j, i, "RangeSubselect")) == 0 ||
	    !walk_is(q->w, walk_get(q->w, sub, "alias"), "aliasname", alias))
		return WORTH_REAL;
	return where_is_less(q, json_node(q->w->j, walk_get(q->w, sub, "subquery"), "SelectStmt"));
}

/* A column of the target against the same column of what may be a second copy of it. */
static enum worth
against_twin(struct where *q, uint32_t a, uint32_t b)
{
	const char *qualifier, *mine = where_own(q, a), *other = where_column(q, b, &qualifier);
	uint32_t i, end = q->t->joined != 0 ? q->w->j->at[q->t->joined].next : 0;
	enum worth k;

	if (mine == NULL || other == NULL || qualifier == NULL || strcmp(mine, other) != 0)
		return WORTH_REAL;
	for (i = q->t->joined; i < end; i++)
		if ((k = joined_as(q, i, qualifier)) != WORTH_REAL)
			return k;
	return WORTH_REAL;
}

/* a.id = b_id where only one side says whose it is: a join, unless the names are equal. */
static int
is_loose_join(struct where *q, uint32_t a, uint32_t b)
{
	const char *qualifier, *loose = where_loose(q, a), *other = where_column(q, b, &qualifier);

	return loose != NULL && other != NULL && qualifier != NULL && strcmp(loose, other) != 0;
}

static enum worth
of_constants(const char *op, const char *l, const char *r)
{
	int is_equal = strcmp(l, r) == 0;

	if (strcmp(op, "=") == 0)
		return is_equal ? WORTH_TRUE : WORTH_FALSE;
	if (strcmp(op, "<>") == 0)
		return is_equal ? WORTH_FALSE : WORTH_TRUE;
	return WORTH_FREE;
}

/* SIMILAR TO hides its pattern in a call. */
static const char *
pattern_of(struct where *q, uint32_t r)
{
	uint32_t call = json_node(q->w->j, r, "FuncCall");

	if (call != 0)
		r = json_first(q->w->j, walk_get(q->w, call, "args"));
	return walk_constant(q->w, r);
}

static int
is_match_all(const char *kind, const char *op, const char *pattern)
{
	static const char *const all[] = {
	    "", "^", "$", ".*", "^.*", ".*$", "^.*$", ".", ".+", NULL};
	size_t i;

	if (pattern == NULL)
		return 0;
	if (strcmp(kind, "AEXPR_LIKE") == 0 || strcmp(kind, "AEXPR_ILIKE") == 0 ||
	    strcmp(kind, "AEXPR_SIMILAR") == 0)
		return *pattern != '\0' && strspn(pattern, "%") == strlen(pattern);
	if (strcmp(kind, "AEXPR_OP") != 0 || (strcmp(op, "~") != 0 && strcmp(op, "~*") != 0))
		return 0;
	for (i = 0; all[i] != NULL; i++)
		if (strcmp(pattern, all[i]) == 0)
			return 1;
	return 0;
}

/* x IN (..., x, ...), x BETWEEN x AND x, x = ANY(ARRAY[x]): elements of the right side. */
static int
lists_itself(struct where *q, uint32_t l, uint32_t r, int all)
{
	uint32_t list = r, n, i;
	size_t hits = 0;

	if ((n = json_node(q->w->j, r, "List")) != 0)
		list = walk_get(q->w, n, "items");
	else if ((n = json_node(q->w->j, r, "A_ArrayExpr")) != 0)
		list = walk_get(q->w, n, "elements");
	for (i = json_first(q->w->j, list); i != 0; i = json_after(q->w->j, list, i))
		hits += (size_t)where_is_same(q, l, i);
	return all ? hits > 0 && hits == json_count(q->w->j, list) : hits > 0;
}

/* = ANY (ARRAY(SELECT ...)): is it less than the whole target? */
static enum worth
array_is_less(struct where *q, uint32_t r)
{
	uint32_t s = json_node(q->w->j, r, "SubLink");

	return s != 0 ? where_is_less(q, where_subselect(q, s)) : WORTH_REAL;
}

/* a < b and a >= b: one of them is true of every row (that has no NULL there). */
static int
is_opposite(struct where *q, uint32_t a, uint32_t b)
{
	static const char *const pairs[][2] = {{"=", "<>"}, {"<", ">="}, {">", "<="}};
	uint32_t x = json_node(q->w->j, a, "A_Expr"), y = json_node(q->w->j, b, "A_Expr");
	const char *p, *r;
	size_t i;

	if (x == 0 || y == 0 || !walk_is(q->w, x, "kind", "AEXPR_OP") ||
	    !walk_is(q->w, y, "kind", "AEXPR_OP"))
		return 0;
	p = operator_name(q, x);
	r = operator_name(q, y);
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if ((strcmp(p, pairs[i][0]) == 0 && strcmp(r, pairs[i][1]) == 0) ||
		    (strcmp(p, pairs[i][1]) == 0 && strcmp(r, pairs[i][0]) == 0))
			return where_is_same(
				   q, walk_get(q->w, x, "lexpr"), walk_get(q->w, y, "lexpr")) &&
			       where_is_same(
				   q, walk_get(q->w, x, "rexpr"), walk_get(q->w, y, "rexpr"));
	return 0;
}

int
where_has_opposites(struct where *q, uint32_t list)
{
	uint32_t i, k;

	if (json_count(q->w->j, list) > OPPOSITES_MAX)
		return 0;
	for (i = json_first(q->w->j, list); i != 0; i = json_after(q->w->j, list, i))
		for (k = json_after(q->w->j, list, i); k != 0; k = json_after(q->w->j, list, k))
			if (is_opposite(q, i, k))
				return 1;
	return 0;
}

enum worth
where_compare(struct where *q, uint32_t x, int negate)
{
	uint32_t l = walk_get(q->w, x, "lexpr"), r = walk_get(q->w, x, "rexpr");
	char *kind = walk_string(q->w, x, "kind");
	const char *op = operator_name(q, x), *cl = walk_constant(q->w, l),
		   *cr = walk_constant(q->w, r), *pattern = pattern_of(q, r), *bl, *br;
	enum worth k;

	if (kind == NULL)
		return WORTH_FREE;
	if (cl != NULL && cr != NULL && strcmp(kind, "AEXPR_OP") == 0) {
		k = of_constants(op, cl, cr);
		return !negate || k == WORTH_FREE ? k : k == WORTH_TRUE ? WORTH_FALSE : WORTH_TRUE;
	}
	if (is_loose_join(q, l, r) || is_loose_join(q, r, l))
		return WORTH_REAL;
	if (!where_needs(q, l) && !where_needs(q, r))
		return WORTH_FREE;
	if (is_match_all(kind, op, pattern) || where_is_same(q, l, r))
		return WORTH_FREE;
	if ((k = against_twin(q, l, r)) != WORTH_REAL || (k = against_twin(q, r, l)) != WORTH_REAL)
		return strchr(op, '=') != NULL ? k : WORTH_REAL; /* a.id < b.id does restrict */
	if (strcmp(kind, "AEXPR_DISTINCT") == 0 && !negate &&
	    json_node(q->w->j, r, "A_Const") != 0 && cr == NULL)
		return WORTH_FREE; /* IS DISTINCT FROM NULL */
	if (strcmp(kind, "AEXPR_IN") == 0 && lists_itself(q, l, r, 0))
		return WORTH_FREE;
	if (strcmp(kind, "AEXPR_OP_ANY") == 0 && lists_itself(q, l, r, 0))
		return WORTH_FREE;
	if (strcmp(kind, "AEXPR_OP_ANY") == 0 && (k = array_is_less(q, r)) != WORTH_REAL)
		return k;
	if (strncmp(kind, "AEXPR_BETWEEN", 13) == 0 && lists_itself(q, l, r, 1))
		return WORTH_FREE;
	if (is_zeroed(q, l) || is_zeroed(q, r))
		return WORTH_FREE;
	bl = bare_column(q, l, 0);
	br = bare_column(q, r, 0);
	if (bl != NULL && br != NULL && strcmp(bl, br) == 0)
		return WORTH_FREE;
	return WORTH_REAL;
}
