/*
 * Both client libraries behind one face: see my_library.h. MariaDB's Connector/C says what it waits
 * for; Oracle's (8.0.16 and newer) only that it is not ready, so it is asked again on every tick.
 * Must never block by itself.
 */
#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "engines/my_library.h"
#include "banned.h"

#if !defined(HOLDFAST_ORACLE_HEADERS) && !defined(MARIADB_BASE_VERSION) &&                         \
    !defined(MARIADB_PACKAGE_VERSION)
#define HOLDFAST_ORACLE_HEADERS 1
#endif

#ifdef HOLDFAST_ORACLE_HEADERS

#define TICK_MS 5

void
my_library_prepare(MYSQL *my)
{
	(void)my;
}

void
my_library_tls(MYSQL *my, const char *ca)
{
	unsigned mode = ca == NULL ? SSL_MODE_REQUIRED : SSL_MODE_VERIFY_IDENTITY;

	mysql_options(my, MYSQL_OPT_SSL_MODE, &mode);
	if (ca != NULL)
		mysql_options(my, MYSQL_OPT_SSL_CA, ca);
}

int
my_library_socket(const MYSQL *my)
{
	return (int)my->net.fd;
}

int
my_library_connect(MYSQL *my, const struct my_login *l, my_wait_fn *wait, void *ctx)
{
	enum net_async_status s;

	while ((s = mysql_real_connect_nonblocking(my, l->host, l->user, NULL, l->database, l->port,
		    l->socket, l->flags)) == NET_ASYNC_NOT_READY)
		wait(ctx, POLLIN, TICK_MS);
	return s == NET_ASYNC_COMPLETE ? 0 : -1;
}

int
my_library_query(MYSQL *my, const char *sql, unsigned long len, my_wait_fn *wait, void *ctx)
{
	enum net_async_status s;

	while ((s = mysql_real_query_nonblocking(my, sql, len)) == NET_ASYNC_NOT_READY)
		wait(ctx, POLLIN, TICK_MS);
	return s == NET_ASYNC_COMPLETE ? 0 : 1;
}

int
my_library_next(MYSQL *my, my_wait_fn *wait, void *ctx)
{
	enum net_async_status s;

	while ((s = mysql_next_result_nonblocking(my)) == NET_ASYNC_NOT_READY)
		wait(ctx, POLLIN, TICK_MS);
	if (s == NET_ASYNC_COMPLETE_NO_MORE_RESULTS)
		return -1;
	return s == NET_ASYNC_COMPLETE ? 0 : 1;
}

MYSQL_RES *
my_library_store(MYSQL *my, my_wait_fn *wait, void *ctx)
{
	MYSQL_RES *r = NULL;

	while (mysql_store_result_nonblocking(my, &r) == NET_ASYNC_NOT_READY)
		wait(ctx, POLLIN, TICK_MS);
	return r;
}

MYSQL_ROW
my_library_row(MYSQL_RES *r, my_wait_fn *wait, void *ctx)
{
	MYSQL_ROW row = NULL;

	while (mysql_fetch_row_nonblocking(r, &row) == NET_ASYNC_NOT_READY)
		wait(ctx, POLLIN, TICK_MS);
	return row;
}

#else

void
my_library_prepare(MYSQL *my)
{
	mysql_options(my, MYSQL_OPT_NONBLOCK, 0);
}

void
my_library_tls(MYSQL *my, const char *ca)
{
	my_bool yes = 1;

	mysql_options(my, MYSQL_OPT_SSL_ENFORCE, &yes);
	if (ca == NULL)
		return;
	mysql_options(my, MYSQL_OPT_SSL_CA, ca);
	mysql_options(my, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
}

int
my_library_socket(const MYSQL *my)
{
	return (int)mysql_get_socket((MYSQL *)(uintptr_t)my);
}

/* What the library asked for, as poll(2) has it; and what came, as it wants to be told. */
static int
go_on(int status, my_wait_fn *wait, void *ctx)
{
	int came = wait(ctx,
	    ((status & MYSQL_WAIT_READ) ? POLLIN : 0) |
		((status & MYSQL_WAIT_WRITE) ? POLLOUT : 0) |
		((status & MYSQL_WAIT_EXCEPT) ? POLLPRI : 0),
	    0);

	return ((came & (POLLIN | POLLHUP | POLLERR)) ? MYSQL_WAIT_READ : 0) |
	       ((came & POLLOUT) ? MYSQL_WAIT_WRITE : 0) |
	       ((came & POLLPRI) ? MYSQL_WAIT_EXCEPT : 0);
}

int
my_library_connect(MYSQL *my, const struct my_login *l, my_wait_fn *wait, void *ctx)
{
	MYSQL *ok = NULL;
	int s = mysql_real_connect_start(
	    &ok, my, l->host, l->user, NULL, l->database, l->port, l->socket, l->flags);

	while (s != 0)
		s = mysql_real_connect_cont(&ok, my, go_on(s, wait, ctx));
	return ok != NULL ? 0 : -1;
}

int
my_library_query(MYSQL *my, const char *sql, unsigned long len, my_wait_fn *wait, void *ctx)
{
	int rc = 0, s = mysql_real_query_start(&rc, my, sql, len);

	while (s != 0)
		s = mysql_real_query_cont(&rc, my, go_on(s, wait, ctx));
	return rc;
}

int
my_library_next(MYSQL *my, my_wait_fn *wait, void *ctx)
{
	int rc = 0, s = mysql_next_result_start(&rc, my);

	while (s != 0)
		s = mysql_next_result_cont(&rc, my, go_on(s, wait, ctx));
	return rc;
}

MYSQL_RES *
my_library_store(MYSQL *my, my_wait_fn *wait, void *ctx)
{
	MYSQL_RES *r = NULL;
	int s = mysql_store_result_start(&r, my);

	while (s != 0)
		s = mysql_store_result_cont(&r, my, go_on(s, wait, ctx));
	return r;
}

MYSQL_ROW
my_library_row(MYSQL_RES *r, my_wait_fn *wait, void *ctx)
{
	MYSQL_ROW row = NULL;
	int s = mysql_fetch_row_start(&row, r);

	while (s != 0)
		s = mysql_fetch_row_cont(&row, r, go_on(s, wait, ctx));
	return row;
}

#endif
