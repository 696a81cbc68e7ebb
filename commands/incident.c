/*
 * incident open NAME, note TEXT, close: which incident the session works on, in the journal and
 * in the prompt.
 */
#include <string.h>

#include "arena.h"
#include "command.h"
#include "commands/note.h"
#include "text.h"
#include "banned.h"

#define NAME_MAX_CHARS 64

static int
incident_entry(
    struct context *c, const char *action, const char *name, struct result *r, struct err *e)
{
	int opens = strcmp(action, "open") == 0;

	if (!text_is_name(name, NAME_MAX_CHARS))
		return err_set(e, ERR_USAGE,
		    "an incident's name has letters, digits and ._@- only, at most %d",
		    NAME_MAX_CHARS);
	r->kind = RETURNS_ENTRY;
	r->entry.type = "incident";
	r->entry.body = json_pack("{s:s,s:s}", "action", action, "name", name);
	r->entry.set_incident = opens ? arena_strdup(c->arena, name) : "";
	r->entry.say = arena_printf(c->arena, "incident %s is %s", name, opens ? "open" : "closed");
	return 0;
}

static int
incident_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	int is_open = c->incident != NULL && *c->incident != '\0';

	if (strcmp(argv[1], "open") == 0 && argc == 3) {
		if (is_open)
			return err_set(e, ERR_USAGE,
			    "incident %s is open; close it before another is opened", c->incident);
		return incident_entry(c, "open", argv[2], r, e);
	}
	if (strcmp(argv[1], "note") == 0 && argc >= 3)
		return note_entry(c, 2, r, e);
	if (strcmp(argv[1], "close") == 0 && argc == 2) {
		if (!is_open)
			return err_set(e, ERR_USAGE, "no incident is open");
		return incident_entry(c, "close", c->incident, r, e);
	}
	return err_set(e, ERR_USAGE, "incident takes open NAME, note TEXT, or close");
}

const struct command command_incident = {
    .name = "incident",
    .args = "open NAME | note TEXT | close",
    .min = 1,
    .max = -1,
    .needs = IN_SHELL,
    .help = "Open, annotate or close the incident this session works on",
    .exec = incident_exec,
};
