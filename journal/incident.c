/*
 * An incident out of the journals of everybody who worked on it: who does what, and since when.
 */
#include <string.h>

#include "arena.h"
#include "journal.h"
#include "line.h"
#include "banned.h"

static const char *
kept(struct arena *a, const json_t *rec, const char *member)
{
	return arena_strdup(a, json_text_of(rec, member));
}

static void
take_role(struct arena *a, const json_t *rec, struct incident *out)
{
	const char *role = json_text_of(rec, "role"), *person = kept(a, rec, "person");

	if (strcmp(role, "commander") == 0)
		out->commander = person;
	else if (strcmp(role, "operator") == 0)
		out->operator= person;
	else if (strcmp(role, "scribe") == 0)
		out->scribe = person;
}

static void
take(struct arena *a, const struct record *rec, const char *by, const char *person,
    struct incident *out)
{
	const char *action = json_text_of(rec->json, "action");

	if (strcmp(action, "open") == 0) {
		if (!out->is_known)
			out->opened = arena_strdup(a, rec->t);
		out->is_known = 1;
		out->is_closed = 0;
		if (json_text_of(rec->json, "title")[0] != '\0')
			out->title = kept(a, rec->json, "title");
		if (strcmp(by, person) == 0 && out->on_duty_since[0] == '\0')
			out->on_duty_since = arena_strdup(a, rec->t);
	} else if (strcmp(action, "close") == 0) {
		out->is_closed = 1;
		out->on_duty_since = "";
	} else if (strcmp(action, "role") == 0) {
		take_role(a, rec->json, out);
	} else if (strcmp(action, "handover") == 0) {
		if (strcmp(json_text_of(rec->json, "person"), person) == 0)
			out->on_duty_since = "";
		if (strcmp(json_text_of(rec->json, "to"), person) == 0)
			out->on_duty_since = arena_strdup(a, rec->t);
	}
	if (json_text_of(rec->json, "severity")[0] != '\0')
		out->severity = kept(a, rec->json, "severity");
}

int
journal_incident(struct arena *a, const char *const *dirs, size_t ndirs, const char *name,
    const char *person, struct incident *out, struct err *e)
{
	const struct merge_source *src;
	struct journal_merge *m;
	const char **files;
	struct merged rec;
	size_t n, nsrc;

	*out = (struct incident){.opened = "",
	    .title = "",
	    .severity = "",
	    .commander = "",
	    .operator= "",
	    .scribe = "",
	    .on_duty_since = ""};
	if (journal_incident_files(a, dirs, ndirs, name, &files, &n, e) != 0)
		return -1;
	if (journal_merge_open(files, n, &m, e) != 0)
		return -1;
	src = journal_merge_sources(m, &nsrc);
	while (journal_merge_next(m, &rec) == 1)
		if (strcmp(rec.rec.type, "incident") == 0 &&
		    strcmp(json_text_of(rec.rec.json, "name"), name) == 0)
			take(a, &rec.rec, src[rec.source].person, person, out);
	journal_merge_close(m);
	return 0;
}
