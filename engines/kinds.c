/*
 * Every kind of statement that a classifier may print, for rules that name them: see engine.h. What
 * tables hold comes from them; the rest stands here. Too many would only miss a misspelling.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engine.h"
#include "engines/pg_walk.h"
#include "banned.h"

/* Made by rules, not by rows; the last lines are of MySQL and MariaDB. */
static const char *const made[] = {"alter", "alter-domain", "alter-system", "alter-type-add-value",
    "alter-type-rename-value", "analyze", "begin", "call", "call-unknown", "commit",
    "commit-prepared", "copy-file", "copy-from", "copy-program", "copy-to", "create",
    "create-foreign-table", "create-function", "create-index", "create-materialized-view",
    "create-partition", "create-procedure", "create-schema", "create-table", "create-table-as",
    "delete", "do", "drop", "drop-role", "empty", "execute", "explain", "explain-analyze", "insert",
    "lock-table", "merge", "meta-command", "nextval", "prepare", "prepare-transaction", "reads",
    "refresh-materialized-view", "reindex", "release-savepoint", "reset", "rollback",
    "rollback-prepared", "rollback-to", "row-lock", "savepoint", "select", "select-into", "set",
    "set-config", "set-transaction", "setval", "shell", "too-deep", "transaction", "truncate",
    "unhandled", "unknown", "update", "upsert", "vacuum", "vacuum-full", "alter-table",
    "alter-instance", "alter-event", "alter-user", "binlog", "call-procedure", "change-master",
    "change-replication-source", "check-table", "create-event", "create-user", "delete-history",
    "drop-event", "drop-user", "flush", "grant", "grant-role", "handler", "install-plugin",
    "install-component", "kill", "load-data", "load-xml", "lock-tables", "optimize-table",
    "purge-binary-logs", "rename-table", "rename-user", "repair-table", "replace", "reset-master",
    "reset-replica", "reset-slave", "select-into-file", "set-global", "revoke", "revoke-role",
    "set-password", "set-persist", "set-role", "shutdown", "start-replica", "start-slave",
    "stop-replica", "stop-slave", "uninstall-plugin", "uninstall-component", "unlock-tables", "use",
    "xa"};

struct list {
	struct arena *a;
	const char **names;
	size_t n;
};

static void
add(struct list *l, const char *name)
{
	if (name == NULL || name[0] == '\0')
		return;
	l->names = arena_grow(l->a, l->names, l->n, sizeof(*l->names));
	l->names[l->n++] = name;
}

/* "drop" and "materialized view" are drop-materialized-view. */
static void
add_built(struct list *l, const char *verb, const char *type)
{
	char *s = arena_printf(l->a, "%s-%s", verb, type), *p;

	for (p = s; *p != '\0'; p++)
		if (*p == ' ')
			*p = '-';
	add(l, s);
}

static int
by_name(const void *x, const void *y)
{
	const char *const *p = x, *const *q = y;

	return strcmp(*p, *q);
}

size_t
engine_kinds(struct arena *a, const char ***out)
{
	struct list l = {.a = a};
	size_t i, n = 0;

	for (i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		add(&l, made[i]);
	for (i = 0; i < pg_nnodes; i++)
		add(&l, pg_nodes[i].kind);
	for (i = 0; i < pg_nalters; i++)
		add(&l, pg_alters[i].kind);
	for (i = 0; i < pg_neffects; i++)
		add(&l, pg_effects[i].name);
	for (i = 0; pg_types[i].type != NULL; i++) {
		add_built(&l, "create", pg_types[i].type);
		add_built(&l, "drop", pg_types[i].type);
	}
	qsort(l.names, l.n, sizeof(*l.names), by_name);
	for (i = 0; i < l.n; i++)
		if (n == 0 || strcmp(l.names[n - 1], l.names[i]) != 0)
			l.names[n++] = l.names[i];
	*out = l.names;
	return n;
}
