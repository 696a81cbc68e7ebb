/*
 * The operator's connection: see connect.h. The prompt comes when the named node answers; the crawl
 * finishes behind it.
 */
#include <string.h>

#include "arena.h"
#include "shell/app.h"
#include "shell/connect.h"
#include "shell/holds.h"
#include "shell/out.h"
#include "shell/picture.h"
#include "banned.h"

static int
read_session(struct app *app, struct err *e)
{
	struct arena *a = arena_new();
	struct session *s = arena_alloc(a, sizeof(*s));

	if (facts_session(app->cluster, loop_waiter(app->loop), a, s, e) != 0) {
		arena_free(a);
		return -1;
	}
	arena_free(app->session_arena);
	app->session_arena = a;
	app->session = s;
	return 0;
}

void
app_refresh_session(struct app *app)
{
	struct err ignored = {0};

	if (app->session != NULL && read_session(app, &ignored) != 0 &&
	    !cluster_is_connected(app->cluster))
		app_disconnect(app);
}

void
app_disconnect(struct app *app)
{
	cluster_disconnect(app->cluster);
	arena_free(app->session_arena);
	app->session_arena = NULL;
	app->session = NULL;
}

void
app_tidy(struct app *app)
{
	if (app->depth == 0 && app->cluster != NULL)
		cluster_tidy(app->cluster);
}

/* The crawl is done, here or by somebody who needed its sessions: the picture is replaced, standing
 * holds are compared with it. */
static void
crawl_done(void *ctx)
{
	struct app *app = ctx;
	struct err ignored = {0};
	int fd = app->crawl_fd;

	loop_unwatch(app->loop, fd);
	app->crawl_fd = -1;
	if (cluster_crawl_fd(app->cluster) == fd &&
	    cluster_crawl_finish(app->cluster, &ignored) != 0)
		return;
	if (app->busy == 0)
		holds_watch(app);
	picture_note(app);
	app_tidy(app);
}

void
app_crawl(struct app *app)
{
	struct err ignored = {0};

	if (app->crawl_fd >= 0 && cluster_crawl_fd(app->cluster) == app->crawl_fd)
		return;
	if (app->crawl_fd >= 0)
		loop_unwatch(app->loop, app->crawl_fd);
	app->crawl_fd = -1;
	if (cluster_crawl_fd(app->cluster) < 0 && cluster_crawl_start(app->cluster, &ignored) != 0)
		return;
	app->crawl_fd = cluster_crawl_fd(app->cluster);
	loop_watch(app->loop, app->crawl_fd, crawl_done, app);
}

int
app_topology(struct app *app, const struct topology **out, struct err *e)
{
	return facts_topology(app->cluster, loop_waiter(app->loop), out, e);
}

int
app_connect(struct app *app, const char *node, const char *database, struct err *e)
{
	struct waiter *w = loop_waiter(app->loop);

	if (database == NULL && app->session != NULL)
		database = app->session->database;
	if (cluster_connect(app->cluster, w, node, database, e) != 0)
		return -1;
	if (read_session(app, e) != 0)
		return -1;
	if (app->is_interactive)
		out_line(app, STYLE_PLAIN,
		    "connected to %s, the %s of this cluster, database %s, as %s",
		    app->session->node,
		    app->session->role == ROLE_PRIMARY ? "PRIMARY" : role_name(app->session->role),
		    app->session->database, app->session->current_role);
	app_crawl(app);
	return 0;
}
