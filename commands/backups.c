/* backups: what the site has, what is wrong with it, one more, and the proof that it restores. */
#include <string.h>

#include "arena.h"
#include "commands/backups_list.h"
#include "commands/planning.h"
#include "engines/ask.h"
#include "text.h"
#include "banned.h"

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

		if (!backups_is_meant(c, b, name))
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
		if (backups_is_meant(c, &c->config->backups[i], name))
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
		return backups_list(c, r, e);
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
