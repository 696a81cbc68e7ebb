/*
 * Does a WHERE restrict the rows of its target? A condition counts where it needs a column of the
 * target that is not merely compared with itself; in doubt it does not count. Recursion is bounded.
 */
#include <string.h>

#include "arena.h"
#include "engines/pg_where.h"
#include "banned.h"

static enum worth
of_sublink(struct where *q, uint32_t s)
{
	uint32_t select = where_subselect(q, s), test = walk_get(q->w, s, "testexpr"), out;
	int is_any = walk_is(q->w, s, "subLinkType", "ANY_SUBLINK");
	enum worth k;

	if (walk_is(q->w, s, "subLinkType", "EXISTS_SUBLINK"))
		return !where_has_aggregate(q, select) && where_is_tied(q, select) ? WORTH_REAL
										   : WORTH_FREE;
	if (test == 0)
		return where_is_tied(q, select) ? WORTH_REAL : WORTH_FREE;
	if (!where_needs(q, test))
		return where_is_tied(q, select) ? WORTH_REAL : WORTH_FREE;
	if (is_any && (k = where_is_less(q, select)) != WORTH_REAL)
		return k;
	/* IN (SELECT x) or IN (SELECT x FROM other) of the very same x. */
	out = json_first(q->w->j, walk_get(q->w, select, "targetList"));
	out = json_node(q->w->j, out, "ResTarget");
	if (is_any && out != 0 && where_is_same(q, test, walk_get(q->w, out, "val")) &&
	    (walk_get(q->w, select, "fromClause") == 0 || !where_is_tied(q, select)) &&
	    (walk_get(q->w, select, "fromClause") == 0 ||
		json_count(q->w->j,
		    walk_get(q->w, json_node(q->w->j, walk_get(q->w, out, "val"), "ColumnRef"),
			"fields")) > 1))
		return WORTH_FREE;
	return WORTH_REAL;
}

static enum worth
of_bool(struct where *q, uint32_t b, int negate)
{
	uint32_t list = walk_get(q->w, b, "args"), i;
	int is_and = walk_is(q->w, b, "boolop", "AND_EXPR");
	enum worth k, sum;

	if (walk_is(q->w, b, "boolop", "NOT_EXPR"))
		return where_worth(q, json_first(q->w->j, list), !negate);
	if (negate)
		is_and = !is_and;
	if (!is_and && !negate && where_has_opposites(q, list))
		return WORTH_TRUE;
	sum = is_and ? WORTH_TRUE : WORTH_FALSE;
	for (i = json_first(q->w->j, list); i != 0; i = json_after(q->w->j, list, i)) {
		k = where_worth(q, i, negate);
		if (is_and) {
			if (k > sum)
				sum = k;
		} else if (sum == WORTH_FALSE)
			sum = k;
		else if (k != WORTH_FALSE && k < sum)
			sum = k;
	}
	return sum;
}

static enum worth
of_null_test(struct where *q, uint32_t n, int negate)
{
	int is_null = walk_is(q->w, n, "nulltesttype", "IS_NULL");

	if (!where_needs(q, walk_get(q->w, n, "arg")))
		return WORTH_FREE;
	return is_null != negate ? WORTH_REAL : WORTH_FREE;
}

static enum worth
of_boolean_test(struct where *q, uint32_t n, int negate)
{
	uint32_t arg = walk_get(q->w, n, "arg");
	char *type = walk_string(q->w, n, "booltesttype");

	if (type == NULL || !where_needs(q, arg))
		return WORTH_FREE;
	if (strstr(type, "UNKNOWN") != NULL)
		return (strcmp(type, "IS_UNKNOWN") == 0) != negate ? WORTH_REAL : WORTH_FREE;
	if (strcmp(type, "IS_FALSE") == 0 || strcmp(type, "IS_NOT_TRUE") == 0)
		negate = !negate;
	return where_worth(q, arg, negate);
}

/* CASE and COALESCE: every branch that can be taken has to restrict. */
static enum worth
of_branches(struct where *q, uint32_t c, const char *list, uint32_t otherwise, int negate)
{
	uint32_t args = walk_get(q->w, c, list), i, when, result;
	enum worth sum = WORTH_FALSE, k;

	for (i = json_first(q->w->j, args); i != 0; i = json_after(q->w->j, args, i)) {
		when = json_node(q->w->j, i, "CaseWhen");
		result = when != 0 ? walk_get(q->w, when, "result") : i;
		k = where_worth(q, result, negate);
		if (k == WORTH_TRUE && when != 0 && where_needs(q, walk_get(q->w, when, "expr")))
			k = where_worth(q, walk_get(q->w, when, "expr"), 0);
		if (sum == WORTH_FALSE || (k != WORTH_FALSE && k < sum))
			sum = k;
	}
	if (otherwise != 0) {
		k = where_worth(q, otherwise, negate);
		if (sum == WORTH_FALSE || (k != WORTH_FALSE && k < sum))
			sum = k;
	}
	return sum;
}

static enum worth
of_constant(const char *v, int negate)
{
	int is_true = walk_is_on(v);

	return is_true != negate ? WORTH_TRUE : WORTH_FALSE;
}

static enum worth
worth_of(struct where *q, uint32_t e, int negate)
{
	const char *v = walk_constant(q->w, e);
	uint32_t n;

	if (v != NULL)
		return of_constant(v, negate);
	if ((n = json_node(q->w->j, e, "BoolExpr")) != 0)
		return of_bool(q, n, negate);
	if ((n = json_node(q->w->j, e, "A_Expr")) != 0)
		return where_compare(q, n, negate);
	if ((n = json_node(q->w->j, e, "SubLink")) != 0)
		return of_sublink(q, n);
	if ((n = json_node(q->w->j, e, "NullTest")) != 0)
		return of_null_test(q, n, negate);
	if ((n = json_node(q->w->j, e, "BooleanTest")) != 0)
		return of_boolean_test(q, n, negate);
	if ((n = json_node(q->w->j, e, "TypeCast")) != 0)
		return where_worth(q, walk_get(q->w, n, "arg"), negate);
	if ((n = json_node(q->w->j, e, "CaseExpr")) != 0)
		return of_branches(q, n, "args", walk_get(q->w, n, "defresult"), negate);
	if ((n = json_node(q->w->j, e, "CoalesceExpr")) != 0)
		return of_branches(q, n, "args", 0, negate);
	if (json_node(q->w->j, e, "CurrentOfExpr") != 0)
		return WORTH_REAL;
	return where_needs(q, e) ? WORTH_REAL : WORTH_FREE;
}

enum worth
where_worth(struct where *q, uint32_t e, int negate)
{
	enum worth k;

	if (e == 0 || !where_enter(q, 1))
		return WORTH_FREE;
	k = worth_of(q, e, negate);
	where_leave(q);
	return k;
}

enum restricts
pg_restricts(struct walk *w, uint32_t expr, const struct target *t)
{
	struct where q = {.w = w, .t = t, .is_alone = t->is_alone};

	switch (where_worth(&q, expr, 0)) {
	case WORTH_REAL:
		return RESTRICTS_ROWS;
	case WORTH_LIMIT:
		return RESTRICTS_NUMBER;
	case WORTH_TRUE:
	case WORTH_FREE:
	case WORTH_FALSE:
		break;
	}
	return RESTRICTS_NOTHING;
}
