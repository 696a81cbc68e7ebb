/*
 * holdfast.conf(5): clusters, nodes, people, where evidence goes. Holds no secrets. Read by
 * shell/config.c (libconfuse); everybody else only looks. Paths are absolute once loaded.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stddef.h>
#include <stdint.h>

/* A machine, reached to look at it and to act on it outside of SQL. */
struct host_config {
	const char *name;
	const char *transport;	 /* "libssh2" (default), "openssh" or "local" */
	const char *address;	 /* name or address; NULL for local */
	int port;		 /* 22 */
	const char *user;	 /* login name, or NULL: the person's name at the servers */
	const char *known_hosts; /* file, or NULL: ~/.ssh/known_hosts */
	const char *key;	 /* private key file, or NULL: the agent's keys */
	const char *jump;	 /* another host's name to go through, or NULL */
	const char *node_id;	 /* file there that names the machine, or NULL */
	int timeout_ms;		 /* to connect and to answer: 10000 */
	const char *file;
	int line;
};

/* A background job on a host: how it is paused, resumed and looked at, as words. */
struct job_config {
	const char *name;
	const char *host; /* name of a host section, or "local" */
	const char **pause, **resume, **status;
	size_t npause, nresume, nstatus;
	int line;
};

struct node_config {
	const char *name;
	const char *host;    /* name of its host section, or NULL */
	const char *address; /* conninfo or URL, without a password */
	const char *copy;    /* how a copy of it logs in: conninfo of a role with REPLICATION, or
				MariaDB: a defaults file on its host; NULL */
	const char *patroni; /* HOST:PORT of its Patroni's REST address, or NULL */
	const char *patroni_config; /* patronictl's file on its host; NULL: Debian's */
	const char *data_directory; /* on its host; NULL: as the server says while it answers */
	const char *file;	    /* config file and line, for error messages */
	int line;
};

struct cluster_config {
	const char *name;
	const char *engine;	 /* "postgresql" */
	const char *database;	 /* default database, or NULL */
	const char *environment; /* "production" (default) or "scratch" */
	const char *scratch_address, *scratch_data_directory; /* what binds environment = scratch */
	struct node_config *nodes;
	size_t nnodes;
	int connect_timeout_ms, query_timeout_ms; /* 2000, 2000: of fact queries */
	const struct host_config *hosts;	  /* all of the config */
	size_t nhosts;
};

struct person_config {
	const char *name;
	const char *key;      /* private key file, or public key of an agent's key; NULL unsigned */
	const char *passfile; /* libpq passfile, or NULL: libpq's own rules */
	const char *user;     /* login name at the servers, or NULL: the person's name */
};

/* How a cluster's backups are made, as the site says; one file each. */
struct backup_config {
	const char *name, *cluster;
	const char *method;    /* of backup_method_names */
	const char *path;      /* directory where they lie */
	const char *pattern;   /* of file names in it, "*" by default */
	const char *database;  /* NULL: the session's */
	const char *log;       /* of the job that makes them, or NULL */
	const char *heartbeat; /* a file the monitoring touches when it heard of one, or NULL */
	const char *stanza;    /* what the tool calls the cluster, or NULL */
	const char *tool;      /* the tool's own configuration file, or NULL */
	const char *proofs;    /* directory of the drills' records; NULL: path */
	const char **command;  /* a program and its arguments that makes one */
	size_t ncommand;
	int every_h;
};

struct config {
	const char *file; /* NULL: built-in defaults (a URL with no config) */
	struct cluster_config *clusters;
	size_t nclusters;
	struct host_config *hosts;
	size_t nhosts;
	struct job_config *jobs;
	size_t njobs;
	struct backup_config *backups;
	size_t nbackups;
	struct person_config *persons;
	size_t npersons;
	const char *operators; /* allowed-signers file, or NULL */
	const char *policy;    /* policy file, or NULL: the built-in one */
	const char *spool;     /* request store directory, or NULL */
	const char **journal;  /* directories, first is used first; at least one */
	size_t njournal;
	const char *journal_copy;    /* directory of a second copy, or NULL */
	const char **journal_closed; /* program and arguments, run on every closed file */
	size_t njournal_closed;
	const char **status_page; /* program and arguments, run with a status text */
	size_t nstatus_page;
	const char *history; /* readline history file */
};

const struct cluster_config *config_cluster(const struct config *c, const char *name);
/* c may be NULL. */
const struct node_config *config_node(const struct cluster_config *c, const char *name);
const struct person_config *config_person(const struct config *c, const char *name);

#endif
