/*
 * DO: the statements of a PL/pgSQL body, each judged like a typed one. Dynamic SQL, another
 * language and anything that gives no body are opaque: an empty answer means unknown. The PL/pgSQL
 * parser aborts on some input, so it is asked only where there is a body; the rest is the child's
 * matter.
 */
#include <pg_query.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_walk.h"
#include "banned.h"

static const char *const known[] = {"PLpgSQL_case_when", "PLpgSQL_condition", "PLpgSQL_diag_item",
    "PLpgSQL_exception", "PLpgSQL_exception_block", "PLpgSQL_expr", "PLpgSQL_function",
    "PLpgSQL_if_elsif", "PLpgSQL_raise_option", "PLpgSQL_rec", "PLpgSQL_recfield", "PLpgSQL_row",
    "PLpgSQL_stmt_assert", "PLpgSQL_stmt_assign", "PLpgSQL_stmt_block", "PLpgSQL_stmt_call",
    "PLpgSQL_stmt_case", "PLpgSQL_stmt_close", "PLpgSQL_stmt_commit", "PLpgSQL_stmt_execsql",
    "PLpgSQL_stmt_exit", "PLpgSQL_stmt_fetch", "PLpgSQL_stmt_forc", "PLpgSQL_stmt_foreach_a",
    "PLpgSQL_stmt_fori", "PLpgSQL_stmt_fors", "PLpgSQL_stmt_getdiag", "PLpgSQL_stmt_if",
    "PLpgSQL_stmt_loop", "PLpgSQL_stmt_open", "PLpgSQL_stmt_perform", "PLpgSQL_stmt_raise",
    "PLpgSQL_stmt_return", "PLpgSQL_stmt_return_next", "PLpgSQL_stmt_return_query",
    "PLpgSQL_stmt_rollback", "PLpgSQL_stmt_while", "PLpgSQL_type", "PLpgSQL_var", NULL};

struct body {
	struct walk *w;
	struct json_events j; /* of the PL/pgSQL parser */
	const char **variables;
	size_t nvariables;
	int has_block;
};

static int
is_known(struct body *b, uint32_t key)
{
	size_t i;

	for (i = 0; known[i] != NULL; i++)
		if (json_is(&b->j, key, known[i]))
			return 1;
	return 0;
}

static void
add_variable(struct body *b, char *name)
{
	if (name == NULL)
		return;
	b->variables = arena_grow(b->w->a, b->variables, b->nvariables, sizeof(*b->variables));
	b->variables[b->nvariables++] = name;
}

static int
does_parse(const char *text)
{
	PgQueryParseResult r = pg_query_parse(text);
	int ok = r.error == NULL;

	pg_query_free_parse_result(r);
	return ok;
}

/* A piece of a body is a statement, an expression, or "variable := expression". */
static char *
as_statement(struct arena *a, const char *piece)
{
	const char *value = strstr(piece, ":=");
	char *text = arena_printf(a, "SELECT %s", piece);

	if (value == NULL && (value = strchr(piece, '=')) != NULL)
		value--;
	if (does_parse(piece))
		return arena_strdup(a, piece);
	if (does_parse(text) && (value == NULL || value[0] != ':'))
		return text;
	return value != NULL ? arena_printf(a, "SELECT %s", value + 2) : text;
}

/* Walks one piece with its own record of events; the caller's stays as it is. */
static void
walk_piece(struct body *b, const char *piece)
{
	struct json_events own = {0}, *outer = b->w->j;
	size_t nscopes = b->w->nscopes;
	struct walk in = *b->w;

	in.j = &own;
	in.nscopes = 0;
	in.nesting++;
	in.depth = 0;
	in.effort = 0;
	in.variables = b->variables;
	in.nvariables = b->nvariables;
	walk_text(&in, as_statement(b->w->a, piece));
	json_finish(&own);
	b->w->actions = in.actions;
	b->w->nactions = in.nactions;
	b->w->j = outer;
	b->w->nscopes = nscopes;
}

static void
visit(struct body *b, uint32_t key)
{
	char *s;

	if (!is_known(b, key)) {
		s = json_text(&b->j, b->w->a, key);
		walk_opaque(b->w, "execute",
		    strstr(s, "dyn") != NULL
			? "runs SQL that the block puts together while it runs"
			: arena_printf(b->w->a,
			      "has a part of PL/pgSQL the classifier does not know (%s)", s));
		return;
	}
	b->has_block |= json_is(&b->j, key, "PLpgSQL_stmt_block");
	if (json_is(&b->j, key, "PLpgSQL_stmt_commit") ||
	    json_is(&b->j, key, "PLpgSQL_stmt_rollback"))
		walk_add(b->w, DANGER_WRITE, "commit", "ends transactions inside the block");
	if (json_is(&b->j, key, "PLpgSQL_stmt_open") && json_get(&b->j, key + 1, "dynquery") != 0)
		walk_opaque(b->w, "execute", "opens a cursor over SQL put together while it runs");
	if (json_is(&b->j, key, "PLpgSQL_stmt_return_query") &&
	    json_get(&b->j, key + 1, "dynquery") != 0)
		walk_opaque(b->w, "execute", "returns SQL put together while it runs");
	if (json_is(&b->j, key, "PLpgSQL_expr") &&
	    (s = json_text(&b->j, b->w->a, json_get(&b->j, key + 1, "query"))) != NULL)
		walk_piece(b, s);
}

static void
walk_body(struct body *b)
{
	uint32_t i;

	for (i = 0; i < b->j.n; i++)
		if (b->j.at[i].type == JSON_KEY &&
		    (json_is(&b->j, i, "refname") ||
			(json_is(&b->j, i, "name") && json_get(&b->j, i - 1, "varno") != 0)))
			add_variable(b, json_text(&b->j, b->w->a, i + 1));
	for (i = 0; i + 1 < b->j.n; i++)
		if (b->j.at[i].type == JSON_KEY && b->j.at[i].len > 8 &&
		    strncmp(b->j.text + b->j.at[i].from, "PLpgSQL_", 8) == 0)
			visit(b, i);
}

/* The parser wants the whole statement; it is made anew around the body, so that nothing but the
 * body reaches it. */
static char *
do_around(struct arena *a, const char *body)
{
	char *tag = arena_strdup(a, "holdfast");
	int n = 0;

	while (strstr(body, arena_printf(a, "$%s$", tag)) != NULL && n < 100)
		tag = arena_printf(a, "holdfast%d", n++);
	return arena_printf(a, "DO $%s$%s$%s$", tag, body, tag);
}

static void
plpgsql(struct walk *w, const char *body)
{
	PgQueryPlpgsqlParseResult r = pg_query_parse_plpgsql(do_around(w->a, body));
	struct body b = {.w = w};

	if (r.error != NULL)
		walk_opaque(w, "unknown",
		    arena_printf(
			w->a, "PL/pgSQL's grammar does not know its body: %s", r.error->message));
	else if (r.plpgsql_funcs == NULL ||
		 json_record(&b.j, r.plpgsql_funcs, strlen(r.plpgsql_funcs)) != 0)
		walk_opaque(w, "unknown", "the parser's answer for its body could not be read");
	else {
		walk_body(&b);
		if (!b.has_block)
			walk_opaque(w, "unknown", "the parser found no body in it");
	}
	json_finish(&b.j);
	pg_query_free_plpgsql_parse_result(r);
}

void
rule_do(struct walk *w, uint32_t node, const struct node_row *row)
{
	uint32_t args = walk_get(w, node, "args"), as = walk_option_find(w, args, "as"),
		 language = walk_option_find(w, args, "language");
	const char *body = as != 0 ? walk_constant(w, walk_get(w, as, "arg")) : NULL, *name = NULL;

	(void)row;
	if (language != 0)
		name = walk_constant(w, walk_get(w, language, "arg"));
	walk_add(w, DANGER_READ, "do", "runs a block of code");
	if (body == NULL)
		walk_opaque(w, "unknown", "a DO without a body");
	else if (language != 0 && (name == NULL || strcmp(name, "plpgsql") != 0))
		walk_opaque(w, "unknown", "its body is in a language the classifier cannot read");
	else if (w->nesting >= WALK_NESTING)
		walk_opaque(w, "too-deep", "nests blocks deeper than the classifier follows");
	else
		plpgsql(w, body);
	walk_scope(w, node, SCOPE_INERT);
}
