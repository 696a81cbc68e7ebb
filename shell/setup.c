/*
 * Setting the program up: see setup.h. What is missing is said once, and what still works goes on
 * working: without a journal or a key only looking and making safe.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "arena.h"
#include "engine.h"
#include "shell/app.h"
#include "shell/capture.h"
#include "shell/config.h"
#include "shell/connect.h"
#include "shell/holds.h"
#include "shell/out.h"
#include "shell/pending.h"
#include "shell/policy_file.h"
#include "shell/repl.h"
#include "shell/setup.h"
#include "text.h"
#include "banned.h"

void
setup_terminal(struct app *app)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");
	struct winsize ws;

	app->has_color = isatty(STDOUT_FILENO) && (no == NULL || *no == '\0') && term != NULL &&
			 strcmp(term, "dumb") != 0;
	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0) {
		app->width = ws.ws_col;
		app->height = ws.ws_row;
	}
}

static int
load_operators(struct app *app, struct err *e)
{
	if (app->config->operators == NULL)
		return 0;
	app->operators = arena_alloc(app->arena, sizeof(*app->operators));
	if (operators_load(app->arena, app->config->operators, app->operators, e) != 0) {
		app->operators = NULL;
		return -1;
	}
	return 0;
}

static int
choose_person(struct app *app, const char *as, struct err *e)
{
	if (as == NULL)
		return 0;
	app->person_config = config_person(app->config, as);
	if (app->person_config == NULL) {
		err_set(e, ERR_CONFIG, "no person \"%s\" stands in %s", as,
		    app->config->file == NULL ? "the config (there is none)" : app->config->file);
		return err_hint(e, "Add: person \"%s\" { key = \"/path/to/private/key\" }", as);
	}
	if (app->person_config->key != NULL && access(app->person_config->key, R_OK) != 0) {
		err_set(e, ERR_CONFIG, "the key of %s, %s, could not be read", as,
		    app->person_config->key);
		return err_hint(e, "It must exist and be readable by you, mode 0600.");
	}
	return 0;
}

int
setup_program(struct app *app, const char *config, const char *as, int needs_config, struct err *e)
{
	struct config *c = arena_alloc(app->arena, sizeof(*c));
	struct err store = {0};

	(void)needs_config;
	if (config_load(app->arena, config, c, e) != 0)
		return -1;
	app->config = c;
	if (policy_load(app->arena, c->policy, &app->policy, e) != 0 ||
	    policy_fits(&app->policy, c, e) != 0 || load_operators(app, e) != 0 ||
	    choose_person(app, as, e) != 0)
		return -1;
	app->engine = engine_by_name("postgresql");
	if (classifier_start(app->engine, &app->classifier, e) != 0)
		return -1;
	app->loop = loop_new();
	if (c->spool != NULL && store_open_spool(c->spool, &app->store, &store) != 0) {
		app->store = NULL;
		out_error(app, &store, NULL, 0);
	}
	return 0;
}

static int
choose_cluster(struct app *app, const char *target, struct err *e)
{
	struct config *c;

	if (target != NULL && strstr(target, "://") != NULL) {
		c = arena_alloc(app->arena, sizeof(*c));
		*c = *app->config;
		if (config_from_url(app->arena, target, c, e) != 0)
			return -1;
		app->config = c;
		app->cluster_config = &c->clusters[0];
	} else if (target != NULL) {
		app->cluster_config = config_cluster(app->config, target);
	} else if (app->config->nclusters == 1) {
		app->cluster_config = &app->config->clusters[0];
	}
	if (app->cluster_config == NULL) {
		if (target == NULL)
			err_set(e, ERR_CONFIG, "no cluster was named, and the config has %zu",
			    app->config->nclusters);
		else
			err_set(e, ERR_CONFIG, "no cluster \"%s\" stands in the config", target);
		return err_hint(e,
		    "holdfast --config FILE CLUSTER, or holdfast postgresql://HOST:PORT/DATABASE");
	}
	app->engine = engine_by_name(app->cluster_config->engine);
	return app->engine == NULL ? err_set(e, ERR_CONFIG, "engine \"%s\" is not known",
					 app->cluster_config->engine)
				   : 0;
}

/* Runs in another thread while the shell hangs in the disk: nothing of the shell's may be touched.
 * A pager keeps its screen; whoever leaves it is told then. */
static int
say_slow(void *ctx, const char *file, int seconds)
{
	struct arena *a;
	const char *line;
	ssize_t ignored;

	if (pager_has_screen(ctx))
		return 0;
	a = arena_new();
	line = arena_printf(a,
	    "\nwaiting %d s for the disk of the journal %s: nothing is sent or acknowledged until "
	    "it answers%s\n",
	    seconds, text_inert(a, file, strlen(file), 0),
	    seconds < 5 ? "" : "; this cannot be cancelled here: look at that disk from elsewhere");
	ignored = write(STDERR_FILENO, line, strlen(line));
	(void)ignored;
	arena_free(a);
	return 1;
}

static void
say_waited(struct app *app)
{
	struct arena *a = arena_new();
	int seconds = journal_waited(app->journal);

	if (seconds > 0)
		repl_notice(
		    app, arena_printf(a, "the disk of the journal answered, after %d s", seconds));
	arena_free(a);
}

static void
open_journal(struct app *app)
{
	struct journal_setup s = {.dirs = app->config->journal,
	    .ndirs = app->config->njournal,
	    .person = app->person_config == NULL ? "" : app->person_config->name,
	    .cluster = app->cluster_config->name,
	    .operators_file = app->config->operators,
	    .policy_digest = app->policy.digest,
	    .copy = app->config->journal_copy,
	    .closed = app->config->journal_closed,
	    .nclosed = app->config->njournal_closed,
	    .slow = say_slow,
	    .slow_ctx = app};
	struct err e = {0};

	if (session_key_new(&app->key, &e) == 0) {
		s.key = app->key;
		if (journal_open(&s, &app->journal, &e) == 0)
			return;
	}
	app->journal = NULL;
	err_wrap(&e, "no journal: only looking and making safe work");
	out_error(app, &e, NULL, 0);
}

/* What is wrong with keeping the journal is said once, and once that it is right again. */
static void
say_trouble(struct app *app)
{
	struct arena *a = arena_new();
	const char *trouble = journal_trouble(a, app->journal);

	if ((trouble != NULL) != app->has_journal_trouble) {
		app->has_journal_trouble = trouble != NULL;
		repl_notice(app, trouble == NULL ? "the journal is kept as it should be again"
						 : arena_printf(a, "ALARM: %s", trouble));
	}
	arena_free(a);
}

static void
tick(void *ctx)
{
	struct app *app = ctx;

	if (app->journal != NULL) {
		journal_tick(app->journal);
		say_waited(app);
		say_trouble(app);
	}
	if (app->busy == 0)
		pending_tick(app);
}

static void
idle(void *ctx)
{
	struct app *app = ctx;

	if (app->journal != NULL)
		journal_settle(app->journal);
}

int
setup_session(struct app *app, const char *target, int may_be_away, struct err *e)
{
	struct cluster_setup s;

	if (choose_cluster(app, target, e) != 0)
		return -1;
	open_journal(app);
	capture_terminal(app);
	s = (struct cluster_setup){
	    .config = app->cluster_config, .person = app->person_config, .incident = app->incident};
	app->cluster = cluster_new(&s);
	if (app->is_interactive)
		holds_say_legacy(app);
	else
		holds_warn_legacy(app);
	holds_clean(app);
	loop_every(app->loop, 1000, tick, app);
	loop_idle(app->loop, idle, app);
	loop_every(app->loop, 2000, holds_tick, app);
	if (app_connect(app, NULL, app->cluster_config->database, e) != 0) {
		if (!app->is_interactive && !may_be_away)
			return -1;
		if (!may_be_away)
			out_error(app, e, NULL, 0);
		err_clear(e);
	}
	return 0;
}

void
setup_finish(struct app *app)
{
	struct err e = {0};

	pending_close(app);
	if (app->cluster != NULL)
		app_disconnect(app);
	cluster_free(app->cluster);
	capture_free(app);
	memories_free(&app->memories);
	if (journal_finish(app->journal, &e) != 0)
		out_error(app, &e, NULL, 0);
	app->journal = NULL;
	session_key_free(app->key);
	classifier_stop(app->classifier);
	if (app->store != NULL)
		app->store->ops->close(app->store);
	if (app->loop != NULL)
		loop_free(app->loop);
	free(app->last_text);
	arena_free(app->holds_arena);
	arena_free(app->arena);
}
