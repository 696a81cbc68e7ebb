/*
 * What one MariaDB or MySQL server says of itself and its neighbours. Private to the my_ files.
 */
#ifndef MY_PROBE_H
#define MY_PROBE_H

#include "engines/my_driver.h"

/* One replication channel of a replica. */
struct my_channel {
	const char *name; /* "" the default one */
	const char *host; /* of its source */
	int port;
	unsigned source_id;	 /* server_id of the source; 0 not yet known */
	const char *source_uuid; /* MySQL; or NULL */
	int io_runs, sql_runs;
	const char *file, *offset;	   /* applied up to, in the source's log */
	const char *got_file, *got_offset; /* received up to */
	int64_t delay_s, behind_s;	   /* behind_s -1 unknown */
	int64_t relay_bytes;		   /* what waits on its disk; -1 unknown */
	const char *io_error, *sql_error, *state;
};

/* A replica as its source lists it. */
struct my_child {
	unsigned server_id;
	const char *host; /* "" not said */
	int port;
	const char *uuid; /* MySQL; or NULL */
};

/* A session that reads the binary log. */
struct my_dump {
	int64_t id;
	const char *user, *host, *state;
};

struct my_probe {
	struct who who;
	int port, version, is_mariadb;
	unsigned server_id;
	const char *uuid; /* MySQL's server_uuid; NULL on MariaDB */
	const char *version_text, *hostname, *data_directory;
	int is_read_only, has_log, logs_updates, parallel;
	const char *applied;	   /* GTIDs: gtid_slave_pos or gtid_executed */
	const char *written;	   /* gtid_binlog_pos or gtid_executed */
	const char *state;	   /* gtid_binlog_state; NULL on MySQL */
	const char *file, *offset; /* its own log; NULL none */
	const char *semi_sync;	   /* "master", "replica" or NULL */
	int64_t wsrep_size;	   /* Galera: members; 0 none */
	int64_t log_bytes;	   /* written to its binary log since it started; -1 not said */
	int64_t uptime_s;	   /* 0 not said */
	int in_group;		   /* Group Replication */
	struct my_channel *channels;
	size_t nchannels;
	struct my_child *children;
	size_t nchildren;
	struct my_dump *dumps;
	size_t ndumps;
	const char **managers; /* logins of programs that may undo a pause */
	size_t nmanagers;
	const char **missing; /* privileges without which something was not seen */
	size_t nmissing;
	int64_t seen_ms;
};

int my_probe(struct my_conn *c, struct waiter *w, int64_t deadline, struct arena *a,
    struct my_probe **out, struct err *e);

#endif
