/*
 * A host: a machine reached over SSH, or this one. Facts of it and of a path on it, as typed
 * answers; nothing here acts. Arena memory; strings are hostile: show them through text_inert.
 */
#ifndef HOST_H
#define HOST_H

#include <stddef.h>
#include <stdint.h>

#define HOST_PATH_MAX 1000 /* bytes of a path that may be named */

/* A server instance that runs on a host, as its process or its lock file says. */
struct host_instance {
	const char *engine;	    /* "postgresql", "mariadb" */
	const char *data_directory; /* real path */
	int64_t pid;		    /* 0: not running */
	int port;		    /* of postmaster.pid; 0 unknown */
	const char *system;	    /* system identifier in decimal; "" unknown or no PostgreSQL */
	int64_t disk_free;	    /* bytes free for others on its file system; -1 unknown */
};

struct host_facts {
	const char *name;	 /* as the config calls it */
	const char *hostname;	 /* as it calls itself */
	const char *machine_id;	 /* /etc/machine-id; "" unknown */
	const char *boot_id;	 /* this boot */
	const char *node_id;	 /* the node-id file of the config; "" none */
	const char *fingerprint; /* host key, "SHA256:..."; "" where no key of ours was checked */
	const char *identity;	 /* of what is above, stable over boots */
	const char *user;	 /* who commands run as there */
	struct host_instance *instances;
	size_t ninstances;
	int nunseen; /* server processes whose directory this user may not see */
};

/* What PostgreSQL's control file says: whose data it is and how it was left. */
enum cluster_state {
	STATE_STARTUP,
	STATE_SHUT_DOWN,
	STATE_SHUT_DOWN_IN_RECOVERY,
	STATE_SHUTTING_DOWN,
	STATE_CRASH_RECOVERY,
	STATE_ARCHIVE_RECOVERY,
	STATE_IN_PRODUCTION,
	STATE_NOT_KNOWN,
};

struct path_facts {
	const char *given, *real; /* real: no links, no .., no trailing slash */
	const char *parent, *name;
	const char *device;		  /* "stat -c %d", decimal; of the path and its parent */
	const char *inode, *parent_inode; /* decimal */
	const char *parent_device;
	int is_directory;
	int is_parent_writable; /* by the user that logs in: a rename can be done at all */
	int is_mount_point;	/* also of a bind mount */
	const char *mounted;	/* another mount below it, or NULL */
	const char **also;	/* its other names, by bind mounts */
	size_t nalso;
	const char *inside;   /* the data directory it lies in, or NULL */
	const char *contains; /* a data directory below it, or NULL */
	const char *engine;   /* "postgresql", "mariadb", or NULL: no data directory */
	const char *version;  /* PG_VERSION; "" none */
	const char *system;   /* system identifier, decimal; "" unknown */
	const char *uuid;     /* server-uuid of auto.cnf; "" none */
	/* Of MariaDB's: the last transaction of each domain and server in its log, as it wrote them
	 * down when it shut down cleanly, "0-1-27,0-2-3"; NULL not known, and why (NULL: nobody
	 * asked). What it replicated from, "host:port". */
	const char *gtid_state, *gtid_unknown;
	const char **sources;
	size_t nsources;
	enum cluster_state state;
	int timeline;	     /* of the last checkpoint; 0 unknown */
	uint64_t checkpoint; /* position of the last checkpoint; 0 unknown */
	int has_standby_signal;
	int64_t pid;	    /* of its lock file; 0 none */
	int is_pid_alive;   /* a process of that number lives */
	int64_t user_pid;   /* a process that works in it; 0 none */
	int nunseen;	    /* server processes whose directory this user may not see */
	int64_t bytes;	    /* on disk, without other file systems; -1 not counted in time */
	int64_t disk_free;  /* bytes; -1 unknown */
	const char **links; /* what it links to outside of itself (tablespaces, pg_wal) */
	size_t nlinks;
	const char *quarantine; /* made for it beside it */
};

/* Where a copy is to be made. */
struct target_facts {
	const char *given, *parent, *name; /* parent: real path of the directory above */
	const char *parent_device, *parent_inode;
	int is_parent_writable, exists;
	int64_t disk_free;  /* bytes; -1 unknown */
	const char *inside; /* the data directory it would lie in, or NULL */
	const char *marker; /* of a copy that broke there; "" none */
	int64_t done;	    /* bytes of that one */
};

/*
 * Where the start of a server can be told to leave replication stopped: an option file that it
 * reads, on its host. The first two are asked for.
 */
struct hold_file {
	const char *node, *directory;	/* its name and data directory */
	const char *host, *fingerprint; /* as the config calls it; of its key */
	const char *file;		/* NULL: nowhere, see why */
	int is_own;	   /* a file of its own in a directory of such files; else lines of one */
	int is_there;	   /* what was written for a hold stands there */
	int is_set;	   /* the server's options say it anyway */
	const char *why;   /* words that go on: "..., since "; NULL */
	int64_t disk_free; /* of the data directory's file system; bytes; -1 unknown */
};

const char *cluster_state_name(enum cluster_state s);
struct arena;
/* A system identifier in decimal as the control file has it: its bytes in order, hex. */
const char *host_system_hex(struct arena *a, const char *decimal);

#endif
