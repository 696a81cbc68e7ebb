/*
 * The one place where MariaDB's client library and Oracle's differ: calls that do not block, TLS,
 * and the descriptor of a connection. Everything else in engines/ keeps to what both have. Private
 * to the my_ files.
 */
#ifndef MY_LIBRARY_H
#define MY_LIBRARY_H

#include <mysql.h>

/*
 * Waits until the library may go on: events as poll(2) has them, those that came are returned. With
 * a tick it comes back after so many milliseconds, since the library does not say what it waits
 * for; 0: it waits for the events.
 */
typedef int my_wait_fn(void *ctx, int events, int tick_ms);

struct my_login {
	const char *host, *user, *database, *socket; /* NULL: as the option files say */
	unsigned port;
	unsigned long flags;
};

void my_library_prepare(MYSQL *my);
/* TLS or nothing; with a CA the certificate must be signed by it, and be the host's. */
void my_library_tls(MYSQL *my, const char *ca);
int my_library_socket(const MYSQL *my); /* -1: none yet */

/* As mysql_real_connect, mysql_real_query, mysql_next_result, mysql_store_result and
 * mysql_fetch_row, but every wait is the caller's. */
int my_library_connect(MYSQL *my, const struct my_login *l, my_wait_fn *wait, void *ctx);
int my_library_query(MYSQL *my, const char *sql, unsigned long len, my_wait_fn *wait, void *ctx);
int my_library_next(MYSQL *my, my_wait_fn *wait, void *ctx);
MYSQL_RES *my_library_store(MYSQL *my, my_wait_fn *wait, void *ctx);
MYSQL_ROW my_library_row(MYSQL_RES *r, my_wait_fn *wait, void *ctx);

#endif
