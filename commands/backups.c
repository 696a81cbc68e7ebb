/* backups: what the site has, what is wrong with it, one more, and the proof that it restores. */
#include <string.h>
#include <time.h>

#include "arena.h"
#include "commands/planning.h"
#include "engines/ask.h"
#include "text.h"
#include "banned.h"

static int
is_meant(const struct context *c, const struct backup_config *b, const char *name)
{
	return (name == NULL || strcmp(b->name, name) == 0) &&
	       strcmp(b->cluster, c->cluster_config->name) == 0;
}

static const char *
ago(struct context *c, int64_t at)
{
	return at == 0 ? "never" : text_seconds(c->arena, (double)(time(NULL) - at));
}

static int
list(struct context *c, struct result *r, struct err *e)
{
	static const char *const titles[] = {
	    "backup", "method", "newest", "age", "size", "of them", "proved", "restore took"};
	const char **cells = arena_array(c->arena, 8 * c->config->nbackups + 1, sizeof(*cells));
	struct backup_facts f;
	size_t i, n = 0;

	for (i = 0; i < c->config->nbackups; i++) {
		const struct backup_config *b = &c->config->backups[i];
		const char **row = cells + 8 * n;

		if (!is_meant(c, b, NULL))
			continue;
		if (ask_backup(c->waiter, c->arena, b, NULL, 0, &f, e) != 0)
			return -1;
		row[0] = b->name;
		row[1] = b->method;
		row[2] = f.nitems == 0 ? "none" : f.items[0].name;
		row[3] = f.nitems == 0 ? "" : ago(c, f.items[0].made);
		row[4] = f.nitems == 0 ? "" : text_bytes(c->arena, f.items[0].bytes);
		row[5] = arena_printf(c->arena, "%zu", f.nitems);
		row[6] = f.proof.at != 0 && !f.proof.ok ? "FAILED" : ago(c, f.proof.at);
		row[7] = f.proof.at == 0 ? "" : text_seconds(c->arena, (double)f.proof.ms / 1000);
		n++;
	}
	r->kind = RETURNS_VIEW;
	view_table(c->arena, &r->view, 8, titles, cells, n, NULL);
	r->view.footer = "backups check looks at each; backups drill NAME proves one";
	return 0;
}

static int
check(struct context *c, const char *name, struct result *r, struct err *e)
{
	static const char *const titles[] = {"backup", "check", "state", "seen"};
	static const char *const states[] = {"ok", "warn", "FAIL"};
	const char **cells = NULL;
	struct backup_live l;
	struct backup_facts f;
	size_t i, k, m, n = 0, bad = 0;

	if (planning_topology(c, e) != 0 ||
	    ask_backup_live(c->cluster, c->waiter, c->arena, &l, e) != 0)
		return -1;
	for (i = 0; i < c->config->nbackups; i++) {
		const struct backup_config *b = &c->config->backups[i];

		if (!is_meant(c, b, name))
			continue;
		if (ask_backup(c->waiter, c->arena, b, &l, 1, &f, e) != 0)
			return -1;
		for (k = 0; k < f.nfindings; k++) {
			for (m = 0; m < 4; m++)
				cells = arena_grow(c->arena, cells, 4 * n + m, sizeof(*cells));
			cells[4 * n] = b->name;
			cells[4 * n + 1] = f.findings[k].check;
			cells[4 * n + 2] = states[f.findings[k].state];
			cells[4 * n + 3] = f.findings[k].evidence;
			bad += f.findings[k].state == BACKUP_FAIL;
			n++;
		}
	}
	if (n == 0)
		return err_set(e, ERR_USAGE, "no backup of this cluster is called that");
	r->kind = RETURNS_VIEW;
	view_table(c->arena, &r->view, 4, titles, cells, n, NULL);
	r->view.exit = bad > 0 ? 1 : 0;
	return 0;
}

static int
act(struct context *c, const char *verb, const char *name, struct result *r, struct err *e)
{
	struct guard_input g = {.engine = c->engine,
	    .policy = c->policy,
	    .session = c->session,
	    .holds = c->holds,
	    .nholds = c->nholds};
	size_t i;

	for (i = 0; i < c->config->nbackups; i++)
		if (is_meant(c, &c->config->backups[i], name))
			break;
	if (i == c->config->nbackups)
		return err_set(
		    e, ERR_USAGE, "no backup section of this cluster is called %s", name);
	if (planning_topology(c, e) != 0)
		return -1;
	g.topology = c->topology;
	r->kind = RETURNS_PLAN;
	r->plan = planning_new(c, c->line, c->line_len);
	return policy_plan_backup(c->arena, r->plan, &g, &c->config->backups[i], verb, e);
}

static int
backups_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	const char *verb = argc > 1 ? argv[1] : "list";

	if (strcmp(verb, "list") == 0 && argc < 3)
		return list(c, r, e);
	if (strcmp(verb, "check") == 0)
		return check(c, argc > 2 ? argv[2] : NULL, r, e);
	if ((strcmp(verb, "take") == 0 || strcmp(verb, "drill") == 0) && argc == 3)
		return act(c, verb, argv[2], r, e);
	return err_set(e, ERR_USAGE, "backups takes list, check [NAME], take NAME or drill NAME");
}

const struct command command_backups = {
    .name = "backups",
    .args = "[list | check [NAME] | take NAME | drill NAME]",
    .max = 2,
    .needs = IN_SHELL | HAS_JSON | NEED_CLUSTER,
    .help = "Show backups, look what is wrong with them, take one, prove one",
    .exec = backups_exec,
};
