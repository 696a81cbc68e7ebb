/*
 * Taking the picture of a cluster, in the background or right now, and making it the current one:
 * see cluster.h and ask.h. Must never let two crawls run at the same time: the members belong to
 * one.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "arena.h"
#include "engines/members.h"
#include "text.h"
#include "banned.h"

/* A crawl in a thread of its own. */
struct background {
	struct cluster *cluster;
	void *sights; /* the driver's */
	pthread_t thread;
	int done_fd, cancel_fd;
	int rc;
	struct err err;
};

/* A crawl behind the prompt may end while a typed line still reads the picture before it. */
static void
retire(struct cluster *c, struct arena *a)
{
	if (a == NULL)
		return;
	c->retired = reallocarray(c->retired, c->nretired + 1, sizeof(struct arena *));
	if (c->retired == NULL)
		abort();
	c->retired[c->nretired++] = a;
}

/* What was seen before goes into the picture, and this picture's lag into what was seen. */
static void
note_lag(struct member *m, struct node *n)
{
	size_t i, first = m->nlags > LAG_SAMPLES ? m->nlags - LAG_SAMPLES : 0;

	for (i = first; i < m->nlags; i++)
		n->past[n->npast++] = m->lags[i % LAG_SAMPLES];
	if (n->lag_bytes >= 0)
		m->lags[m->nlags++ % LAG_SAMPLES] = (struct lag_sample){n->seen_ms, n->lag_bytes};
}

/* A primary that answers is remembered, and one that does not any more is what was remembered. */
static void
remember(struct member *m, struct node *n, struct arena *a)
{
	if (n->identity[0] == '\0') {
		if (m->position[0] == '\0' || n->role == ROLE_PRIMARY)
			return;
		n->last.text = arena_strdup(a, m->position);
		n->last.value = m->position_value;
		n->last_ms = m->position_ms;
		n->last_timeline = m->timeline;
		if (m->data_directory[0] != '\0')
			n->last_directory = arena_strdup(a, m->data_directory);
		return;
	}
	m->position[0] = '\0';
	if (n->role != ROLE_PRIMARY || n->current.text == NULL)
		return;
	text_copy(m->position, sizeof(m->position), n->current.text);
	m->position_value = n->current.value;
	m->position_ms = n->seen_ms;
	m->timeline = n->timeline;
	text_copy(m->data_directory, sizeof(m->data_directory),
	    n->data_directory == NULL ? "" : n->data_directory);
}

/* The picture becomes the cluster's, the old one waits for cluster_tidy(). */
static const struct topology *
publish(struct cluster *c, void *sights)
{
	struct arena *a = arena_new();
	struct topology *t = c->driver->draw(c, sights, a);
	struct member *m;
	size_t i;

	for (i = 0; i < t->nnodes; i++) {
		m = cluster_member(c, t->nodes[i].name);
		if (m != NULL)
			remember(m, &t->nodes[i], a);
		if (m == NULL || t->nodes[i].identity[0] == '\0')
			continue;
		note_lag(m, &t->nodes[i]);
		text_copy(m->identity, sizeof(m->identity), t->nodes[i].identity);
		text_copy(m->incarnation, sizeof(m->incarnation), t->nodes[i].incarnation);
	}
	retire(c, c->topology_arena);
	c->topology_arena = a;
	c->topology = t;
	return t;
}

void
cluster_tidy(struct cluster *c)
{
	while (c->nretired > 0)
		arena_free(c->retired[--c->nretired]);
}

const struct topology *
ask_last(struct cluster *c)
{
	return c->topology;
}

int
ask_topology(struct cluster *c, struct waiter *w, const struct topology **out, struct err *e)
{
	void *sights = NULL;
	int rc;

	if (c->is_busy)
		return err_set(e, ERR_FAILED, "the cluster is being looked at already");
	if (cluster_settle(c, w, e) < 0)
		return -1;
	c->is_busy++;
	rc = c->driver->look(c, w, &sights, e);
	if (rc == 0)
		*out = publish(c, sights);
	c->is_busy--;
	c->driver->forget(sights);
	return rc;
}

static void *
crawl_thread(void *arg)
{
	struct background *k = arg;
	struct waiter w;
	uint64_t one = 1;

	poll_waiter(&w, k->cancel_fd);
	k->rc = k->cluster->driver->look(k->cluster, &w, &k->sights, &k->err);
	while (write(k->done_fd, &one, sizeof(one)) < 0)
		;
	return NULL;
}

static void
crawl_free(struct background *k)
{
	k->cluster->driver->forget(k->sights);
	close(k->done_fd);
	close(k->cancel_fd);
	free(k);
}

int
cluster_crawl_start(struct cluster *c, struct err *e)
{
	struct background *k;
	sigset_t all, old;
	int rc;

	if (c->crawl != NULL)
		return 0; /* one is under way */
	if (c->is_busy)
		return err_set(e, ERR_FAILED, "the cluster is being looked at already");
	if ((k = calloc(1, sizeof(*k))) == NULL)
		abort();
	k->cluster = c;
	k->done_fd = eventfd(0, EFD_CLOEXEC);
	k->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (k->done_fd < 0 || k->cancel_fd < 0)
		abort();
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&k->thread, NULL, crawl_thread, k);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc != 0) {
		crawl_free(k);
		return err_set(e, ERR_FAILED, "could not start reading the cluster's picture: %s",
		    strerror(rc));
	}
	c->crawl = k;
	return 0;
}

int
cluster_crawl_fd(const struct cluster *c)
{
	return c->crawl == NULL ? -1 : c->crawl->done_fd;
}

int
cluster_crawl_finish(struct cluster *c, struct err *e)
{
	struct background *k = c->crawl;
	int rc;

	if (k == NULL)
		return 0;
	pthread_join(k->thread, NULL);
	c->crawl = NULL;
	rc = k->rc;
	if (rc == 0)
		publish(c, k->sights);
	else if (e != NULL)
		*e = k->err;
	crawl_free(k);
	return rc;
}

void
cluster_crawl_cancel(struct cluster *c)
{
	uint64_t one = 1;

	if (c->crawl == NULL)
		return;
	if (write(c->crawl->cancel_fd, &one, sizeof(one)) < 0)
		one = 0;
	pthread_join(c->crawl->thread, NULL);
	crawl_free(c->crawl);
	c->crawl = NULL;
}
