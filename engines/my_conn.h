/*
 * One MariaDB or MySQL connection with deadlines: nothing here blocks past its deadline or past a
 * cancel, and one message is one statement: CLIENT_MULTI_STATEMENTS is asked for on control
 * sessions only, where constant questions go out together. Private to the my_ files.
 */
#ifndef MY_CONN_H
#define MY_CONN_H

#include <mysql.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"
#include "err.h"
#include "sink.h"
#include "wait.h"

/* An address taken apart. Holds no password: that comes from option files. */
struct my_place {
	char host[256]; /* "" with a socket */
	char socket[128];
	char user[96]; /* "" not said */
	char database[96];
	char ssl_ca[256];
	int port;
	int wants_tls; /* TLS or nothing, with the server's certificate checked where a CA is said
			*/
};

struct my_conn {
	MYSQL *my;
	char *address; /* without secrets; owned */
	struct my_place place;
	char *passfile, *login; /* how a second session gets in, to stop what runs; owned */
	char cluster[80];	/* "my:NAME": no identity is common to a cluster's servers */
	char name[64];		/* what the session is called: user names are all that is seen */
	int is_broken;		/* a deadline passed in mid-protocol: never used again */
	int can_batch;		/* a control session: several constant questions a message */
	int is_mariadb;
	int version; /* 101119, 50624 */
};

/* mysql:// or mariadb:// URL, or HOST[:PORT]. */
int my_place_parse(const char *address, struct my_place *out, struct err *e);
/* What the usual option files say of host, port and socket; -1: nothing. my_place_file.c */
int my_place_from_files(struct my_place *out);
void my_place_read(FILE *f, struct my_place *out);
/* The same address at another host and port, malloc'd. */
char *my_place_at(const char *address, const char *host, int port);

/* Connects. The person's passfile is an option file ([client] user, password); without one the
 * usual option files are read. 53300 in e->sqlstate: no connection left. */
int my_conn_open(struct my_conn **out, struct waiter *w, const char *address,
    const struct person_config *person, const char *database, const char *program_name,
    int is_control, int64_t deadline, struct err *e);
void my_conn_close(struct my_conn *c); /* accepts NULL */
/* One statement; the result is stored, NULL where there is none. On a deadline or a cancel the
 * statement is killed from a second session, and the connection drained for a while, else broken.
 */
int my_query(struct my_conn *c, struct waiter *w, int64_t deadline, const char *sql,
    MYSQL_RES **out, struct err *e);
/* Constant questions, in one message where the session can. Returns how many were answered, each
 * into out; fewer than n: e is about the next one, and those behind it were not asked. */
size_t my_batch(struct my_conn *c, struct waiter *w, int64_t deadline, const char *const *sql,
    size_t n, MYSQL_RES **out, struct err *e);
/* One statement whose rows stream through the sink, flat memory. rows: returned or changed. */
int my_stream(struct my_conn *c, struct waiter *w, int64_t deadline, const char *sql,
    struct sink *sink, int64_t *rows, struct err *e);
/* Stops what runs on the connection, by a second session in a thread of its own; never waits. */
void my_kill(struct my_conn *c);
int my_in_tx(const struct my_conn *c);
/* Fills e from the connection's last error; returns -1. */
int my_error(struct my_conn *c, struct err *e);

#define CLEAN_MY_RESULT __attribute__((cleanup(my_clear_result)))
void my_clear_result(MYSQL_RES **r);
/* A cell of a stored result by its column's name; NULL where there is no such column, or NULL. */
const char *my_cell(MYSQL_RES *r, MYSQL_ROW row, const char *column);

#endif
