/*
 * Asking where a replica's next start can be told to leave replication stopped: see ask.h. All
 * hosts are asked at once. Must never take what it could not see for a place.
 */
#include <stdlib.h>
#include <string.h>

#include "engines/host_ask.h"
#include "engines/members.h"
#include "text.h"
#include "banned.h"

struct asked {
	struct cluster *c;
	struct hold_file *file;
	struct arena *arena; /* a worker's own */
};

static void
take(struct asked *x, const char *name, const char *value)
{
	struct hold_file *f = x->file;

	if (strcmp(name, "file") == 0)
		f->file = arena_strdup(x->arena, value);
	else if (strcmp(name, "own") == 0)
		f->is_own = 1;
	else if (strcmp(name, "there") == 0)
		f->is_there = 1;
	else if (strcmp(name, "set") == 0)
		f->is_set = 1;
	else if (strcmp(name, "why") == 0)
		f->why = text_inert(x->arena, value, strnlen(value, 400), 0);
	else if (strcmp(name, "free") == 0 && value[0] != '\0')
		f->disk_free = strtoll(value, NULL, 10);
}

static int
read_answer(struct asked *x, const struct buf *b)
{
	const char *name, *value;
	size_t at = 0;

	while (host_pair(b, &at, &name, &value)) {
		if (strcmp(name, "end") == 0)
			return 0;
		take(x, name, value);
	}
	return -1;
}

/* A path that nobody could read in a plan is none that is written to. */
static int
can_be_shown(const char *path)
{
	return path[0] == '/' && strlen(path) <= HOST_PATH_MAX &&
	       text_is_utf8(path, strlen(path)) && !text_is_exotic(path, strlen(path)) &&
	       strpbrk(path, "\n\t") == NULL;
}

static void
ask_one(void *arg, struct waiter *w)
{
	struct asked *x = arg;
	struct hold_file *f = x->file;
	const struct host_config *config = host_find(x->c->setup.config, f->host);
	struct host_command cmd = {0};
	struct host_conn *h;
	struct err e = {0};
	int rc;

	f->disk_free = -1;
	rc = host_open(x->c->setup.config, f->host, w, &h, &e);
	if (rc == 0) {
		f->fingerprint = arena_strdup(x->arena, host_fingerprint(h));
		rc = host_script(
		    h, w, script_my_file, &f->directory, 1, config->timeout_ms, &cmd, &e);
		if (rc == 0 && read_answer(x, &cmd.out) != 0)
			rc = err_set(&e, ERR_CONN, "its answer did not come to its end");
		host_command_free(&cmd);
		host_close(h);
	}
	if (rc == 0 && f->file != NULL && !can_be_shown(f->file)) {
		f->file = NULL;
		f->why = "the name of its option file has characters that cannot be seen";
	}
	if (rc == 0)
		return;
	f->file = NULL;
	f->is_there = f->is_set = 0;
	f->why = arena_printf(x->arena, "host %s could not be asked: %s", f->host,
	    text_inert(x->arena, e.msg, strlen(e.msg), 0));
}

void
ask_hold_files(
    struct cluster *c, struct waiter *w, struct arena *a, struct hold_file *files, size_t n)
{
	struct asked *asked = arena_array(a, n + 1, sizeof(*asked));
	struct hold_file *f;
	size_t i;

	for (i = 0; i < n; i++) {
		asked[i] = (struct asked){.c = c, .file = &files[i], .arena = arena_new()};
		files[i].why = "it was not asked";
	}
	fanout(w, ask_one, asked, sizeof(*asked), n);
	for (i = 0; i < n; i++) {
		f = &files[i];
		f->file = arena_strdup(a, f->file);
		f->why = f->file != NULL ? NULL : arena_strdup(a, f->why);
		f->fingerprint = f->fingerprint == NULL ? "" : arena_strdup(a, f->fingerprint);
		arena_free(asked[i].arena);
	}
}
