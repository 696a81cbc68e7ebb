/*
 * Asking what a path on a host is: see ask.h. The real path is what counts; what was typed is only
 * the way to it. Must never take what it could not see for harmless.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/host_ask.h"
#include "engines/members.h"
#include "text.h"
#include "banned.h"

int
host_check_given(const char *path, struct err *e)
{
	size_t n = strlen(path);

	if (n == 0)
		return err_set(e, ERR_USAGE, "the path is empty; nothing was done");
	if (path[0] != '/') {
		err_set(e, ERR_USAGE, "\"%.200s\" is no absolute path; nothing was done", path);
		return err_hint(e, "Begin it with /; there is no current directory there.");
	}
	if (n > HOST_PATH_MAX)
		return err_set(e, ERR_USAGE, "the path is longer than %d bytes; nothing was done",
		    HOST_PATH_MAX);
	if (!text_is_utf8(path, n) || text_is_exotic(path, n) || strpbrk(path, "\n\t") != NULL)
		return err_set(e, ERR_REFUSED,
		    "the path has characters that cannot be seen, so nobody could check what is "
		    "meant; nothing was done");
	return 0;
}

/* \040 and the like back into bytes, in place. */
static void
unescape(char *s)
{
	char *to = s;

	for (; *s != '\0'; to++)
		if (s[0] == '\\' && strspn(s + 1, "01234567") >= 3) {
			*to = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 4;
		} else {
			*to = *s++;
		}
	*to = '\0';
}

struct mounted {
	const char *device, *root, *at;
};

/* What is left of a path below a directory; NULL where it is not below it. */
static const char *
below(const char *path, const char *dir)
{
	size_t n = strcmp(dir, "/") == 0 ? 0 : strlen(dir);

	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0') ? path + n : NULL;
}

/* The same place through another mount of its file system. */
static void
other_names(struct arena *a, struct path_facts *f, const struct mounted *m, size_t n)
{
	const struct mounted *of = NULL;
	const char *inside, *rest;
	size_t i;

	/* The last one mounted on the longest way to it. */
	for (i = 0; i < n; i++)
		if (below(f->real, m[i].at) != NULL &&
		    (of == NULL || strlen(m[i].at) >= strlen(of->at)))
			of = &m[i];
	if (of == NULL)
		return;
	inside = arena_printf(
	    a, "%s%s", strcmp(of->root, "/") == 0 ? "" : of->root, below(f->real, of->at));
	for (i = 0; i < n; i++) {
		rest = strcmp(m[i].device, of->device) == 0 ? below(inside, m[i].root) : NULL;
		if (rest == NULL || &m[i] == of)
			continue;
		f->also = arena_grow(a, f->also, f->nalso, sizeof(*f->also));
		f->also[f->nalso++] =
		    arena_printf(a, "%s%s", strcmp(m[i].at, "/") == 0 ? "" : m[i].at, rest);
	}
}

/* mountinfo: device, root and mount point are its third to fifth fields. */
void
host_mounts(struct arena *a, struct path_facts *f, const char *text)
{
	char *rest = arena_strdup(a, text), *line, *field[5];
	struct mounted *all = NULL;
	size_t count = 0, n = strlen(f->real);
	int i;

	while ((line = strsep(&rest, "\n")) != NULL) {
		for (i = 0; i < 5; i++)
			field[i] = strsep(&line, " ");
		if (field[4] == NULL)
			continue;
		unescape(field[3]);
		unescape(field[4]);
		all = arena_grow(a, all, count, sizeof(*all));
		all[count++] = (struct mounted){field[2], field[3], field[4]};
		if (strcmp(field[4], f->real) == 0)
			f->is_mount_point = 1;
		else if (strncmp(field[4], f->real, n) == 0 && field[4][n] == '/')
			f->mounted = field[4];
	}
	other_names(a, f, all, count);
}

static void
split_pair(struct arena *a, const char *value, const char **device, const char **inode)
{
	size_t n = strcspn(value, " ");

	*device = arena_strndup(a, value, n);
	*inode = value[n] == '\0' ? "" : arena_strdup(a, value + n + 1);
}

static void
take_control(struct arena *a, struct path_facts *f, const char *hex)
{
	struct control c;

	f->engine = "postgresql";
	if (strlen(hex) != 112 || control_read(hex, &c) != 0)
		return;
	f->system = arena_printf(a, "%llu", (unsigned long long)c.system);
	f->state = c.state;
	f->timeline = c.timeline;
	f->checkpoint = c.checkpoint;
}

/* "0-1-27,0-2-3,": numbers, dashes and commas, without one at the end; NULL where it is none. */
static const char *
gtid_list(struct arena *a, const char *value)
{
	size_t n = strlen(value);

	while (n > 0 && value[n - 1] == ',')
		n--;
	return n == 0 || strspn(value, "0123456789-,") < n ? NULL : arena_strndup(a, value, n);
}

static void
take_text(struct arena *a, struct path_facts *f, const char *name, const char *value)
{
	size_t n = strcspn(value, "\n");

	if (strcmp(name, "real") == 0)
		f->real = arena_strdup(a, value);
	else if (strcmp(name, "stat") == 0)
		split_pair(a, value, &f->device, &f->inode);
	else if (strcmp(name, "up") == 0)
		split_pair(a, value, &f->parent_device, &f->parent_inode);
	else if (strcmp(name, "mounts") == 0)
		host_mounts(a, f, value);
	else if (strcmp(name, "inside") == 0)
		f->inside = arena_strdup(a, value);
	else if (strcmp(name, "contains") == 0)
		f->contains = arena_strdup(a, value);
	else if (strcmp(name, "control") == 0)
		take_control(a, f, value);
	else if (strcmp(name, "version") == 0)
		f->version = arena_strndup(a, value, n);
	else if (strcmp(name, "uuid") == 0)
		f->uuid = arena_strndup(a, value, n);
	else if (strcmp(name, "gtid") == 0)
		f->gtid_state = gtid_list(a, value);
	else if (strcmp(name, "unknown") == 0)
		f->gtid_unknown = arena_strdup(a, value);
	else if (strcmp(name, "source") == 0) {
		f->sources = arena_grow(a, f->sources, f->nsources, sizeof(*f->sources));
		f->sources[f->nsources++] = arena_strdup(a, value);
	} else if (strcmp(name, "link") == 0) {
		f->links = arena_grow(a, f->links, f->nlinks, sizeof(*f->links));
		f->links[f->nlinks++] = arena_strdup(a, value);
	}
}

static void
take_number(struct path_facts *f, const char *name, const char *value)
{
	long long v = strtoll(value, NULL, 10);

	if (strcmp(name, "directory") == 0)
		f->is_directory = 1;
	else if (strcmp(name, "writable") == 0)
		f->is_parent_writable = 1;
	else if (strcmp(name, "mariadb") == 0)
		f->engine = "mariadb";
	else if (strcmp(name, "standby") == 0)
		f->has_standby_signal = 1;
	else if (strcmp(name, "pid") == 0)
		f->pid = v < 0 ? -v : v;
	else if (strcmp(name, "alive") == 0)
		f->is_pid_alive = 1;
	else if (strcmp(name, "user") == 0)
		f->user_pid = v;
	else if (strcmp(name, "unseen") == 0)
		f->nunseen++;
	else if (strcmp(name, "bytes") == 0 && value[0] != '\0')
		f->bytes = v;
	else if (strcmp(name, "free") == 0 && value[0] != '\0')
		f->disk_free = v;
}

static int
read_path(
    struct arena *a, const struct buf *b, const char *host, struct path_facts *f, struct err *e)
{
	const char *name, *value;
	size_t at = 0;

	while (host_pair(b, &at, &name, &value)) {
		if (strcmp(name, "end") == 0)
			return 0;
		if (strcmp(name, "missing") == 0)
			return err_set(e, ERR_USAGE, "there is no %s on host %s; nothing was done",
			    f->given, host);
		if (strcmp(name, "hidden") == 0) {
			err_set(e, ERR_REFUSED,
			    "%s on host %s cannot be read by the user that logs in there, so what "
			    "it is is not known; nothing was done",
			    f->given, host);
			return err_hint(
			    e, "Give the host's section a user that may read the data directory.");
		}
		take_text(a, f, name, value);
		take_number(f, name, value);
	}
	return err_set(e, ERR_CONN, "host %s: its answer did not come to its end", host);
}

static int
check_real(struct arena *a, struct path_facts *f, const char *host, struct err *e)
{
	const char *slash = strrchr(f->real, '/');

	if (slash == NULL || text_is_exotic(f->real, strlen(f->real)) ||
	    !text_is_utf8(f->real, strlen(f->real)) || strpbrk(f->real, "\n\t") != NULL)
		return err_set(e, ERR_REFUSED,
		    "%s on host %s leads to a path with characters that cannot be seen; nothing "
		    "was done",
		    f->given, host);
	f->parent = slash == f->real ? "/" : arena_strndup(a, f->real, (size_t)(slash - f->real));
	f->name = slash + 1;
	return 0;
}

int
ask_path(struct cluster *c, struct waiter *w, struct arena *a, const char *host, const char *path,
    struct path_facts *out, struct err *e)
{
	const struct host_config *config = host_find(c->setup.config, host);
	struct host_command cmd = {0};
	struct host_conn *h;
	int rc;

	memset(out, 0, sizeof(*out));
	out->given = arena_strdup(a, path);
	out->real = out->device = out->inode = out->parent_device = out->parent_inode = "";
	out->version = out->system = out->uuid = out->quarantine = "";
	out->state = STATE_NOT_KNOWN;
	out->bytes = out->disk_free = -1;
	if (host_check_given(path, e) != 0 || host_open(c->setup.config, host, w, &h, e) != 0)
		return -1;
	/* Counting a large directory and looking through it have their own ends of 5 s each. */
	rc = host_script(h, w, script_path, &out->given, 1, config->timeout_ms + 12000, &cmd, e);
	if (rc == 0)
		rc = read_path(a, &cmd.out, host, out, e);
	if (rc == 0)
		rc = check_real(a, out, host, e);
	if (rc == 0 && out->engine != NULL && strcmp(out->engine, "mariadb") == 0 &&
	    out->user_pid == 0) {
		host_command_free(&cmd);
		memset(&cmd, 0, sizeof(cmd));
		rc = host_script(
		    h, w, script_my_state, &out->real, 1, config->timeout_ms + 5000, &cmd, e);
		if (rc == 0)
			rc = read_path(a, &cmd.out, host, out, e);
	}
	host_command_free(&cmd);
	host_close(h);
	return rc;
}
