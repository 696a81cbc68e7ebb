/*
 * Hosts by name: which transport, and what all transports share. Must never run anything on a
 * host whose section does not say how to reach it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/reach.h"
#include "text.h"
#include "banned.h"

#define HEAD_MAX (64 * 1024) /* of what a login shell says before our command starts */

static const struct transport *const transports[] = {
    &transport_libssh2, &transport_openssh, &transport_local};

static const struct host_config local = {
    .name = "local", .transport = "local", .timeout_ms = 10000, .port = 22, .file = ""};

const struct host_config *
host_find(const struct cluster_config *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->nhosts; i++)
		if (strcmp(c->hosts[i].name, name) == 0)
			return &c->hosts[i];
	return strcmp(name, "local") == 0 ? &local : NULL;
}

int
host_open(const struct cluster_config *c, const char *name, struct waiter *w,
    struct host_conn **out, struct err *e)
{
	const struct host_config *config = host_find(c, name);
	struct host_conn *h;
	struct arena *a;
	size_t i;

	if (config == NULL) {
		err_set(
		    e, ERR_USAGE, "no host section is called \"%.100s\"; nothing was done", name);
		return err_hint(e, "holdfast.conf(5): host \"NAME\" { address = \"...\" }");
	}
	a = arena_new();
	h = arena_alloc(a, sizeof(*h));
	*h = (struct host_conn){.arena = a, .cluster = c, .config = config};
	for (i = 0; i < sizeof(transports) / sizeof(transports[0]); i++)
		if (strcmp(transports[i]->name, config->transport) == 0)
			h->transport = transports[i];
	if (h->transport->open(h, w, e) != 0) {
		host_close(h);
		return -1;
	}
	*out = h;
	return 0;
}

int
host_run(struct host_conn *h, struct waiter *w, struct host_command *cmd, struct err *e)
{
	buf_init(&cmd->out, cmd->max == 0 ? HOST_OUT_MAX : cmd->max);
	buf_init(&cmd->err, cmd->max == 0 ? HOST_OUT_MAX : cmd->max);
	cmd->status = -1;
	cmd->signal[0] = '\0';
	cmd->is_started = cmd->is_unknown = cmd->is_cut = 0;
	if (h->transport->run(h, w, cmd, e) != 0)
		return err_wrap(e, "host %s", h->config->name);
	return 0;
}

void
host_command_free(struct host_command *cmd)
{
	buf_free(&cmd->out);
	buf_free(&cmd->err);
}

const char *
host_fingerprint(const struct host_conn *h)
{
	return h->fingerprint;
}

const char *
host_name(const struct host_conn *h)
{
	return h->config->name;
}

void
host_close(struct host_conn *h)
{
	if (h == NULL)
		return;
	h->transport->close(h);
	arena_free(h->arena);
}

ssize_t
host_started(struct host_start *s, const char *data, size_t n)
{
	static const char mark[] = "holdfast:";
	const char *all, *p, *end;
	char *stop;
	long pid;

	if (s->head.max == 0)
		buf_init(&s->head, HEAD_MAX);
	buf_add(&s->head, data, n);
	if (s->head.overflow)
		return -1;
	all = buf_str(&s->head);
	for (p = all; (p = strstr(p, mark)) != NULL; p++) {
		end = strchr(p, '\n');
		if (end == NULL || (p != all && p[-1] != '\n'))
			continue;
		pid = strtol(p + sizeof(mark) - 1, &stop, 10);
		if (stop != end || pid <= 1)
			continue;
		s->pid = pid;
		return (ssize_t)(s->head.len - (size_t)(end + 1 - all));
	}
	return 0;
}

int
host_fill(struct host_feed *f, const int *input)
{
	ssize_t n;

	if (f->at < f->n)
		return 1;
	if (f->is_over || input == NULL)
		return 0;
	n = read(*input, f->data, sizeof(f->data));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	f->at = 0;
	f->n = n > 0 ? (size_t)n : 0;
	f->is_over = n <= 0;
	return n > 0;
}

static void
keep(struct buf *b, const char *data, size_t n, int *is_cut)
{
	size_t room = b->max > b->len + 1 ? b->max - b->len - 1 : 0;

	if (n > room) {
		*is_cut = 1;
		n = room;
	}
	if (n > 0)
		buf_add(b, data, n);
}

void
host_take(struct host_command *cmd, int is_err, const char *data, size_t n)
{
	if (is_err || !cmd->is_stream)
		keep(is_err ? &cmd->err : &cmd->out, data, n, &cmd->is_cut);
	if (cmd->output != NULL)
		cmd->output(cmd->ctx, is_err, data, n);
}
