/*
 * restore-swap-v1 and restore-swap-back-v1 on MariaDB and MySQL: what was restored takes the place
 * of what stands, which goes aside into a database of its own. Without triggers that is one RENAME
 * TABLE. A table with triggers cannot leave its database: it is hidden under another name first, so
 * that nobody writes past them. Must never drop anything but triggers it makes again, its own marks
 * and empty databases.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/my_catalog.h"
#include "engines/my_restore.h"
#include "text.h"
#include "banned.h"

struct swap {
	struct my_undo u;
	const char *in;	 /* schema it comes out of; "": nothing comes */
	const char *out; /* schema what stands goes to; "": nothing stands */
	uint32_t oid;	 /* of what stood when it was planned; 0: nothing */
	int is_back;
	const char *triggers, *triggers_before; /* texts */
	const char *here, *hidden, *coming;	/* quoted names of the table and of its places */
	struct my_keys keys;
	const char *report;
};

static const char *
name(struct swap *x, const char *schema, const char *table)
{
	return arena_printf(
	    x->u.a, "%s.%s", my_quote_name(x->u.a, schema), my_quote_name(x->u.a, table));
}

static int
run(struct swap *x, const char *sql, struct err *e)
{
	return my_undo_do(&x->u, x->u.dst, sql, NULL, e);
}

static void
tell(struct swap *x, const char *what, const struct err *why)
{
	x->report = arena_printf(x->u.a, "%s; REPORT: %s%s%s", x->report, what,
	    why == NULL ? "" : ": ", why == NULL ? "" : why->msg);
}

static int
take_arguments(struct swap *x, const struct step *s, struct err *e)
{
	struct my_undo *u = &x->u;

	u->from = u->to = cluster_member(u->c, s->node);
	u->schema = my_undo_argument(s, "schema");
	u->table = my_undo_argument(s, "table");
	x->oid = (uint32_t)strtoul(my_undo_argument(s, "oid"), NULL, 10);
	x->in = my_undo_argument(s, x->is_back ? "aside" : "side");
	x->out = my_undo_argument(s, x->is_back ? "undone" : "aside");
	if (x->oid == 0 && x->is_back)
		x->in = "";
	if (x->oid == 0 && !x->is_back)
		x->out = "";
	x->triggers = my_undo_argument(s, x->is_back ? "triggers_before" : "triggers");
	x->triggers_before = my_undo_argument(s, x->is_back ? "triggers" : "triggers_before");
	if (u->to == NULL || u->schema[0] == '\0' || u->table[0] == '\0')
		return err_set(e, ERR_FAILED, "the step does not say what to swap");
	x->here = name(x, u->schema, u->table);
	x->hidden = name(x, u->schema, arena_printf(u->a, "holdfast_out_%.40s", u->table));
	x->coming = name(x, u->schema, arena_printf(u->a, "holdfast_in_%.40s", u->table));
	return 0;
}

static int
oid_of(struct swap *x, const char *schema, int64_t *oid, struct err *e)
{
	int new_names = !x->u.dst->is_mariadb && x->u.dst->version >= 80000;

	return my_undo_count(&x->u, x->u.dst,
	    arena_printf(x->u.a, "SELECT %s", my_object_id(x->u.a, schema, x->u.table, new_names)),
	    oid, e);
}

/* What stands, and what comes, are what was planned with. */
static int
check(struct swap *x, struct err *e)
{
	int64_t stands, comes = 0;

	if (oid_of(x, x->u.schema, &stands, e) < 0 ||
	    (x->in[0] != '\0' && oid_of(x, x->in, &comes, e) < 0))
		return -1;
	if (!x->is_back && (uint32_t)stands != x->oid) {
		err_set(e, ERR_STALE, "%s is another table now; nothing was swapped", x->here);
		return err_hint(e, "type the restore again: what was loaded is gone on with");
	}
	if (x->in[0] != '\0' && comes == 0)
		return err_set(e, ERR_STALE, "%s is not there any more; nothing was swapped",
		    name(x, x->in, x->u.table));
	if (x->is_back && stands == 0)
		x->out = "";
	return 0;
}

/* Each with its settings, on the table `on`; what cannot be made is told. */
static void
make_triggers(struct swap *x, const char *triggers, const char *on)
{
	const char *p, *end, *text;
	struct err why = {0};
	int is_settings = 1;

	for (p = triggers; (end = strstr(p, MY_TRIGGER_END)) != NULL;
	     p = end + strlen(MY_TRIGGER_END), is_settings = !is_settings) {
		text = is_settings ? arena_strndup(x->u.a, p, (size_t)(end - p))
				   : my_trigger_on(x->u.a, p, (size_t)(end - p), on);
		err_clear(&why);
		if (text == NULL || run(x, text, &why) < 0)
			tell(x,
			    arena_printf(x->u.a, "a trigger could not be made (%s)",
				text_fit(x->u.a, p, (size_t)(end - p), 100)),
			    &why);
	}
	err_clear(&why);
	if (triggers[0] != '\0' && my_undo_settings(&x->u, x->u.dst, &why) < 0)
		tell(x, "settings", &why);
}

static int
drop_triggers(struct swap *x, const char *table, struct err *e)
{
	struct arena *a = x->u.a;
	struct my_rows r;
	size_t i;

	if (my_ask(x->u.dst, x->u.w, now_ms() + 30000, a,
		arena_printf(a,
		    "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE "
		    "EVENT_OBJECT_SCHEMA = %s AND EVENT_OBJECT_TABLE = %s",
		    my_quote_literal(a, x->u.schema), my_quote_literal(a, table)),
		&r, e) < 0)
		return -1;
	for (i = 0; i < r.n; i++)
		if (run(x, arena_printf(a, "DROP TRIGGER %s", name(x, x->u.schema, r.cells[i])),
			e) < 0)
			return -1;
	return 0;
}

/* "RENAME TABLE here TO out, in TO there", either part where there is one. */
static int
rename_both(struct swap *x, const char *here, const char *there, struct err *e)
{
	const char *parts[2] = {"", ""};

	if (x->out[0] != '\0')
		parts[0] = arena_printf(x->u.a, "%s TO %s", here, name(x, x->out, x->u.table));
	if (x->in[0] != '\0')
		parts[1] = arena_printf(x->u.a, "%s TO %s", name(x, x->in, x->u.table), there);
	return run(x,
	    arena_printf(x->u.a, "RENAME TABLE %s%s%s", parts[0],
		parts[0][0] != '\0' && parts[1][0] != '\0' ? ", " : "", parts[1]),
	    e);
}

/* Hidden from those who write while it has no triggers; put back where the swap fails. */
static int
swap_hidden(struct swap *x, struct err *e)
{
	struct err why = {0};

	if (x->out[0] != '\0' &&
	    run(x, arena_printf(x->u.a, "RENAME TABLE %s TO %s", x->here, x->hidden), e) < 0)
		return -1;
	if ((x->out[0] != '\0' &&
		drop_triggers(x, arena_printf(x->u.a, "holdfast_out_%.40s", x->u.table), e) < 0) ||
	    rename_both(x, x->hidden, x->coming, e) < 0) {
		if (x->out[0] == '\0')
			return -1;
		if (drop_triggers(
			x, arena_printf(x->u.a, "holdfast_out_%.40s", x->u.table), &why) == 0)
			make_triggers(x, x->triggers_before, x->hidden);
		err_clear(&why);
		if (run(x, arena_printf(x->u.a, "RENAME TABLE %s TO %s", x->hidden, x->here),
			&why) < 0)
			err_wrap(e, "what stood is %s now", x->hidden);
		return -1;
	}
	if (x->in[0] == '\0')
		return 0;
	make_triggers(x, x->triggers, x->coming);
	if (run(x, arena_printf(x->u.a, "RENAME TABLE %s TO %s", x->coming, x->here), e) == 0)
		return 0;
	err_wrap(e, "the restored table is %s", x->coming);
	return err_hint(e, "RENAME TABLE %s TO %s", x->coming, x->here);
}

/* Foreign keys of others follow a table that is renamed: they are made again on what came. */
static void
turn_keys(struct swap *x)
{
	struct arena *a = x->u.a;
	struct err why = {0};
	size_t i;

	for (i = 0; i < x->keys.n && x->in[0] != '\0' && x->out[0] != '\0'; i++) {
		const struct my_key *k = &x->keys.keys[i];
		const char *child = name(x, k->schema, k->table), *key = my_quote_name(a, k->name);

		err_clear(&why);
		if (run(x, arena_printf(a, "ALTER TABLE %s DROP FOREIGN KEY %s", child, key),
			&why) < 0 ||
		    run(x,
			arena_printf(a,
			    "ALTER TABLE %s ADD CONSTRAINT %s FOREIGN KEY (%s) REFERENCES %s "
			    "(%s)%s",
			    child, key, k->columns, x->here, k->references, k->rules),
			&why) < 0)
			tell(x, arena_printf(a, "foreign key %s of %s is not there", key, child),
			    &why);
	}
}

/* Nobody checked them: rows without a parent are counted. */
static void
count_orphans(struct swap *x, const struct my_keys *keys)
{
	struct arena *a = x->u.a;
	struct err why = {0};
	int64_t n;
	size_t i;

	for (i = 0; i < keys->n && x->in[0] != '\0'; i++) {
		const struct my_key *k = &keys->keys[i];

		err_clear(&why);
		if (my_undo_count(&x->u, x->u.dst,
			arena_printf(a,
			    "SELECT COUNT(*) FROM %s AS c WHERE %s AND NOT EXISTS (SELECT 1 FROM "
			    "%s AS p WHERE %s)",
			    name(x, k->schema, k->table), k->is_set,
			    name(x, k->parent_schema, k->parent), k->match),
			&n, &why) < 0)
			tell(x, arena_printf(a, "foreign key %s was not checked", k->name), &why);
		else if (n > 0)
			tell(x,
			    arena_printf(a,
				"%s of %s.%s have no parent in %s.%s (foreign key %s, which the "
				"server does not check for rows that are there)",
				text_many(a, n, "row"), k->schema, k->table, k->parent_schema,
				k->parent, k->name),
			    NULL);
	}
}

static int
tables_in(struct swap *x, const char *schema, const char *but, int64_t *n, struct err *e)
{
	return my_undo_count(&x->u, x->u.dst,
	    arena_printf(x->u.a,
		"SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND "
		"TABLE_NAME NOT IN (%s)",
		my_quote_literal(x->u.a, schema), but),
	    n, e);
}

/* The database it came out of, once nothing but its own marks is left there. */
static void
clean(struct swap *x)
{
	struct arena *a = x->u.a;
	struct err why = {0};
	int64_t others, unfit = 0;

	if (x->in[0] == '\0' ||
	    tables_in(x, x->in, "'" MY_RESTORE_MARK "', '" MY_UNFIT "'", &others, &why) < 0 ||
	    others > 0)
		return;
	if (!x->is_back &&
	    (my_undo_count(&x->u, x->u.dst,
		 arena_printf(a, "SELECT COUNT(*) FROM %s", name(x, x->in, MY_UNFIT)), &unfit,
		 &why) < 0 ||
		unfit > 0))
		return;
	if (run(x, arena_printf(a, "DROP DATABASE %s", my_quote_name(a, x->in)), &why) < 0)
		tell(x, arena_printf(a, "database %s stays", x->in), &why);
}

static int
swap(struct swap *x, struct err *e)
{
	struct my_undo *u = &x->u;
	int rc;

	if (my_undo_open(u, u->to, u->schema, &u->dst, e) < 0 || check(x, e) < 0 ||
	    my_keys_of(u, 1, &x->keys, e) < 0)
		return -1;
	my_undo_say(u, "swapping: %s comes from %s, what stands goes to %s", x->here,
	    x->in[0] == '\0' ? "nowhere" : x->in, x->out[0] == '\0' ? "nowhere" : x->out);
	if (x->out[0] != '\0' && run(x,
				     arena_printf(u->a, "CREATE DATABASE %s CHARACTER SET utf8mb4",
					 my_quote_name(u->a, x->out)),
				     e) < 0)
		return -1;
	rc = x->triggers[0] == '\0' && x->triggers_before[0] == '\0'
		 ? rename_both(x, x->here, x->here, e)
		 : swap_hidden(x, e);
	if (rc < 0 && x->out[0] != '\0') {
		struct err ignored = {0};
		int64_t n;

		if (tables_in(x, x->out, "''", &n, &ignored) == 0 && n == 0)
			run(x, arena_printf(u->a, "DROP DATABASE %s", my_quote_name(u->a, x->out)),
			    &ignored);
	}
	return rc;
}

/* What others have on it, and whether all rows fit together: after the swap, keeping nobody out. */
static void
afterwards(struct swap *x)
{
	struct my_keys own = {0}, of_others = {0};
	struct err why = {0};

	turn_keys(x);
	if (my_keys_of(&x->u, 0, &own, &why) < 0 || my_keys_of(&x->u, 1, &of_others, &why) < 0)
		tell(x, "foreign keys were not checked", &why);
	count_orphans(x, &own);
	count_orphans(x, &of_others);
	clean(x);
}

static int
proc_swap(struct swap *x, const struct step *s, struct err *e)
{
	struct my_undo *u = &x->u;
	int64_t start = now_ms();
	int rc = -1;

	x->report = "";
	if (take_arguments(x, s, e) == 0 && cluster_settle(u->c, u->w, e) == 0 &&
	    (rc = swap(x, e)) == 0)
		afterwards(x);
	outcome_report(u->out, u->a, x->report);
	my_conn_close(u->dst);
	outcome_swapped(u->out, rc, x->is_back, start, e);
	return rc;
}

int
my_proc_restore_swap(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	struct swap x = {
	    .u = {.c = c, .w = w, .a = a, .out = out, .progress = progress, .progress_ctx = ctx}};

	return proc_swap(&x, s, e);
}

int
my_proc_restore_swap_back(struct cluster *c, struct waiter *w, const struct step *s,
    struct arena *a, struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx,
    struct err *e)
{
	struct swap x = {
	    .u = {.c = c, .w = w, .a = a, .out = out, .progress = progress, .progress_ctx = ctx},
	    .is_back = 1};

	return proc_swap(&x, s, e);
}
