/* A plan, a request and people for the tests of approvals. */
#ifndef APPROVAL_WORLD_H
#define APPROVAL_WORLD_H

#include <string.h>

#include "approval.h"
#include "arena.h"
#include "sshsig.h"
#include "text.h"

#define TEXT_DROP "DROP TABLE orders CASCADE"
#define PLAN_ID "abcdefghijklmnopqrstuvwxyz"
#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define NOW 1795293062 /* 2026-11-21T20:31:02Z */

static inline struct plan *
world_plan(struct arena *a)
{
	struct plan *p = arena_alloc(a, sizeof(*p));
	struct statement *s = arena_alloc(a, sizeof(*s));
	struct action *x = arena_alloc(a, sizeof(*x));
	struct object *o = arena_alloc(a, sizeof(*o));
	struct step *step;

	*o = (struct object){.type = "table",
	    .schema = "public",
	    .name = "orders",
	    .oid = 16400,
	    .relfilenode = 16401,
	    .rows = 1000000,
	    .bytes = 102760448};
	*x = (struct action){DANGER_DESTRUCTIVE, "drop-table", ACTION_CASCADE, o, 1, NULL, 0,
	    "drops a table with its rows"};
	*s = (struct statement){0, strlen(TEXT_DROP), DANGER_DESTRUCTIVE, x, 1, NULL, 0};
	text_copy(p->id, sizeof(p->id), PLAN_ID);
	text_copy(p->topology, sizeof(p->topology), HEX_A);
	text_copy(p->policy, sizeof(p->policy), HEX_A);
	p->engine = "postgresql";
	p->incident = "";
	p->requester = "alice";
	p->reason = "wrong table";
	p->text = TEXT_DROP;
	p->text_len = strlen(TEXT_DROP);
	p->danger = DANGER_DESTRUCTIVE;
	p->statements = s;
	p->nstatements = 1;
	p->session.engine = "postgresql";
	p->session.cluster = "pg:7312";
	p->session.node = "pg1";
	p->session.identity = "pg:7312:0123456789ab";
	p->session.role = ROLE_PRIMARY;
	p->session.database = "shop";
	p->verdict.level = LEVEL_APPROVE;
	p->verdict.approvals = 1;
	p->back = BACK_REPLICA;
	p->way_back = "from the held replicas";
	step = plan_add(a, p);
	step->part = PART_MAIN;
	step->node = "pg1";
	step->timeout_ms = 1000;
	step->texts = arena_alloc(a, sizeof(*step->texts));
	step->texts[0] = TEXT_DROP;
	step->ntexts = 1;
	step->why = "the operator's text";
	return p;
}

static inline struct request *
world_request(struct arena *a, struct plan *p)
{
	struct request *r = arena_alloc(a, sizeof(*r));
	struct err e = {0};

	text_copy(r->id, sizeof(r->id), p->id);
	r->plan_json = plan_encode(a, p, &r->plan_len, &e);
	if (r->plan_json == NULL || plan_digest(a, p, &e) == -1)
		return NULL;
	r->plan = p;
	r->session_key =
	    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
	r->cert =
	    cert_statement(a, PLAN_ID, r->session_key, "alice", "bastion1", "2026-11-21T20:00:00Z");
	r->cert_sig = "AAAA";
	r->journal = PLAN_ID ":17:" HEX_A;
	r->issued = "2026-11-21T20:31:02Z";
	r->expires = "2026-11-21T20:46:02Z";
	r->sig = "BBBB";
	return r;
}

/* alice, bob, carol may approve; dave only certifies sessions; erin's key is over. */
static inline struct operators *
world_operators(struct arena *a)
{
	static const char *const names[] = {"alice", "bob", "bob", "carol", "dave", "erin"};
	struct operators *o = arena_alloc(a, sizeof(*o));
	size_t i;

	o->file = "operators";
	o->nkeys = 6;
	o->keys = arena_array(a, o->nkeys, sizeof(*o->keys));
	for (i = 0; i < o->nkeys; i++) {
		o->keys[i].person = names[i];
		o->keys[i].namespaces = arena_alloc(a, sizeof(char *));
		o->keys[i].namespaces[0] = i == 4 ? NS_SESSION : NS_APPROVAL;
		o->keys[i].nnamespaces = 1;
		o->keys[i].valid_before = i == 5 ? 1000 : INT64_MAX;
	}
	return o;
}

#endif
