/*
 * incident severity, role, impact, status: what is said of an incident, as records.
 */
#include <string.h>

#include "arena.h"
#include "commands/incident.h"
#include "text.h"
#include "banned.h"

#define STATUS_MAX 4000

static int
set_text(json_t *body, const char *member, const char *s)
{
	return json_object_set_new(body, member, journal_text(s, strlen(s)));
}

int
incident_severity(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	if (argc != 3 || !text_is_name(argv[2], 32))
		return err_set(e, ERR_USAGE, "severity takes one word, such as SEV1");
	set_text(incident_entry(c, "severity", c->incident, r), "severity", argv[2]);
	r->entry.say = arena_printf(c->arena, "severity is %s", argv[2]);
	return 0;
}

int
incident_role(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	const char *who = argc == 4 ? argv[3] : c->person;
	json_t *body;

	if (argc < 3 || argc > 4 ||
	    (strcmp(argv[2], "commander") != 0 && strcmp(argv[2], "operator") != 0 &&
		strcmp(argv[2], "scribe") != 0))
		return err_set(
		    e, ERR_USAGE, "role takes commander, operator or scribe, and a person");
	if (!text_is_name(who, 64))
		return err_set(e, ERR_USAGE, "role needs a person's name: this session has none");
	body = incident_entry(c, "role", c->incident, r);
	set_text(body, "role", argv[2]);
	set_text(body, "person", who);
	r->entry.say = arena_printf(c->arena, "%s is %s", who, argv[2]);
	return 0;
}

int
incident_impact(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	json_t *body;
	int i;

	if (argc < 3 || argv[2][0] == '\0' || argc % 2 != 1)
		return err_set(
		    e, ERR_USAGE, "impact takes a text in quotes, then from TIME, until TIME");
	body = json_pack(
	    "{s:o,s:s}", "text", journal_text(argv[2], strlen(argv[2])), "incident", c->incident);
	r->kind = RETURNS_ENTRY;
	r->entry.type = "impact";
	r->entry.body = body;
	r->entry.say = "impact noted";
	for (i = 3; i + 1 < argc; i += 2) {
		if ((strcmp(argv[i], "from") != 0 && strcmp(argv[i], "until") != 0) ||
		    rfc3339_parse(argv[i + 1]) < 0) {
			json_decref(body);
			r->entry.body = NULL;
			err_set(e, ERR_USAGE,
			    "\"%.40s\" is no time of the impact; nothing was noted", argv[i + 1]);
			return err_hint(e, "incident impact \"TEXT\" from 2026-11-22T14:03:00Z");
		}
		set_text(body, argv[i], argv[i + 1]);
	}
	return 0;
}

int
incident_status(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	if (argc != 3 || argv[2][0] == '\0' || strlen(argv[2]) > STATUS_MAX)
		return err_set(
		    e, ERR_USAGE, "status takes one text in quotes, at most %d bytes", STATUS_MAX);
	if (c->config->nstatus_page == 0) {
		err_set(
		    e, ERR_CONFIG, "no status page program is configured; nothing was published");
		return err_hint(e, "Set status_page = { \"PROGRAM\" } in the config, or use note.");
	}
	r->kind = RETURNS_ENTRY;
	r->entry.type = "status";
	r->entry.body = json_pack(
	    "{s:o,s:s}", "text", journal_text(argv[2], strlen(argv[2])), "incident", c->incident);
	r->entry.status = arena_strdup(c->arena, argv[2]);
	return 0;
}
