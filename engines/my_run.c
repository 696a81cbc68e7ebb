/*
 * Running effects on MariaDB and MySQL: sends exactly the bytes it was given, one statement a
 * message, and says what the server said. The first rows of all texts of an effect are handed out
 * as one row, side by side, since their dialect has statements (SHOW ...) that cannot be part of a
 * query. Must never send anything twice whose outcome is not known.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/my_driver.h"
#include "text.h"
#include "banned.h"

/* The server names no command: the first two words of the text stand for it. */
static void
make_tag(const char *text, char *out, size_t size)
{
	size_t n = 0;
	int words = 0;

	while (*text != '\0' && n + 1 < size) {
		if (isalpha((unsigned char)*text)) {
			out[n++] = (char)toupper((unsigned char)*text++);
			continue;
		}
		if (n == 0 || ++words == 2 || *text != ' ')
			break;
		while (*text == ' ')
			text++;
		if (!isalpha((unsigned char)*text))
			break;
		out[n++] = ' ';
	}
	out[n] = '\0';
}

static void
add_cell(struct effect *f, const char *cell)
{
	struct outcome *o = &f->outcome;

	o->cells = arena_grow(f->arena, o->cells, o->ncells, sizeof(*o->cells));
	o->cells[o->ncells++] = arena_strdup(f->arena, cell);
}

static void
keep_first_row(struct effect *f, const char *text, MYSQL_RES *r, int is_mariadb, int version)
{
	const char *reduced[MY_NREDUCED];
	MYSQL_ROW row;
	unsigned i;

	if (my_is_replica_status(text)) {
		my_reduce(f->arena, r, reduced);
		for (i = 0; i < MY_NREDUCED; i++)
			add_cell(f, reduced[i]);
		return;
	}
	row = r == NULL ? NULL : mysql_fetch_row(r);
	if (strcmp(text, my_sql_log_status(is_mariadb, version)) == 0) {
		const char *file = row == NULL ? NULL : my_cell(r, row, "File");
		const char *at = row == NULL ? NULL : my_cell(r, row, "Position");

		add_cell(f, my_log_position(f->arena, file, at));
		add_cell(f, file == NULL ? NULL : arena_printf(f->arena, "%s:%s", file, at));
		return;
	}
	for (i = 0; row != NULL && i < mysql_num_fields(r); i++)
		add_cell(f, row[i]);
}

static int
send_one(struct my_conn *c, struct waiter *w, int64_t deadline, struct effect *f, size_t no)
{
	CLEAN_MY_RESULT MYSQL_RES *r = NULL;
	struct outcome *o = &f->outcome;

	if (my_query(c, w, deadline, f->texts[no], &r, &f->err) < 0)
		return -1;
	make_tag(f->texts[no], o->tag, sizeof(o->tag));
	o->rows = r != NULL ? (int64_t)mysql_num_rows(r) : (int64_t)mysql_affected_rows(c->my);
	keep_first_row(f, f->texts[no], r, c->is_mariadb, c->version);
	return 0;
}

/*
 * A stop waits for the statement the replica is in, and cannot be taken back: it takes effect when
 * that ends. Who is asked what it waits for is a session of its own.
 */
static void
explain_stop(struct my_conn *c, struct waiter *w, struct err *e)
{
	const struct person_config who = {
	    .name = c->login, .user = c->login, .passfile = c->passfile};
	CLEAN_MY_RESULT MYSQL_RES *r = NULL;
	struct my_conn *x;
	MYSQL_ROW row;

	if (my_conn_open(&x, w, c->address, &who, NULL, "holdfast", 0, now_ms() + 2000, NULL) < 0)
		return;
	if (my_query(x, w, now_ms() + 2000,
		"SELECT STATE, LEFT(INFO, 100) FROM information_schema.PROCESSLIST WHERE USER = "
		"'system user' AND INFO IS NOT NULL ORDER BY TIME DESC LIMIT 1",
		&r, NULL) == 0 &&
	    r != NULL && (row = mysql_fetch_row(r)) != NULL) {
		err_set(e, ERR_FAILED,
		    "it did not stop before the deadline: it is in \"%.100s\" (%.60s), and stops "
		    "when that ends",
		    row[1] == NULL ? "" : row[1], row[0] == NULL ? "" : row[0]);
		err_hint(e, "end what holds it up (`locks` there), then look at `topology`");
	}
	my_conn_close(x);
}

int
my_attempt(struct conn *x, struct waiter *w, int64_t deadline, struct effect *f)
{
	struct my_conn *c = my(x);
	struct outcome *o = &f->outcome;
	size_t i, first = f->sink != NULL ? f->ntexts - 1 : f->ntexts;
	int rc = 0;

	memset(o, 0, sizeof(*o));
	o->rows = -1;
	o->before = o->after = o->xid = "";
	o->backend_pid = (int)mysql_thread_id(c->my);
	for (i = 0; i < first && rc == 0; i++)
		rc = send_one(c, w, deadline, f, i);
	if (rc == 0 && f->sink != NULL) {
		rc = my_stream(c, w, deadline, f->texts[first], f->sink, &o->rows, &f->err);
		make_tag(f->texts[first], o->tag, sizeof(o->tag));
	}
	if (rc == 0)
		return 0;
	text_copy(o->sqlstate, sizeof(o->sqlstate), f->err.sqlstate);
	o->is_unknown = c->is_broken;
	if (strncmp(f->texts[0], "STOP ", 5) == 0 && now_ms() >= deadline) {
		explain_stop(c, w, &f->err);
		o->is_unknown = 1;
	}
	return -1;
}

/* A proxy that spreads statements gives each to another server session: two numbers differ. */
int
my_check_main(struct cluster *c, struct waiter *w, struct conn *x, struct err *e)
{
	MYSQL_RES *r;
	MYSQL_ROW row;
	unsigned long id = mysql_thread_id(my(x)->my), seen;
	int i;

	for (i = 0; i < 2; i++) {
		if (my_query(my(x), w, cluster_deadline(c, LIMIT_QUERY), "SELECT CONNECTION_ID()",
			&r, e) < 0)
			return -1;
		row = r == NULL ? NULL : mysql_fetch_row(r);
		seen = row == NULL || row[0] == NULL ? 0 : strtoul(row[0], NULL, 10);
		my_clear_result(&r);
		if (seen == id)
			continue;
		err_set(e, ERR_REFUSED, "the address leads through a proxy; nothing was sent");
		return err_hint(e, "give this node the address of the server itself in the config");
	}
	return 0;
}

#define PEN "holdfast"

static int
name_holder(struct cluster *c, struct waiter *w, const struct member *m, struct err *e)
{
	CLEAN_MY_RESULT MYSQL_RES *r = NULL;
	MYSQL_ROW row = NULL;

	if (my_query(my(c->pen), w, cluster_deadline(c, LIMIT_QUERY),
		"SELECT USER, HOST, TIME FROM information_schema.PROCESSLIST WHERE ID = "
		"IS_USED_LOCK('" PEN "')",
		&r, e) == 0 &&
	    r != NULL)
		row = mysql_fetch_row(r);
	err_set(e, ERR_REFUSED, "%.90s is acting on this cluster (lock on %s); nothing was sent",
	    row == NULL || row[0] == NULL ? "another session" : row[0], m->name);
	return err_hint(e, "one person acts at a time: talk to them, then run it again");
}

int
my_pen(struct cluster *c, struct waiter *w, struct member *m, struct err *e)
{
	CLEAN_MY_RESULT MYSQL_RES *r = NULL;
	struct my_conn *x;
	MYSQL_ROW row;

	if (my_session_open(c, w, m->address, NULL, 0, &x, e) < 0)
		return err_wrap(e, "%s", m->name);
	c->pen = my_as_conn(x);
	if (my_query(
		x, w, cluster_deadline(c, LIMIT_QUERY), "SELECT GET_LOCK('" PEN "', 0)", &r, e) < 0)
		return err_wrap(e, "%s", m->name);
	row = r == NULL ? NULL : mysql_fetch_row(r);
	if (row == NULL || row[0] == NULL || strcmp(row[0], "1") != 0)
		return name_holder(c, w, m, e);
	return 0;
}

/* No number of a transaction can be asked about at once: see my_fate.c for later. */
int
my_xact_status(struct cluster *c, struct waiter *w, struct member *m, const char *xid,
    const char **status, struct err *e)
{
	(void)c;
	(void)w;
	(void)m;
	(void)xid;
	(void)e;
	*status = NULL;
	return 0;
}
