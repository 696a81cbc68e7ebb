/*
 * Asking a host who it is and what runs there: see ask.h. One script, one answer of pairs. Must
 * never believe an answer that did not come to its end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/host_ask.h"
#include "engines/members.h"
#include "hash.h"
#include "text.h"
#include "banned.h"

#define CONTROL_BYTES 56
#define VALUE_MAX 4096

int
host_script(struct host_conn *h, struct waiter *w, const char *script, const char *const *words,
    size_t n, int timeout_ms, struct host_command *cmd, struct err *e)
{
	const char *argv[HOST_ARGV_MAX + 1] = {"/bin/sh", "-c", script, "holdfast"};
	size_t i;

	for (i = 0; i < n && i < HOST_ARGV_MAX - 20; i++)
		argv[4 + i] = words[i];
	cmd->argv = argv;
	cmd->timeout_ms = timeout_ms;
	return host_run(h, w, cmd, e) != 0 ? -1 : host_script_ended(h, cmd, e);
}

int
host_script_ended(struct host_conn *h, const struct host_command *cmd, struct err *e)
{
	const char *said;

	if (cmd->status == 0 && !cmd->is_cut)
		return 0;
	said = buf_str(&cmd->err);
	return err_set(e, cmd->status == 8 ? ERR_STALE : ERR_FAILED, "%s: %.*s%s", host_name(h),
	    (int)strcspn(said, "\n") > 400 ? 400 : (int)strcspn(said, "\n"), said,
	    cmd->signal[0] != '\0' ? "ended by a signal"
	    : cmd->is_cut	   ? "said too much"
	    : said[0] == '\0'	   ? "it did not work there"
				   : "");
}

int
host_pair(const struct buf *b, size_t *at, const char **name, const char **value)
{
	const char *end = b->data + b->len, *p, *mid, *last;

	if (b->len == 0 || *at >= b->len)
		return 0;
	p = b->data + *at;
	mid = memchr(p, '\0', (size_t)(end - p));
	last = mid == NULL ? NULL : memchr(mid + 1, '\0', (size_t)(end - mid - 1));
	if (last == NULL)
		return 0;
	*name = p;
	*value = mid + 1;
	*at = (size_t)(last + 1 - b->data);
	return 1;
}

static uint64_t
number_at(const unsigned char *b, size_t at, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | b[at + n];
	return v;
}

/*
 * The first members of ControlFileData, at the same places from PostgreSQL 9.3 to 17: system
 * identifier, version of the file, catalogue, state, time, checkpoint, then its redo and timeline.
 * Little-endian, as every machine is that this runs on.
 */
int
control_read(const char *hex, struct control *out)
{
	static const enum cluster_state states[] = {STATE_STARTUP, STATE_SHUT_DOWN,
	    STATE_SHUT_DOWN_IN_RECOVERY, STATE_SHUTTING_DOWN, STATE_CRASH_RECOVERY,
	    STATE_ARCHIVE_RECOVERY, STATE_IN_PRODUCTION};
	unsigned char b[CONTROL_BYTES];
	unsigned int v;
	uint64_t state, version;
	size_t i;

	memset(out, 0, sizeof(*out));
	out->state = STATE_NOT_KNOWN;
	for (i = 0; i < sizeof(b); i++) {
		if (sscanf(hex + 2 * i, "%2x", &v) != 1)
			return -1;
		b[i] = (unsigned char)v;
	}
	out->system = number_at(b, 0, 8);
	version = number_at(b, 8, 4);
	state = number_at(b, 16, 4);
	/* Another layout: whose it is can be said, how it was left cannot. */
	if (version < 937 || version > 1799)
		return 0;
	if (state < sizeof(states) / sizeof(states[0]))
		out->state = states[state];
	out->checkpoint = number_at(b, 32, 8);
	out->timeline = (int)number_at(b, 48, 4);
	return 0;
}

static const char *
value_of(struct arena *a, const char *v)
{
	size_t n = strlen(v);

	while (n > 0 && v[n - 1] == '\n')
		n--;
	return arena_strndup(a, v, n > VALUE_MAX ? VALUE_MAX : n);
}

static void
take_instance(struct arena *a, struct host_facts *f, const char *name, const char *value)
{
	struct host_instance *x;
	struct control c;

	if (strcmp(name, "instance") == 0) {
		f->instances = arena_grow(a, f->instances, f->ninstances, sizeof(*f->instances));
		x = &f->instances[f->ninstances++];
		*x = (struct host_instance){.engine = value_of(a, value), .disk_free = -1};
		x->data_directory = x->system = "";
		return;
	}
	if (f->ninstances == 0)
		return;
	x = &f->instances[f->ninstances - 1];
	if (strcmp(name, "directory") == 0)
		x->data_directory = value_of(a, value);
	else if (strcmp(name, "pid") == 0)
		x->pid = strtoll(value, NULL, 10);
	else if (strcmp(name, "port") == 0)
		x->port = (int)strtol(value, NULL, 10);
	else if (strcmp(name, "free") == 0 && value[0] != '\0')
		x->disk_free = strtoll(value, NULL, 10);
	else if (strcmp(name, "control") == 0 && strlen(value) == 2 * (size_t)CONTROL_BYTES &&
		 control_read(value, &c) == 0)
		x->system = arena_printf(a, "%llu", (unsigned long long)c.system);
}

static int
read_host(struct arena *a, const struct buf *b, struct host_facts *f)
{
	const char *name, *value;
	size_t at = 0;

	while (host_pair(b, &at, &name, &value)) {
		if (strcmp(name, "end") == 0)
			return 0;
		if (strcmp(name, "user") == 0)
			f->user = value_of(a, value);
		else if (strcmp(name, "hostname") == 0)
			f->hostname = value_of(a, value);
		else if (strcmp(name, "machine") == 0)
			f->machine_id = value_of(a, value);
		else if (strcmp(name, "boot") == 0)
			f->boot_id = value_of(a, value);
		else if (strcmp(name, "node") == 0)
			f->node_id = value_of(a, value);
		else if (strcmp(name, "unseen") == 0)
			f->nunseen++;
		else
			take_instance(a, f, name, value);
	}
	return -1;
}

int
ask_host(struct cluster *c, struct waiter *w, struct arena *a, const char *host,
    struct host_facts *out, struct err *e)
{
	const struct host_config *config = host_find(c->setup.config, host);
	struct host_command cmd = {0};
	struct host_conn *h;
	const char *word;
	int rc;

	memset(out, 0, sizeof(*out));
	out->user = out->hostname = out->machine_id = out->boot_id = out->node_id = "";
	if (host_open(c->setup.config, host, w, &h, e) != 0)
		return -1;
	word = config->node_id == NULL ? "" : config->node_id;
	rc = host_script(h, w, script_host, &word, 1, config->timeout_ms, &cmd, e);
	if (rc == 0 && read_host(a, &cmd.out, out) != 0)
		rc = err_set(e, ERR_CONN, "host %s: its answer did not come to its end", host);
	out->name = arena_strdup(a, host);
	out->fingerprint = arena_strdup(a, host_fingerprint(h));
	out->identity = arena_printf(a, "host:%s%s%s%s%s",
	    out->machine_id[0] == '\0' ? out->hostname : out->machine_id,
	    out->node_id[0] == '\0' ? "" : "/", out->node_id,
	    out->fingerprint[0] == '\0' ? "" : "/", out->fingerprint);
	host_command_free(&cmd);
	host_close(h);
	return rc;
}
