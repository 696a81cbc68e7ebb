/*
 * A node: one server instance, as last seen. Identity says which instance it is, incarnation
 * which start of it. Addresses are how it was reached, never what it is.
 */
#ifndef NODE_H
#define NODE_H

#include <stddef.h>
#include <stdint.h>

enum role {
	ROLE_UNKNOWN,	  /* not yet seen, or the answer was not understood */
	ROLE_UNREACHABLE, /* did not answer before its deadline, or refused the login */
	ROLE_STARTING,	  /* answers, and refuses sessions: starting up or in recovery (57P03) */
	ROLE_NO_SLOTS,	  /* answers, and has no connection left (53300) */
	ROLE_PRIMARY,
	ROLE_REPLICA,
	ROLE_STANDALONE, /* read-write, and nothing replicates from it */
};

enum hold_state {
	HOLD_NONE,
	HOLD_REQUESTED, /* asked to pause, still replaying */
	HOLD_PAUSED,	/* replay is paused */
	HOLD_BY_DELAY,	/* not replaying because of recovery_min_apply_delay */
};

/* A position in the engine's log as text and, where it is ordered, as a number. */
struct position {
	const char *text; /* "0/3000148", or NULL */
	uint64_t value;	  /* bytes; 0 unknown */
};

/* How far behind it was at an earlier picture. */
struct lag_sample {
	int64_t ms, bytes;
};
#define LAG_SAMPLES 8

struct node {
	const char *name;    /* from the config, or made from the address */
	const char *address; /* conninfo without secrets, or URL, as it was reached */
	const char *host;    /* what the server says it listens on / was dialled as */
	int port;
	const char *identity;	 /* stable over restarts; "" while unknown */
	const char *incarnation; /* server start time, microseconds, text; "" while unknown */
	const char *cluster;	 /* cluster identity, "pg:<system_identifier>" */
	enum role role;
	const char *reason; /* why unreachable, starting, no-slots or unknown; else NULL */
	int version;	    /* PQserverVersion form, 150018; 0 unknown */
	const char *version_text;
	int timeline;	      /* 0 unknown */
	const char *upstream; /* identity of the node it replicates from; NULL none or not seen */
	const char *upstream_address; /* host:port it says it streams from; NULL none */
	int nsources;		      /* channels it replicates through; 0 not known */
	const char *log_base;	 /* of the files it reads there, without their number; NULL none */
	const char *gtid_state;	 /* MariaDB: the last transaction of each domain and server in its
				    log,  "0-1-27,0-2-3"; NULL not known */
	const char *slot;	 /* replication slot it uses on its upstream; NULL none */
	const char *app_name;	 /* application_name its upstream sees; NULL unknown */
	const char *sync_state;	 /* async, sync, quorum, potential; NULL unknown */
	const char *sync_commit; /* synchronous_commit setting */
	const char *sync_names;	 /* synchronous_standby_names setting */
	int is_read_only;
	int is_streaming;	/* a receiver process is connected to the upstream */
	int64_t apply_delay_ms; /* recovery_min_apply_delay; 0 none */
	enum hold_state hold;
	int is_hardened; /* recovery_target_lsn waits in its configuration (survives a restart) */
	const char *hardened_at; /* that LSN, or NULL */
	const char *target_lsn;	 /* recovery_target_lsn in force since its last start, or NULL: then
				    resume would promote */
	const char *data_directory;		  /* NULL when not readable */
	struct position receive, replay, current; /* current: insert position of a primary */
	int64_t lag_bytes;			  /* behind its upstream's current; -1 unknown */
	int64_t lag_ms;			     /* age of the last replayed transaction; -1 unknown */
	struct lag_sample past[LAG_SAMPLES]; /* oldest first, this picture's not among them */
	size_t npast;
	int64_t relay_bytes; /* MariaDB and MySQL: of log on its disk that it received; -1 unknown,
				or another engine */
	int64_t disk_free;   /* of the data directory's file system, where the server runs on this
				machine; bytes; -1 unknown */
	/* Of its slot, as its upstream says: bytes of log kept for it, bytes until the server may
	 * take them away (-1 unknown or no limit), and wal_status (NULL unknown). */
	int64_t slot_retained, slot_safe;
	const char *slot_status;
	int is_archive_fed; /* a standby that gets its log from an archive only: in no view of a
			       primary */
	int64_t wal_rate;   /* bytes of log a second, -1 unknown */
	int is_average;	    /* that rate is an average since its statistics began */
	int64_t seen_ms;    /* now_ms() when the facts were taken */
	/* Of one that does not answer: where its log stood when this program last saw it take
	 * writes, and how long ago; last.text NULL: never. */
	struct position last;
	int64_t last_ms;
	int last_timeline;
	const char *last_directory; /* its data directory; NULL not known */
};

const char *role_name(enum role r);	  /* "primary", "no-slots", ... */
const char *hold_name(enum hold_state h); /* "none", "requested", "paused", "held-by-delay" */

#endif
