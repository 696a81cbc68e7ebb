/*
 * All facts of one PostgreSQL server, read in one round trip. Private to engines/.
 */
#ifndef PG_PROBE_H
#define PG_PROBE_H

#include <libpq-fe.h>
#include <stddef.h>
#include <stdint.h>

#include "engines/pg_who.h"
#include "node.h"

struct arena;

/* A walsender: somebody who takes the log from this server. */
struct sender {
	int pid;
	const char *application, *address; /* address NULL: a unix socket, or hidden */
	const char *state, *sync_state;	   /* NULL: hidden from this login */
	const char *slot, *slot_type;	   /* NULL: uses none */
	int64_t retained;		   /* bytes kept by its slot; -1 */
};

struct slot {
	const char *name, *type; /* physical, logical */
	const char *plugin, *database, *wal_status;
	int is_active, is_used; /* used: it keeps log, or did */
	int pid;
	int64_t retained; /* -1 unknown */
	int64_t safe;	  /* safe_wal_size; -1 unknown or no limit */
	int has_safe;	  /* it may be negative: less than none is left */
};

/* Where its timeline, or one before it, left an older one. */
struct fork {
	int timeline; /* the one that was left */
	uint64_t at;
	const char *text;
};

struct subscription {
	const char *name, *database, *slot, *publications;
	const char *host, *port; /* of its publisher; NULL not for this login to see */
	int is_enabled, has_worker;
};

/* Facts as text; NULL where the server has none or the login may not see it. */
struct probe {
	struct who who;
	int version, port, timeline;
	const char *version_text, *data_directory, *server_addr;
	struct position receive, replay, current;
	int64_t replay_age_ms; /* -1 unknown */
	enum hold_state hold;
	const char *cluster_name, *slot_name; /* primary_slot_name */
	const char *target_lsn;		      /* in force since the last start */
	const char *sync_commit, *sync_names;
	const char *feedback, *archive_mode, *archive_command, *slot_keep;
	int64_t apply_delay_ms;
	const char *up_host, *up_port;		 /* of primary_conninfo, where readable */
	int has_receiver;			 /* a receiver process runs and is streaming */
	const char *sender_host, *receiver_slot; /* as the receiver says */
	int sender_port;			 /* 0 unknown */
	struct sender *senders;
	size_t nsenders;
	struct slot *slots;
	size_t nslots;
	const char **marks; /* application and slot names of managers */
	size_t nmarks;
	int knows_files;				  /* pg_file_settings could be read */
	const char *file_target_lsn, *file_target_action; /* what the next start would use */
	const char *file_name;				  /* file that says so */
	int64_t disk_free;				  /* -1 unknown */
	struct company *companies;			  /* node is not filled in */
	size_t ncompanies;
	int64_t wal_average;  /* bytes of log a second since its statistics began; -1 unknown */
	const char *limits;   /* "max_connections ..." and its like, as numbers */
	int64_t replay_locks; /* tables that replay keeps locked against readers */
	int has_restore;      /* restore_command is set */
	const char *database;
	struct fork *forks; /* oldest first */
	size_t nforks;
	struct subscription *subscriptions;
	size_t nsubscriptions;
	const char **publications; /* of its database: name, then what it publishes */
	size_t npublications;
	const struct manager *manager; /* or NULL */
	int64_t seen_ms;
};

int pg_probe(struct pg_conn *c, struct waiter *w, int64_t deadline, struct arena *a,
    struct probe **out, struct err *e);
/* Bytes free where the server keeps its data; -1 where it does not run on this machine. */
int64_t pg_disk_free(const struct pg_conn *c, const char *data_directory);
/* "16/B374D848" as a number; 0 where it is none. */
uint64_t pg_lsn(const char *text);

/* The history file of a timeline; rows that are none are left out. */
void pg_history(struct arena *a, const char *text, struct probe *p);
/* "holdfast" as the two halves of an advisory lock's number: who has it acts. */
#define PEN_HIGH "1752132708"
#define PEN_LOW "1717662580"
void pg_read_company(struct arena *a, const PGresult *r, struct probe *p);
/* Reading the answers of the questions about logical replication. */
void pg_read_logical(
    struct arena *a, const PGresult *subscriptions, const PGresult *publications, struct probe *p);

#endif
