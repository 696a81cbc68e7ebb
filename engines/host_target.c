/*
 * Asking where a copy is to be made: see ask.h. Must never take what stands there for free room.
 */
#include <stdlib.h>
#include <string.h>

#include "engines/host_ask.h"
#include "engines/members.h"
#include "text.h"
#include "banned.h"

static void
take(struct arena *a, struct target_facts *f, const char *name, const char *value)
{
	size_t n = strcspn(value, " ");

	if (strcmp(name, "parent") == 0)
		f->parent = arena_strdup(a, value);
	else if (strcmp(name, "name") == 0)
		f->name = arena_strdup(a, value);
	else if (strcmp(name, "up") == 0) {
		f->parent_device = arena_strndup(a, value, n);
		f->parent_inode = value[n] == '\0' ? "" : arena_strdup(a, value + n + 1);
	} else if (strcmp(name, "writable") == 0)
		f->is_parent_writable = 1;
	else if (strcmp(name, "exists") == 0)
		f->exists = 1;
	else if (strcmp(name, "free") == 0 && value[0] != '\0')
		f->disk_free = strtoll(value, NULL, 10);
	else if (strcmp(name, "marker") == 0)
		f->marker = arena_strdup(a, value);
	else if (strcmp(name, "done") == 0)
		f->done = strtoll(value, NULL, 10);
	else if (strcmp(name, "inside") == 0)
		f->inside = arena_strdup(a, value);
}

static int
read_target(
    struct arena *a, const struct buf *b, const char *host, struct target_facts *f, struct err *e)
{
	const char *name, *value;
	size_t at = 0;

	while (host_pair(b, &at, &name, &value)) {
		if (strcmp(name, "end") == 0)
			return 0;
		if (strcmp(name, "missing") == 0 || strcmp(name, "unnamed") == 0)
			return err_set(e, ERR_USAGE,
			    "%s on host %s has no directory above it, or no name; nothing was done",
			    f->given, host);
		take(a, f, name, value);
	}
	return err_set(e, ERR_CONN, "host %s: its answer did not come to its end", host);
}

int
ask_target(struct cluster *c, struct waiter *w, struct arena *a, const char *host, const char *path,
    struct target_facts *out, struct err *e)
{
	const struct host_config *config = host_find(c->setup.config, host);
	struct host_command cmd = {0};
	struct host_conn *h;
	int rc;

	memset(out, 0, sizeof(*out));
	out->given = arena_strdup(a, path);
	out->parent = out->name = out->parent_device = out->parent_inode = out->marker = "";
	out->disk_free = -1;
	if (host_check_given(path, e) != 0 || host_open(c->setup.config, host, w, &h, e) != 0)
		return -1;
	rc = host_script(h, w, script_target, &out->given, 1, config->timeout_ms + 6000, &cmd, e);
	if (rc == 0)
		rc = read_target(a, &cmd.out, host, out, e);
	if (rc == 0 && (text_is_exotic(out->parent, strlen(out->parent)) ||
			   !text_is_utf8(out->parent, strlen(out->parent)) ||
			   strpbrk(out->parent, "\n\t") != NULL))
		rc = err_set(e, ERR_REFUSED,
		    "%s on host %s leads to a path with characters that cannot be seen; nothing "
		    "was "
		    "done",
		    path, host);
	host_command_free(&cmd);
	host_close(h);
	return rc;
}
