/*
 * The running program: one struct, passed; never a global.
 */
#ifndef APP_H
#define APP_H

#include <stdio.h>
#include <sys/types.h>

#include "cluster.h"
#include "command.h"
#include "journal.h"
#include "shell/loop.h"

struct repl;
struct alarm;
struct gauge;
struct capture; /* shell/capture.h */
struct pending; /* a request of this session, shell/pending.h */

#define EXPANDED_AUTO 2

struct app {
	struct arena *arena; /* the session's: config, operators, policy */
	const struct config *config;
	const struct cluster_config *cluster_config; /* NULL until one is chosen */
	const struct person_config *person_config;   /* NULL: nobody, unsigned */
	const struct engine *engine;
	struct site_policy policy;
	struct operators *operators; /* NULL: none */
	struct classifier *classifier;
	struct cluster *cluster;
	struct store *store;
	struct journal *journal;
	struct memories memories;
	struct session_key *key;
	char *cert, *cert_sig; /* made before the first thing that is not a read; NULL till then */
	struct loop *loop;

	struct arena *session_arena;
	struct session *session; /* NULL while not connected */
	char incident[65];	 /* "" none */
	int64_t on_duty_since;	 /* epoch seconds; 0: not on duty for it */
	struct hold *holds;
	size_t nholds;
	struct job_pause *paused; /* jobs; in holds_arena */
	size_t npaused;
	struct arena *holds_arena;
	struct pending *pending; /* list */

	const char *confirm; /* --confirm NODE */
	int wait_s;	     /* --wait */
	int is_interactive;  /* a person reads and types */
	int is_json, is_csv;
	int expanded; /* one value a line: 0 no, 1 yes, EXPANDED_AUTO where a row is too wide */
	char null_text[32]; /* what stands for NULL; "" the usual */
	int timing, has_color, width, height;
	int rows_max; /* of a live screen: what is further down is counted, not shown; 0 all */
	int64_t progress_ms; /* out_progress: when it last wrote, and how wide */
	int progress_width;
	int is_paging;	     /* a pager has the screen: notices wait */
	_Atomic pid_t pager; /* its process, for the thread that says that a disk hangs; 0 none */
	struct repl *repl;   /* line editing; NULL while there is none */
	int exit;	     /* code of the last line */
	int wants_paste;     /* --paste: print requests as text for a chat, also with a store */
	int has_journal_trouble; /* said */
	int crawl_fd;		 /* watched; -1 none */
	struct alarm *alarms;	 /* the last one said of each held node */
	size_t nalarms;
	struct gauge *gauges; /* what gathers while replicas are held, shell/holds_room.c */
	size_t ngauges;
	/* Rows for COPY FROM STDIN, as struct sink's copy_in; NULL: none can come. */
	int (*feed)(struct app *app, char *data, size_t size);
	void *feed_ctx;
	char *last_text; /* the last SQL text; malloc'd, NULL before the first */
	size_t last_len;
	char last_view[256]; /* the verb line that only showed something; "" where SQL came later */
	int last_is_read;    /* a query that ran at once: \watch may repeat it */
	FILE *copy_to;	     /* takes what COPY TO STDOUT sends; NULL: stdout */
	int is_feeding;	     /* the terminal was told how to end them */
	int64_t picture_ms;  /* picture.c: when the last one written down was taken */
	char picture[SHA256_HEX]; /* and its shape; "" none yet */
	int busy;		  /* > 0: the door is open; background looks wait */
	int depth;		  /* typed lines under way, one inside another */
	int quit;
	struct capture *capture; /* of the line that runs; NULL: none yet */
};

/* Runs one complete input: a verb line, or SQL text without a need for more. Prints what it came
 * to. Sets app->exit. shell/dispatch.c */
void app_line(struct app *app, const char *text, size_t len);
/* Re-reads session facts after something that may have changed them; quiet on failure. */
void app_refresh_session(struct app *app);

/* What commands may look at, from the program's state. */
void app_context(struct app *app, struct arena *a, struct context *c);
/* Checks the row's needs, runs the command and takes what it returns. */
int app_command(struct app *app, const struct command *cmd, int argc, char **argv, const char *line,
    size_t len, struct err *e);
/* As app_line, for text that is SQL whatever its first word. */
void app_text(struct app *app, const char *text, size_t len);
/* Plans the filed plan's text again in the world as it is now; for the comparison before it runs.
 */
int app_replan(
    struct app *app, struct arena *a, const struct plan *filed, struct plan **out, struct err *e);

#endif
