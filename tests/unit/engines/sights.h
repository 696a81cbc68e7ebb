/*
 * Made-up sights for tests of what the crawl makes of them.
 */
#ifndef SIGHTS_H
#define SIGHTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_crawl.h"
#include "text.h"

static struct crawl *k;
static struct arena *a;
static struct probe probes[8];
static struct sender rows[8];

static inline struct sight *
see(const char *name, const char *host, int port, int is_standby, const char *suffix)
{
	struct sight *s = calloc(1, sizeof(*s));
	struct probe *p = &probes[k->n];

	assert_non_null(s);
	memset(p, 0, sizeof(*p));
	text_copy(s->name, sizeof(s->name), name);
	text_copy(s->host, sizeof(s->host), host);
	snprintf(s->port, sizeof(s->port), "%d", port);
	s->address = strdup("");
	s->arena = arena_new();
	s->probe = p;
	snprintf(p->who.cluster, sizeof(p->who.cluster), "pg:1");
	snprintf(p->who.identity, sizeof(p->who.identity), "pg:1:%s", suffix);
	snprintf(p->who.instance, sizeof(p->who.instance), "%s-%s", suffix, name);
	snprintf(p->who.incarnation, sizeof(p->who.incarnation), "1");
	p->who.is_in_recovery = p->has_receiver = is_standby;
	p->port = port;
	p->timeline = 1;
	p->replay_age_ms = -1;
	k->sights[k->n++] = s;
	return s;
}

static inline void
streams(struct sight *child, const char *host, int port, const char *slot)
{
	child->probe->sender_host = host;
	child->probe->sender_port = port;
	child->probe->receiver_slot = slot;
}

static inline void
serves(struct sight *parent, size_t n)
{
	parent->probe->senders = rows;
	parent->probe->nsenders = n;
}

static inline int
setup(void **state)
{
	(void)state;
	k = calloc(1, sizeof(*k));
	a = arena_new();
	memset(rows, 0, sizeof(rows));
	return k == NULL;
}

static inline int
teardown(void **state)
{
	(void)state;
	crawl_clear(k);
	free(k);
	arena_free(a);
	return 0;
}

#endif
