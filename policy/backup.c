/*
 * Taking a backup and proving one, as plans. Both only read the servers of the cluster: a drill
 * restores into a scratch server on this machine. Confirmed, since they take load, disk and time.
 */
#include <string.h>

#include "policy/inside.h"
#include "policy.h"
#include "policy/steps.h"
#include "banned.h"

#define BACKUP_MS (12 * 3600 * 1000)

/* All that the procedure needs of the section: it knows no configuration. */
static void
section(struct arena *a, struct step *s, const struct backup_config *b, const char *database)
{
	size_t i;

	steps_arg(a, s, "backup", b->name);
	steps_arg(a, s, "method", b->method);
	steps_arg(a, s, "path", b->path);
	steps_arg(a, s, "pattern", b->pattern);
	steps_arg(a, s, "database", b->database == NULL ? database : b->database);
	steps_arg(a, s, "proofs", b->proofs);
	if (b->stanza != NULL)
		steps_arg(a, s, "stanza", b->stanza);
	if (b->tool != NULL)
		steps_arg(a, s, "config", b->tool);
	for (i = 0; i < b->ncommand; i++)
		steps_arg(a, s, arena_printf(a, "word%zu", i + 1), b->command[i]);
}

int
policy_plan_backup(struct arena *a, struct plan *p, const struct guard_input *in,
    const struct backup_config *b, const char *verb, struct err *e)
{
	const struct node *n = topology_find(in->topology, in->session->node);
	struct reason *why = arena_alloc(a, sizeof(*why));
	int is_drill = strcmp(verb, "drill") == 0;
	struct step *s;

	if (n == NULL)
		return err_set(e, ERR_REFUSED,
		    "%s is not in the picture of the cluster; nothing was "
		    "done",
		    in->session->node);
	why->rule = is_drill ? "backup-drill" : "backup-take";
	why->sentence =
	    is_drill ? "The newest is restored into a scratch server on this machine, which is "
		       "removed afterwards; the live server is only read, to compare counts."
		     : "The server is read as a whole, which takes its disks and time; nothing on "
		       "it is changed.";
	why->level = LEVEL_CONFIRM;
	p->verdict.level = LEVEL_CONFIRM;
	p->verdict.reasons = why;
	p->verdict.nreasons = 1;
	p->danger = DANGER_WRITE;
	p->back = BACK_ROLLBACK;
	p->way_back = "Nothing on the servers is changed.";
	plan_add_node(a, p, n->name, n->identity, n->incarnation, n->role, 0);
	s = plan_add(a, p);
	s->part = PART_MAIN;
	s->type = STEP_PROC;
	s->kind = KIND_COPY;
	s->conn = CONN_CONTROL;
	s->node = arena_strdup(a, n->name);
	s->proc = is_drill ? "backup-drill-v1" : "backup-take-v1";
	s->timeout_ms = BACKUP_MS;
	s->why = is_drill ? arena_printf(a,
				"restore the newest of %s, read all of it, compare counts", b->name)
			  : arena_printf(a, "write one more of %s to %s", b->name, b->path);
	s->say = is_drill ? "PROVED: {report}" : "TAKEN: {report}";
	steps_report(a, s, "report");
	section(a, s, b, in->session->database);
	policy_world(a, p, in->topology, in->session, in->holds, in->nholds);
	return 0;
}
