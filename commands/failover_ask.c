/*
 * What is known before a failover: of the two servers, of their hosts, of the log on the old one's
 * disk. What could not be asked is a sentence, never a guess.
 */
#include <string.h>

#include "arena.h"
#include "commands/failing.h"
#include "commands/filed.h"
#include "engines/ask.h"
#include "text.h"
#include "banned.h"

static const char *
inert(struct context *c, const char *s)
{
	return text_inert(c->arena, s, strlen(s), 0);
}

static void
side(struct context *c, const struct node *n, struct failover_side *out)
{
	struct host_facts *h = arena_alloc(c->arena, sizeof(*h));
	struct err why = {0};

	*out = (struct failover_side){.node = n};
	if (n == NULL)
		return;
	out->config = config_node(c->cluster_config, n->name);
	out->directory = out->config != NULL && out->config->data_directory != NULL
			     ? out->config->data_directory
			 : n->data_directory != NULL ? n->data_directory
						     : n->last_directory;
	if (out->config == NULL || out->config->host == NULL) {
		out->no_host = arena_printf(c->arena, "no host is configured for %s", n->name);
		return;
	}
	if (ask_host(c->cluster, c->waiter, c->arena, out->config->host, h, &why) == 0)
		out->host = h;
	else
		out->no_host = arena_printf(c->arena, "host %s of %s cannot be asked: %s",
		    out->config->host, n->name, inert(c, why.msg));
}

void
failing_sides(struct context *c, struct failover_input *in, const struct node *candidate)
{
	side(c, failover_old(c->topology, candidate), &in->old);
	side(c, candidate, &in->new);
}

void
failing_log(struct context *c, struct failover_input *in, const struct node *candidate)
{
	struct log_facts *f = arena_alloc(c->arena, sizeof(*f));
	struct log_question q;
	struct err why = {0};

	in->log = NULL;
	in->no_log = in->old.no_host;
	if (in->old.node == NULL || in->old.host == NULL)
		return;
	in->no_log = arena_printf(
	    c->arena, "where the data directory of %s is is not known", in->old.node->name);
	if (in->old.directory == NULL)
		return;
	failover_question(c->arena, in, candidate, &q);
	if (ask_log(c->cluster, c->waiter, c->arena, in->old.host->name, &q, f, &why) == 0)
		in->log = f;
	else
		in->no_log = inert(c, why.msg);
	/* A held standby keeps all that it received; its primary may have removed it already. */
	if (in->log == NULL && in->far == FAR_BEFORE && in->new.host != NULL &&
	    in->new.directory != NULL) {
		q.directory = in->new.directory;
		if (ask_log(c->cluster, c->waiter, c->arena, in->new.host->name, &q, f, &why) == 0)
			in->log = f;
	}
}

void
failing_mistake(struct context *c, struct failover_input *in, const struct node *candidate)
{
	struct plan *filed = NULL;
	struct err ignored = {0};
	size_t i;

	for (i = 0; i < c->nholds; i++)
		if (strcmp(c->holds[i].identity, candidate->identity) == 0 &&
		    c->holds[i].plan[0] != '\0' &&
		    filed_plan(c, c->holds[i].plan, &filed, &ignored) == 0)
			in->mistake = filed;
}
