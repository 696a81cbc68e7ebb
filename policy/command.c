/*
 * sh HOST COMMAND as a plan: one step, the command as it was judged. Its class decides as for every
 * text, with sentences of its own, as nothing on a host is held, rolled back or undone. Must never
 * judge a command lower than policy_judge does by its class.
 */
#include <string.h>

#include "policy/inside.h"
#include "banned.h"

#define COMMAND_MS 600000

static const struct reason by_class[] = {
    [DANGER_READ] = {"read", "It only looks; Ctrl-C ends it there, too.", NULL, LEVEL_ALLOW},
    [DANGER_WRITE] = {"host-write",
	"It changes something on the host, and nothing here takes that back. Confirm if you mean "
	"this host.",
	NULL, LEVEL_CONFIRM},
    [DANGER_DANGEROUS] = {"host-dangerous",
	"It can change how the host or its servers work; what depends on that is not known here. "
	"Confirm if you mean this host.",
	"gitlab", LEVEL_CONFIRM},
    [DANGER_OPAQUE] = {"host-opaque",
	"What it does cannot be told from its text, so it is judged like something that destroys "
	"data, and another person approves. Write it out plainly where you can.",
	"gitlab", LEVEL_APPROVE},
    [DANGER_DESTRUCTIVE] = {"host-destructive",
	"It can destroy data on that host for good, and nothing here brings it back; another "
	"person approves. For a data directory, rm HOST:PATH renames it aside instead.",
	"gitlab", LEVEL_APPROVE},
};

static void
say(struct arena *a, struct verdict *v, const struct reason *r)
{
	v->reasons = arena_grow(a, v->reasons, v->nreasons, sizeof(*v->reasons));
	v->reasons[v->nreasons++] = *r;
	if (r->level > v->level)
		v->level = r->level;
}

/* Rules that are about who acts, and those of the site; the others are about SQL. */
static int
is_of_hosts(const char *rule)
{
	return strcmp(rule, "no-journal") == 0 || strcmp(rule, "unsigned") == 0 ||
	       strcmp(rule, "no-rule") == 0 || strcmp(rule, "no-statement") == 0 ||
	       strncmp(rule, "site:", 5) == 0;
}

static int
approvals(const struct site_policy *p, const struct verdict *v)
{
	int n = p->approvals < 1 ? 1 : p->approvals;
	size_t i, k;

	for (i = 0; i < v->nreasons; i++)
		for (k = 0; k < p->nrules; k++)
			if (strncmp(v->reasons[i].rule, "site:", 5) == 0 &&
			    strcmp(v->reasons[i].rule + 5, p->rules[k].id) == 0 &&
			    p->rules[k].approvals > n)
				n = p->rules[k].approvals;
	return n;
}

static void
judge(struct arena *a, struct plan *p, const struct judge_input *in)
{
	struct verdict all, *v = &p->verdict;
	struct reason first;
	size_t i, best = 0;

	memset(v, 0, sizeof(*v));
	policy_judge(a, in, &all);
	if (p->danger <= DANGER_DESTRUCTIVE)
		say(a, v, &by_class[p->danger]);
	for (i = 0; i < all.nreasons; i++)
		if (is_of_hosts(all.reasons[i].rule))
			say(a, v, &all.reasons[i]);
	/* The deciding reason first. */
	for (i = 0; i < v->nreasons; i++)
		if (v->reasons[i].level > v->reasons[best].level)
			best = i;
	first = v->reasons[0];
	v->reasons[0] = v->reasons[best];
	v->reasons[best] = first;
	if (v->level == LEVEL_APPROVE)
		v->approvals = approvals(in->policy, v);
}

void
policy_plan_command(struct arena *a, struct plan *p, const struct judge_input *in,
    const struct host_facts *host, const char *text)
{
	static const char *const field[] = {"identity", "boot"};
	const char *value[] = {host->identity, host->boot_id};
	struct step *s;
	size_t i;

	judge(a, p, in);
	p->back = BACK_NONE;
	p->way_back = "Nothing here takes back what a command did on a host.";
	plan_add_node(a, p, host->name, host->identity, host->boot_id, ROLE_UNKNOWN, 0);
	s = plan_add(a, p);
	s->part = PART_MAIN;
	s->type = STEP_TEXT;
	s->kind = KIND_COMMAND;
	s->conn = CONN_HOST;
	s->node = host->name;
	s->texts = arena_array(a, 3, sizeof(*s->texts));
	s->texts[0] = "/bin/sh";
	s->texts[1] = "-c";
	s->texts[2] = text;
	s->ntexts = 3;
	s->timeout_ms = COMMAND_MS;
	s->why = arena_printf(a, "run the command on host %s, for 10 minutes at most", host->name);
	policy_world(a, p, in->topology, &p->session, in->holds, in->nholds);
	if (p->danger != DANGER_READ)
		policy_say_host(a, p, in->cluster, in->topology, host);
	for (i = 0; i < 2; i++)
		plan_add_fact(a, p, arena_printf(a, "host %s %s", host->name, field[i]), value[i]);
}
