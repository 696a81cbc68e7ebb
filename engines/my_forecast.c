/*
 * What a change will do that its text does not say: how the server is expected to carry out an
 * ALTER TABLE, which rows go along through foreign keys, what a DROP IF EXISTS does elsewhere.
 * Expected, from the servers' documentation and from trying each clause on MariaDB 10.11: only an
 * explicit ALGORITHM makes a server refuse instead of doing something else. Must never lower a
 * class.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/my_driver.h"
#include "engines/my_forecast.h"
#include "text.h"
#include "banned.h"

/* How the clauses of ALTER TABLE are carried out, by the classifier's kinds. */
static const struct way {
	const char *kind, *mariadb, *mysql8, *mysql5;
	int is_long; /* takes time with the table's size, on each replica again */
} ways[] = {
    {"alter-add-column",
	"INSTANT; COPY, with writers waiting, where its default is an expression, it is stored "
	"generated, or the table has virtual columns and it is not the last",
	"INSTANT since 8.0.12 as the last column and since 8.0.29 anywhere; COPY where its default "
	"is an expression",
	"INPLACE, as a rebuild of the table", 0},
    {"drop-column", "INSTANT", "INSTANT since 8.0.29, before that INPLACE, as a rebuild",
	"INPLACE, as a rebuild of the table", 0},
    {"alter-column-default", "INSTANT", "INSTANT", "INPLACE", 0},
    {"alter-column-type",
	"COPY, with writers waiting, unless only its name, its place at the end of an ENUM, or a "
	"VARCHAR's length grows",
	"COPY, with writers waiting, unless only its name changes or a VARCHAR grows within the "
	"same length byte",
	"COPY, with writers waiting, unless only its name changes", 1},
    {"alter-rename", "INSTANT", "INSTANT", "INPLACE", 0},
    {"alter-add-index", "NOCOPY, with writers going on; FULLTEXT and SPATIAL let them wait",
	"INPLACE, with writers going on; FULLTEXT and SPATIAL let them wait",
	"INPLACE, with writers going on; FULLTEXT lets them wait", 1},
    {"drop-index", "NOCOPY", "INPLACE, of the catalog only", "INPLACE, of the catalog only", 0},
    {"alter-alter-index", "INSTANT", "INSTANT", "INPLACE", 0},
    {"drop-primary-key", "COPY, with writers waiting", "COPY, with writers waiting",
	"COPY, with writers waiting", 1},
    {"alter-add-constraint",
	"COPY, with writers waiting; a foreign key is INSTANT under foreign_key_checks = 0, and "
	"then no row is checked",
	"COPY, with writers waiting; a foreign key is INPLACE under foreign_key_checks = 0, and "
	"then no row is checked",
	"COPY, with writers waiting; a foreign key is INPLACE under foreign_key_checks = 0, and "
	"then no row is checked",
	1},
    {"drop-constraint", "INSTANT", "INPLACE, of the catalog only", "INPLACE, of the catalog only",
	0},
    {"alter-charset", "COPY, with writers waiting, where columns are converted",
	"COPY, with writers waiting, where columns are converted",
	"COPY, with writers waiting, where columns are converted", 1},
    {"alter-engine",
	"INPLACE, as a rebuild, where it is InnoDB already; else COPY, even under ALGORITHM = "
	"INSTANT",
	"INPLACE, as a rebuild, where it is InnoDB already; else COPY",
	"INPLACE, as a rebuild, where it is InnoDB already; else COPY", 1},
    {"alter-rebuild", "INPLACE, as a rebuild", "INPLACE, as a rebuild", "INPLACE, as a rebuild", 1},
    {"alter-add-versioning", "COPY, with writers waiting", NULL, NULL, 1},
    {"alter-add-period", "COPY, with writers waiting", NULL, NULL, 1},
    {"alter-order", "COPY, with writers waiting", "COPY, with writers waiting",
	"COPY, with writers waiting", 1},
    {"alter-partitions", "a copy of the rows; no ALGORITHM is accepted",
	"a copy of the rows of these partitions", "a copy of the rows of these partitions", 1},
};

static const struct way *
way_of(const char *kind)
{
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].kind, kind) == 0)
			return &ways[i];
	return NULL;
}

char *
my_forecast_alter(struct arena *a, const struct action *x, int is_mariadb, int version)
{
	const struct way *way = way_of(x->kind);
	const struct object *o = x->nobjects > 0 ? &x->objects[0] : NULL;
	const char *how, *size = "";

	if (way == NULL || o == NULL || o->oid == 0)
		return NULL;
	how = is_mariadb ? way->mariadb : version >= 80000 ? way->mysql8 : way->mysql5;
	if (how == NULL)
		return NULL;
	if (o->rows >= 0 && o->bytes >= 0)
		size = arena_printf(a, " of about %lld rows and %lld MB", (long long)o->rows,
		    (long long)((o->bytes + 999999) / 1000000));
	return arena_printf(a,
	    "%s. Expected on this table%s: %s%s. To be sure, say ALGORITHM=INSTANT, then INPLACE, "
	    "then COPY: the server refuses what it cannot, with the reason, and changes nothing",
	    x->why, size, how,
	    way->is_long ? "; each replica then takes as long again, and is behind by that" : "");
}

/* What a DROP of a table that is not here does elsewhere. */
char *
my_forecast_absent(struct arena *a, const struct action *x)
{
	size_t i;

	if (strcmp(x->kind, "drop-table") != 0 || (x->flags & ACTION_IF_EXISTS) == 0 ||
	    x->danger != DANGER_DESTRUCTIVE)
		return NULL;
	for (i = 0; i < x->nobjects; i++)
		if (x->objects[i].oid == 0)
			return arena_printf(a,
			    "%s; %s is not here, and the statement goes to every replica all the "
			    "same: one that still has the table loses it",
			    x->why, object_name(a, &x->objects[i]));
	return NULL;
}

/* Rows that another table loses with those of this one: REPLACE deletes before it inserts. */
const char *
my_forecast_cascade_sql(struct arena *a, const struct action *x)
{
	const struct object *o = x->nobjects > 0 ? &x->objects[0] : NULL;

	if ((strcmp(x->kind, "delete") != 0 && strcmp(x->kind, "replace") != 0) || o == NULL ||
	    o->oid == 0 || o->schema == NULL)
		return NULL;
	return arena_printf(a,
	    "SELECT r.CONSTRAINT_SCHEMA, r.TABLE_NAME, r.CONSTRAINT_NAME, r.DELETE_RULE, "
	    "t.TABLE_ROWS FROM information_schema.REFERENTIAL_CONSTRAINTS AS r LEFT JOIN "
	    "information_schema.TABLES AS t ON t.TABLE_SCHEMA = r.CONSTRAINT_SCHEMA AND "
	    "t.TABLE_NAME = r.TABLE_NAME WHERE r.UNIQUE_CONSTRAINT_SCHEMA = %s AND "
	    "r.REFERENCED_TABLE_NAME = %s AND r.DELETE_RULE IN ('CASCADE', 'SET NULL') ORDER BY 1, "
	    "2, 3 LIMIT 20",
	    my_quote_literal(a, o->schema), my_quote_literal(a, o->name));
}

char *
my_forecast_cascade(struct arena *a, const struct action *x, const struct my_rows *r)
{
	const char *list = "";
	size_t i;

	if (r->n == 0 || r->ncols != 5)
		return NULL;
	for (i = 0; i < r->n; i++) {
		char *const *row = (char *const *)&r->cells[i * 5];
		const char *rule = row[3] == NULL ? "" : row[3];

		list = arena_printf(a, "%s%s %s.%s (%s, about %s rows there)", list,
		    i > 0 ? "," : "", row[0], row[1],
		    strcmp(rule, "CASCADE") == 0 ? "the rows go" : "the reference is emptied",
		    row[4] == NULL ? "?" : row[4]);
	}
	return arena_printf(a,
	    "%s; through foreign keys the rows that refer to it change too, uncounted by the "
	    "server's answer:%s",
	    x->why, list);
}
