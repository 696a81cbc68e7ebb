/*
 * Jobs that are paused: read from the journals and from what others published, said at start and in
 * the prompt. Must never take a job off the list because it was not asked about.
 */
#include <string.h>

#include "arena.h"
#include "shell/app.h"
#include "shell/holds.h"
#include "shell/out.h"
#include "text.h"
#include "banned.h"

#define FIELD_MAX 256

static const char *
field(struct arena *a, const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return arena_strdup(a, s == NULL || strlen(s) > FIELD_MAX ? "" : s);
}

static int
is_listed(const struct app *app, const char *job)
{
	size_t i;

	for (i = 0; i < app->npaused; i++)
		if (strcmp(app->paused[i].job, job) == 0)
			return 1;
	return 0;
}

static void
add_others(struct app *app, struct arena *a, const json_t *list)
{
	struct job_pause j;
	const json_t *o;
	size_t i;

	for (i = 0; i < json_array_size(list) && app->npaused < 1000; i++) {
		o = json_array_get(list, i);
		j = (struct job_pause){.job = field(a, o, "job"),
		    .host = field(a, o, "host"),
		    .since = field(a, o, "since"),
		    .plan = field(a, o, "plan"),
		    .person = field(a, o, "person"),
		    .journal = "",
		    .is_certain = json_is_true(json_object_get(o, "certain"))};
		if (j.job[0] == '\0' || is_listed(app, j.job) ||
		    (app->person_config != NULL && strcmp(app->person_config->name, j.person) == 0))
			continue;
		app->paused = arena_grow(a, app->paused, app->npaused, sizeof(*app->paused));
		app->paused[app->npaused++] = j;
	}
}

void
jobs_load(struct app *app, struct arena *a)
{
	struct store_item *items;
	struct err ignored = {0};
	json_t *list;
	size_t n, i;

	app->paused = NULL;
	app->npaused = 0;
	if (app->config->njobs == 0 || journal_jobs(a, app->config->journal, app->config->njournal,
					   &app->paused, &app->npaused, &ignored) != 0)
		return;
	if (app->store == NULL ||
	    app->store->ops->published(app->store, a, &items, &n, &ignored) != 0)
		return;
	for (i = 0; i < n; i++) {
		list = json_loadb(items[i].data, items[i].len, JSON_REJECT_DUPLICATES, NULL);
		add_others(app, a, list);
		json_decref(list);
	}
}

void
jobs_publish(const struct app *app, json_t *list)
{
	const struct job_pause *j;
	size_t i;

	for (i = 0; i < app->npaused; i++) {
		j = &app->paused[i];
		if (j->journal[0] != '\0')
			json_array_append_new(
			    list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "job", j->job, "host",
				      j->host, "since", j->since, "plan", j->plan, "person",
				      j->person, "certain", j->is_certain));
	}
}

void
jobs_say(struct app *app)
{
	const struct job_pause *j;
	size_t i;

	for (i = 0; i < app->npaused; i++) {
		j = &app->paused[i];
		out_line(app, STYLE_BOLD,
		    "PAUSED: job %s on host %s since %.19sZ by %s%s (to resume: "
		    "jobs resume %s)",
		    j->job, j->host, j->since, j->person,
		    j->is_certain ? "" : " (asked for; the answer was never written)", j->job);
	}
}

const char *
jobs_prompt(const struct app *app, struct arena *a)
{
	if (app->npaused == 0)
		return NULL;
	return arena_printf(a, "[%zu job%s paused]", app->npaused, app->npaused == 1 ? "" : "s");
}
