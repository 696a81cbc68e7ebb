/*
 * Rules for settings and transactions. Only settings known to be harmless are read; whatever else
 * SET changes is taken for a guard.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "engines/pg_walk.h"
#include "banned.h"

static int
by_setting(const void *key, const void *row)
{
	return strcasecmp(key, ((const struct setting_row *)row)->name);
}

static int
is_zero(const char *v)
{
	char *end;
	double d = strtod(v, &end);

	return end != v && d <= 0;
}

static int
is_safe(const struct setting_row *s, const char *v)
{
	const char *p = s->safe, *end;
	size_t n = strlen(v);

	if (p == NULL)
		return 1;
	if (v[0] == '\0')
		return 0;
	if (strcmp(p, "!0") == 0)
		return !is_zero(v);
	if (strcmp(p, "on") == 0 && walk_is_on(v))
		return 1;
	if (strcmp(p, "off") == 0 &&
	    (strcasecmp(v, "false") == 0 || strcasecmp(v, "no") == 0 || strcmp(v, "0") == 0))
		return 1;
	for (;; p = end + 1) {
		end = strchrnul(p, ' ');
		if ((size_t)(end - p) == n && strncasecmp(p, v, n) == 0)
			return 1;
		if (*end == '\0')
			return 0;
	}
}

void
walk_setting(struct walk *w, const char *name, const char *value, int is_default, const char *kind)
{
	const struct setting_row *s =
	    bsearch(name, pg_settings, pg_nsettings, sizeof(*pg_settings), by_setting);
	int is_identity =
	    strcasecmp(name, "role") == 0 || strcasecmp(name, "session_authorization") == 0;
	struct action *x;

	if (is_identity)
		x = walk_add(
		    w, DANGER_DANGEROUS, "set-role", "changes whose privileges this session has");
	else if (is_default)
		x = walk_add(w, DANGER_READ, kind, "takes a setting of this session back");
	else if (s == NULL)
		x = walk_add(w, DANGER_DANGEROUS, kind,
		    "changes a setting that is not known to be harmless");
	else if (!is_safe(s, value))
		x = walk_add(w, DANGER_DANGEROUS, kind, s->why);
	else
		x = walk_add(w, DANGER_READ, kind, "changes a harmless setting of this session");
	x->flags = ACTION_SESSION;
	walk_object(w, "setting", NULL, name);
}

/* READ WRITE and READ ONLY among the modes of a transaction. */
static int
is_read_write(struct walk *w, uint32_t options)
{
	return walk_option_find(w, options, "transaction_read_only") != 0 &&
	       !walk_option(w, options, "transaction_read_only", 1);
}

static void
set_modes(struct walk *w, uint32_t node, const char *name)
{
	uint32_t args = walk_get(w, node, "args");
	struct action *x;

	if (strcmp(name, "TRANSACTION SNAPSHOT") != 0 && is_read_write(w, args))
		x = walk_add(w, DANGER_DANGEROUS, "set-transaction",
		    "lets this session write where it may have been kept to reading");
	else
		x = walk_add(w, DANGER_READ, "set-transaction", "chooses modes of transactions");
	x->flags = ACTION_SESSION;
}

/* Names of the server's own would mean something else where another schema is looked at before it.
 */
static int
hides_catalog(struct walk *w, const char *name, uint32_t args)
{
	uint32_t first = json_first(w->j, args), i;
	const char *value;

	if (strcasecmp(name, "search_path") != 0)
		return 0;
	for (i = first; i != 0; i = json_after(w->j, args, i))
		if (i != first && (value = walk_constant(w, i)) != NULL &&
		    strcmp(value, "pg_catalog") == 0)
			return 1;
	return 0;
}

void
rule_set(struct walk *w, uint32_t node, const struct node_row *row)
{
	char *kind = walk_string(w, node, "kind"), *name = walk_string(w, node, "name");
	uint32_t args = walk_get(w, node, "args"), first = json_first(w->j, args);
	const char *value;
	int is_default;

	(void)row;
	if (kind == NULL)
		kind = arena_strdup(w->a, "");
	is_default = strcmp(kind, "VAR_SET_DEFAULT") == 0 || strcmp(kind, "VAR_RESET") == 0;
	if (strcmp(kind, "VAR_RESET_ALL") == 0)
		walk_add(w, DANGER_READ, "reset", "takes the settings of this session back")
		    ->flags = ACTION_SESSION;
	else if (name == NULL)
		walk_opaque(w, "set", "sets something without a name");
	else if (strcmp(kind, "VAR_SET_MULTI") == 0)
		set_modes(w, node, name);
	else {
		value = first != 0 ? walk_constant(w, first) : NULL;
		if (!is_default && value == NULL)
			value = "";
		walk_setting(
		    w, name, value, is_default, strcmp(kind, "VAR_RESET") == 0 ? "reset" : "set");
		if (hides_catalog(w, name, args)) {
			w->actions[w->nactions - 1].danger = DANGER_DANGEROUS;
			w->actions[w->nactions - 1].why = WALK_HIDES_CATALOG;
		}
	}
	walk_scope(w, node, SCOPE_INERT);
}

void
rule_alter_system(struct walk *w, uint32_t node, const struct node_row *row)
{
	uint32_t set = walk_get(w, node, "setstmt");

	(void)row;
	if (json_node(w->j, set, "VariableSetStmt") != 0)
		set = json_node(w->j, set, "VariableSetStmt");
	walk_add(w, DANGER_DANGEROUS, "alter-system",
	    "changes the configuration of the whole server, past a restart")
	    ->flags = ACTION_NO_TX;
	walk_object(w, "setting", NULL, walk_string(w, set, "name"));
	walk_scope(w, node, SCOPE_INERT);
}

void
rule_transaction(struct walk *w, uint32_t node, const struct node_row *row)
{
	static const struct {
		const char *kind, *name;
		enum danger danger;
		const char *why;
	} rows[] = {
	    {"TRANS_STMT_BEGIN", "begin", DANGER_READ, "opens a transaction"},
	    {"TRANS_STMT_START", "begin", DANGER_READ, "opens a transaction"},
	    {"TRANS_STMT_COMMIT", "commit", DANGER_WRITE, "makes what the transaction did lasting"},
	    {"TRANS_STMT_ROLLBACK", "rollback", DANGER_READ, "undoes what the transaction did"},
	    {"TRANS_STMT_SAVEPOINT", "savepoint", DANGER_READ, "marks a point to come back to"},
	    {"TRANS_STMT_RELEASE", "release-savepoint", DANGER_READ, "forgets a savepoint"},
	    {"TRANS_STMT_ROLLBACK_TO", "rollback-to", DANGER_READ, "goes back to a savepoint"},
	    {"TRANS_STMT_PREPARE", "prepare-transaction", DANGER_DANGEROUS,
		"leaves locks standing until somebody ends the prepared transaction"},
	    {"TRANS_STMT_COMMIT_PREPARED", "commit-prepared", DANGER_DANGEROUS,
		"ends somebody's prepared transaction"},
	    {"TRANS_STMT_ROLLBACK_PREPARED", "rollback-prepared", DANGER_DANGEROUS,
		"throws somebody's prepared transaction away"},
	};
	size_t i;

	(void)row;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (walk_is(w, node, "kind", rows[i].kind)) {
			walk_add(w, rows[i].danger, rows[i].name, rows[i].why)->flags = ACTION_TX;
			if (rows[i].danger == DANGER_DANGEROUS)
				walk_object(
				    w, "prepared transaction", NULL, walk_string(w, node, "gid"));
			return;
		}
	walk_opaque(w, "transaction", "a form of transaction control that is not known")->flags =
	    ACTION_TX;
}
