/*
 * incident close: nothing is forgotten. What is still open is listed by name; each thing is dealt
 * with, or accepted by name, and the record says which.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "commands/asked.h"
#include "commands/incident.h"
#include "engines/ask.h"
#include "text.h"
#include "banned.h"

struct open_things {
	struct context *c;
	int argc;
	char **argv; /* close --accept NAME ... */
	struct buf left;
	size_t nleft, naccepted;
	json_t *accepted;
};

static void
thing(struct open_things *o, const char *name, const char *what)
{
	int i;

	for (i = 3; i < o->argc; i++)
		if (strcmp(o->argv[i], name) == 0) {
			json_array_append_new(o->accepted, journal_text(what, strlen(what)));
			o->naccepted++;
			return;
		}
	buf_printf(&o->left, "%s%s (%s)", o->nleft++ == 0 ? "" : "; ", name, what);
}

static void
holds_and_unknowns(struct open_things *o)
{
	struct context *c = o->c;
	struct hold *holds;
	struct unknown *u;
	size_t i, nholds, n = 0;

	for (i = 0; i < c->nholds; i++)
		thing(o, c->holds[i].node,
		    arena_printf(c->arena, "replica %s is held since %.19sZ, by %s",
			c->holds[i].node, c->holds[i].since, c->holds[i].person));
	for (i = 0; i < c->npaused; i++)
		thing(o, c->paused[i].job,
		    arena_printf(c->arena, "job %s on host %s is paused since %.19sZ, by %s",
			c->paused[i].job, c->paused[i].host, c->paused[i].since,
			c->paused[i].person));
	if (journal_legacy(c->arena, c->config->journal, c->config->njournal, c->journal_session,
		&holds, &nholds, &u, &n, NULL) != 0)
		return;
	for (i = 0; i < n; i++)
		thing(o, arena_printf(c->arena, "%.8s", u[i].plan),
		    arena_printf(c->arena, "outcome unknown of %s's plan %.8s on %s", u[i].person,
			u[i].plan, u[i].node));
}

static void
requests(struct open_things *o)
{
	struct asked *all;
	const char *bad;
	size_t n, nbad, i;

	if (o->c->store == NULL || asked_list(o->c, &all, &n, &nbad, &bad, NULL) != 0)
		return;
	for (i = 0; i < n; i++)
		if (all[i].state == REQUEST_OPEN || all[i].state == REQUEST_APPROVED)
			thing(o, arena_printf(o->c->arena, "%.8s", all[i].request.id),
			    arena_printf(o->c->arena, "%s's request %.8s is %s",
				all[i].request.plan->requester, all[i].request.id,
				request_state_name(all[i].state)));
}

static void
directories(struct open_things *o)
{
	const struct context *c = o->c;
	struct quarantined *q;
	size_t n, i;

	if (journal_quarantined(c->arena, c->config->journal, c->config->njournal, &q, &n, NULL) !=
	    0)
		return;
	for (i = 0; i < n; i++)
		thing(o, arena_printf(c->arena, "%.8s", q[i].plan),
		    arena_printf(c->arena,
			"%s on host %s, moved aside by %s to %s: undo or expunge it", q[i].was,
			q[i].host, q[i].person, q[i].path));
}

static void
quarantines(struct open_things *o)
{
	const char **names, *prefix = arena_printf(o->c->arena, "%s.", o->c->policy->quarantine);
	struct err ignored = {0};
	size_t n, i;

	directories(o);
	if (o->c->session == NULL ||
	    ask_names(o->c->cluster, o->c->waiter, o->c->arena, prefix, &names, &n, &ignored) != 0)
		return;
	for (i = 0; i < n; i++)
		thing(o, names[i], "moved aside, not expunged and not moved back");
}

int
incident_close(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	struct open_things o = {.c = c, .argc = argc, .argv = argv, .accepted = json_array()};
	json_t *body;
	int rc = 0;

	if (argc > 2 && strcmp(argv[2], "--accept") != 0) {
		json_decref(o.accepted);
		return err_set(e, ERR_USAGE, "close takes --accept and names");
	}
	buf_init(&o.left, 900);
	holds_and_unknowns(&o);
	requests(&o);
	quarantines(&o);
	if (o.nleft > 0) {
		rc =
		    err_set(e, ERR_REFUSED, "incident %s is not closed: %zu thing%s still open: %s",
			c->incident, o.nleft, o.nleft == 1 ? " is" : "s are", buf_str(&o.left));
		err_hint(e, "Deal with each, or leave it as it is by name: incident close --accept "
			    "NAME ...");
	}
	if (rc == 0) {
		body = incident_entry(c, "close", c->incident, r);
		if (o.naccepted > 0)
			json_object_set(body, "accepted", o.accepted);
		r->entry.set_incident = "";
		r->entry.say = arena_printf(c->arena, "incident %s is closed%s", c->incident,
		    o.naccepted > 0 ? "; what is still open was accepted by name" : "");
	}
	json_decref(o.accepted);
	buf_free(&o.left);
	return rc;
}
