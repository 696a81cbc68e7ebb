/*
 * A cluster that Patroni manages is switched by Patroni: the plan is its own command on a host, and
 * what is seen before and after. Must never promote anything beside it.
 */
#include <string.h>

#include "policy/failing.h"
#include "policy/steps.h"
#include "banned.h"

#define SWITCH_MS 180000
#define DEBIAN_CONFIG "/etc/patroni/config.yml"

int
failing_is_managed(const struct failing *f)
{
	return f->t->nmanagers > 0;
}

static const char *
config_file(const struct failover_side *side)
{
	return side->config == NULL || side->config->patroni_config == NULL
		   ? DEBIAN_CONFIG
		   : side->config->patroni_config;
}

static void
word(struct failing *f, struct step *s, const char *text)
{
	s->texts = arena_grow(f->arena, s->texts, s->ntexts, sizeof(*s->texts));
	s->texts[s->ntexts++] = arena_strdup(f->arena, text);
}

int
failing_by_manager(struct failing *f, struct err *e)
{
	const struct failover_side *side = f->in->new.host != NULL ? &f->in->new : &f->in->old;
	struct step *s;

	if (side->host == NULL) {
		err_set(e, ERR_REFUSED,
		    "Patroni manages %s, so only its own command may switch it, and no host is "
		    "there to run that on (%s); nothing was done",
		    f->new->name, side->no_host == NULL ? "no host is configured" : side->no_host);
		return err_hint(e,
		    "On any of its hosts: patronictl switchover --candidate %s. Or give the node a "
		    "host in the config.",
		    f->new->name);
	}
	if (f->is_held || f->in->far != FAR_UNSAID)
		return err_set(e, ERR_REFUSED,
		    "%s is held back and Patroni promotes with everything received: release it "
		    "first, or end Patroni's management; nothing was done",
		    f->new->name);
	f->say->seen(f->arena, f->plan, f->new);
	s = plan_add(f->arena, f->plan);
	s->part = PART_MAIN;
	s->kind = KIND_PROMOTE;
	s->conn = CONN_HOST;
	s->node = arena_strdup(f->arena, side->host->name);
	s->timeout_ms = SWITCH_MS;
	word(f, s, "patronictl");
	word(f, s, "-c");
	word(f, s, config_file(side));
	word(f, s, f->is_planned ? "switchover" : "failover");
	if (f->is_planned) {
		word(f, s, "--leader");
		word(f, s, f->old->name);
	}
	word(f, s, "--candidate");
	word(f, s, f->new->name);
	word(f, s, "--force");
	s->why = arena_printf(f->arena, "Patroni's own command, on host %s: %s takes over from %s",
	    side->host->name, f->new->name, f->old->name);
	f->say->promoted(f->arena, f->plan, f->new);
	return 0;
}
