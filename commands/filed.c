/*
 * Plans of earlier times, from the journals: see filed.h.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "commands/filed.h"
#include "banned.h"

static struct plan *
decode(struct arena *a, const struct record *rec)
{
	const char *digest = json_string_value(json_object_get(rec->json, "digest"));
	char *text = json_dumps(
	    json_object_get(rec->json, "plan"), JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	struct plan *p = NULL;
	struct err ignored = {0};

	if (text != NULL)
		p = plan_decode(a, text, strlen(text), &ignored);
	free(text);
	if (p == NULL || digest == NULL || plan_digest(a, p, &ignored) != 0 ||
	    strcmp(p->digest, digest) != 0)
		return NULL;
	return p;
}

/* The plans with this id, or beginning, in one journal: the first into *out, another one's into
 * *other. */
static void
in_file(struct arena *a, const char *file, const char *id, struct plan **out, struct plan **other)
{
	struct journal_reader *r;
	struct record rec;
	struct err ignored = {0};
	struct plan *p;
	const char *got;

	if (journal_reader_open(file, &r, &ignored) != 0)
		return;
	while (*other == NULL && journal_reader_next(r, &rec, &ignored) == 1) {
		got = json_string_value(json_object_get(rec.json, "id"));
		if (strcmp(rec.type, "plan") != 0 || got == NULL ||
		    strncmp(got, id, strlen(id)) != 0 || (p = decode(a, &rec)) == NULL)
			continue;
		if (*out == NULL)
			*out = p;
		else if (strcmp((*out)->id, p->id) != 0)
			*other = p;
	}
	journal_reader_close(r);
}

int
filed_plan(struct context *c, const char *id, struct plan **out, struct err *e)
{
	struct journal_entry *list;
	struct plan *other = NULL;
	size_t n, i;

	if (strlen(id) < 4)
		return err_set(
		    e, ERR_USAGE, "\"%s\" is too short for a plan's id: at least 4 characters", id);
	if (journal_list(c->arena, c->config->journal, c->config->njournal, &list, &n, e) != 0)
		return -1;
	*out = NULL;
	for (i = 0; i < n && other == NULL; i++)
		in_file(c->arena, list[i].file, id, out, &other);
	if (other != NULL) {
		err_set(e, ERR_USAGE,
		    "\"%s\" is the beginning of more than one plan's id (%s, %s); nothing was done",
		    id, (*out)->id, other->id);
		return err_hint(e, "Give more of it.");
	}
	if (*out != NULL)
		return 0;
	err_set(e, ERR_USAGE,
	    "no journal holds a plan \"%s\" that is what it was; nothing was done", id);
	return err_hint(e, "journal list shows the sessions, journal show FILE their plans.");
}

static const char *
xid_in(struct arena *a, const char *file, const char *id)
{
	struct journal_reader *r;
	struct record rec;
	struct err ignored = {0};
	const char *plan, *xid, *found = "";

	if (journal_reader_open(file, &r, &ignored) != 0)
		return found;
	while (journal_reader_next(r, &rec, &ignored) == 1) {
		if (strcmp(rec.type, "begin") != 0)
			continue;
		plan = json_string_value(json_object_get(rec.json, "plan"));
		xid = json_string_value(json_object_get(rec.json, "xid"));
		if (plan != NULL && xid != NULL && xid[0] != '\0' && strcmp(plan, id) == 0)
			found = arena_strdup(a, xid);
	}
	journal_reader_close(r);
	return found;
}

const char *
filed_xid(struct context *c, const char *id)
{
	struct journal_entry *list;
	const char *xid = "";
	struct err ignored = {0};
	size_t n, i;

	if (journal_list(c->arena, c->config->journal, c->config->njournal, &list, &n, &ignored) !=
	    0)
		return xid;
	for (i = 0; i < n && xid[0] == '\0'; i++)
		xid = xid_in(c->arena, list[i].file, id);
	return xid;
}
