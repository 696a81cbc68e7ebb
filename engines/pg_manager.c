/*
 * Managers: see pg_manager.h. By their sessions, and by what the config says of a node. Only
 * Patroni tells over a REST address whether it is paused; whatever cannot be seen counts as not on
 * hold. Must never change anything there.
 */
#include <stdio.h>
#include <string.h>
#include <jansson.h>

#include "arena.h"
#include "engines/http_get.h"
#include "engines/pg_manager.h"
#include "banned.h"

#define REST_PORT "8008"
#define ANSWER_MAX 65536

static const struct kind {
	const char *mark; /* what the application_name of its sessions begins with */
	const char *name, *does, *next;
} kinds[] = {
    {"Patroni", "Patroni",
	"it resumes a paused replica within its loop, and may promote one with everything it "
	"received",
	"Type `patronictl pause --wait`, then try again"},
    {"repmgr", "repmgrd", "it resumes a paused replica before it elects one, and may promote it",
	"Stop repmgrd on every node, then try again"},
    {"pgautofailover", "pg_auto_failover", "it may promote a paused replica",
	"Stop pg_autoctl on every node without stopping PostgreSQL, then try again"},
    {"pg_auto_failover", "pg_auto_failover", "it may promote a paused replica",
	"Stop pg_autoctl on every node without stopping PostgreSQL, then try again"},
    {"_cnpg_", "CloudNativePG",
	"it restarts pods by itself, which ends a pause, and may promote a paused replica",
	"Scale its operator to nothing, so that no session of it is left, then try again"},
    {"cnpg", "CloudNativePG",
	"it restarts pods by itself, which ends a pause, and may promote a paused replica",
	"Scale its operator to nothing, so that no session of it is left, then try again"},
};

static const struct kind *
kind_seen(const struct probe *p)
{
	size_t i, k;

	for (i = 0; i < p->nmarks; i++)
		for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
			if (strncmp(p->marks[i], kinds[k].mark, strlen(kinds[k].mark)) == 0)
				return &kinds[k];
	return NULL;
}

/* HOST:PORT of the config for this member, or NULL. */
static const char *
configured_rest(const struct cluster *c, const struct member *m)
{
	const struct cluster_config *x = c->setup.config;
	size_t i;

	for (i = 0; m != NULL && i < x->nnodes; i++)
		if (strcmp(x->nodes[i].name, m->name) == 0)
			return x->nodes[i].patroni;
	return NULL;
}

static void
place_of(const struct cluster *c, const struct sight *s, char *host, size_t nhost, char *port,
    size_t nport)
{
	const char *rest = configured_rest(c, s->member), *colon;

	colon = rest == NULL ? NULL : strrchr(rest, ':');
	if (colon != NULL) {
		snprintf(host, nhost, "%.*s", (int)(colon - rest), rest);
		snprintf(port, nport, "%s", colon + 1);
		return;
	}
	snprintf(host, nhost, "%s",
	    rest != NULL	      ? rest
	    : place_is_local(s->host) ? "127.0.0.1"
				      : s->host);
	snprintf(port, nport, "%s", REST_PORT);
}

/* What /patroni answered: this cluster's, and paused. A sentence why it is not known, or NULL. */
static const char *
read_answer(const char *body, const struct probe *p, int *is_paused)
{
	json_t *o = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
	const char *id = json_string_value(json_object_get(o, "database_system_identifier"));
	const char *why = NULL;

	*is_paused = json_is_true(json_object_get(o, "pause"));
	if (o == NULL)
		why = "what answered there was not understood";
	else if (id == NULL || strcmp(id, p->who.cluster + 3) != 0)
		why = "what answered there speaks of another cluster";
	json_decref(o);
	return why;
}

static void
ask_patroni(struct cluster *c, struct waiter *w, const struct sight *s, struct manager *m)
{
	char host[256], port[16], out[ANSWER_MAX], *body;
	const char *why = NULL;
	struct err e = {0};
	int is_paused = 0, status;

	place_of(c, s, host, sizeof(host), port, sizeof(port));
	status = http_get(w, host, port, "/patroni", cluster_deadline(c, LIMIT_QUERY), out,
	    sizeof(out), &body, &e);
	if (status < 0)
		why = e.msg;
	else if (status != 200 && status != 503) /* 503: it answers, the server does not */
		why = "it refused the question";
	else
		why = read_answer(body, s->probe, &is_paused);
	m->state = why != NULL ? MANAGER_UNSEEN : is_paused ? MANAGER_ON_HOLD : MANAGER_ACTIVE;
	if (why != NULL)
		m->reason = arena_printf(s->arena, "%s:%s: %s", host, port, why);
}

void
pg_manager_look(struct cluster *c, struct waiter *w, struct sight *s)
{
	const struct kind *k = kind_seen(s->probe);
	struct manager *m;

	if (configured_rest(c, s->member) != NULL && k == NULL)
		k = &kinds[0];
	if (k == NULL)
		return;
	m = arena_alloc(s->arena, sizeof(*m));
	*m = (struct manager){
	    .name = k->name, .does = k->does, .next = k->next, .state = MANAGER_UNSEEN};
	m->reason = "it has no address to be asked at";
	if (k == &kinds[0])
		ask_patroni(c, w, s, m);
	s->probe->manager = m;
}

void
pg_manager_add(const struct crawl *k, struct topology *t, struct arena *a)
{
	const struct manager *m;
	size_t i;

	for (i = 0; i < k->nshown; i++) {
		m = k->shown[i]->probe == NULL ? NULL : k->shown[i]->probe->manager;
		if (m == NULL)
			continue;
		t->managers = arena_grow(a, t->managers, t->nmanagers, sizeof(*t->managers));
		t->managers[t->nmanagers] = *m;
		t->managers[t->nmanagers].node = t->nodes[i].name;
		t->managers[t->nmanagers++].reason = arena_strdup(a, m->reason);
	}
}
