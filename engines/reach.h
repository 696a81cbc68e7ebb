/*
 * Reaching a host: connect, run one argument vector, close. Over SSH (libssh2), through the
 * system's ssh, or on this machine; one interface. Private to engines/.
 */
#ifndef ENGINES_REACH_H
#define ENGINES_REACH_H

#include <sys/types.h>

#include "arena.h"
#include "buf.h"
#include "config.h"
#include "err.h"
#include "host.h"
#include "wait.h"

#define HOST_ARGV_MAX 64
#define HOST_LINE_MAX (128 * 1024) /* one remote command line, quoted */
#define HOST_OUT_MAX (1 << 20)

/* One command: what to run, and what came of it. */
struct host_command {
	const char *const *argv; /* NULL-terminated; argv[0] is found in the fixed PATH */
	int timeout_ms;		 /* > 0 */
	size_t max;		 /* bytes kept of each output; 0: HOST_OUT_MAX */
	void (*output)(
	    void *ctx, int is_err, const char *data, size_t n); /* or NULL: as it comes */
	void *ctx;
	const int *input; /* a pipe, not blocking, that its standard input comes from; NULL: none */
	int is_stream;	  /* its output is only passed on, not kept */
	struct buf out, err; /* filled; host_command_free */
	int status;	     /* exit status; -1 none */
	char signal[16];     /* that ended it, without SIG; "" none */
	int is_started;	     /* the host was told to run it */
	int is_unknown;	     /* it was, and how it ended is not known */
	int is_cut;	     /* there was more output than was kept */
};

struct host_conn;

/* The host section of this name; NULL none. */
const struct host_config *host_find(const struct cluster_config *c, const char *name);
/* Connects, checks the host key strictly, logs in. ERR_CONN, or ERR_REFUSED for a host key. */
int host_open(const struct cluster_config *c, const char *name, struct waiter *w,
    struct host_conn **out, struct err *e);
/*
 * Runs one command to its end. 0: it ended, see status and signal. -1: it did not run, or
 * is_unknown. When cancelled or late it is ended there too, and that is waited for.
 */
int host_run(struct host_conn *h, struct waiter *w, struct host_command *cmd, struct err *e);
const char *host_fingerprint(const struct host_conn *h); /* "SHA256:...", or "" */
const char *host_name(const struct host_conn *h);
void host_close(struct host_conn *h); /* accepts NULL */
void host_command_free(struct host_command *cmd);

/*
 * The one function that turns words into shell text: each is one word to any POSIX shell,
 * whatever bytes it holds. -1 where the result would be longer than max, or a word holds what no
 * argument can (nothing: NUL ends it).
 */
int host_quote(struct buf *b, const char *const *argv, struct err *e);
/* The command line sent to a host: says its process id, waits to be told to go, then becomes the
 * command with the fixed environment. */
int host_line(struct buf *b, const char *const *argv, struct err *e);
/* The same for a command that reads what follows the go. */
int host_line_fed(struct buf *b, const char *const *argv, struct err *e);
/* The same for this machine: words, no shell. out has room for HOST_ARGV_MAX + 1. */
int host_words(const char *const *argv, const char **out, struct err *e);

/* A transport: how one host is reached. */
struct transport {
	const char *name;
	int (*open)(struct host_conn *h, struct waiter *w, struct err *e);
	int (*run)(struct host_conn *h, struct waiter *w, struct host_command *cmd, struct err *e);
	void (*close)(struct host_conn *h);
};

struct host_conn {
	struct arena *arena;
	const struct cluster_config *cluster;
	const struct host_config *config;
	const struct transport *transport;
	void *link; /* of the transport */
	char fingerprint[64];
};

extern const struct transport transport_libssh2, transport_openssh, transport_local;

/* The beginning of a command's output up to the line that says its process id. */
struct host_start {
	struct buf head;
	long pid; /* 0: not yet */
};
/* Takes output; returns how many bytes at the end of data belong to the command itself, once the
 * process id was seen. -1: too much came before it. */
ssize_t host_started(struct host_start *s, const char *data, size_t n);
/* What goes to a command's standard input and is not sent yet. */
struct host_feed {
	char data[32768];
	size_t at, n; /* what is left: data[at] to data[n] */
	int is_over;  /* nothing more comes */
};
/* 1: something is there to send; 0: nothing now, or ever. */
int host_fill(struct host_feed *f, const int *input);

/* Keeps output, bounded, and passes it on. */
void host_take(struct host_command *cmd, int is_err, const char *data, size_t n);

/* A host key of known_hosts that stands for a host. */
struct known_key {
	int line;
	int is_revoked;
	char type[40];
	unsigned char *blob;
	size_t len;
};
/* All lines that name host and port (plain, wildcard or hashed). ERR_CONFIG unreadable. */
int known_hosts(struct arena *a, const char *file, const char *host, int port,
    struct known_key **out, size_t *n, struct err *e);
/* The file a host's key is looked up in. */
const char *known_hosts_file(struct arena *a, const struct host_config *h);
/* "SHA256:..." into out[64]. */
void key_fingerprint(const unsigned char *blob, size_t len, char *out);

#endif
