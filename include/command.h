/*
 * A command: one verb, one file, one row. It cannot do anything: it returns one of four things. The
 * dispatcher checks the row's needs before it is called.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stddef.h>

#include "approval.h"
#include "config.h"
#include "engine.h"
#include "err.h"
#include "hold.h"
#include "journal.h"
#include "plan.h"
#include "policy.h"
#include "session.h"
#include "store.h"
#include "topology.h"
#include "wait.h"

struct arena;
struct cluster;
struct replay_options;

enum command_needs {
	NEED_CLUSTER = 1 << 0,	/* a connected session */
	NEED_TOPOLOGY = 1 << 1, /* a finished crawl */
	NEED_STORE = 1 << 2,	/* a request store */
	NEED_PERSON = 1 << 3,	/* --as with a usable key */
	NEED_TTY = 1 << 4,	/* a person who reads */
	IN_SHELL = 1 << 5,	/* a verb of the shell */
	AT_CLI = 1 << 6,	/* a subcommand of the binary */
	HAS_JSON = 1 << 7,	/* takes --json */
	NO_ALIAS = 1 << 8,	/* dangerous: never abbreviated */
	NEED_HANDLE = 1 << 10,	/* a cluster; where it cannot be reached, c->session is NULL */
	TAKES_LINE = 1 << 9,	/* its arguments are a line, whose verb's needs count, too */
};

/* Rows pulled on demand; cells live until the next call. */
struct view {
	size_t ncols;
	const char **titles;	   /* NULL: plain lines, one column */
	unsigned char *is_numeric; /* per column, or NULL */
	int (*next)(struct view *v, const char **cells, struct err *e); /* 1 row, 0 end, -1 */
	void *state;
	const char *footer; /* or NULL */
	char *json;	    /* the whole thing for --json, or NULL: rows as objects */
	int exit;	    /* exit code of the subcommand */
};

/* A journal or request entry to be written by the shell. */
struct entry {
	const char *type; /* "note", "denial", "incident" */
	json_t *body;
	const char *say;	   /* one line for the operator */
	int is_signed;		   /* the session is certified before, a checkpoint follows */
	const char *set_incident;  /* "" closes, NULL leaves it */
	const char *on_duty_since; /* with set_incident: RFC 3339, or "now" */
	const char *status;	   /* handed to the site's status page program, once written */
	struct answer *answer;	   /* deny: to be signed and stored */
	const char *request;
};

enum screen_kind { SCREEN_REVIEW, SCREEN_REPLAY, SCREEN_WATCH, SCREEN_LIST, SCREEN_HANDOVER };
struct screen {
	enum screen_kind kind;
	const char *argument; /* request id, journal file */
	const struct request *request;
	int wants_answer;     /* review that ends in approve or deny */
	const char *decision; /* "approve" or "deny", where it wants an answer */
	const char *comment;  /* deny: why */
	int is_paste;	      /* the request is pasted, the answer printed to be pasted back */
	int interval_ms;
	const struct replay_options *replay;
};

/* A file the shell makes before it shows the view; never over one that is there. */
struct new_file {
	const char *path; /* absolute */
	const char *text;
};

enum returns { RETURNS_VIEW, RETURNS_PLAN, RETURNS_ENTRY, RETURNS_SCREEN };

struct result {
	enum returns kind;
	struct view view;
	struct plan *plan;
	int is_dry; /* plan LINE: show it and stop */
	struct entry entry;
	struct screen screen;
	const char *run, *cancel;		     /* request ids of `run ID` and `cancel ID` */
	const char *connect_node, *connect_database; /* `connect` */
	int disconnects, quits;
	const struct new_file *files;
	size_t nfiles;
};

/* What a command may look at. */
struct context {
	struct arena *arena;
	const struct config *config;
	const struct cluster_config *cluster_config;
	const struct site_policy *policy;
	const struct operators *operators; /* NULL: none configured */
	const struct engine *engine;
	struct classifier *classifier;
	struct cluster *cluster; /* questions only: engines/ask.h */
	struct waiter *waiter;
	const struct session *session;	 /* NULL: not connected */
	const struct topology *topology; /* NULL: not known yet */
	const struct hold *holds;
	size_t nholds;
	const struct job_pause *paused; /* jobs */
	size_t npaused;
	const char *person, *incident; /* "" */
	struct store *store;	       /* NULL: none */
	const char *journal_session;
	struct memories *memories;   /* what went wrong before; NULL: not asked */
	const char *journal_trouble; /* what is wrong with keeping it; NULL nothing */
	int is_json, is_tty, width;
	int is_journal_writable, is_signed;
	void (*progress)(void *ctx, const char *line); /* for who waits; NULL: nobody does */
	void *progress_ctx;
	const char *line; /* the whole typed line */
	size_t line_len;
};

struct command {
	const char *name;  /* a verb; never a first keyword of a dialect */
	const char *alias; /* "\\dt", or NULL */
	const char *args;  /* "[NODE] [DATABASE]" */
	int min, max;	   /* arguments; max -1: any */
	unsigned needs;
	const char *help; /* one line, capital first, no final period */
	int (*exec)(struct context *c, int argc, char **argv, struct result *r, struct err *e);
};

extern const struct command *const commands[];	      /* NULL-terminated; commands/table.c */
const struct command *command_find(const char *name); /* by name or alias; NULL */

/* SQL: everything whose first word is no verb. commands/sql.c */
int command_sql(struct context *c, const char *text, size_t len, struct result *r, struct err *e);

/* For completion (commands/names.c). Tables, views, columns that begin with the prefix: needs a
 * connected session and a waiter. Nodes of the last picture: asks nothing. */
int command_names(
    struct context *c, const char *prefix, const char ***out, size_t *n, struct err *e);
/* The columns of a table, as the server spells them. */
int command_columns(
    struct context *c, const char *table, const char ***out, size_t *n, struct err *e);
size_t command_nodes(struct context *c, const char ***out);

/* Helpers for views (commands/view.c). */
void view_lines(struct arena *a, struct view *v, char **lines, size_t n);
void view_table(struct arena *a, struct view *v, size_t ncols, const char *const *titles,
    const char *const *cells, size_t nrows, const unsigned char *is_numeric);

/* What makes two statements alike beside their text: for the intent record (commands/searching.c).
 */
void searching_fingerprint(
    struct arena *a, const struct plan *p, const char **kinds, const char **objects);

/* Facts the shell itself needs; it does not see engines/ask.h (commands/facts.c). */
int facts_session(
    struct cluster *c, struct waiter *w, struct arena *a, struct session *out, struct err *e);
int facts_topology(struct cluster *c, struct waiter *w, const struct topology **out, struct err *e);
const struct topology *facts_last(struct cluster *c);

#endif
