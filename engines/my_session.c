/*
 * What the operator's session means right now: see include/session.h. One question, which takes no
 * snapshot and opens no transaction of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/my_driver.h"
#include "banned.h"

/* Settings that change what a text means or does; sorted; all exist in both dialects. */
static const char *const meaningful[] = {"autocommit", "character_set_client",
    "character_set_results", "collation_connection", "default_storage_engine", "foreign_key_checks",
    "group_concat_max_len", "sql_big_selects", "sql_log_bin", "sql_mode", "sql_safe_updates",
    "time_zone", "unique_checks"};
#define NMEANINGFUL (sizeof(meaningful) / sizeof(meaningful[0]))

enum { COL_DATABASE, COL_LOGIN, COL_START, COL_SUPER, COL_TX_AGE, COL_SETTINGS };

static enum role
role_of(const struct cluster *c, struct my_conn *x)
{
	const struct node *n =
	    c->topology == NULL ? NULL : topology_find(c->topology, c->operator_node);
	(void)x;
	if (n != NULL)
		return n->role;
	return ROLE_UNKNOWN;
}

/* Before the first picture: what the server says of itself. */
static int
ask_role(struct cluster *c, struct waiter *w, struct session *s, struct err *e)
{
	struct member *m = cluster_member(c, c->operator_node);
	CLEAN_MEMBERS struct cluster *held = NULL;
	struct my_conn *control;
	struct who who;

	if (m == NULL || members_enter(c, w, &held, e) < 0 ||
	    my_control(c, m, w, &control, e) < 0 ||
	    my_who(control, w, cluster_deadline(c, LIMIT_QUERY), &who, e) < 0)
		return -1;
	s->role = who.is_in_recovery ? ROLE_REPLICA : ROLE_PRIMARY;
	return 0;
}

static int
fill(struct cluster *c, struct waiter *w, struct arena *a, struct session *s, struct err *e)
{
	struct my_conn *x = my(c->person);
	const char *sql = "SELECT DATABASE(), CURRENT_USER()";
	struct my_rows r;
	size_t i;

	sql = arena_printf(a, "%s, %s, 0, 0", sql, my_sql_start(x->is_mariadb, x->version));
	for (i = 0; i < NMEANINGFUL; i++)
		sql = arena_printf(a, "%s, @@session.%s", sql, meaningful[i]);
	if (my_ask(x, w, cluster_deadline(c, LIMIT_QUERY), a, sql, &r, e) < 0)
		return err_wrap(e, "%s", c->operator_node);
	if (r.n != 1)
		return err_set(
		    e, ERR_FAILED, "%s did not say what this session is", c->operator_node);
	s->database = r.cells[COL_DATABASE] == NULL ? "" : r.cells[COL_DATABASE];
	s->login = s->current_role = r.cells[COL_LOGIN] == NULL ? "" : r.cells[COL_LOGIN];
	s->incarnation = r.cells[COL_START] == NULL ? "" : r.cells[COL_START];
	s->settings = arena_array(a, NMEANINGFUL, sizeof(*s->settings));
	for (i = 0; i < NMEANINGFUL; i++) {
		s->settings[i].name = meaningful[i];
		s->settings[i].value =
		    r.cells[COL_SETTINGS + i] == NULL ? "" : r.cells[COL_SETTINGS + i];
	}
	s->nsettings = NMEANINGFUL;
	return 0;
}

int
my_ask_session(
    struct cluster *c, struct waiter *w, struct arena *a, struct session *out, struct err *e)
{
	struct member *m = cluster_member(c, c->operator_node);
	struct my_conn *x = my(c->person);

	memset(out, 0, sizeof(*out));
	if (x == NULL || x->is_broken) {
		err_set(e, ERR_CONN, "there is no session to ask");
		return err_hint(e, "connect to a node first");
	}
	/* The members belong to a crawl under way: what it found is asked for when it is over. */
	if (cluster_settle(c, w, e) < 0 || fill(c, w, a, out, e) < 0)
		return -1;
	out->engine = c->driver->engine;
	out->node = arena_strdup(a, c->operator_node);
	out->identity = m == NULL ? "" : arena_strdup(a, m->identity);
	out->cluster = arena_strdup(a, x->cluster);
	out->version = x->version;
	out->backend_pid = (int)mysql_thread_id(x->my);
	out->tx = my_in_tx(x) ? TX_OPEN : TX_NONE;
	out->role = role_of(c, x);
	if (out->role == ROLE_UNKNOWN && ask_role(c, w, out, e) < 0)
		return -1;
	return 0;
}
