/*
 * What became of one statement, as a record: see resolve.c. The server that ran it is asked; only
 * where it cannot say, a person's word counts, and never against the server's.
 */
#include <string.h>
#include <time.h>

#include "arena.h"
#include "commands/resolve.h"
#include "engines/ask.h"
#include "banned.h"

/* What the server says, or NULL and why it says nothing. */
const char *
resolve_ask(struct context *c, const struct unknown *u, const char **why, const char **evidence)
{
	struct fate_asked q = {.xid = u->xid,
	    .text = u->text,
	    .age_s = (int64_t)time(NULL) - rfc3339_parse(arena_printf(c->arena, "%.19sZ", u->t))};
	struct fate f = {0};
	struct err own = {0};

	*evidence = "";
	*why = "it knows no more";
	if (strcmp(u->part, "main") != 0)
		*why = "it was no transaction that changes data";
	else if (u->xid[0] == '\0')
		*why = "no transaction id was recorded";
	else if (c->cluster == NULL)
		*why = "not connected";
	else if (ask_fate(c->cluster, c->waiter, u->identity, &q, &f, &own) != 0)
		*why = arena_strdup(c->arena, own.msg);
	else if (f.status != NULL && !f.is_certain)
		*why = arena_printf(c->arena, "it says %s, but %s", f.status, f.why);
	else if (f.why != NULL)
		*why = f.why;
	*evidence = arena_strdup(c->arena, f.evidence);
	return f.is_certain ? f.status : NULL;
}

const char *
resolve_id(struct arena *a, const struct unknown *u)
{
	return arena_printf(a, "%.8s:%llu", u->session, (unsigned long long)u->seq);
}

/* What was found, by whom: 0 and *status (and whether it is only a person's word), or
 * why nothing can be written. */
static int
settle(struct context *c, const struct unknown *u, const char *stated, const char **status,
    int *by_person, const char **evidence, struct err *e)
{
	const char *why, *says = resolve_ask(c, u, &why, evidence);

	*status = says != NULL ? says : stated;
	*by_person = says == NULL;
	if (says != NULL && strcmp(says, "in progress") == 0) {
		err_set(e, ERR_UNKNOWN,
		    "transaction %s is still in progress on %s; nothing was "
		    "written down",
		    u->xid, u->node);
		return err_hint(e, "locks shows whom it waits for; ask again when it ended.");
	}
	if (says != NULL && stated != NULL && strcmp(says, stated) != 0)
		return err_set(e, ERR_REFUSED,
		    "%s says that transaction %s is %s, not %s; nothing was written down", u->node,
		    u->xid, says, stated);
	if (*status != NULL)
		return 0;
	err_set(e, ERR_UNKNOWN, "the server cannot say what became of it (%s)", why);
	return err_hint(e,
	    "Look at the data, then: journal resolve %s committed|aborted|unknown REASON",
	    resolve_id(c->arena, u));
}

int
resolve_record(struct context *c, const struct unknown *u, const char *stated, const char *reason,
    struct result *r, struct err *e)
{
	const char *status, *evidence;
	int by_person;

	if (!c->is_signed)
		return err_set(e, ERR_APPROVAL,
		    "this session is unsigned, and what became of a "
		    "statement is written down under a name");
	if (settle(c, u, stated, &status, &by_person, &evidence, e) != 0)
		return -1;
	r->kind = RETURNS_ENTRY;
	r->entry.type = "recover";
	r->entry.is_signed = 1;
	r->entry.body = json_pack("{s:{s:s,s:I},s:s,s:s,s:s,s:s,s:s,s:s,s:o}", "of", "session",
	    u->session, "seq", (json_int_t)u->seq, "status", status, "by",
	    by_person ? "operator" : "server", "plan", u->plan, "node", u->node, "identity",
	    u->identity, "xid", u->xid, "reason", journal_text(reason, strlen(reason)));
	if (!by_person && evidence[0] != '\0')
		json_object_set_new(
		    r->entry.body, "evidence", journal_text(evidence, strlen(evidence)));
	r->entry.say = arena_printf(c->arena, "%s is %s, says the %s%s%s%s; written down",
	    resolve_id(c->arena, u), status, by_person ? "operator" : "server",
	    by_person || evidence[0] == '\0' ? "" : " (", by_person ? "" : evidence,
	    by_person || evidence[0] == '\0' ? "" : ")");
	return 0;
}
