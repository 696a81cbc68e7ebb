/* What is asked of a host, and how an answer is read. Private to engines/host_*.c. */
#ifndef HOST_ASK_H
#define HOST_ASK_H

#include "engines/ask.h"
#include "engines/reach.h"

extern const char script_host[], script_path[], script_my_state[], script_quarantine[],
    script_restore[], script_expunge[], script_target[], script_copy[], script_basebackup[],
    script_mariabackup[], script_ship_begin[], script_ship_send[], script_ship_take[],
    script_ship_sums[], script_ship_check[];
/* Of a server's data directory: host_pg_table.c, host_my_table.c. */
/* Of option files: host_my_file_table.c. */
extern const char script_my_file[], script_my_harden[], script_my_soften[];
extern const char script_pg_log[], script_pg_stop[], script_pg_start[], script_pg_restart[],
    script_pg_rejoin[], script_my_log[], script_my_stop[];

uint64_t host_position(const char *position); /* as a number; 0 where it is none */
/* Reads the answer of script_*_log; -1 where it did not come to its end. */
int host_log_read(struct arena *a, const struct buf *b, struct log_facts *f);
/* host_answer.c: pid, end, commits, first, last, bytes, bytes in words; state and last checkpoint.
 */
struct outcome;
struct step;
int host_answer_log(
    struct arena *a, const struct step *s, const struct buf *b, struct outcome *out);
int host_answer_control(
    struct arena *a, const struct step *s, const struct buf *b, struct outcome *out);
int host_answer_stopped(
    struct arena *a, const struct step *s, const struct buf *b, struct outcome *out);

/* A path as somebody typed it: absolute, bounded, nothing unseen in it. */
int host_check_given(const char *path, struct err *e);
/* Runs a script of ours on an open connection; ERR_FAILED with its last words where it fails. */
int host_script(struct host_conn *h, struct waiter *w, const char *script, const char *const *words,
    size_t n, int timeout_ms, struct host_command *cmd, struct err *e);
/* What that answer means; the command ran. */
int host_script_ended(struct host_conn *h, const struct host_command *cmd, struct err *e);

/* Lines of a script that begin with a percent sign are for whoever waits: "BYTES OF WORDS" as a
 * sentence with rate and time left. The last other line is kept. host_act.c */
struct host_telling {
	char line[400], last[400];
	int64_t start_ms, start_bytes;
	size_t n;
	void (*progress)(void *ctx, const char *line);
	void *ctx;
};
void host_tell(void *telling, int is_err, const char *data, size_t n);

/* A copy from one host to another: host_ship.c */
int host_ship(struct cluster *c, struct waiter *w, const struct step *s, struct outcome *out,
    struct host_telling *t, struct err *e);

/* The next pair of an answer: 1, or 0 at its end. *at starts at 0. */
int host_pair(const struct buf *b, size_t *at, const char **name, const char **value);
/* What the text of mountinfo says of f->real: a mount point, mounts below it, its other names. */
void host_mounts(struct arena *a, struct path_facts *f, const char *text);
/* Reads PostgreSQL's control file from the hex of its first bytes. */
struct control {
	uint64_t system, checkpoint;
	enum cluster_state state;
	int timeline;
};
int control_read(const char *hex, struct control *out);

#endif
