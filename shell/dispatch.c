/*
 * One complete input: to its verb or to SQL, and what comes back to where it belongs. Must never
 * act by itself: plans go to the gate.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engine.h"
#include "shell/app.h"
#include "shell/capture.h"
#include "shell/connect.h"
#include "shell/gate.h"
#include "shell/habits.h"
#include "shell/holds.h"
#include "shell/incident.h"
#include "shell/live.h"
#include "shell/new_files.h"
#include "shell/out.h"
#include "shell/pending.h"
#include "shell/picture.h"
#include "shell/play.h"
#include "shell/review.h"
#include "shell/words.h"
#include "text.h"
#include "banned.h"

#define TEXT_KEPT ((size_t)1 << 20)

static void
progress(void *ctx, const char *line)
{
	out_progress(ctx, line);
}

void
app_context(struct app *app, struct arena *a, struct context *c)
{
	memset(c, 0, sizeof(*c));
	c->arena = a;
	c->config = app->config;
	c->cluster_config = app->cluster_config;
	c->policy = &app->policy;
	c->operators = app->operators;
	c->engine = app->engine;
	c->classifier = app->classifier;
	c->cluster = app->cluster;
	c->waiter = loop_waiter(app->loop);
	c->session = app->session;
	c->holds = app->holds;
	c->nholds = app->nholds;
	c->paused = app->paused;
	c->npaused = app->npaused;
	c->person = app->person_config == NULL ? "" : app->person_config->name;
	c->incident = app->incident;
	c->memories = &app->memories;
	c->store = app->store;
	c->journal_session = app->journal == NULL ? "" : journal_session(app->journal);
	c->is_json = app->is_json;
	c->is_tty = app->is_interactive;
	c->width = app->width;
	c->journal_trouble = app->journal == NULL ? NULL : journal_trouble(a, app->journal);
	c->progress = progress;
	c->progress_ctx = app;
	c->is_journal_writable = app->journal != NULL && journal_is_writable(app->journal);
	c->is_signed = app->person_config != NULL && app->person_config->key != NULL;
}

static int
missing(struct app *app, const struct command *cmd, struct context *c, struct err *e)
{
	if ((cmd->needs & (NEED_CLUSTER | NEED_TOPOLOGY)) && app->session == NULL) {
		err_set(e, ERR_CONN, "%s needs a connection, and there is none", cmd->name);
		return err_hint(e, "connect NODE");
	}
	if ((cmd->needs & NEED_STORE) && c->store == NULL) {
		err_set(
		    e, ERR_CONFIG, "%s needs a request store, and none is configured", cmd->name);
		return err_hint(
		    e, "Set spool = \"DIRECTORY\" in the config, or paste the request with -.");
	}
	if ((cmd->needs & NEED_PERSON) && !c->is_signed) {
		err_set(e, ERR_APPROVAL, "%s needs to know who you are: this session is unsigned",
		    cmd->name);
		return err_hint(
		    e, "Start holdfast with --as NAME, and a key for NAME in the config.");
	}
	if ((cmd->needs & NEED_TTY) && !c->is_tty)
		return err_set(e, ERR_USAGE,
		    "%s needs a terminal: a person reads before signing; nothing was signed",
		    cmd->name);
	if ((cmd->needs & NEED_TOPOLOGY) && app_topology(app, &c->topology, e) != 0)
		return -1;
	return 0;
}

/* What `run`, `cancel`, `connect` and notes ask the shell to do. */
static int
take_entry(struct app *app, struct result *r, struct err *e)
{
	if (r->run != NULL)
		return gate_run(app, r->run, e);
	if (r->cancel != NULL)
		return gate_cancel(app, r->cancel, e);
	if (r->connect_node != NULL)
		return app_connect(app, r->connect_node, r->connect_database, e);
	if (r->disconnects) {
		app_disconnect(app);
		return 0;
	}
	if (r->quits) {
		app->quit = 1;
		return 0;
	}
	if (r->entry.body != NULL) {
		if (app->journal == NULL)
			return err_set(
			    e, ERR_JOURNAL, "no journal takes records; nothing was noted");
		/* What a person says is theirs; a key that does not sign now does not silence them.
		 */
		if (app->key != NULL && app->person_config != NULL && app_certify(app, e) != 0) {
			if (r->entry.is_signed)
				return err_wrap(e, "nothing was written down");
			err_clear(e);
		}
		if (journal_put(app->journal, r->entry.type, r->entry.body, e) != 0 ||
		    (r->entry.is_signed && journal_checkpoint(app->journal, e) != 0))
			return -1;
	}
	if (r->entry.say != NULL)
		out_line(app, STYLE_PLAIN, "%s", r->entry.say);
	return incident_taken(app, &r->entry, e);
}

static int
app_result(struct app *app, struct context *c, struct result *r, struct err *e)
{
	switch (r->kind) {
	case RETURNS_VIEW:
		if (new_files_write(r->files, r->nfiles, e) != 0)
			return -1;
		if (out_view(app, &r->view, e) != 0)
			return -1;
		app->exit = r->view.exit;
		return 0;
	case RETURNS_PLAN:
		return r->plan->nsteps == 0 && r->plan->verdict.level != LEVEL_REFUSE
			   ? 0
			   : gate_plan(app, c, r->plan, r->is_dry, e);
	case RETURNS_SCREEN:
		if (r->screen.kind == SCREEN_REPLAY)
			return play_run(app, r->screen.replay, e);
		if (r->screen.kind == SCREEN_HANDOVER)
			return incident_handover(app, r->screen.argument, e);
		if (r->screen.kind == SCREEN_WATCH)
			return live_run(app, &r->screen, e);
		return review_run(app, &r->screen, e);
	case RETURNS_ENTRY:
		return take_entry(app, r, e);
	}
	return -1;
}

int
app_command(struct app *app, const struct command *cmd, int argc, char **argv, const char *line,
    size_t len, struct err *e)
{
	struct arena *a = arena_new();
	const struct command *inner = NULL;
	struct result r = {0};
	struct context c;
	int rc;

	app_context(app, a, &c);
	c.line = line;
	c.line_len = len;
	if (argc - 1 < cmd->min || (cmd->max >= 0 && argc - 1 > cmd->max)) {
		err_set(e, ERR_USAGE, "usage: %s %s", cmd->name, cmd->args);
		rc = -1;
	} else {
		rc = missing(app, cmd, &c, e);
	}
	if (rc == 0 && (cmd->needs & TAKES_LINE) && argc > 1)
		inner = command_find(argv[1]);
	if (inner != NULL && (inner->needs & IN_SHELL))
		rc = missing(app, inner, &c, e);
	if (rc == 0)
		rc = cmd->exec(&c, argc, argv, &r, e);
	if (rc == 0) {
		app->last_view[0] = '\0';
		if (r.kind == RETURNS_VIEW && len < sizeof(app->last_view))
			text_copy(app->last_view, len + 1, line);
		rc = app_result(app, &c, &r, e);
	}
	arena_free(a);
	return rc;
}

static void
say_error(struct app *app, const struct err *e, const char *text, size_t len)
{
	app->exit = err_exit(e);
	if (app->exit == 0)
		app->exit = ERR_FAILED;
	out_error(app, e, text, len);
	capture_text(app, e->msg, strlen(e->msg));
}

static void
write_input(struct app *app, const char *text, size_t len)
{
	struct err e = {0};

	if (app->journal == NULL)
		return;
	if (len > JOURNAL_LINE_MAX / 8)
		len = JOURNAL_LINE_MAX / 8;
	if (journal_add(app->journal, "input", json_pack("{s:o}", "text", journal_text(text, len)),
		&e) != 0)
		out_error(app, &e, NULL, 0);
}

/* A plain query outside a transaction leaves the session as it was: the prompt need not ask again.
 */
static int
may_change_session(const struct app *app, const struct plan *p)
{
	size_t i;

	if (p == NULL || app->session == NULL || app->session->tx != TX_NONE ||
	    p->danger != DANGER_READ)
		return 1;
	for (i = 0; i < p->nstatements; i++)
		if (statement_flags(&p->statements[i]) & (ACTION_SESSION | ACTION_TX))
			return 1;
	return 0;
}

/* Kept for \watch and \e. */
static void
remember_text(struct app *app, const char *text, size_t len, const struct plan *p)
{
	char *copy;

	app->last_view[0] = '\0';
	app->last_is_read =
	    p != NULL && p->danger == DANGER_READ && p->verdict.level == LEVEL_ALLOW &&
	    p->nstatements == 1 &&
	    (statement_flags(&p->statements[0]) &
		(ACTION_SESSION | ACTION_TX | ACTION_COPY_STREAM | ACTION_SECRET)) == 0;
	if (text == app->last_text)
		return;
	copy = len <= TEXT_KEPT ? malloc(len + 1) : NULL;
	if (copy == NULL)
		return;
	memcpy(copy, text, len);
	copy[len] = '\0';
	free(app->last_text);
	app->last_text = copy;
	app->last_len = len;
}

void
app_text(struct app *app, const char *text, size_t len)
{
	struct arena *a = arena_new();
	struct result r = {0};
	struct err e = {0};
	struct context c;
	int rc, is_changed;

	app->exit = 0;
	app_context(app, a, &c);
	c.line = text;
	c.line_len = len;
	if (memchr(text, '\0', len) != NULL) {
		rc = err_set(&e, ERR_USAGE,
		    "the text holds a NUL byte, and a server would read only what is before it; "
		    "nothing was sent");
	} else if (app->session == NULL) {
		rc = err_set(&e, ERR_CONN, "not connected; nothing was run");
		err_hint(&e, "connect NODE");
	} else {
		rc = command_sql(&c, text, len, &r, &e);
	}
	is_changed = may_change_session(app, r.plan);
	if (rc == 0)
		remember_text(app, text, len, r.plan);
	if (rc == 0)
		rc = app_result(app, &c, &r, &e);
	arena_free(a);
	if (rc != 0)
		say_error(app, &e, text, len);
	if (rc != 0 || is_changed)
		app_refresh_session(app);
}

static int
is_answer(const char *text, size_t len)
{
	static const char mark[] = "-----BEGIN HOLDFAST ANSWER-----";

	return memmem(text, len, mark, sizeof(mark) - 1) != NULL;
}

/* A verb line. 1 when it was one. */
static int
try_command(struct app *app, const char *text, size_t len)
{
	struct arena *a = arena_new();
	const struct command *cmd = NULL;
	struct err e = {0};
	char **argv;
	int argc, rc = 0;
	size_t n = strspn(text, " \t\n"), w = strcspn(text + n, " \t\n;");
	const char *first = arena_strndup(a, text + n, w);

	if (first[0] == '\\' && habit_line(app, text)) {
		arena_free(a);
		return 1;
	}
	cmd = command_find(first);
	if (cmd == NULL || !(cmd->needs & IN_SHELL)) {
		if (first[0] != '\\') {
			arena_free(a);
			return 0;
		}
		err_set(&e, ERR_USAGE, "%.60s is not known here; nothing was run", first);
		err_hint(&e, "\\? lists what is.");
		say_error(app, &e, NULL, 0);
		arena_free(a);
		return 1;
	}
	app->exit = 0;
	rc = words_split(a, text, len, &argc, &argv, &e);
	if (rc == 0)
		rc = app_command(app, cmd, argc, argv, text, len, &e);
	if (rc != 0)
		say_error(app, &e, NULL, 0);
	arena_free(a);
	return 1;
}

static void
take_line(struct app *app, const char *text, size_t len)
{
	struct err e = {0};

	if (is_answer(text, len)) {
		app->exit = 0;
		if (pending_answer(app, text, len, &e) != 0)
			say_error(app, &e, NULL, 0);
		return;
	}
	if (!try_command(app, text, len))
		app_text(app, text, len);
	picture_note(app);
}

void
app_line(struct app *app, const char *text, size_t len)
{
	app->depth++;
	write_input(app, text, len);
	capture_begin(app);
	take_line(app, text, len);
	capture_end(app);
	app->depth--;
	app_tidy(app);
}

int
app_replan(
    struct app *app, struct arena *a, const struct plan *filed, struct plan **out, struct err *e)
{
	struct result r = {0};
	struct context c;
	const struct command *cmd;
	char **argv, *first;
	int argc, rc;
	size_t n = strspn(filed->text, " \t\n"), w = strcspn(filed->text + n, " \t\n;");

	if (app->session == NULL)
		return err_set(e, ERR_STALE, "the connection to %s is gone; nothing was run",
		    filed->session.node);
	app_refresh_session(app);
	/* Where only the connection was lost, a new one shows what else is different now. */
	if (app->session == NULL &&
	    app_connect(app, filed->session.node, filed->session.database, e) != 0)
		return err_wrap(e, "the connection was lost since the plan was made, and nothing "
				   "was run");
	holds_reload(app);
	app_context(app, a, &c);
	c.line = filed->text;
	c.line_len = filed->text_len;
	first = arena_strndup(a, filed->text + n, w);
	cmd = command_find(first);
	if (cmd == NULL)
		rc = command_sql(&c, filed->text, filed->text_len, &r, e);
	else if ((rc = words_split(a, filed->text, filed->text_len, &argc, &argv, e)) == 0)
		rc = cmd->exec(&c, argc, argv, &r, e);
	if (rc != 0)
		return -1;
	*out = r.plan;
	return 0;
}
