/*
 * The handle of a cluster: which sessions are open to which node, see cluster.h and members.h. At
 * most two a node: control, opened first, and the operator's or a plan's. Must never send a
 * statement of its own beyond asking who is there.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/members.h"
#include "engines/scratch_db.h"
#include "text.h"
#include "banned.h"

static const struct driver *const drivers[] = {
    &driver_postgresql,
    &driver_mariadb,
    &driver_mysql,
};

/* The config knows no other engine's name than those of the table. */
static const struct driver *
driver_for(const char *engine)
{
	size_t i;

	for (i = 0; engine != NULL && i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (strcmp(drivers[i]->engine, engine) == 0)
			return drivers[i];
	return drivers[0];
}

struct cluster *
cluster_new(const struct cluster_setup *s)
{
	struct cluster *c = calloc(1, sizeof(*c));
	struct member *m;
	size_t i;

	if (c == NULL)
		abort();
	scratch_db_sweep();
	c->setup = *s;
	c->driver = driver_for(s->config->engine);
	c->members = calloc(s->config->nnodes + 1, sizeof(*c->members));
	if (c->members == NULL)
		abort();
	for (i = 0; i < s->config->nnodes; i++) {
		m = &c->members[c->nmembers++];
		text_copy(m->name, sizeof(m->name), s->config->nodes[i].name);
		m->address = strdup(s->config->nodes[i].address);
		m->is_configured = 1;
		if (m->address == NULL)
			abort();
	}
	return c;
}

void
cluster_free(struct cluster *c)
{
	size_t i;

	if (c == NULL)
		return;
	cluster_crawl_cancel(c);
	c->driver->close(c->person);
	c->driver->close(c->main);
	c->driver->close(c->pen);
	for (i = 0; i < c->nmembers; i++) {
		c->driver->close(c->members[i].control);
		free(c->members[i].address);
	}
	free(c->members);
	cluster_tidy(c);
	free(c->retired);
	arena_free(c->topology_arena);
	arena_free(c->dump_arena);
	free(c);
}

struct member *
cluster_member(struct cluster *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->nmembers; i++)
		if (strcmp(c->members[i].name, name) == 0)
			return &c->members[i];
	return NULL;
}

void
cluster_adopt(struct cluster *c, const char *name, char *address, struct conn *control)
{
	struct member *m = calloc(c->nmembers + 2, sizeof(*m));

	if (m == NULL)
		abort();
	memcpy(m, c->members, c->nmembers * sizeof(*m));
	free(c->members);
	c->members = m;
	m = &c->members[c->nmembers++];
	text_copy(m->name, sizeof(m->name), name);
	m->address = address;
	m->control = control;
}

const char *
cluster_application(const struct cluster *c, char *out, size_t size)
{
	const char *incident = c->setup.incident;

	snprintf(out, size, "holdfast %s%s%s",
	    c->setup.person == NULL ? "nobody" : c->setup.person->name,
	    incident == NULL || incident[0] == '\0' ? "" : " ", incident == NULL ? "" : incident);
	return out;
}

int64_t
cluster_deadline(const struct cluster *c, enum cluster_limit l)
{
	int ms = l == LIMIT_CONNECT ? c->setup.config->connect_timeout_ms
				    : c->setup.config->query_timeout_ms;

	return now_ms() + (ms > 0 ? ms : 2000);
}

/* Opens the control session and sees that the same server is still there. */
int
cluster_open_control(
    struct cluster *c, struct member *m, struct waiter *w, struct who *who, struct err *e)
{
	struct conn *fresh;
	int rc;

	if (c->driver->open_control != NULL)
		rc = c->driver->open_control(c, w, m->address, &fresh, e);
	else
		rc = c->driver->open(c, w, m->address, NULL, &fresh, e);
	if (rc < 0)
		return err_wrap(e, "%s", m->name);
	if (c->driver->who(fresh, w, cluster_deadline(c, LIMIT_QUERY), who, e) < 0) {
		c->driver->close(fresh);
		return err_wrap(e, "%s", m->name);
	}
	if (m->identity[0] != '\0' && !cluster_is_same(m, who)) {
		c->driver->close(fresh);
		err_set(e, ERR_STALE, "%s is another server now: identity was %s, is %s", m->name,
		    m->identity, who->identity);
		return err_hint(e, "look at `topology` before doing anything there");
	}
	c->driver->close(m->control);
	m->control = fresh;
	if (m->identity[0] == '\0')
		text_copy(m->identity, sizeof(m->identity), who->identity);
	text_copy(m->incarnation, sizeof(m->incarnation), who->incarnation);
	return 0;
}

/* Two servers that look alike are told apart by a suffix the crawl gave: "identity+name". */
int
cluster_is_same(const struct member *m, const struct who *who)
{
	size_t n = strlen(who->identity);

	return strncmp(m->identity, who->identity, n) == 0 &&
	       (m->identity[n] == '\0' || m->identity[n] == '+');
}

int
member_control(
    struct cluster *c, struct member *m, struct waiter *w, struct conn **out, struct err *e)
{
	struct who who;

	if (!c->driver->is_alive(m->control)) {
		c->driver->close(m->control);
		m->control = NULL;
		if (cluster_open_control(c, m, w, &who, e) < 0)
			return -1;
	}
	*out = m->control;
	return 0;
}

int
cluster_settle(struct cluster *c, struct waiter *w, struct err *e)
{
	int fd = cluster_crawl_fd(c);

	if (fd < 0)
		return 0;
	if (w->wait(w, fd, POLLIN, INT64_MAX) < 0)
		return err_set(
		    e, ERR_CANCELLED, "waiting for the picture of the cluster was cancelled");
	return cluster_crawl_finish(c, e);
}

int
members_enter(struct cluster *c, struct waiter *w, struct cluster **held, struct err *e)
{
	if (cluster_settle(c, w, e) < 0)
		return -1;
	c->is_busy++;
	*held = c;
	return 0;
}

void
members_leave(struct cluster **held)
{
	if (*held != NULL)
		(*held)->is_busy--;
	*held = NULL;
}

void
cluster_disconnect(struct cluster *c)
{
	c->driver->close(c->person);
	c->person = NULL;
	c->operator_node[0] = '\0';
	c->operator_address[0] = '\0';
}

int
cluster_is_connected(const struct cluster *c)
{
	return c->driver->is_usable(c->person);
}
