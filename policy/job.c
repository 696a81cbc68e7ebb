/*
 * Pausing and resuming a job as a plan: one step, the words of the configuration, on the job's
 * host. Must never plan other words than those.
 */
#include <string.h>

#include "config.h"
#include "job.h"
#include "policy/inside.h"
#include "banned.h"

#define JOB_MS 120000

static void
arg(struct arena *a, struct step *s, const char *name, const char *value)
{
	s->args = arena_grow(a, s->args, s->nargs, sizeof(*s->args));
	s->args[s->nargs++] = (struct argument){arena_strdup(a, name), arena_strdup(a, value)};
}

static void
say(struct arena *a, struct plan *p, const struct job_config *job, int is_resume)
{
	struct reason *r = arena_alloc(a, sizeof(*r));

	*r = (struct reason){"job", NULL, NULL, LEVEL_CONFIRM};
	r->sentence =
	    is_resume
		? arena_printf(a,
		      "Job %s runs again on host %s from here on. Whether what it was paused for "
		      "is "
		      "over is not known here. Confirm the host's name.",
		      job->name, job->host)
		: arena_printf(a,
		      "Job %s stops on host %s until somebody resumes it; what depends on it is "
		      "not "
		      "known here. It is remembered, and asked about when the incident closes. "
		      "Confirm the host's name.",
		      job->name, job->host);
	p->verdict = (struct verdict){.level = LEVEL_CONFIRM, .reasons = r, .nreasons = 1};
}

void
policy_plan_job(struct arena *a, struct plan *p, const struct guard_input *in,
    const struct cluster_config *c, const struct host_facts *host, const struct job_config *job,
    int is_resume)
{
	const char **words = is_resume ? job->resume : job->pause;
	size_t n = is_resume ? job->nresume : job->npause, i;
	struct step *s;

	p->danger = DANGER_DANGEROUS;
	p->back = BACK_STATEMENT;
	p->way_back = arena_printf(a, "jobs %s %s", is_resume ? "pause" : "resume", job->name);
	say(a, p, job, is_resume);
	plan_add_node(a, p, host->name, host->identity, host->boot_id, ROLE_UNKNOWN, 0);
	s = plan_add(a, p);
	s->part = PART_MAIN;
	s->type = STEP_PROC;
	s->kind = KIND_COMMAND;
	s->conn = CONN_HOST;
	s->node = host->name;
	s->proc = is_resume ? JOB_RESUME : JOB_PAUSE;
	s->timeout_ms = JOB_MS;
	s->why = arena_printf(a, "%s job %s", is_resume ? "resume" : "pause", job->name);
	arg(a, s, "fingerprint", host->fingerprint);
	arg(a, s, "job", job->name);
	for (i = 0; i < n; i++)
		arg(a, s, arena_printf(a, "word%zu", i + 1), words[i]);
	policy_world(a, p, in->topology, &p->session, in->holds, in->nholds);
	policy_say_host(a, p, c, in->topology, host);
	plan_add_fact(a, p, arena_printf(a, "host %s identity", host->name), host->identity);
	plan_add_fact(a, p, arena_printf(a, "host %s boot", host->name), host->boot_id);
}
