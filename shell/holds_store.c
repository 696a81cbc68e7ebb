/*
 * Holds in the store: what this person holds is published there, one document, and what others
 * published is read as hostile text. Must never take a hold off another person's list, nor publish
 * what was only read here.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "shell/app.h"
#include "shell/holds.h"
#include "text.h"
#include "banned.h"

#define OTHERS_MAX 1000 /* holds of others, in all */
#define FIELD_MAX 256

static const char *
text_of(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s == NULL || strlen(s) > FIELD_MAX ? "" : s;
}

static const char *
field(struct arena *a, const json_t *o, const char *name)
{
	return arena_strdup(a, text_of(o, name));
}

static struct hold
hold_from(struct arena *a, const json_t *o)
{
	struct hold h = {.node = field(a, o, "node"),
	    .identity = field(a, o, "identity"),
	    .incarnation = field(a, o, "incarnation"),
	    .cluster = field(a, o, "cluster"),
	    .position = field(a, o, "position"),
	    .since = field(a, o, "since"),
	    .plan = field(a, o, "plan"),
	    .person = field(a, o, "person"),
	    .journal = "",
	    .hardened_at = field(a, o, "hardened_at"),
	    .before = field(a, o, "before")};

	h.is_certain = json_is_true(json_object_get(o, "certain"));
	h.is_hardened = h.hardened_at[0] != '\0';
	return h;
}

static int
is_me(const struct app *app, const char *person)
{
	return app->person_config != NULL && strcmp(app->person_config->name, person) == 0;
}

static int
is_known(const struct hold *holds, size_t n, const struct hold *h)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(holds[i].identity, h->identity) == 0)
			return 1;
	return 0;
}

/* True where everything in the document is this person's: an earlier session wrote it. */
static int
is_mine(const struct app *app, const json_t *list)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		if (!is_me(app, text_of(json_array_get(list, i), "person")))
			return 0;
	return json_array_size(list) > 0;
}

void
holds_add_others(struct app *app, struct arena *a, struct hold **holds, size_t *n)
{
	struct store_item *items;
	struct err ignored = {0};
	struct hold h;
	json_t *list;
	size_t nitems, i, k, end = *n + OTHERS_MAX;

	if (app->store == NULL ||
	    app->store->ops->published(app->store, a, &items, &nitems, &ignored) != 0)
		return;
	for (i = 0; i < nitems; i++) {
		list = json_loadb(items[i].data, items[i].len, JSON_REJECT_DUPLICATES, NULL);
		for (k = 0; k < json_array_size(list) && *n < end; k++) {
			h = hold_from(a, json_array_get(list, k));
			if (h.node[0] == '\0' || h.identity[0] == '\0' || is_me(app, h.person) ||
			    is_known(*holds, *n, &h))
				continue;
			*holds = arena_grow(a, *holds, *n, sizeof(**holds));
			(*holds)[(*n)++] = h;
		}
		json_decref(list);
	}
}

static int
is_listed(const struct journal_entry *list, size_t n, const char *session)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(list[i].session, session) == 0)
			return !list[i].is_live;
	return 0;
}

void
holds_clean(struct app *app)
{
	struct arena *a;
	struct err ignored = {0};
	struct journal_entry *list;
	struct store_item *items;
	size_t n, nitems, i;
	json_t *doc;

	/* What still stands is in the journals, and so in app->holds. */
	for (i = 0; i < app->nholds; i++)
		if (app->holds[i].journal[0] != '\0')
			return;
	for (i = 0; i < app->npaused; i++)
		if (app->paused[i].journal[0] != '\0')
			return;
	if (app->store == NULL || app->journal == NULL)
		return;
	a = arena_new();
	if (app->store->ops->published(app->store, a, &items, &nitems, &ignored) != 0)
		nitems = 0;
	/* Only of sessions whose journals were read: another configuration may know others. */
	if (nitems == 0 ||
	    journal_list(a, app->config->journal, app->config->njournal, &list, &n, &ignored) != 0)
		nitems = 0;
	for (i = 0; i < nitems; i++) {
		doc = json_loadb(items[i].data, items[i].len, JSON_REJECT_DUPLICATES, NULL);
		if (is_mine(app, doc) && is_listed(list, n, items[i].id))
			app->store->ops->publish(app->store, items[i].id, "", 0, &ignored);
		json_decref(doc);
	}
	arena_free(a);
}

/* Documents of this person's earlier sessions: what still stands of them is in the new one. */
static void
withdraw_older(struct app *app)
{
	struct arena *a = arena_new();
	const char *session = journal_session(app->journal);
	struct err ignored = {0};
	struct store_item *items;
	json_t *list;
	size_t n, i;

	if (app->store->ops->published(app->store, a, &items, &n, &ignored) != 0)
		n = 0;
	for (i = 0; i < n; i++) {
		list = json_loadb(items[i].data, items[i].len, JSON_REJECT_DUPLICATES, NULL);
		if (strcmp(items[i].id, session) != 0 && is_mine(app, list))
			app->store->ops->publish(app->store, items[i].id, "", 0, &ignored);
		json_decref(list);
	}
	arena_free(a);
}

void
holds_publish(struct app *app)
{
	json_t *list;
	const struct hold *h;
	struct err ignored = {0};
	char *text;
	size_t i;

	if (app->store == NULL || app->journal == NULL)
		return;
	list = json_array();
	for (i = 0; i < app->nholds; i++) {
		h = &app->holds[i];
		if (h->journal[0] == '\0')
			continue;
		json_array_append_new(list,
		    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "node",
			h->node, "identity", h->identity, "incarnation", h->incarnation, "cluster",
			h->cluster, "position", h->position, "since", h->since, "plan", h->plan,
			"person", h->person, "hardened_at", h->hardened_at, "before",
			h->before == NULL ? "" : h->before, "certain", h->is_certain));
	}
	jobs_publish(app, list);
	text = json_array_size(list) == 0
		   ? NULL
		   : json_dumps(list, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	app->store->ops->publish(app->store, journal_session(app->journal),
	    text == NULL ? "" : text, text == NULL ? 0 : strlen(text), &ignored);
	free(text);
	json_decref(list);
	withdraw_older(app);
}
