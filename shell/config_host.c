/*
 * The host sections of holdfast.conf(5), and the links between sections. Must never let a name
 * stand for two hosts, nor a chain of jump hosts end in itself.
 */
#include <string.h>

#include "arena.h"
#include "shell/config_table.h"
#include "banned.h"

#define SSH_PORT 22
#define TIMEOUT_MS 10000
#define JUMPS_MAX 4
#define JOB_WORDS 30

void
config_host(struct arena *a, cfg_t *c, struct host_config *out)
{
	out->name = arena_strdup(a, cfg_title(c));
	out->transport = conf_string(a, c, "transport");
	if (out->transport == NULL)
		out->transport = "libssh2";
	out->address = conf_string(a, c, "address");
	out->port = (int)conf_int(c, "port", SSH_PORT);
	out->user = conf_string(a, c, "user");
	out->known_hosts = conf_string(a, c, "known_hosts");
	out->key = conf_string(a, c, "key");
	out->jump = conf_string(a, c, "jump");
	out->node_id = conf_string(a, c, "node_id");
	out->timeout_ms = (int)conf_int(c, "timeout", TIMEOUT_MS);
	out->line = conf_line(c);
}

void
config_job(struct arena *a, cfg_t *c, struct job_config *out)
{
	out->name = arena_strdup(a, cfg_title(c));
	out->host = conf_string(a, c, "host");
	out->npause = conf_list(a, c, "pause", &out->pause);
	out->nresume = conf_list(a, c, "resume", &out->resume);
	out->nstatus = conf_list(a, c, "status", &out->status);
	out->line = conf_line(c);
}

static const struct host_config *
find(const struct config *c, const char *name)
{
	size_t i;

	for (i = 0; name != NULL && i < c->nhosts; i++)
		if (strcmp(c->hosts[i].name, name) == 0)
			return &c->hosts[i];
	return NULL;
}

static int
wrong(const struct host_config *h, const char *what, const char *expected, struct err *e)
{
	return err_set(e, ERR_CONFIG, "%s:%d: host \"%s\" %s; expected %s", h->file, h->line,
	    h->name, what, expected);
}

static int
check_host(const struct config *c, const struct host_config *h, struct err *e)
{
	const struct host_config *via = h;
	int is_local = strcmp(h->transport, "local") == 0, n;

	if (!is_local && h->address == NULL)
		return wrong(h, "has no address", "address = \"NAME\"", e);
	if (is_local && (h->address != NULL || h->jump != NULL || h->key != NULL))
		return wrong(h, "is local and says how to reach it", "no address, key or jump", e);
	for (n = 0; via->jump != NULL; n++) {
		via = find(c, via->jump);
		if (via == NULL)
			return wrong(h, "has a jump that is no host section",
			    "the name of another host section", e);
		if (n >= JUMPS_MAX)
			return wrong(h, "has too many jumps, or jumps in a circle",
			    "at most 4, none twice", e);
		if (strcmp(via->transport, h->transport) != 0)
			return wrong(h, "has a jump with another transport",
			    "one transport on the whole way", e);
	}
	return 0;
}

static int
check_job(const struct config *c, const struct job_config *j, struct err *e)
{
	if (j->host == NULL || (strcmp(j->host, "local") != 0 && find(c, j->host) == NULL))
		return err_set(e, ERR_CONFIG,
		    "%s:%d: job \"%s\" is on no host; expected host = the name of a host section, "
		    "or "
		    "local",
		    c->file, j->line, j->name);
	if (j->npause == 0 || j->nresume == 0 || j->npause > JOB_WORDS || j->nresume > JOB_WORDS ||
	    j->nstatus > JOB_WORDS)
		return err_set(e, ERR_CONFIG,
		    "%s:%d: job \"%s\" cannot be paused and resumed; expected pause and resume, "
		    "each "
		    "{\"PROGRAM\", \"ARGUMENT\", ...}, at most %d words",
		    c->file, j->line, j->name, JOB_WORDS);
	return 0;
}

int
config_hosts_check(const struct config *c, struct err *e)
{
	const struct node_config *n;
	size_t i, k;

	for (i = 0; i < c->nhosts; i++)
		if (check_host(c, &c->hosts[i], e) != 0)
			return -1;
	for (i = 0; i < c->njobs; i++)
		if (check_job(c, &c->jobs[i], e) != 0)
			return -1;
	for (i = 0; i < c->nclusters; i++)
		for (k = 0; k < c->clusters[i].nnodes; k++) {
			n = &c->clusters[i].nodes[k];
			if (n->host != NULL && find(c, n->host) == NULL)
				return err_set(e, ERR_CONFIG,
				    "%s:%d: node \"%s\" is on host \"%s\", and there is no such "
				    "section; expected the name of a host section",
				    n->file, n->line, n->name, n->host);
		}
	return 0;
}
