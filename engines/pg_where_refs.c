/*
 * What a condition refers to: columns of the target, and sub-selects that are tied to its row or
 * give the whole target back. Effort is counted, so that no nesting makes it slow.
 */
#include <string.h>

#include "arena.h"
#include "engines/pg_where.h"
#include "banned.h"

#define DEPTH 100
#define EFFORT ((size_t)100000)

/* One step deeper, at a cost; 0 where depth or effort is used up (then nothing restricts). */
int
where_enter(struct where *q, size_t cost)
{
	q->w->effort += cost;
	if (q->w->depth >= DEPTH || q->w->effort > EFFORT + 64 * q->w->j->n)
		return 0;
	q->w->depth++;
	return 1;
}

void
where_leave(struct where *q)
{
	q->w->depth--;
}

static int
is_variable(struct where *q, const char *name)
{
	size_t i;

	for (i = 0; i < q->w->nvariables; i++)
		if (strcmp(q->w->variables[i], name) == 0)
			return 1;
	return 0;
}

/* The column's name where the node is a column; *qualifier is NULL where it has none. */
const char *
where_column(struct where *q, uint32_t wrapper, const char **qualifier)
{
	uint32_t c = json_node(q->w->j, wrapper, "ColumnRef");
	const char *name;

	*qualifier = NULL;
	if (c == 0)
		return NULL;
	walk_split_names(q->w, walk_get(q->w, c, "fields"), qualifier, &name);
	return name;
}

/* A column of the target, for sure. */
const char *
where_own(struct where *q, uint32_t wrapper)
{
	const char *qualifier, *name = where_column(q, wrapper, &qualifier);

	if (name == NULL)
		return NULL;
	if (qualifier != NULL)
		return strcmp(qualifier, q->t->alias) == 0 ? name : NULL;
	return q->is_alone && !is_variable(q, name) ? name : NULL;
}

/* A column without a qualifier where several relations could have it. */
const char *
where_loose(struct where *q, uint32_t wrapper)
{
	const char *qualifier, *name = where_column(q, wrapper, &qualifier);

	return name != NULL && qualifier == NULL && !q->is_alone && !is_variable(q, name) ? name
											  : NULL;
}

static int
needs_inside(struct where *q, uint32_t i)
{
	uint32_t end = q->w->j->at[i].next, k;

	for (k = i; k < end; k++) {
		if (q->w->j->at[k].type != JSON_OBJECT_EVENT)
			continue;
		if (json_node(q->w->j, k, "SubLink") != 0) {
			if (where_needs(q, k))
				return 1;
			k = q->w->j->at[k].next - 1;
		} else if (where_own(q, k) != NULL)
			return 1;
	}
	return 0;
}

/* The FROM of a sub-select that reads one plain relation, or 0. */
static uint32_t
only_relation(struct where *q, uint32_t select)
{
	uint32_t from = walk_get(q->w, select, "fromClause");

	return json_count(q->w->j, from) == 1
		   ? json_node(q->w->j, json_first(q->w->j, from), "RangeVar")
		   : 0;
}

/* The query of a CTE of that name anywhere in the statement, or 0. */
static uint32_t
find_cte(struct where *q, const char *name)
{
	uint32_t i, c, query;

	for (i = 0; i < q->w->j->n; i++) {
		if (q->w->j->at[i].type != JSON_KEY || !json_is(q->w->j, i, "CommonTableExpr"))
			continue;
		c = i + 1;
		if (walk_is(q->w, c, "ctename", name) &&
		    (query = json_node(q->w->j, walk_get(q->w, c, "ctequery"), "SelectStmt")) != 0)
			return query;
	}
	return 0;
}

/*
 * The relation of that name, be it a table or a CTE: all of the target (WORTH_FREE), as many rows
 * of it as a LIMIT says, or something else.
 */
enum worth
where_is_less_named(struct where *q, const char *schema, const char *name)
{
	uint32_t cte;

	if (schema == NULL && (cte = find_cte(q, name)) != 0 && q->inside != cte)
		return where_is_less(q, cte);
	return strcmp(name, q->t->name) == 0 ? WORTH_FREE : WORTH_REAL;
}

/* Is the sub-select less than every row of the target? IN (SELECT id FROM target) is not. */
enum worth
where_is_less(struct where *q, uint32_t select)
{
	uint32_t rel, alias, where, outer = q->inside;
	enum restricts by = RESTRICTS_NOTHING;
	enum worth less = WORTH_REAL;
	char *name;
	struct target t = {.is_alone = 1};

	if (select == 0 || !where_enter(q, q->w->j->n))
		return WORTH_REAL;
	rel = only_relation(q, select);
	name = rel != 0 ? walk_string(q->w, rel, "relname") : NULL;
	if (name != NULL && walk_get(q->w, select, "havingClause") == 0 &&
	    walk_get(q->w, select, "groupClause") == 0) {
		alias = walk_get(q->w, rel, "alias");
		t.name = name;
		t.alias = alias != 0 ? walk_string(q->w, alias, "aliasname") : name;
		where = walk_get(q->w, select, "whereClause");
		q->inside = select;
		if (where != 0)
			by = pg_restricts(q->w, where, &t);
		if (by != RESTRICTS_ROWS)
			less = where_is_less_named(q, walk_string(q->w, rel, "schemaname"), name);
		q->inside = outer;
		if (less == WORTH_FREE &&
		    (by == RESTRICTS_NUMBER || walk_get(q->w, select, "limitCount") != 0))
			less = WORTH_LIMIT;
	}
	where_leave(q);
	return less;
}

int
where_has_aggregate(struct where *q, uint32_t select)
{
	static const char *const names[] = {"count", "sum", "avg", "min", "max", "array_agg",
	    "string_agg", "bool_or", "bool_and", "every", "json_agg", "jsonb_agg"};
	uint32_t list = walk_get(q->w, select, "targetList"), end, i, f;
	const char *schema, *name;
	size_t k;

	if (list == 0 || walk_get(q->w, select, "groupClause") != 0 ||
	    walk_get(q->w, select, "havingClause") != 0)
		return 0;
	end = q->w->j->at[list].next;
	for (i = list; i < end; i++) {
		if ((f = json_node(q->w->j, i, "FuncCall")) == 0)
			continue;
		walk_split_names(q->w, walk_get(q->w, f, "funcname"), &schema, &name);
		for (k = 0; name != NULL && k < sizeof(names) / sizeof(names[0]); k++)
			if (strcmp(name, names[k]) == 0)
				return 1;
	}
	return 0;
}

/* True where a sub-select's own WHERE or joins tie it to the target's row. */
int
where_is_tied(struct where *q, uint32_t select)
{
	struct where in = *q;
	uint32_t larg, from, k, end, join, on;
	int yes = 0;

	if (select == 0 || !where_enter(q, q->w->j->at[select].next - select))
		return 0;
	larg = walk_get(q->w, select, "larg");
	from = walk_get(q->w, select, "fromClause");
	if (from != 0)
		in.is_alone = 0;
	if (larg != 0)
		yes =
		    where_is_tied(&in, larg) && where_is_tied(&in, walk_get(q->w, select, "rarg"));
	else if (walk_get(q->w, select, "whereClause") != 0)
		yes = where_worth(&in, walk_get(q->w, select, "whereClause"), 0) == WORTH_REAL;
	end = from != 0 ? q->w->j->at[from].next : 0;
	for (k = from; !yes && k < end; k++) {
		join = json_node(q->w->j, k, "JoinExpr");
		if (join != 0 && walk_is(q->w, join, "jointype", "JOIN_INNER") &&
		    (on = walk_get(q->w, join, "quals")) != 0)
			yes = where_worth(&in, on, 0) == WORTH_REAL;
	}
	where_leave(q);
	return yes;
}

uint32_t
where_subselect(struct where *q, uint32_t sublink)
{
	return json_node(q->w->j, walk_get(q->w, sublink, "subselect"), "SelectStmt");
}

/* (SELECT col) without a FROM is as good as col. */
static int
gives_own(struct where *q, uint32_t select)
{
	uint32_t list = walk_get(q->w, select, "targetList");

	return list != 0 && walk_get(q->w, select, "fromClause") == 0 && needs_inside(q, list);
}

/* Does the expression's value depend on the target's row? */
int
where_needs(struct where *q, uint32_t e)
{
	uint32_t s;
	int yes;

	if (e == 0 || !where_enter(q, q->w->j->at[e].next - e))
		return 0;
	if ((s = json_node(q->w->j, e, "SubLink")) != 0)
		yes = where_is_tied(q, where_subselect(q, s)) ||
		      gives_own(q, where_subselect(q, s)) ||
		      (walk_get(q->w, s, "testexpr") != 0 &&
			  needs_inside(q, walk_get(q->w, s, "testexpr")));
	else
		yes = needs_inside(q, e);
	where_leave(q);
	return yes;
}
