/*
 * Several journals into one order: what caused what first (a journal's own order, the head an
 * approver signed, who asked before who answered), the clocks only where nothing else says.
 * A clock that contradicts is told of, never followed.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "pm.h"
#include "banned.h"

static struct pm_source *
source_of(const struct pm *pm, const char *session, size_t len, int64_t part)
{
	struct pm_source *found = NULL;
	size_t i;

	for (i = 0; i < pm->nsources; i++)
		if (strlen(pm->sources[i].session) == len &&
		    memcmp(pm->sources[i].session, session, len) == 0 &&
		    (part < 0 || pm->sources[i].part == part) && found == NULL)
			found = &pm->sources[i];
	return found;
}

/* {"session":..., "seq":...} */
static struct pm_event *
named(const struct pm *pm, const json_t *o)
{
	const char *session = pm_str(o, "session");
	int64_t seq = pm_int(o, "seq", -1);
	struct pm_source *s;

	if (session == NULL || seq < 0)
		return NULL;
	s = source_of(pm, session, strlen(session), -1);
	return s == NULL ? NULL : pm_at(s, (uint64_t)seq);
}

/* The head in a signed statement: "journal: <session>:<seq>:<hex>". */
static struct pm_event *
signed_head(const struct pm *pm, const char *statement)
{
	const char *p = statement == NULL ? NULL : strstr(statement, "\njournal: ");
	struct pm_event *ev;
	struct pm_source *s;
	size_t n;
	char *end;
	uint64_t seq;

	if (p == NULL)
		return NULL;
	p += strlen("\njournal: ");
	n = strcspn(p, ":\n");
	if (p[n] != ':' || (s = source_of(pm, p, n, -1)) == NULL)
		return NULL;
	seq = strtoull(p + n + 1, &end, 10);
	if (*end != ':' || (ev = pm_at(s, seq)) == NULL || ev->seq != seq)
		return NULL;
	return strncmp(end + 1, ev->leaf, SHA256_HEX - 1) == 0 ? ev : NULL;
}

/* "approve ID" or "deny ID" as typed: does it mean this request? An unambiguous beginning will do.
 */
static int
answers(const char *text, const char *request)
{
	size_t n;

	if (text == NULL || request == NULL)
		return 0;
	if (strncmp(text, "approve ", 8) == 0)
		text += 8;
	else if (strncmp(text, "deny ", 5) == 0)
		text += 5;
	else
		return 0;
	n = strcspn(text, " \t\n;");
	return n >= 4 && strncmp(text, request, n) == 0;
}

/* What another person typed about a request stands after the request, and before the record of it
 * in the requester's journal. */
static void
link_answers(struct pm *pm, struct pm_event *request)
{
	const char *id = pm_str(request->json, "request"), *person, *of;
	struct pm_event *ev, *typed;
	size_t i, k;

	for (i = 0; i < pm->nall; i++) {
		ev = &pm->all[i];
		if (ev->source == request->source || strcmp(ev->type, "input") != 0 ||
		    !answers(pm_str(ev->json, "text"), id))
			continue;
		ev->need = request;
		typed = ev;
		for (k = 0; k < request->source->n; k++) {
			ev = &request->source->events[k];
			person = pm_str(ev->json, "person");
			of = pm_str(ev->json, "request");
			if ((strcmp(ev->type, "approval") == 0 ||
				strcmp(ev->type, "denial") == 0) &&
			    of != NULL && strcmp(of, id) == 0 && person != NULL &&
			    strcmp(person, typed->source->person) == 0)
				ev->need = typed;
		}
	}
}

static void
link_all(struct pm *pm)
{
	struct pm_event *ev;
	struct pm_source *before;
	size_t i;

	for (i = 0; i < pm->nall; i++) {
		ev = &pm->all[i];
		if (strcmp(ev->type, "open") == 0) {
			ev->need = named(pm, json_object_get(ev->json, "parent"));
			before = ev->source->part == 0
				     ? NULL
				     : source_of(pm, ev->source->session,
					   strlen(ev->source->session), ev->source->part - 1);
			if (before != NULL && before->n > 0)
				ev->need = &before->events[before->n - 1];
		} else if (strcmp(ev->type, "approval") == 0 || strcmp(ev->type, "denial") == 0) {
			ev->need = signed_head(pm, pm_str(ev->json, "statement"));
		} else if (json_is_object(json_object_get(ev->json, "of"))) {
			ev->need = named(pm, json_object_get(ev->json, "of"));
		} else if (json_is_object(json_object_get(ev->json, "after"))) {
			ev->need = named(pm, json_object_get(ev->json, "after"));
		}
		if (ev->need == ev)
			ev->need = NULL;
	}
	for (i = 0; i < pm->nall; i++)
		if (strcmp(pm->all[i].type, "request") == 0 && pm->nsources > 1 &&
		    pm_str(pm->all[i].json, "request") != NULL)
			link_answers(pm, &pm->all[i]);
}

static void
note_skew(struct pm *pm, const struct pm_event *ev)
{
	const struct pm_event *need = ev->need;
	size_t i;
	char *s;

	if (need == NULL || need->source == ev->source || ev->us >= need->us)
		return;
	s = arena_printf(pm->a,
	    "the clock of %s (%s) is at least %s behind that of %s (%s): record %s follows %s",
	    ev->source->host, ev->source->person, pm_duration(pm, need->us - ev->us),
	    need->source->host, need->source->person, pm_ref(pm, ev), pm_ref(pm, need));
	for (i = 0; i < pm->nskews; i++)
		if (strcmp(pm->skews[i], s) == 0)
			return;
	pm->skews = arena_grow(pm->a, pm->skews, pm->nskews, sizeof(*pm->skews));
	pm->skews[pm->nskews++] = s;
}

/* Is the event already in the order? at: how many of each source are. */
static int
is_out(const struct pm *pm, const size_t *at, const struct pm_event *ev)
{
	return (size_t)(ev - ev->source->events) < at[pm_source_no(pm, ev->source)];
}

/* The source whose next record comes next; pm->nsources: none is left. */
static size_t
choose(const struct pm *pm, const size_t *at, int ignores_needs)
{
	size_t i, best = pm->nsources;
	const struct pm_event *ev, *found = NULL;

	for (i = 0; i < pm->nsources; i++) {
		if (at[i] >= pm->sources[i].n)
			continue;
		ev = &pm->sources[i].events[at[i]];
		if (!ignores_needs && ev->need != NULL && !is_out(pm, at, ev->need))
			continue;
		if (found == NULL || ev->order_us < found->order_us) {
			found = ev;
			best = i;
		}
	}
	return best;
}

void
pm_merge(struct pm *pm)
{
	size_t *at = arena_array(pm->a, pm->nsources + 1, sizeof(*at)), i, k;
	struct pm_event *ev;
	int64_t latest;

	link_all(pm);
	for (i = 0; i < pm->nsources; i++)
		for (k = 0, latest = 0; k < pm->sources[i].n; k++) {
			ev = &pm->sources[i].events[k];
			latest = ev->us > latest ? ev->us : latest;
			ev->order_us = latest;
		}
	pm->events = arena_array(pm->a, pm->nall, sizeof(*pm->events));
	for (latest = 0; pm->nevents < pm->nall;) {
		/* Needs that wait for each other can only be forged; then the clocks decide. */
		i = choose(pm, at, 0);
		if (i == pm->nsources)
			i = choose(pm, at, 1);
		ev = &pm->sources[i].events[at[i]++];
		note_skew(pm, ev);
		latest = ev->order_us > latest ? ev->order_us : latest;
		ev->order_us = latest;
		pm->events[pm->nevents++] = ev;
	}
	pm->start = pm->events[0];
	pm->end = pm->events[pm->nevents - 1];
}
