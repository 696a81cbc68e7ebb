/*
 * The safety copy: before something destroys or rewrites rows and no replica is held that would
 * keep them, exactly what it touches is copied to where the policy says. Pure: which table, which
 * rows and into which directory is decided here, stands in the plan, and is signed with it.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "policy/guarding.h"
#include "text.h"
#include "policy/steps.h"
#include "banned.h"

#define COPY_TIMEOUT_MS (6 * 3600 * 1000)
#define COPY_RATE (30 << 20) /* bytes a second, for the estimate: dump and second reading */

/* Text that can be read without knowing a dialect's quoting: no comments, backslashes, dollars. */
static int
is_plain(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (strchr("\\$#;", s[i]) != NULL || s[i] == '\0' ||
		    (i + 1 < len &&
			((s[i] == '-' && s[i + 1] == '-') || (s[i] == '/' && s[i + 1] == '*'))))
			return 0;
	return 1;
}

/* The next word at bracket depth 0, outside of quotes; its end, or len. */
static size_t
next_word(const char *s, size_t len, size_t *at, size_t *n)
{
	int depth = 0;
	size_t i = *at;
	char q;

	for (; i < len; i++) {
		if (s[i] == '\'' || s[i] == '"' || s[i] == '`') {
			for (q = s[i++]; i < len && s[i] != q; i++)
				;
		} else if (s[i] == '(')
			depth++;
		else if (s[i] == ')')
			depth--;
		else if (depth == 0 && (isalpha((unsigned char)s[i]) || s[i] == '_')) {
			for (*at = i; i < len && (isalnum((unsigned char)s[i]) || s[i] == '_'); i++)
				;
			*n = i - *at;
			return i;
		} else if (isalnum((unsigned char)s[i]))
			for (; i + 1 < len && isalnum((unsigned char)s[i + 1]); i++)
				;
	}
	*at = len;
	*n = 0;
	return len;
}

static int
is_word(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && strncasecmp(s, word, n) == 0;
}

/*
 * The condition of a plain DELETE or UPDATE of one table, or NULL: then the whole table is copied.
 * Anything that could give the condition another meaning in a query of its own (joins, aliases,
 * RETURNING, LIMIT, a cursor) is no plain one.
 */
static const char *
condition(struct arena *a, const char *s, size_t len, const struct action *act)
{
	static const char *const odd[] = {"using", "from", "join", "as", "returning", "limit",
	    "order", "current", "with", "partition", "only", NULL};
	size_t at = 0, n, end, words = 0, where = 0, i;
	int is_delete = strcmp(act->kind, "delete") == 0;

	if (act->nobjects != 1 || !is_plain(s, len) ||
	    (!is_delete && strcmp(act->kind, "update") != 0))
		return NULL;
	for (end = next_word(s, len, &at, &n); n > 0; at = end, end = next_word(s, len, &at, &n)) {
		words++;
		if (words == 1 && !is_word(s + at, n, is_delete ? "delete" : "update"))
			return NULL;
		if (words == 2 && is_delete && is_word(s + at, n, "from"))
			continue;
		if (where == 0 && is_word(s + at, n, "where"))
			where = end;
		for (i = 0; odd[i] != NULL; i++)
			if (is_word(s + at, n, odd[i]))
				return NULL;
		if (is_word(s + at, n, "set") && is_delete)
			return NULL;
	}
	return where == 0 ? NULL : arena_strndup(a, s + where, len - where);
}

/* An alias without AS is a word more between the table and SET or WHERE: then the name in the text
 * is not directly before it. */
static int
has_alias(const char *s, size_t len, const struct action *act)
{
	size_t at = 0, n, end, words = 0, limit = strcmp(act->kind, "delete") == 0 ? 3 : 2;
	size_t parts = act->objects[0].is_unqualified ? 1 : 2;

	for (end = next_word(s, len, &at, &n); n > 0; at = end, end = next_word(s, len, &at, &n)) {
		if (is_word(s + at, n, "set") || is_word(s + at, n, "where"))
			break;
		words++;
	}
	/* Quoted names are no words here, so fewer are fine. */
	return words > limit - 1 + parts;
}

static const char *
duration(struct arena *a, int64_t bytes)
{
	return bytes < 0 ? "of unknown size"
			 : arena_printf(a, "%s; about %s", text_bytes(a, bytes),
			       text_seconds(a, 2.0 + (double)bytes / COPY_RATE));
}

static void
add_copy(struct guarding *g, const struct statement *st, const struct action *act,
    const struct object *o, const char *mode, size_t no)
{
	struct arena *a = g->arena;
	struct step *s = plan_add(a, g->plan);
	const char *text = g->plan->text + st->from, *where;
	const char *path = session_setting(&g->plan->session, "search_path");
	int is_table = strcmp(o->type, "table") == 0;

	where = condition(a, text, st->len, act);
	if (where != NULL && has_alias(text, st->len, act))
		where = NULL;
	s->part = PART_BEFORE;
	s->type = STEP_PROC;
	s->kind = KIND_COPY;
	s->conn = CONN_CONTROL;
	s->node = arena_strdup(a, g->node->name);
	s->proc = "safety-copy-v1";
	s->timeout_ms = COPY_TIMEOUT_MS;
	s->why =
	    arena_printf(a, "copy %s %s to %s/%s.%zu (%s; kept %d days), and read the copy again",
		where != NULL ? "the rows it means of" : "all of", object_name(a, o),
		g->in->policy->safety_copies, g->plan->id, no, duration(a, o->bytes),
		g->in->policy->safety_days);
	steps_arg(a, s, "from", g->node->name);
	steps_arg(a, s, "database", g->plan->session.database);
	steps_arg(a, s, "schema", is_table ? o->schema : o->name);
	steps_arg(a, s, "table", is_table ? o->name : "");
	steps_arg(a, s, "oid", arena_printf(a, "%u", o->oid));
	steps_arg(a, s, "mode", mode);
	steps_arg(a, s, "where", where);
	steps_arg(a, s, "search_path", path);
	steps_arg(a, s, "plan", g->plan->id);
	steps_arg(a, s, "directory", g->in->policy->safety_copies);
	steps_arg(a, s, "name", arena_printf(a, "%s.%zu", g->plan->id, no));
	steps_arg(a, s, "days", arena_printf(a, "%d", g->in->policy->safety_days));
	steps_arg(a, s, "bytes", arena_printf(a, "%lld", (long long)o->bytes));
}

/* What of an action a copy can bring back; a database is too much for one. */
static const char *
copy_mode(const struct action *act, const struct object *o)
{
	const char *mode = undo_mode(act, o);

	if (mode == NULL || o->oid == 0 || o->is_temporary || strcmp(mode, "database") == 0)
		return NULL;
	return act->danger >= DANGER_DANGEROUS || (act->flags & ACTION_DML) ? mode : NULL;
}

static size_t
walk(const struct guarding *g, struct guarding *adds)
{
	const struct statement *s;
	const struct action *act;
	const char *mode;
	size_t i, k, m, n = 0;

	for (i = 0; i < g->plan->nstatements; i++) {
		s = &g->plan->statements[i];
		for (k = 0; k < s->nactions; k++) {
			act = &s->actions[k];
			for (m = 0; m < act->nobjects; m++) {
				mode = copy_mode(act, &act->objects[m]);
				if (mode == NULL)
					continue;
				n++;
				if (adds != NULL)
					add_copy(adds, s, act, &act->objects[m], mode, n);
			}
		}
	}
	return n;
}

/* Rows the operator sees counted, types that are rewritten, and all that would be held, were there
 * somebody to hold. */
int
guard_wants_copy(const struct guarding *g)
{
	const struct plan *p = g->plan;

	if (g->on_operator || g->nset > 0 || g->stays_here || p->danger < DANGER_WRITE)
		return 0;
	if (p->danger == DANGER_WRITE && !(p->verdict.guards & (GUARD_COUNT | GUARD_HOLD)))
		return 0;
	return walk(g, NULL) > 0;
}

int
guard_copies(const struct guarding *g)
{
	return guard_wants_copy(g) && g->in->policy->safety_copies != NULL;
}

void
guard_build_copy(struct guarding *g)
{
	walk(g, g);
}
