/*
 * The backup sections of holdfast.conf: see holdfast.conf(5). What is not said gets its default; a
 * section that cannot mean anything is a mistake with its line.
 */
#include <string.h>

#include "arena.h"
#include "shell/config.h"
#include "shell/conf.h"
#include "shell/config_table.h"
#include "banned.h"

/* What a method cannot do without. */
static const struct need {
	const char *method, *option; /* method NULL: all */
} needs[] = {
    {NULL, "cluster"},
    {NULL, "method"},
    {NULL, "path"},
    {"pgbackrest", "stanza"},
    {"command", "command"},
};

static const char *
missing(const struct backup_config *b, cfg_t *c)
{
	size_t i;

	for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if ((needs[i].method == NULL ||
			(b->method != NULL && strcmp(needs[i].method, b->method) == 0)) &&
		    cfg_size(c, needs[i].option) == 0)
			return needs[i].option;
	return NULL;
}

int
config_backup(struct arena *a, const char *file, cfg_t *c, struct backup_config *out, struct err *e)
{
	const char *lacks;

	out->name = arena_strdup(a, cfg_title(c));
	out->cluster = conf_string(a, c, "cluster");
	out->method = conf_string(a, c, "method");
	out->path = conf_string(a, c, "path");
	out->pattern = conf_string(a, c, "pattern");
	out->database = conf_string(a, c, "database");
	out->log = conf_string(a, c, "log");
	out->heartbeat = conf_string(a, c, "heartbeat");
	out->stanza = conf_string(a, c, "stanza");
	out->tool = conf_string(a, c, "config");
	out->proofs = conf_string(a, c, "proofs");
	out->ncommand = conf_list(a, c, "command", &out->command);
	out->every_h = (int)conf_int(c, "every", 24);
	if (out->pattern == NULL)
		out->pattern = "*";
	if (out->proofs == NULL)
		out->proofs = out->path;
	lacks = missing(out, c);
	if (lacks == NULL)
		return 0;
	return err_set(e, ERR_CONFIG,
	    "%s:%d: backup \"%s\" has no %s; expected cluster, method, path, and what the method "
	    "needs",
	    file, conf_line(c), out->name, lacks);
}
