/*
 * Acting on hosts: what a plan's host steps do, see run.h. Each procedure is one script of ours
 * with the plan's arguments; the script looks again before it acts and says 8 where the world is
 * not as planned. Must never act where the host is another one than the plan's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/host_ask.h"
#include "engines/members.h"
#include "job.h"
#include "text.h"
#include "banned.h"

#define WORDS_MAX 12

static const struct host_procedure {
	const char *name, *script;
	const char *args[WORDS_MAX]; /* names of the arguments, in the script's order */
	/* What it said as cells, for checks and results; NULL: none. */
	int (*answer)(
	    struct arena *a, const struct step *s, const struct buf *b, struct outcome *out);
} procedures[] = {
    {"host-quarantine-v1", script_quarantine,
	{"above", "above_inode", "name", "inode", "quarantine", "system", "manifest"}, NULL},
    {"host-restore-v1", script_restore, {"above", "above_inode", "name", "inode", "quarantine"},
	NULL},
    {"host-expunge-v1", script_expunge, {"above", "above_inode", "quarantine", "inode", "bytes"},
	NULL},
    {"host-copy-v1", script_copy,
	{"above", "above_inode", "name", "bytes", "keep", "source", "source_inode", "marker"},
	NULL},
    {"host-basebackup-v1", script_basebackup,
	{"above", "above_inode", "name", "bytes", "keep", "conninfo", "version", "slot",
	    "makes_slot", "standby", "server"},
	NULL},
    {"host-mariabackup-v1", script_mariabackup,
	{"above", "above_inode", "name", "bytes", "keep", "defaults", "server"}, NULL},
    {"host-my-log-v1", script_my_log, {"directory", "system", "timeline", "from", "after"},
	host_answer_log},
    {"host-my-harden-v1", script_my_harden, {"directory", "file", "own", "note"}, NULL},
    {"host-my-soften-v1", script_my_soften, {"directory", "file", "own", "note"}, NULL},
    {"host-pg-log-v1", script_pg_log, {"directory", "system", "timeline", "from", "after"},
	host_answer_log},
    {"host-my-stop-v1", script_my_stop, {"directory", "system", "seconds"}, host_answer_stopped},
    {"host-pg-stop-v1", script_pg_stop, {"directory", "system", "seconds"}, host_answer_control},
    {"host-pg-start-v1", script_pg_start, {"directory", "system"}, NULL},
    {"host-pg-restart-v1", script_pg_restart, {"directory", "system"}, NULL},
    {"host-pg-rejoin-v1", script_pg_rejoin, {"directory", "system"}, NULL},
};

const char *
host_argument(const struct step *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->nargs; i++)
		if (strcmp(s->args[i].name, name) == 0)
			return s->args[i].value;
	return NULL;
}

int
host_of_step(struct cluster *c, struct waiter *w, const struct step *s, struct host_conn **out,
    struct err *e)
{
	const char *identity = host_argument(s, "fingerprint");

	if (host_open(c->setup.config, s->node, w, out, e) != 0)
		return -1;
	if (identity != NULL && strcmp(identity, host_fingerprint(*out)) == 0)
		return 0;
	host_close(*out);
	return err_set(e, ERR_STALE,
	    "host %s shows another host key than when the plan was made; nothing was done",
	    s->node);
}

static void
tell_line(struct host_telling *t)
{
	struct arena *a = arena_new();
	char *end;
	int64_t done = strtoll(t->line + 1, &end, 10), all = strtoll(end, &end, 10);
	int64_t ms = now_ms() - t->start_ms;
	double rate;

	while (*end == ' ')
		end++;
	if (t->start_ms == 0) {
		t->start_ms = now_ms();
		t->start_bytes = done;
		ms = 0;
	}
	rate = ms > 0 ? (double)(done - t->start_bytes) * 1000 / (double)ms : 0;
	t->progress(t->ctx,
	    arena_printf(a, "%s: %s%s%s%s%s%s%s", end, text_bytes(a, done),
		all > 0 ? " of about " : "", all > 0 ? text_bytes(a, all) : "",
		rate > 0 ? ", " : "", rate > 0 ? text_bytes(a, (int64_t)rate) : "",
		rate > 0 ? "/s" : "",
		rate > 0 && all > done
		    ? arena_printf(a, ", %s left", text_seconds(a, (double)(all - done) / rate))
		    : ""));
	arena_free(a);
}

void
host_tell(void *ctx, int is_err, const char *data, size_t n)
{
	struct host_telling *t = ctx;
	size_t i;

	for (i = 0; !is_err && i < n; i++) {
		if (data[i] != '\n') {
			if (t->n < sizeof(t->line) - 1)
				t->line[t->n++] = data[i];
			continue;
		}
		t->line[t->n] = '\0';
		if (t->line[0] == '%' && t->progress != NULL)
			tell_line(t);
		else
			text_copy(t->last, sizeof(t->last), t->line);
		t->n = 0;
	}
}

static int
run_script(struct cluster *c, struct waiter *w, const struct step *s,
    const struct host_procedure *p, const char *const *words, size_t n, struct arena *a,
    struct outcome *out, struct host_telling *t, struct err *e)
{
	struct host_command cmd = {.output = host_tell, .ctx = t};
	struct host_conn *h;
	int rc;

	if (host_of_step(c, w, s, &h, e) != 0)
		return -1;
	rc = host_script(h, w, p->script, words, n, s->timeout_ms, &cmd, e);
	out->is_unknown = cmd.is_unknown;
	if (cmd.is_unknown && e != NULL)
		e->code = ERR_UNKNOWN;
	if (rc == 0 && p->answer != NULL && p->answer(a, s, &cmd.out, out) != 0)
		rc = err_set(e, ERR_FAILED, "host %s: its answer did not come to its end", s->node);
	text_copy(out->tag, sizeof(out->tag),
	    rc != 0		 ? "not done"
	    : t->last[0] != '\0' ? t->last
				 : "done");
	host_command_free(&cmd);
	host_close(h);
	return rc;
}

int
host_proc(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	struct host_telling t = {.progress = progress, .ctx = ctx};
	const struct host_procedure *p;
	const char *words[WORDS_MAX];
	int64_t start = now_ms();
	size_t i, n = 0;
	int rc;

	if (strcmp(s->proc, JOB_PAUSE) == 0 || strcmp(s->proc, JOB_RESUME) == 0) {
		rc = host_job(c, w, s, out, e);
		out->ms = now_ms() - start;
		return rc;
	}
	if (strcmp(s->proc, "host-ship-v1") == 0) {
		rc = host_ship(c, w, s, out, &t, e);
		out->ms = now_ms() - start;
		return rc;
	}
	for (i = 0; i < sizeof(procedures) / sizeof(procedures[0]); i++) {
		p = &procedures[i];
		if (strcmp(p->name, s->proc) != 0)
			continue;
		for (n = 0; n < WORDS_MAX && p->args[n] != NULL; n++)
			if ((words[n] = host_argument(s, p->args[n])) == NULL)
				return err_set(e, ERR_FAILED,
				    "%s lacks the argument %s; nothing was done", s->proc,
				    p->args[n]);
		rc = run_script(c, w, s, p, words, n, a, out, &t, e);
		out->ms = now_ms() - start;
		return rc;
	}
	return err_set(e, ERR_FAILED, "no procedure is called %s; nothing was done", s->proc);
}

/* What a command says goes to whoever shows it, as it comes, up to a bound. */
struct showing {
	struct sink *sink;
	size_t n;
	int is_cut;
};

static void
show_output(void *ctx, int is_err, const char *data, size_t n)
{
	struct showing *s = ctx;
	size_t room = HOST_OUT_MAX - s->n;

	(void)is_err;
	s->is_cut |= n > room;
	n = n > room ? room : n;
	s->n += n;
	if (n > 0 && s->sink != NULL && s->sink->copy_out != NULL)
		s->sink->copy_out(s->sink, data, n);
}

int
host_attempt(struct cluster *c, struct waiter *w, struct effect *f)
{
	const char *argv[HOST_ARGV_MAX + 1] = {NULL};
	struct showing shown = {.sink = f->sink};
	struct host_command cmd = {
	    .argv = argv, .timeout_ms = f->timeout_ms, .output = show_output, .ctx = &shown};
	struct outcome *o = &f->outcome;
	struct host_conn *h;
	int64_t start = now_ms();
	size_t i;

	memset(o, 0, sizeof(*o));
	o->rows = -1;
	o->before = o->after = o->xid = "";
	for (i = 0; i < f->ntexts && i < HOST_ARGV_MAX; i++)
		argv[i] = f->texts[i];
	if (host_open(c->setup.config, f->node, w, &h, &f->err) != 0)
		return f->rc = -1;
	f->rc = host_run(h, w, &cmd, &f->err);
	o->is_unknown = cmd.is_unknown;
	o->ms = now_ms() - start;
	if (shown.is_cut && f->sink != NULL && f->sink->notice != NULL)
		f->sink->notice(f->sink, "notice", "it said more than is shown here");
	if (f->rc == 0 && cmd.signal[0] != '\0')
		f->rc = err_set(&f->err, ERR_FAILED, "host %s: the command was ended by SIG%s",
		    f->node, cmd.signal);
	else if (f->rc == 0 && cmd.status != 0)
		f->rc = err_set(&f->err, ERR_FAILED, "host %s: the command left with status %d",
		    f->node, cmd.status);
	snprintf(o->tag, sizeof(o->tag), "exit %d", cmd.status);
	host_command_free(&cmd);
	host_close(h);
	return f->rc;
}
