/*
 * sh HOST COMMAND: a command line on a host. Classified as shell words, never evaluated here; what
 * only looks runs at once, everything else is a plan that names the host.
 */
#include <string.h>
#include <time.h>

#include "arena.h"
#include "commands/planning.h"
#include "engines/ask.h"
#include "banned.h"

/* Where the command begins in the line as it was typed; the host is a plain word. */
static int
find_text(struct context *c, const char *host, size_t *from, size_t *len, struct err *e)
{
	static const char blank[] = " \t\r\n";
	const char *line = arena_strndup(c->arena, c->line, c->line_len), *p = line;

	p += strspn(p, blank);
	p += strcspn(p, blank);
	p += strspn(p, blank);
	if (strncmp(p, host, strlen(host)) != 0 || strchr(blank, p[strlen(host)]) == NULL)
		return err_set(
		    e, ERR_USAGE, "the host is written without quotes; nothing was done");
	p += strlen(host);
	p += strspn(p, blank);
	*from = (size_t)(p - line);
	*len = strlen(p);
	while (*len > 0 && strchr(blank, p[*len - 1]) != NULL)
		(*len)--;
	return 0;
}

static int
understand(struct context *c, struct plan *p, size_t from, size_t len, struct err *e)
{
	struct lexical lx = {.engine = &engine_sh};
	struct script s = {0};
	size_t i;

	if (classify(c->classifier, c->line + from, len, &lx, c->arena, &s, e) != 0)
		return -1;
	if (s.nstatements == 0)
		return err_set(e, ERR_USAGE, "there is no command in it; nothing was done");
	for (i = 0; i < s.nstatements; i++)
		s.statements[i].from += from;
	p->statements = s.statements;
	p->nstatements = s.nstatements;
	p->danger = s.danger;
	return 0;
}

static int
sh_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	struct host_facts h = {.name = argv[1], .identity = "", .boot_id = ""};
	struct judge_input in;
	struct plan *p;
	size_t from = 0, len = 0;

	(void)argc;
	if (find_text(c, argv[1], &from, &len, e) != 0)
		return -1;
	p = planning_new(c, c->line, c->line_len);
	if (understand(c, p, from, len, e) != 0)
		return -1;
	if (p->danger != DANGER_READ &&
	    (ask_host(c->cluster, c->waiter, c->arena, argv[1], &h, e) != 0 ||
		planning_topology(c, e) != 0))
		return -1;
	in = planning_judge(c, p);
	policy_plan_command(c->arena, p, &in, &h, arena_strndup(c->arena, c->line + from, len));
	r->kind = RETURNS_PLAN;
	r->plan = p;
	return 0;
}

const struct command command_sh = {
    .name = "sh",
    .args = "HOST COMMAND",
    .min = 2,
    .max = -1,
    .needs = IN_SHELL | NEED_CLUSTER | NO_ALIAS,
    .help = "Run a command on a host: what only looks at once, the rest as a plan",
    .exec = sh_exec,
};
