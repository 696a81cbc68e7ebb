/*
 * journal verify, drawn: each file's verdict, who witnessed it, what each place holds.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "command.h"
#include "commands/journal_verify.h"
#include "text.h"
#include "banned.h"

struct lines {
	struct arena *a;
	char **line;
	size_t n;
};

static void
say(struct lines *l, char *line)
{
	l->line = arena_grow(l->a, l->line, l->n, sizeof(*l->line));
	l->line[l->n++] = line;
}

static void
say_file(struct lines *l, const struct verify_item *v)
{
	const struct verify_report *p = &v->report;
	const struct witness *w;
	size_t i;

	say(l, arena_printf(
		   l->a, "%s: %s", text_inert(l->a, v->file, strlen(v->file), 0), p->sentence));
	if (p->witnessed != NULL)
		say(l, arena_printf(l->a, "    %s", p->witnessed));
	for (i = 0; i < p->nwitnesses; i++) {
		w = &p->witnesses[i];
		say(l,
		    arena_printf(l->a, "    %s witnessed records 0 to %llu, in %zu answer%s, at %s",
			w->person, (unsigned long long)w->seq, w->answers,
			w->answers == 1 ? "" : "s", w->issued));
	}
}

static void
say_place(struct lines *l, const struct verify_place *p)
{
	size_t i;

	say(l, arena_printf(l->a, "%s holds %zu journal%s (%zu sealed), %llu records",
		   text_inert(l->a, p->dir, strlen(p->dir), 0), p->files, p->files == 1 ? "" : "s",
		   p->sealed, (unsigned long long)p->records));
	for (i = 0; i < p->nlacks; i++)
		say(l, arena_printf(l->a, "    %s", p->lacks[i]));
}

static json_t *
file_json(const struct verify_item *v)
{
	const struct verify_report *p = &v->report;
	json_t *witnesses = json_array();
	size_t i;

	for (i = 0; i < p->nwitnesses; i++)
		json_array_append_new(witnesses,
		    json_pack("{s:s,s:I,s:I,s:s}", "person", p->witnesses[i].person, "seq",
			(json_int_t)p->witnesses[i].seq, "answers",
			(json_int_t)p->witnesses[i].answers, "at", p->witnesses[i].issued));
	return json_pack("{s:o,s:i,s:I,s:I,s:s,s:s?,s:i,s:s?,s:s?,s:o,s:s?,s:I}", "file",
	    journal_text(v->file, strlen(v->file)), "code", (int)p->code, "records",
	    (json_int_t)p->records, "bad_seq", (json_int_t)p->bad_seq, "sentence", p->sentence,
	    "session", p->session, "part", p->part, "person", p->person, "witnessed", p->witnessed,
	    "witnesses", witnesses, "head", p->head, "outcomes_unknown",
	    (json_int_t)p->begins_without_outcome);
}

static json_t *
texts_json(const char *const *text, size_t n)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_array_append_new(all, json_string(text[i]));
	return all;
}

static char *
verify_json(struct arena *a, const struct verify_result *v)
{
	json_t *files = json_array(), *places = json_array(), *all;
	char *dump, *out;
	size_t i;

	for (i = 0; i < v->n; i++)
		json_array_append_new(files, file_json(&v->items[i]));
	for (i = 0; i < v->nplaces; i++)
		json_array_append_new(places,
		    json_pack("{s:o,s:I,s:I,s:I,s:o}", "directory",
			journal_text(v->places[i].dir, strlen(v->places[i].dir)), "files",
			(json_int_t)v->places[i].files, "sealed", (json_int_t)v->places[i].sealed,
			"records", (json_int_t)v->places[i].records, "lacks",
			texts_json(v->places[i].lacks, v->places[i].nlacks)));
	all = json_pack("{s:i,s:o,s:o,s:o}", "code", (int)v->worst, "files", files, "places",
	    places, "failed", texts_json(v->failed, v->nfailed));
	dump = json_dumps(all, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	out = arena_strdup(a, dump == NULL ? "{}" : dump);
	free(dump);
	json_decref(all);
	return out;
}

void
verify_view(struct arena *a, const struct verify_result *v, struct view *view)
{
	struct lines l = {.a = a};
	size_t i;

	for (i = 0; i < v->n; i++)
		say_file(&l, &v->items[i]);
	for (i = 0; i < v->nplaces; i++)
		say_place(&l, &v->places[i]);
	for (i = 0; i < v->nfailed; i++)
		say(&l, arena_strdup(a, v->failed[i]));
	view_lines(a, view, l.line, l.n);
	view->json = verify_json(a, v);
	view->exit = (int)v->worst;
}
