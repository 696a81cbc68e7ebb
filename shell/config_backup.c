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

int
config_backup(struct arena *a, const char *file, cfg_t *c, struct backup_config *out, struct err *e)
{
	out->name = arena_strdup(a, cfg_title(c));
	out->cluster = conf_string(a, c, "cluster");
	out->method = conf_string(a, c, "method");
	out->path = conf_string(a, c, "path");
	out->pattern = conf_string(a, c, "pattern");
	out->database = conf_string(a, c, "database");
	out->log = conf_string(a, c, "log");
	out->heartbeat = conf_string(a, c, "heartbeat");
	out->every_h = (int)conf_int(c, "every", 24);
	if (out->pattern == NULL)
		out->pattern = "*";
	if (out->cluster != NULL && out->method != NULL && out->path != NULL)
		return 0;
	return err_set(e, ERR_CONFIG,
	    "%s:%d: backup \"%s\" has no %s; expected cluster, method and path", file, conf_line(c),
	    out->name,
	    out->cluster == NULL  ? "cluster"
	    : out->method == NULL ? "method"
				  : "path");
}
