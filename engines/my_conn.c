/*
 * Opening a MariaDB or MySQL connection, asking one statement at a time: see my_conn.h. The calls
 * of my_library.h that do not block are used here and nowhere else, so that every wait goes through
 * the caller's waiter. Must never let a server read a local file, nor send two statements in one
 * message, but for the constant questions of my_batch().
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buf.h"
#include "engines/my_conn.h"
#include "engines/my_library.h"
#include "text.h"
#include "banned.h"

/* The time a stopped statement gets to end before the connection is given up. */
#define STOP_MS 3000

/* One call under way. */
struct call {
	struct my_conn *c;
	struct waiter *w;
	int64_t deadline;
	int stopped; /* 0 running, 1 deadline passed, -1 cancelled: a KILL QUERY was sent */
	int is_opening;
	struct waiter grace;
};

void
my_clear_result(MYSQL_RES **r)
{
	if (*r != NULL)
		mysql_free_result(*r);
	*r = NULL;
}

int
my_error(struct my_conn *c, struct err *e)
{
	unsigned no = mysql_errno(c->my);
	const char *state = mysql_sqlstate(c->my);

	if (no == 2006 || no == 2013 || no == 2055 || no == 1927) /* gone, lost, killed */
		c->is_broken = 1;
	err_set(e, c->is_broken ? ERR_CONN : ERR_FAILED, "%.900s",
	    no == 0 ? "the connection is not usable" : mysql_error(c->my));
	if (e != NULL && no != 0) {
		text_copy(e->sqlstate, sizeof(e->sqlstate), state);
		snprintf(e->detail, sizeof(e->detail), "error %u", no);
	}
	return -1;
}

static void
call_init(struct call *x, struct my_conn *c, struct waiter *w, int64_t deadline)
{
	memset(x, 0, sizeof(*x));
	x->c = c;
	x->w = w;
	x->deadline = deadline;
}

static int
give_up(struct call *x)
{
	x->c->is_broken = 1;
	if (my_library_socket(x->c->my) >= 0)
		shutdown(my_library_socket(x->c->my), SHUT_RDWR);
	return POLLIN; /* the pending call sees the end of the connection */
}

/* Too late, or cancelled: what runs is killed, and gets some time to end. Returns true to wait on.
 */
static int
call_stop(struct call *x, int rc)
{
	int is_over = x->stopped != 0 || x->is_opening;

	if (x->stopped == 0)
		x->stopped = rc == 0 ? 1 : -1;
	if (is_over)
		return 0;
	my_kill(x->c);
	poll_waiter(&x->grace, -1);
	x->w = &x->grace;
	x->deadline = now_ms() + STOP_MS;
	return 1;
}

/* my_wait_fn: waits for what the pending call asks for. */
static int
call_wait(void *ctx, int events, int tick_ms)
{
	struct call *x = ctx;
	struct pollfd p = {.fd = my_library_socket(x->c->my), .events = (short)events};
	int64_t until;
	int rc;

	if (x->c->is_broken)
		return POLLIN;
	for (;;) {
		until = x->deadline;
		if (tick_ms > 0 && (until < 0 || now_ms() + tick_ms < until))
			until = now_ms() + tick_ms;
		rc = x->w->wait(x->w, p.fd, p.events, until);
		if (rc == 1 && poll(&p, 1, 0) > 0)
			return p.revents;
		if (rc == 1)
			continue;
		if (rc == 0 && until != x->deadline)
			return 0;
		if (!call_stop(x, rc))
			return give_up(x);
	}
}

/* The end of a call that failed: what really happened, in e. Returns -1. */
static int
call_failed(struct call *x, struct err *e)
{
	const char *then = x->c->is_broken ? "; the connection was given up" : "";

	if (x->stopped == 0)
		return my_error(x->c, e);
	err_set(e, x->stopped < 0 ? ERR_CANCELLED : ERR_FAILED,
	    x->stopped < 0 ? "cancelled%s" : "no answer before the deadline%s", then);
	if (e != NULL && !x->c->is_broken)
		text_copy(e->sqlstate, sizeof(e->sqlstate), "70100");
	return -1;
}

static void
set_options(struct my_conn *c, const struct person_config *person, const char *program_name)
{
	unsigned no = 0;

	my_library_prepare(c->my);
	if (person != NULL && person->passfile != NULL)
		mysql_options(c->my, MYSQL_READ_DEFAULT_FILE, person->passfile);
	mysql_options(c->my, MYSQL_READ_DEFAULT_GROUP, "holdfast");
	/* After the option files: they cannot turn these on again. */
	mysql_options(c->my, MYSQL_OPT_LOCAL_INFILE, &no);
	mysql_options(c->my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_options4(c->my, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", program_name);
	if (c->place.wants_tls)
		my_library_tls(c->my, c->place.ssl_ca[0] != '\0' ? c->place.ssl_ca : NULL);
}

static struct my_conn *
make(const char *address, const struct person_config *person, struct err *e)
{
	struct my_conn *c = calloc(1, sizeof(*c));

	if (c == NULL || (c->address = strdup(address)) == NULL)
		abort();
	if (person != NULL && person->passfile != NULL)
		c->passfile = strdup(person->passfile);
	if (my_place_parse(address, &c->place, e) != 0) {
		my_conn_close(c);
		return NULL;
	}
	/* The address first, then the config; NULL leaves it to the option files. */
	if (c->place.user[0] != '\0')
		c->login = strdup(c->place.user);
	else if (person != NULL && (person->user != NULL || person->passfile == NULL))
		c->login = strdup(person->user != NULL ? person->user : person->name);
	if ((c->my = mysql_init(NULL)) == NULL)
		abort();
	return c;
}

static int
refused(struct call *x, struct err *e)
{
	unsigned no = mysql_errno(x->c->my);

	if (x->stopped < 0)
		return err_set(e, ERR_CANCELLED, "the connection attempt was cancelled");
	if (x->stopped > 0) {
		err_set(e, ERR_CONN, "could not connect: no answer before the deadline");
		return err_hint(e, "check that the server runs and that the address is right");
	}
	my_error(x->c, e);
	if (e != NULL) {
		e->code = ERR_CONN;
		e->detail[0] = '\0';
		if (no == 1040 || no == 1203)
			text_copy(e->sqlstate, sizeof(e->sqlstate), "53300");
	}
	err_wrap(e, "could not connect");
	if (no == 1045 || no == 1698)
		return err_hint(e,
		    "put user and password into an option file ([client], mode 0600) and name it "
		    "as this person's passfile in the config, or use ~/.my.cnf");
	return err_hint(e, "check that the server runs and that the address and login are right");
}

int
my_conn_open(struct my_conn **out, struct waiter *w, const char *address,
    const struct person_config *person, const char *database, const char *program_name,
    int is_control, int64_t deadline, struct err *e)
{
	struct my_conn *c = make(address, person, e);
	struct my_login l = {.flags = CLIENT_MULTI_RESULTS};
	struct call x;

	*out = NULL;
	if (c == NULL)
		return -1;
	set_options(c, person, program_name);
	l.host = c->place.socket[0] != '\0' ? "localhost" : c->place.host;
	l.socket = c->place.socket[0] != '\0' ? c->place.socket : NULL;
	l.port = (unsigned)c->place.port;
	l.user = c->login;
	l.database = database != NULL		    ? database
		     : c->place.database[0] != '\0' ? c->place.database
						    : NULL;
	if (is_control)
		l.flags |= CLIENT_MULTI_STATEMENTS;
	call_init(&x, c, w, deadline);
	x.is_opening = 1;
	if (my_library_connect(c->my, &l, call_wait, &x) < 0 || c->is_broken) {
		refused(&x, e);
		my_conn_close(c);
		return -1;
	}
	/* MariaDB's library goes on without TLS where the server has none, and was only asked to.
	 */
	if (c->place.wants_tls && mysql_get_ssl_cipher(c->my) == NULL) {
		err_set(e, ERR_CONN,
		    "could not connect: the server offers no TLS, and the address demands it; "
		    "nothing was asked of it");
		my_conn_close(c);
		return -1;
	}
	c->is_mariadb = strstr(mysql_get_server_info(c->my), "MariaDB") != NULL;
	c->version = (int)mysql_get_server_version(c->my);
	c->can_batch = is_control;
	*out = c;
	return 0;
}

void
my_conn_close(struct my_conn *c)
{
	if (c == NULL)
		return;
	if (c->my != NULL) {
		if (c->is_broken && my_library_socket(c->my) >= 0)
			shutdown(my_library_socket(c->my), SHUT_RDWR);
		mysql_close(c->my);
	}
	free(c->address);
	free(c->passfile);
	free(c->login);
	free(c);
}

int
my_in_tx(const struct my_conn *c)
{
	return (c->my->server_status & SERVER_STATUS_IN_TRANS) != 0;
}

static int
send_text(struct call *x, const char *sql, struct err *e)
{
	if (x->c->is_broken)
		return err_set(e, ERR_CONN, "the connection is broken; nothing was sent");
	if (my_library_query(x->c->my, sql, (unsigned long)strlen(sql), call_wait, x) != 0)
		return call_failed(x, e);
	return 0;
}

/* The next result of a CALL; 1 there is one, 0 none, -1 failed. */
static int
next_result(struct call *x, struct err *e)
{
	int rc;

	if (!mysql_more_results(x->c->my))
		return 0;
	rc = my_library_next(x->c->my, call_wait, x);
	if (rc > 0)
		return call_failed(x, e);
	return rc == 0;
}

static int
store(struct call *x, MYSQL_RES **r, struct err *e)
{
	*r = my_library_store(x->c->my, call_wait, x);
	if (*r == NULL && mysql_errno(x->c->my) != 0)
		return call_failed(x, e);
	return 0;
}

int
my_query(struct my_conn *c, struct waiter *w, int64_t deadline, const char *sql, MYSQL_RES **out,
    struct err *e)
{
	MYSQL_RES *more = NULL, *first = NULL;
	struct call x;
	int rc;

	if (out != NULL)
		*out = NULL;
	call_init(&x, c, w, deadline);
	if (send_text(&x, sql, e) < 0 || store(&x, &first, e) < 0)
		return -1;
	while ((rc = next_result(&x, e)) > 0) {
		if (store(&x, &more, e) < 0) {
			rc = -1;
			break;
		}
		my_clear_result(&more);
	}
	if (rc < 0 || out == NULL)
		my_clear_result(&first);
	else
		*out = first;
	return rc;
}

static size_t
one_by_one(struct my_conn *c, struct waiter *w, int64_t deadline, const char *const *sql, size_t n,
    MYSQL_RES **out, struct err *e)
{
	size_t i;

	for (i = 0; i < n && my_query(c, w, deadline, sql[i], &out[i], e) == 0; i++)
		;
	return i;
}

size_t
my_batch(struct my_conn *c, struct waiter *w, int64_t deadline, const char *const *sql, size_t n,
    MYSQL_RES **out, struct err *e)
{
	struct call x;
	struct buf b;
	size_t i;
	int rc;

	memset(out, 0, n * sizeof(*out));
	if (!c->can_batch || n < 2)
		return one_by_one(c, w, deadline, sql, n, out, e);
	buf_init(&b, 1 << 16);
	for (i = 0; i < n; i++)
		buf_printf(&b, "%s%s", i > 0 ? ";" : "", sql[i]);
	call_init(&x, c, w, deadline);
	rc = send_text(&x, buf_str(&b), e) < 0 ? -1 : 1;
	for (i = 0; rc > 0 && i < n; i++) {
		if (i > 0 && (rc = next_result(&x, e)) <= 0)
			break;
		if (store(&x, &out[i], e) < 0)
			break;
	}
	if (rc == 0 && i < n)
		err_set(e, ERR_CONN, "the server answered fewer questions than it was asked");
	buf_free(&b);
	return i;
}

static int
is_numeric(enum enum_field_types t)
{
	return t == MYSQL_TYPE_TINY || t == MYSQL_TYPE_SHORT || t == MYSQL_TYPE_LONG ||
	       t == MYSQL_TYPE_LONGLONG || t == MYSQL_TYPE_INT24 || t == MYSQL_TYPE_FLOAT ||
	       t == MYSQL_TYPE_DOUBLE || t == MYSQL_TYPE_DECIMAL || t == MYSQL_TYPE_NEWDECIMAL ||
	       t == MYSQL_TYPE_YEAR;
}

static int
show_columns(MYSQL_RES *r, struct sink *sink)
{
	unsigned n = mysql_num_fields(r), i;
	const char **names = calloc(n + 1, sizeof(*names));
	unsigned char *numeric = calloc(n + 1, 1);
	int rc = 0;

	if (names == NULL || numeric == NULL)
		abort();
	for (i = 0; i < n; i++) {
		names[i] = mysql_fetch_field_direct(r, i)->name;
		numeric[i] = is_numeric(mysql_fetch_field_direct(r, i)->type) != 0;
	}
	if (sink->columns != NULL)
		rc = sink->columns(sink, n, names, numeric);
	free(names);
	free(numeric);
	return rc;
}

/* All rows of one streamed result; the sink may have seen enough: then the statement is stopped. */
static int
stream_rows(struct call *x, MYSQL_RES *r, struct sink *sink, int64_t *rows, struct err *e)
{
	unsigned n = mysql_num_fields(r), i;
	int *lengths = calloc(n + 1, sizeof(*lengths)), is_full = 0;
	unsigned long *len;
	MYSQL_ROW row;

	if (lengths == NULL)
		abort();
	for (;;) {
		row = my_library_row(r, call_wait, x);
		if (row == NULL)
			break;
		(*rows)++;
		if (is_full || sink->row == NULL)
			continue;
		len = mysql_fetch_lengths(r);
		for (i = 0; i < n; i++)
			lengths[i] = (int)len[i];
		if (sink->row(sink, n, (const char *const *)row, lengths) != 0) {
			is_full = 1;
			x->stopped = -1;
			my_kill(x->c);
			x->deadline = now_ms() + STOP_MS;
		}
	}
	free(lengths);
	if (mysql_errno(x->c->my) != 0 || x->stopped != 0)
		return call_failed(x, e);
	return 0;
}

static int
stream_result(struct call *x, struct sink *sink, int is_first, int64_t *rows, struct err *e)
{
	MYSQL_RES *r = mysql_use_result(x->c->my);
	struct sink none = {0};
	int rc;

	if (r == NULL && mysql_errno(x->c->my) != 0)
		return call_failed(x, e);
	if (r == NULL) {
		if (is_first)
			*rows = (int64_t)mysql_affected_rows(x->c->my);
		return 0;
	}
	if (is_first) {
		*rows = 0;
		show_columns(r, sink);
	}
	rc = stream_rows(x, r, is_first ? sink : &none, rows, e);
	mysql_free_result(r);
	return rc;
}

int
my_stream(struct my_conn *c, struct waiter *w, int64_t deadline, const char *sql, struct sink *sink,
    int64_t *rows, struct err *e)
{
	int64_t ignored = 0;
	struct call x;
	int rc;

	*rows = -1;
	call_init(&x, c, w, deadline);
	if (send_text(&x, sql, e) < 0 || stream_result(&x, sink, 1, rows, e) < 0)
		return -1;
	while ((rc = next_result(&x, e)) > 0)
		if (stream_result(&x, sink, 0, &ignored, e) < 0)
			return -1;
	return rc;
}

const char *
my_cell(MYSQL_RES *r, MYSQL_ROW row, const char *column)
{
	unsigned i, n = mysql_num_fields(r);

	for (i = 0; i < n; i++)
		if (strcasecmp(mysql_fetch_field_direct(r, i)->name, column) == 0)
			return row[i];
	return NULL;
}
