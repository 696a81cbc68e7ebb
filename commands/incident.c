/*
 * incident: which incident the session works on, who does what in it, and what is said of it, in
 * the journal and in the prompt.
 */
#include <string.h>

#include "arena.h"
#include "commands/incident.h"
#include "commands/note.h"
#include "text.h"
#include "banned.h"

#define NAME_MAX_CHARS 64

json_t *
incident_entry(struct context *c, const char *action, const char *name, struct result *r)
{
	(void)c;
	r->kind = RETURNS_ENTRY;
	r->entry.type = "incident";
	r->entry.body = json_pack("{s:s,s:s}", "action", action, "name", name);
	return r->entry.body;
}

/* open NAME [TITLE] [--severity LEVEL]: begins it, or joins what others began. */
static int
open_it(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	const char *name = argc > 2 ? argv[2] : "", *title = "", *severity = "";
	struct incident known;
	json_t *body;
	int i;

	if (c->incident[0] != '\0')
		return err_set(e, ERR_USAGE,
		    "incident %s is open; close it before another is opened", c->incident);
	if (!text_is_name(name, NAME_MAX_CHARS))
		return err_set(e, ERR_USAGE,
		    "an incident's name has letters, digits and ._@- only, at most %d",
		    NAME_MAX_CHARS);
	for (i = 3; i < argc; i++) {
		if (strcmp(argv[i], "--severity") == 0 && i + 1 < argc)
			severity = argv[++i];
		else if (title[0] == '\0')
			title = argv[i];
		else
			return err_set(e, ERR_USAGE, "put the title in quotes");
	}
	if (journal_incident(
		c->arena, c->config->journal, c->config->njournal, name, c->person, &known, e) != 0)
		return -1;
	body = incident_entry(c, "open", name, r);
	if (title[0] != '\0')
		json_object_set_new(body, "title", journal_text(title, strlen(title)));
	if (severity[0] != '\0')
		json_object_set_new(body, "severity", journal_text(severity, strlen(severity)));
	r->entry.set_incident = arena_strdup(c->arena, name);
	r->entry.on_duty_since =
	    known.on_duty_since[0] == '\0' ? "now" : arena_strdup(c->arena, known.on_duty_since);
	r->entry.say =
	    !known.is_known || known.is_closed
		? arena_printf(c->arena, "incident %s is open", name)
		: arena_printf(c->arena,
		      "incident %s is open: you join what was opened at %.19sZ%s%s", name,
		      known.opened, known.title[0] == '\0' ? "" : ": ", known.title);
	return 0;
}

static int
show(struct context *c, struct result *r, struct err *e)
{
	struct incident i;
	char **lines = arena_array(c->arena, 4, sizeof(*lines));
	size_t n = 0;

	if (journal_incident(c->arena, c->config->journal, c->config->njournal, c->incident,
		c->person, &i, e) != 0)
		return -1;
	lines[n++] = arena_printf(c->arena, "%s%s%s, severity %s, opened %.19sZ", c->incident,
	    i.title[0] == '\0' ? "" : ": ", i.title, i.severity[0] == '\0' ? "not set" : i.severity,
	    i.opened);
	lines[n++] = arena_printf(c->arena, "commander %s, operator %s, scribe %s",
	    i.commander[0] == '\0' ? "nobody" : i.commander,
	    i.operator[0] == '\0' ? "nobody" : i.operator,
	    i.scribe[0] == '\0' ? "nobody" : i.scribe);
	if (i.on_duty_since[0] != '\0')
		lines[n++] =
		    arena_printf(c->arena, "you are on duty since %.19sZ", i.on_duty_since);
	r->kind = RETURNS_VIEW;
	view_lines(c->arena, &r->view, lines, n);
	return 0;
}

static int
handover(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	if (argc != 3)
		return err_set(
		    e, ERR_USAGE, "handover needs the name of the person who takes over");
	if (!c->is_signed)
		return err_set(
		    e, ERR_APPROVAL, "this session is unsigned: it has nothing to hand over");
	if (strcmp(argv[2], c->person) == 0)
		return err_set(e, ERR_USAGE, "you cannot hand over to yourself");
	r->kind = RETURNS_SCREEN;
	r->screen.kind = SCREEN_HANDOVER;
	r->screen.argument = argv[2];
	return 0;
}

static int
incident_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	static const struct {
		const char *word;
		int (*exec)(
		    struct context *c, int argc, char **argv, struct result *r, struct err *e);
	} rows[] = {{"severity", incident_severity}, {"role", incident_role},
	    {"impact", incident_impact}, {"status", incident_status}, {"handover", handover},
	    {"close", incident_close}};
	const char *word = argc > 1 ? argv[1] : "show";
	size_t i;

	if (strcmp(word, "open") == 0)
		return open_it(c, argc, argv, r, e);
	if (strcmp(word, "note") == 0 && argc >= 3)
		return note_entry(c, 2, r, e);
	if (c->incident[0] == '\0') {
		err_set(e, ERR_USAGE, "no incident is open");
		return err_hint(e, "incident open NAME \"TITLE\"");
	}
	if (strcmp(word, "show") == 0)
		return show(c, r, e);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].word, word) == 0)
			return rows[i].exec(c, argc, argv, r, e);
	return err_set(e, ERR_USAGE, "incident does not know \"%.40s\"", word);
}

const struct command command_incident = {
    .name = "incident",
    .args = "open NAME [TITLE] | severity LEVEL | role ROLE [PERSON] | note TEXT | impact TEXT | "
	    "status TEXT | handover PERSON | close",
    .min = 0,
    .max = -1,
    .needs = IN_SHELL,
    .help = "The incident this session works on",
    .exec = incident_exec,
};
