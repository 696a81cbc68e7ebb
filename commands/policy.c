/*
 * policy explain: which rules fire for a statement, and why. Changes nothing; without a server it
 * judges as on a healthy primary and says which facts it did not have.
 */
#include <string.h>

#include "arena.h"
#include "command.h"
#include "commands/explain.h"
#include "engines/ask.h"
#include "banned.h"

/* A primary and one replica, for who asks without a server. */
static void
imagine(struct arena *a, struct judge_input *in)
{
	struct topology *t = arena_alloc(a, sizeof(*t));
	struct session *s = arena_alloc(a, sizeof(*s));

	t->nodes = arena_array(a, 2, sizeof(*t->nodes));
	t->nnodes = 2;
	t->nodes[0] = (struct node){
	    .name = "the primary", .identity = "1", .incarnation = "", .role = ROLE_PRIMARY};
	t->nodes[1] = (struct node){.name = "the replica",
	    .identity = "2",
	    .incarnation = "",
	    .role = ROLE_REPLICA,
	    .upstream = "1",
	    .is_streaming = 1};
	s->node = "the primary";
	s->identity = "1";
	s->role = ROLE_PRIMARY;
	in->topology = t;
	in->session = s;
	in->is_signed = in->is_journal_writable = 1;
}

/* One word is the statement as the shell unquoted it; several are joined again. */
static const char *
statement(struct context *c, int argc, char **argv)
{
	const char *out = argv[2];
	int i;

	for (i = 3; i < argc; i++)
		out = arena_printf(c->arena, "%s %s", out, argv[i]);
	return out;
}

static int
policy_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	struct lexical lx = {.version = 150000, .standard_conforming_strings = 1};
	int is_offline = c->session == NULL || c->cluster == NULL;
	struct judge_input in = {.policy = c->policy, .cluster = c->cluster_config};
	struct script s;
	struct verdict v;
	const char *text;

	if (strcmp(argv[1], "explain") != 0)
		return err_set(
		    e, ERR_USAGE, "policy has no subcommand \"%s\"; there is: explain", argv[1]);
	if (!is_offline)
		c->engine->lexical(c->session, &lx);
	lx.engine = c->engine;
	text = statement(c, argc, argv);
	if (classify(c->classifier, text, strlen(text), &lx, c->arena, &s, e) != 0)
		return -1;
	if (!is_offline && (ask_refine(c->cluster, c->waiter, c->arena, &s, e) != 0 ||
			       ask_reads(c->cluster, c->waiter, c->arena,
				   session_setting(c->session, "search_path"), &s, e) != 0 ||
			       ask_topology(c->cluster, c->waiter, &c->topology, e) != 0))
		return -1;
	in.statements = s.statements;
	in.nstatements = s.nstatements;
	in.session = c->session;
	in.topology = c->topology;
	in.holds = c->holds;
	in.nholds = c->nholds;
	in.is_journal_writable = c->is_journal_writable;
	in.is_signed = c->is_signed;
	if (is_offline)
		imagine(c->arena, &in);
	policy_judge(c->arena, &in, &v);
	r->kind = RETURNS_VIEW;
	explain_lines(c, &r->view, &v, danger_name(s.danger), is_offline);
	if (c->is_json)
		r->view.json = explain_json(c->arena, &v, danger_name(s.danger), is_offline);
	return 0;
}

const struct command command_policy = {
    .name = "policy",
    .args = "explain 'STATEMENT'",
    .min = 2,
    .max = -1,
    .needs = AT_CLI | IN_SHELL | HAS_JSON,
    .help = "Say which rules fire for a statement, and why",
    .exec = policy_exec,
};
