/*
 * jobs [status|pause|resume] [NAME]: background jobs of the configuration. Looking runs their
 * status commands; pausing and resuming are plans.
 */
#include <string.h>

#include "arena.h"
#include "commands/planning.h"
#include "engines/ask.h"
#include "banned.h"

enum { JOB, HOST, STATE, SAYS, COLUMNS };

static const struct job_config *
find(const struct context *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->config->njobs; i++)
		if (strcmp(c->config->jobs[i].name, name) == 0)
			return &c->config->jobs[i];
	return NULL;
}

static const char *
state_of(struct context *c, const char *job)
{
	const struct job_pause *j;
	size_t i;

	for (i = 0; i < c->npaused; i++) {
		j = &c->paused[i];
		if (strcmp(j->job, job) == 0)
			return arena_printf(c->arena, "%s since %.19sZ by %s",
			    j->is_certain ? "PAUSED" : "perhaps PAUSED", j->since, j->person);
	}
	return "not paused here";
}

static void
fill(struct context *c, const struct job_config *job, const char **cells)
{
	const char *said;
	struct err e = {0};
	int status;

	cells[JOB] = job->name;
	cells[HOST] = job->host;
	cells[STATE] = state_of(c, job->name);
	if (ask_job(c->cluster, c->waiter, c->arena, job, &said, &status, &e) != 0)
		cells[SAYS] = arena_printf(c->arena, "not known: %s", e.msg);
	else if (job->nstatus == 0)
		cells[SAYS] = "no status command";
	else
		cells[SAYS] = arena_printf(c->arena, "%s (exit %d)", said, status);
}

static int
status(struct context *c, const char *name, struct result *r, struct err *e)
{
	static const char *const titles[] = {"job", "host", "state", "it says"};
	const char **cells =
	    arena_array(c->arena, COLUMNS * (c->config->njobs + 1), sizeof(*cells));
	size_t i, n = 0;

	for (i = 0; i < c->config->njobs; i++)
		if (name == NULL || strcmp(name, c->config->jobs[i].name) == 0)
			fill(c, &c->config->jobs[i], cells + COLUMNS * n++);
	if (name != NULL && n == 0)
		return err_set(e, ERR_USAGE, "no job is called \"%.64s\"", name);
	r->kind = RETURNS_VIEW;
	view_table(c->arena, &r->view, COLUMNS, titles, cells, n, NULL);
	return 0;
}

static int
jobs_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	struct guard_input g = {.engine = c->engine,
	    .policy = c->policy,
	    .session = c->session,
	    .holds = c->holds,
	    .nholds = c->nholds};
	int is_resume = argc > 1 && strcmp(argv[1], "resume") == 0;
	const struct job_config *job;
	struct host_facts h;

	if (argc == 1 || strcmp(argv[1], "status") == 0)
		return status(c, argc > 2 ? argv[2] : NULL, r, e);
	if (argc != 3 || (!is_resume && strcmp(argv[1], "pause") != 0))
		return err_set(
		    e, ERR_USAGE, "usage: jobs [status [NAME] | pause NAME | resume NAME]");
	if ((job = find(c, argv[2])) == NULL) {
		err_set(e, ERR_USAGE, "no job is called \"%.64s\"; nothing was done", argv[2]);
		return err_hint(e, "jobs lists them; a job section in holdfast.conf makes one.");
	}
	if (!c->is_signed)
		return err_set(e, ERR_APPROVAL,
		    "jobs %s needs to know who you are: this session is unsigned", argv[1]);
	if (ask_host(c->cluster, c->waiter, c->arena, job->host, &h, e) != 0 ||
	    planning_topology(c, e) != 0)
		return -1;
	g.topology = c->topology;
	r->kind = RETURNS_PLAN;
	r->plan = planning_new(c, c->line, c->line_len);
	policy_plan_job(c->arena, r->plan, &g, c->cluster_config, &h, job, is_resume);
	return 0;
}

const struct command command_jobs = {
    .name = "jobs",
    .args = "[status [NAME] | pause NAME | resume NAME]",
    .max = 2,
    .needs = IN_SHELL | NEED_CLUSTER | NO_ALIAS,
    .help = "Show, pause and resume background jobs on hosts",
    .exec = jobs_exec,
};
