/*
 * Stopping what runs on a MariaDB or MySQL connection: the protocol has no out-of-band cancel, so a
 * second session says KILL QUERY. Must never make the caller wait.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/my_conn.h"
#include "engines/my_library.h"
#include "banned.h"

#define KILL_CONNECT_S 2

/* What a thread needs to stop a statement after the connection itself may be gone. */
struct killing {
	struct my_place place;
	char *passfile, *login;
	unsigned long id;
};

static void *
kill_thread(void *arg)
{
	struct killing *k = arg;
	MYSQL *my = mysql_init(NULL);
	unsigned s = KILL_CONNECT_S, no = 0;
	char sql[64];

	if (my != NULL) {
		if (k->passfile != NULL)
			mysql_options(my, MYSQL_READ_DEFAULT_FILE, k->passfile);
		mysql_options(my, MYSQL_READ_DEFAULT_GROUP, "holdfast");
		mysql_options(my, MYSQL_OPT_LOCAL_INFILE, &no);
		if (k->place.wants_tls)
			my_library_tls(my, k->place.ssl_ca[0] != '\0' ? k->place.ssl_ca : NULL);
		mysql_options(my, MYSQL_OPT_CONNECT_TIMEOUT, &s);
		mysql_options(my, MYSQL_OPT_READ_TIMEOUT, &s);
		mysql_options(my, MYSQL_OPT_WRITE_TIMEOUT, &s);
		snprintf(sql, sizeof(sql), "KILL QUERY %lu", k->id);
		if (mysql_real_connect(my, k->place.socket[0] != '\0' ? "localhost" : k->place.host,
			k->login, NULL, NULL, (unsigned)k->place.port,
			k->place.socket[0] != '\0' ? k->place.socket : NULL, 0) != NULL)
			mysql_query(my, sql);
		mysql_close(my);
	}
	free(k->passfile);
	free(k->login);
	free(k);
	mysql_thread_end();
	return NULL;
}

void
my_kill(struct my_conn *c)
{
	struct killing *k = calloc(1, sizeof(*k));
	sigset_t all, old;
	pthread_t t;

	if (k == NULL)
		abort();
	k->place = c->place;
	k->passfile = c->passfile == NULL ? NULL : strdup(c->passfile);
	k->login = c->login == NULL ? NULL : strdup(c->login);
	k->id = mysql_thread_id(c->my);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (pthread_create(&t, NULL, kill_thread, k) == 0)
		pthread_detach(t);
	else {
		free(k->passfile);
		free(k->login);
		free(k);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}
