/* backups list: the newest of each section, and every safety copy with how long it is to be kept.
 */
#include <string.h>
#include <time.h>

#include "arena.h"
#include "commands/backups_list.h"
#include "engines/ask.h"
#include "policy.h"
#include "text.h"
#include "banned.h"

#define NCOLS 8

int
backups_is_meant(const struct context *c, const struct backup_config *b, const char *name)
{
	return (name == NULL || strcmp(b->name, name) == 0) &&
	       strcmp(b->cluster, c->cluster_config->name) == 0;
}

static const char *
ago(struct context *c, int64_t at)
{
	return at == 0 ? "never" : text_seconds(c->arena, (double)(time(NULL) - at));
}

static const char **
row_of(struct context *c, const char ***cells, size_t n)
{
	size_t i;

	for (i = 0; i < NCOLS; i++) {
		*cells = arena_grow(c->arena, *cells, NCOLS * n + i, sizeof(**cells));
		(*cells)[NCOLS * n + i] = "";
	}
	return *cells + NCOLS * n;
}

static int
declared(struct context *c, const char ***cells, size_t *n, struct err *e)
{
	struct backup_facts f;
	size_t i;

	for (i = 0; i < c->config->nbackups; i++) {
		const struct backup_config *b = &c->config->backups[i];
		const char **row;

		if (!backups_is_meant(c, b, NULL))
			continue;
		if (ask_backup(c->waiter, c->arena, b, NULL, 0, &f, e) != 0)
			return -1;
		row = row_of(c, cells, (*n)++);
		row[0] = b->name;
		row[1] = b->method;
		row[2] = f.nitems == 0 ? "none" : f.items[0].name;
		row[3] = f.nitems == 0 ? "" : ago(c, f.items[0].made);
		row[4] = f.nitems == 0 ? "" : text_bytes(c->arena, f.items[0].bytes);
		row[5] = arena_printf(c->arena, "%zu", f.nitems);
		row[6] = f.proof.at != 0 && !f.proof.ok ? "FAILED" : ago(c, f.proof.at);
		row[7] = f.proof.at == 0 ? "" : text_seconds(c->arena, (double)f.proof.ms / 1000);
	}
	return 0;
}

/* Nothing removes them by itself: after their time a person may. */
static const char *
kept(struct context *c, const struct copy_seen *x)
{
	int64_t left = x->expires - (int64_t)time(NULL);

	if (left > 0)
		return arena_printf(
		    c->arena, "to be kept %s more", text_seconds(c->arena, (double)left));
	return arena_printf(
	    c->arena, "kept long enough since %s", text_seconds(c->arena, (double)-left));
}

static int
copies(struct context *c, const char ***cells, size_t *n, struct err *e)
{
	struct copy_seen *list;
	size_t i, many;

	if (c->policy == NULL || c->policy->safety_copies == NULL)
		return 0;
	if (ask_copies(c->arena, c->policy->safety_copies, &list, &many, e) != 0)
		return -1;
	for (i = 0; i < many; i++) {
		const struct copy_seen *x = &list[i];
		const char **row = row_of(c, cells, (*n)++);

		row[0] = arena_printf(c->arena, "%.8s", x->plan);
		row[1] = "safety copy";
		row[2] = x->wrong != NULL
			     ? "not complete: no copy"
			     : arena_printf(c->arena, "%s.%s of %s", x->schema, x->table, x->node);
		row[3] = x->wrong != NULL ? "" : ago(c, x->taken);
		row[4] = x->wrong != NULL ? "" : text_bytes(c->arena, x->bytes);
		row[5] = "1";
		row[6] = x->wrong != NULL ? "" : kept(c, x);
	}
	return 0;
}

int
backups_list(struct context *c, struct result *r, struct err *e)
{
	static const char *const titles[NCOLS] = {
	    "backup", "method", "newest", "age", "size", "of them", "proved", "restore took"};
	const char **cells = NULL;
	size_t n = 0;

	if (declared(c, &cells, &n, e) != 0 || copies(c, &cells, &n, e) != 0)
		return -1;
	r->kind = RETURNS_VIEW;
	view_table(c->arena, &r->view, NCOLS, titles, cells, n, NULL);
	r->view.footer = "backups check looks at each; backups drill NAME proves one; undo PLAN "
			 "brings back from a safety copy";
	return 0;
}
