/*
 * Pointing a server to another primary: the connection settings of one that replicates already, at
 * another host and port. A procedure, since they may hold a password, which must never reach a plan
 * or a journal.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "engines/members.h"
#include "engines/pg_conn.h"
#include "engines/pg_proc.h"
#include "engines/pg_words.h"
#include "engines/pg_wire.h"
#include "text.h"
#include "banned.h"

#define POINT_MS 10000

static const char *
argument(const struct step *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->nargs; i++)
		if (strcmp(s->args[i].name, name) == 0)
			return s->args[i].value;
	return "";
}

static int
run_all(struct pg_conn *x, struct waiter *w, const char *const *texts, size_t n, struct err *e)
{
	size_t i;

	for (i = 0; i < n; i++) {
		CLEAN_RESULT PGresult *r = NULL;

		if (pg_query(x, w, now_ms() + POINT_MS, texts[i], 0, NULL, &r, e) < 0)
			return -1;
	}
	return 0;
}

static void
add_word(struct buf *b, const char *keyword, const char *value)
{
	const char *p;

	buf_printf(b, "%s%s='", b->len > 0 ? " " : "", keyword);
	for (p = value; *p != '\0'; p++)
		buf_printf(b, "%s%c", *p == '\'' || *p == '\\' ? "\\" : "", *p);
	buf_puts(b, "'");
}

/* Everything it says, but for where to; name: who it is said for, "" as it stands. */
static int
moved(struct buf *b, const char *conninfo, const struct step *s, struct err *e)
{
	PQconninfoOption *all = PQconninfoParse(conninfo, NULL), *o;
	const char *name = argument(s, "name");

	if (all == NULL)
		return err_set(e, ERR_FAILED, "its primary_conninfo cannot be understood");
	for (o = all; o->keyword != NULL; o++) {
		if (o->val == NULL || o->val[0] == '\0' || strcmp(o->keyword, "host") == 0 ||
		    strcmp(o->keyword, "hostaddr") == 0 || strcmp(o->keyword, "port") == 0)
			continue;
		add_word(b, o->keyword,
		    name[0] != '\0' && strcmp(o->keyword, "application_name") == 0 ? name : o->val);
	}
	add_word(b, "host", argument(s, "host"));
	add_word(b, "port", argument(s, "port"));
	PQconninfoFree(all);
	return 0;
}

static int
read_conninfo(struct cluster *c, struct waiter *w, const char *node, char **out, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	struct member *m = cluster_member(c, node);
	struct pg_conn *x;

	if (m == NULL)
		return err_set(e, ERR_FAILED, "no node is called %s; nothing was sent", node);
	if (pg_control(c, m, w, &x, e) < 0 ||
	    pg_query(x, w, now_ms() + POINT_MS, "SHOW primary_conninfo", 0, NULL, &r, e) < 0)
		return err_wrap(e, "%s", node);
	if (PQntuples(r) != 1 || PQgetvalue(r, 0, 0)[0] == '\0') {
		err_set(e, ERR_FAILED,
		    "%s has no primary_conninfo: how to connect to a primary is not known", node);
		return -1;
	}
	*out = strdup(PQgetvalue(r, 0, 0));
	if (*out == NULL)
		abort();
	return 0;
}

/* Where the text of a statement ends up on a server. A setting that does not exist is left out. */
#define QUIET(value)                                                                               \
	"SELECT pg_catalog.set_config(s.name, " value ", false) FROM pg_catalog.pg_settings AS "   \
	"s JOIN (VALUES ('log_statement', 'none'), ('log_min_duration_statement', '-1'), "         \
	"('log_min_duration_sample', '-1'), ('log_transaction_sample_rate', '0'), "                \
	"('log_duration', 'off'), ('log_min_error_statement', 'panic'), ('track_activities', "     \
	"'off'), ('pg_stat_statements.track', 'none')) AS v(name, value) ON v.name = s.name"

static const char hush[] = QUIET("v.value"), speak[] = QUIET("s.reset_val");

/* A text that may hold a password: neither log nor statistics of the server see it. */
static int
run_hushed(struct pg_conn *x, struct waiter *w, const char *text, struct err *e)
{
	struct err why = {0};
	int rc;

	if (run_all(x, w, &(const char *const){hush}, 1, &why) < 0) {
		err_set(e, ERR_REFUSED,
		    "its log cannot be told to leave the connection's password out; nothing was "
		    "set");
		return err_hint(e, "GRANT SET ON PARAMETER log_statement and its like, or set "
				   "primary_conninfo by hand with a passfile");
	}
	rc = run_all(x, w, &text, 1, e);
	run_all(x, w, &(const char *const){speak}, 1, &why);
	return rc;
}

static int
set_conninfo(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    const char *conninfo, struct err *e)
{
	static const char *const reload = "SELECT pg_catalog.pg_reload_conf()";
	const char *text;
	struct member *m = cluster_member(c, s->node);
	struct pg_conn *x;
	int rc;

	if (m == NULL)
		return err_set(e, ERR_FAILED, "no node is called %s; nothing was sent", s->node);
	text = conninfo == NULL ? "ALTER SYSTEM RESET primary_conninfo"
				: arena_printf(a, "ALTER SYSTEM SET primary_conninfo = %s",
				      pg_quote_literal(a, conninfo));
	rc = pg_control(c, m, w, &x, e) < 0 || run_hushed(x, w, text, e) < 0
		 ? -1
		 : run_all(x, w, &reload, 1, e);
	/* The server's own words may repeat the text, and the text a password. */
	if (rc != 0 && e != NULL)
		e->detail[0] = '\0';
	return rc == 0 ? 0 : err_wrap(e, "%s", s->node);
}

int
proc_point(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	struct arena *own = arena_new();
	char *was = NULL;
	struct buf b;
	int rc;

	(void)a;
	buf_init(&b, 65536);
	rc = read_conninfo(c, w, argument(s, "of"), &was, e);
	if (rc == 0)
		rc = moved(&b, was, s, e);
	if (rc == 0)
		rc = set_conninfo(c, w, s, own, buf_str(&b), e);
	if (rc == 0 && progress != NULL && strstr(buf_str(&b), "password='") != NULL)
		progress(ctx, "the password is part of primary_conninfo: the server writes such a "
			      "value into its own log when it reads it again; use a passfile");
	text_copy(out->tag, sizeof(out->tag), rc == 0 ? "done" : "not done");
	if (was != NULL)
		explicit_bzero(was, strlen(was));
	free(was);
	if (b.data != NULL)
		explicit_bzero(b.data, b.len);
	buf_free(&b);
	arena_free(own);
	return rc;
}

int
proc_unpoint(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	int rc = set_conninfo(c, w, s, a, NULL, e);

	(void)progress;
	(void)ctx;
	text_copy(out->tag, sizeof(out->tag), rc == 0 ? "done" : "not done");
	return rc;
}
