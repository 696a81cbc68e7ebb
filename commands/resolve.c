/*
 * journal resolve [ID [committed|aborted|unknown REASON]]: what became of statements whose outcome
 * was lost. The server that ran one is asked; only where it cannot say, a person may. Must never
 * take a person's word against the server's.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "commands/resolve.h"
#include "text.h"
#include "banned.h"

#define REASON_MAX 1000

static int
list(struct context *c, const struct unknown *u, size_t n, struct result *r)
{
	static const char *const titles[] = {
	    "id", "began", "by", "node", "xid", "the server says", "statement"};
	const char **cells = arena_array(c->arena, 7 * n + 1, sizeof(*cells)), *why, *says, *where;
	size_t i;

	for (i = 0; i < n; i++) {
		const char **row = cells + 7 * i;

		says = resolve_ask(c, &u[i], &why, &where);
		row[0] = resolve_id(c->arena, &u[i]);
		row[1] = arena_printf(c->arena, "%.19sZ", u[i].t);
		row[2] = u[i].person;
		row[3] = u[i].node;
		row[4] = u[i].xid;
		row[5] = says != NULL ? arena_printf(c->arena, "%s%s%s", says,
					    where[0] != '\0' ? ": " : "", where)
				      : arena_printf(c->arena, "nothing: %s", why);
		row[6] = text_fit(c->arena, u[i].text, strlen(u[i].text), 60);
	}
	r->kind = RETURNS_VIEW;
	view_table(c->arena, &r->view, 7, titles, cells, n, NULL);
	r->view.footer =
	    n == 0 ? "no outcome is unknown"
		   : "journal resolve ID writes down what the server says; where it says nothing, "
		     "look yourself: journal resolve ID committed|aborted|unknown REASON";
	return 0;
}

/* SESSION:SEQ; the session by its beginning. */
static int
pick(const struct unknown *u, size_t n, const char *id, const struct unknown **out, struct err *e)
{
	size_t len = strcspn(id, ":"), i, found = 0;
	char *end = NULL;
	unsigned long long seq = id[len] == ':' ? strtoull(id + len + 1, &end, 10) : 0;

	for (i = 0; end != NULL && *end == '\0' && end > id + len + 1 && i < n; i++)
		if (len >= 4 && u[i].seq == seq && strncmp(u[i].session, id, len) == 0) {
			*out = &u[i];
			found++;
		}
	if (found == 1)
		return 0;
	if (found > 1)
		err_set(e, ERR_USAGE, "\"%.60s\" names more than one record", id);
	else
		err_set(e, ERR_USAGE, "no unknown outcome is called \"%.60s\"", id);
	return err_hint(e, "journal resolve lists them.");
}

static const char *
join(struct arena *a, int n, char **words)
{
	const char *s = "";
	int i;

	for (i = 0; i < n; i++)
		s = arena_printf(a, "%s%s%s", s, i > 0 ? " " : "", words[i]);
	return s;
}

int
resolve_exec(struct context *c, int n, char **words, struct result *r, struct err *e)
{
	static const char *const found[] = {"committed", "aborted", "unknown"};
	const struct unknown *u = NULL;
	struct unknown *all;
	struct hold *ignored;
	const char *stated = NULL, *reason = n < 3 ? "" : join(c->arena, n - 2, words + 2);
	size_t nall, nignored, i;

	for (i = 0; n > 1 && i < 3; i++)
		if (strcmp(words[1], found[i]) == 0)
			stated = found[i];
	if (n == 2 || (n > 2 && stated == NULL) || strlen(reason) > REASON_MAX)
		return err_set(e, ERR_USAGE,
		    "journal resolve takes ID, or ID committed|aborted|unknown and the reason, at "
		    "most %d bytes",
		    REASON_MAX);
	if (journal_legacy(c->arena, c->config->journal, c->config->njournal, c->journal_session,
		&ignored, &nignored, &all, &nall, e) != 0)
		return -1;
	if (n == 0)
		return list(c, all, nall, r);
	if (pick(all, nall, words[0], &u, e) != 0)
		return -1;
	return resolve_record(c, u, stated, reason, r, e);
}
