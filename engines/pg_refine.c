/*
 * What the catalog knows of a classified text: which objects its names mean in this session, how
 * big they are, and whether what the text alone could not tell is harmless. It may lower only what
 * the classifier marked as refinable; what the catalog does not know stays as it is.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/ask.h"
#include "engines/pg_look.h"
#include "engines/pg_words.h"
#include "banned.h"

#define MAX_OBJECTS 2000
#define MAX_FUNCTIONS 500

/*
 * Relations by name, in this session's search_path. The sizes take a short lock on the table, so
 * they are left out while somebody holds or waits for the exclusive one. A partitioned table counts
 * with all that is below it.
 */
static const char relations_sql[] =
    "WITH RECURSIVE named AS (SELECT u.n, pg_catalog.to_regclass(u.name)::pg_catalog.oid AS oid "
    "FROM pg_catalog.unnest($1::pg_catalog.text[]) WITH ORDINALITY AS u(name, n)), "
    "tree(n, oid) AS (SELECT n, oid FROM named WHERE oid IS NOT NULL UNION "
    "SELECT t.n, i.inhrelid FROM tree AS t JOIN pg_catalog.pg_inherits AS i ON i.inhparent = t.oid "
    "JOIN pg_catalog.pg_class AS p ON p.oid = t.oid AND p.relkind = 'p'), "
    "sized AS (SELECT t.n, c.reltuples, c.relpages, c.relkind, "
    "CASE WHEN l.busy THEN NULL ELSE pg_catalog.pg_relation_size(c.oid) END AS main, "
    "CASE WHEN l.busy THEN NULL ELSE pg_catalog.pg_total_relation_size(c.oid) END AS total, "
    "pg_catalog.pg_stat_get_live_tuples(c.oid) AS live "
    "FROM tree AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.oid CROSS JOIN LATERAL "
    "(SELECT EXISTS (SELECT FROM pg_catalog.pg_locks AS k WHERE k.relation = c.oid "
    "AND k.mode = 'AccessExclusiveLock' AND k.pid <> pg_catalog.pg_backend_pid()) AS busy) AS l), "
    "counted AS (SELECT s.n, pg_catalog.sum(s.total)::pg_catalog.int8 AS bytes, "
    "CASE WHEN pg_catalog.bool_or(s.estimate IS NULL) THEN NULL "
    "ELSE pg_catalog.sum(s.estimate)::pg_catalog.int8 END AS rows FROM (SELECT *, "
    "CASE WHEN relkind IN ('p', 'v', 'i', 'I', 'c') THEN 0 WHEN main = 0 THEN 0 "
    "WHEN reltuples >= 0 AND relpages > 0 THEN reltuples * coalesce(main::pg_catalog.float8 / "
    "pg_catalog.current_setting('block_size')::pg_catalog.int4 / relpages, 1) "
    "WHEN live > 0 THEN live END AS estimate FROM sized) AS s GROUP BY s.n) "
    "SELECT m.n, c.oid, ns.nspname, c.relname, "
    "coalesce(pg_catalog.pg_relation_filenode(c.oid), 0), c.relpersistence = 't', x.rows, x.bytes, "
    "c.relkind FROM named AS m JOIN pg_catalog.pg_class AS c ON c.oid = m.oid "
    "JOIN pg_catalog.pg_namespace AS ns ON ns.oid = c.relnamespace "
    "LEFT JOIN counted AS x ON x.n = m.n ORDER BY m.n";

/*
 * Schemas, databases, roles, extensions: by plain name; types and functions as the path finds them,
 * the latter where the name alone says which. $1 their types, $2 their names, $3 those as SQL
 * writes them.
 */
static const char others_sql[] =
    "SELECT u.n, CASE u.type WHEN 'schema' THEN (SELECT x.oid FROM pg_catalog.pg_namespace AS x "
    "WHERE x.nspname = u.name) WHEN 'database' THEN (SELECT x.oid FROM pg_catalog.pg_database AS x "
    "WHERE x.datname = u.name) WHEN 'role' THEN (SELECT x.oid FROM pg_catalog.pg_roles AS x "
    "WHERE x.rolname = u.name) WHEN 'extension' THEN (SELECT x.oid FROM pg_catalog.pg_extension AS "
    "x "
    "WHERE x.extname = u.name) WHEN 'function' THEN "
    "pg_catalog.to_regproc(u.quoted)::pg_catalog.oid "
    "ELSE pg_catalog.to_regtype(u.quoted)::pg_catalog.oid END, "
    "CASE u.type WHEN 'database' THEN (SELECT CASE WHEN pg_catalog.has_database_privilege(x.oid, "
    "'CONNECT') THEN pg_catalog.pg_database_size(x.oid) END FROM pg_catalog.pg_database AS x "
    "WHERE x.datname = u.name) END "
    "FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), "
    "pg_catalog.unnest($2::pg_catalog.text[]), pg_catalog.unnest($3::pg_catalog.text[])) "
    "WITH ORDINALITY AS u(type, name, quoted, n)";

/*
 * For each function name: does any exist, and are all overloads that a call could mean harmless?
 * Not volatile, not SECURITY DEFINER, no procedure, in a language the server keeps in bounds or in
 * C; an aggregate is judged by the functions it is made of.
 */
static const char functions_sql[] =
    "SELECT u.n, pg_catalog.bool_and(p.provolatile IN ('i', 's') AND NOT p.prosecdef "
    "AND p.prokind <> 'p' AND (l.lanpltrusted OR l.lanname IN ('internal', 'c')) "
    "AND NOT EXISTS (SELECT FROM pg_catalog.pg_aggregate AS g JOIN pg_catalog.pg_proc AS q "
    "ON q.oid IN (g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggmtransfn, g.aggmfinalfn) "
    "WHERE g.aggfnoid = p.oid AND (q.provolatile = 'v' OR q.prosecdef))) "
    "FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), "
    "pg_catalog.unnest($2::pg_catalog.text[])) "
    "WITH ORDINALITY AS u(schema, name, n) "
    "JOIN pg_catalog.pg_proc AS p ON p.proname = u.name "
    "JOIN pg_catalog.pg_namespace AS ns ON ns.oid = p.pronamespace "
    "JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang "
    "WHERE CASE WHEN u.schema IS NULL THEN pg_catalog.pg_function_is_visible(p.oid) "
    "ELSE ns.nspname = u.schema END GROUP BY u.n";

struct refine {
	struct cluster *c;
	struct waiter *w;
	struct arena *a;
	struct script *s;
	struct object *objects[MAX_OBJECTS], *others[MAX_OBJECTS];
	size_t nobjects, nothers;
	const char *functions[MAX_FUNCTIONS];
	unsigned char is_harmless[MAX_FUNCTIONS];
	size_t nfunctions;
};

/* What the catalog knows by other names than those of relations. */
static int
is_other(const char *type)
{
	static const char *const types[] = {
	    "schema", "database", "role", "extension", "type", "domain", "function"};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return 1;
	return 0;
}

static void
gather_object(struct refine *x, struct object *o)
{
	o->rows = o->bytes = -1;
	if (o->type == NULL || o->name == NULL)
		return;
	if (pg_is_relation(o)) {
		o->is_unqualified |= o->schema == NULL;
		if (x->nobjects < MAX_OBJECTS)
			x->objects[x->nobjects++] = o;
	} else if (is_other(o->type)) {
		if (x->nothers < MAX_OBJECTS)
			x->others[x->nothers++] = o;
	}
}

static struct action *
next_action(struct script *s, size_t *statement, size_t *action)
{
	while (*statement < s->nstatements) {
		if (*action < s->statements[*statement].nactions)
			return &s->statements[*statement].actions[(*action)++];
		++*statement;
		*action = 0;
	}
	return NULL;
}

static void
gather(struct refine *x)
{
	size_t i = 0, k = 0, j;
	struct action *act;

	while ((act = next_action(x->s, &i, &k)) != NULL) {
		for (j = 0; j < act->nobjects; j++)
			gather_object(x, &act->objects[j]);
		for (j = 0; j < act->nfunctions && (act->flags & ACTION_REFINABLE) != 0; j++)
			if (x->nfunctions < MAX_FUNCTIONS)
				x->functions[x->nfunctions++] = act->functions[j];
	}
}

static int
resolve_relations(struct refine *x, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	const char **names = arena_array(x->a, x->nobjects + 1, sizeof(*names)), *list;
	size_t i;
	int row;

	for (i = 0; i < x->nobjects; i++)
		names[i] = pg_quote_object(x->a, x->objects[i]);
	list = look_array(x->a, names, x->nobjects);
	if (x->nobjects == 0)
		return 0;
	if (look(x->c, x->w, relations_sql, 1, &list, &r, e) < 0)
		return -1;
	for (row = 0; row < PQntuples(r); row++) {
		size_t n = (size_t)look_int(r, row, 0, 0);
		struct object *o;

		if (n < 1 || n > x->nobjects)
			continue;
		o = x->objects[n - 1];
		o->oid = (uint32_t)look_int(r, row, 1, 0);
		o->schema = look_text(x->a, r, row, 2);
		o->relfilenode = (uint32_t)look_int(r, row, 4, 0);
		o->is_temporary = PQgetvalue(r, row, 5)[0] == 't';
		o->rows = look_int(r, row, 6, -1);
		o->bytes = look_int(r, row, 7, -1);
	}
	return 0;
}

static int
resolve_others(struct refine *x, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	const char **types = arena_array(x->a, x->nothers + 1, sizeof(*types));
	const char **names = arena_array(x->a, x->nothers + 1, sizeof(*names)), *params[3];
	const char **quoted = arena_array(x->a, x->nothers + 1, sizeof(*quoted));
	size_t i;
	int row;

	for (i = 0; i < x->nothers; i++) {
		types[i] = x->others[i]->type;
		names[i] = x->others[i]->name;
		quoted[i] = pg_quote_object(x->a, x->others[i]);
	}
	params[0] = look_array(x->a, types, x->nothers);
	params[1] = look_array(x->a, names, x->nothers);
	params[2] = look_array(x->a, quoted, x->nothers);
	if (x->nothers == 0)
		return 0;
	if (look(x->c, x->w, others_sql, 3, params, &r, e) < 0)
		return -1;
	for (row = 0; row < PQntuples(r); row++) {
		size_t n = (size_t)look_int(r, row, 0, 0);

		if (n < 1 || n > x->nothers)
			continue;
		x->others[n - 1]->oid = (uint32_t)look_int(r, row, 1, 0);
		x->others[n - 1]->bytes = look_int(r, row, 2, -1);
	}
	return 0;
}

static int
judge_functions(struct refine *x, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	const char **schemas = arena_array(x->a, x->nfunctions + 1, sizeof(*schemas));
	const char **names = arena_array(x->a, x->nfunctions + 1, sizeof(*names)), *params[2];
	const char *dot;
	size_t i;
	int row;

	if (x->nfunctions == 0)
		return 0;
	for (i = 0; i < x->nfunctions; i++) {
		/* A name with more than one dot is nothing the catalog is asked about. */
		dot = strchr(x->functions[i], '.');
		names[i] = dot == NULL ? x->functions[i] : dot + 1;
		if (dot != NULL)
			schemas[i] =
			    arena_strndup(x->a, x->functions[i], (size_t)(dot - x->functions[i]));
	}
	params[0] = look_array(x->a, schemas, x->nfunctions);
	params[1] = look_array(x->a, names, x->nfunctions);
	if (look(x->c, x->w, functions_sql, 2, params, &r, e) < 0)
		return -1;
	for (row = 0; row < PQntuples(r); row++) {
		size_t n = (size_t)look_int(r, row, 0, 0);

		if (n >= 1 && n <= x->nfunctions)
			x->is_harmless[n - 1] = PQgetvalue(r, row, 1)[0] == 't';
	}
	return 0;
}

static int
all_harmless(const struct refine *x, const struct action *act)
{
	size_t i, k;

	for (i = 0; i < act->nfunctions; i++) {
		for (k = 0; k < x->nfunctions; k++)
			if (x->functions[k] == act->functions[i])
				break;
		if (k == x->nfunctions || !x->is_harmless[k])
			return 0;
	}
	return act->nfunctions > 0;
}

static int
all_temporary(const struct action *act)
{
	size_t i, n = 0;

	for (i = 0; i < act->nobjects; i++) {
		const struct object *o = &act->objects[i];

		/* The index that is to be made goes where its table is. */
		if (o->oid == 0 && strcmp(act->kind, "create-index") == 0 && o->type != NULL &&
		    strcmp(o->type, "index") == 0)
			continue;
		if (o->oid == 0 || !o->is_temporary)
			return 0;
		n++;
	}
	return n > 0;
}

/* True where names mean afterwards what they mean now: what is only read changes none. */
static int
keeps_names(const struct statement *st)
{
	size_t k;

	for (k = 0; k < st->nactions; k++)
		if (st->actions[k].danger != DANGER_READ ||
		    (st->actions[k].flags & ACTION_SESSION) != 0 ||
		    ((st->actions[k].flags & ACTION_TX) != 0 &&
			strcmp(st->actions[k].kind, "begin") != 0))
			return 0;
	return 1;
}

/*
 * The catalog answers for the moment before the text. After DROP, DISCARD, SET, ROLLBACK or CREATE
 * the same name may be a lasting table or another function, so nothing behind them is lowered.
 */
static void
lower(struct refine *x)
{
	size_t i, k;
	int is_known = 1;

	x->s->danger = DANGER_READ;
	for (i = 0; i < x->s->nstatements; i++) {
		struct statement *st = &x->s->statements[i];

		st->danger = DANGER_READ;
		for (k = 0; k < st->nactions; k++) {
			struct action *act = &st->actions[k];

			if (is_known && (act->flags & ACTION_REFINABLE) != 0 &&
			    act->danger == DANGER_OPAQUE && all_harmless(x, act)) {
				act->danger = DANGER_READ;
				act->why = "calls only functions that the catalog marks as not "
					   "changing anything";
			}
			if (is_known && (act->flags & ACTION_TEMPABLE) != 0 &&
			    act->danger > DANGER_WRITE && all_temporary(act)) {
				act->danger = DANGER_WRITE;
				act->why = "touches only temporary tables of this session";
			}
			if (act->danger > st->danger)
				st->danger = act->danger;
		}
		if (st->danger > x->s->danger)
			x->s->danger = st->danger;
		is_known = is_known && keeps_names(st);
	}
}

/* LOCK, and SET TRANSACTION: a question asked before it would take the snapshot it is about. */
static int
must_come_first(const struct script *s)
{
	const char *kind;

	if (s->nstatements == 0 || s->statements[0].nactions == 0)
		return 0;
	kind = s->statements[0].actions[0].kind;
	return kind != NULL && (strncmp(kind, "lock", 4) == 0 || strncmp(kind, "set", 3) == 0);
}

int
pg_ask_refine(struct cluster *c, struct waiter *w, struct arena *a, struct script *s, struct err *e)
{
	struct refine *x;

	if (!look_is_possible(c))
		return cluster_is_connected(c) ? 0
					       : err_set(e, ERR_CONN, "there is no session to ask");
	if (PQtransactionStatus(pg(c->person)->pq) == PQTRANS_INTRANS && must_come_first(s))
		return 0;
	x = arena_alloc(a, sizeof(*x));
	x->c = c;
	x->w = w;
	x->a = a;
	x->s = s;
	gather(x);
	if (resolve_relations(x, e) < 0 || resolve_others(x, e) < 0 || judge_functions(x, e) < 0)
		return err_wrap(e, "looking up the names of the statement on %s", c->operator_node);
	lower(x);
	return 0;
}
