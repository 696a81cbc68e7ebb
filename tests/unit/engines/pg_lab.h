/*
 * What the tests on real servers share: a lab, a cluster's handle on it, plain questions through
 * libpq on the side, and a door of a few lines that runs steps through run_effects.
 */
#ifndef PG_LAB_H
#define PG_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "arena.h"
#include "engines/pg_driver.h"
#include "engines/pg_wording.h"
#include "engines/run.h"
#include "lab.h"

struct fixture {
	char dir[64], passfile[96], address[4][64];
	struct waiter w;
	struct arena *a;
	struct lab_node *nodes;
	size_t nnodes;
	struct node_config config[4];
	struct cluster_config cluster_config;
	struct person_config person;
	struct cluster *c;
	PGconn *side[4];
	struct node n[4]; /* facts as the crawl would have them */
	struct {
		char name[32], text[64];
	} kept[32];
	size_t nkept;
	struct err e;
};

/* One value from a node, asked past the code under test over a connection kept for it; "" for NULL.
 * Fails the test on error. */
static inline char *
ask_node(struct fixture *f, size_t node, const char *sql)
{
	PGresult *r;
	char *out;

	if (f->side[node] == NULL)
		f->side[node] = PQconnectdb(arena_printf(f->a,
		    "%s user=alice passfile=%s dbname=shop options='-c client_min_messages=error'",
		    f->address[node], f->passfile));
	r = PQexec(f->side[node], sql);
	if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(f->side[node]));
	out = arena_strdup(f->a, PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "");
	PQclear(r);
	return out;
}

/* Waits until the answer is as wanted, 60 s at most. */
static inline void
wait_for(struct fixture *f, size_t node, const char *sql, const char *want)
{
	int i;

	for (i = 0; i < 3000 && strcmp(ask_node(f, node, sql), want) != 0; i++)
		usleep(20000);
	assert_string_equal(ask_node(f, node, sql), want);
}

static inline void
read_node(struct fixture *f, size_t i)
{
	struct node *n = &f->n[i];

	memset(n, 0, sizeof(*n));
	n->name = f->nodes[i].name;
	n->role = f->nodes[i].upstream == NULL ? ROLE_PRIMARY : ROLE_REPLICA;
	n->version = 150000;
	n->cluster = arena_printf(
	    f->a, "pg:%s", ask_node(f, i, "SELECT system_identifier FROM pg_control_system()"));
	n->incarnation = ask_node(
	    f, i, "SELECT (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint");
}

static inline int
lab_start(void **state, const char *shape, long rows)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct lab_setup s = {.engine = "postgresql", .shape = shape, .rows = rows};
	struct cluster_setup cs = {.config = &f->cluster_config, .person = &f->person};
	size_t i;

	*state = f;
	f->a = arena_new();
	poll_waiter(&f->w, -1);
	snprintf(f->dir, sizeof(f->dir), "/tmp/pg-lab.XXXXXX");
	if (mkdtemp(f->dir) == NULL)
		return -1;
	s.dir = f->dir;
	if (lab_up(&s, &f->w, &f->e) != 0 ||
	    lab_status(f->a, f->dir, &f->nodes, &f->nnodes, &f->e) != 0) {
		print_error("%s\n", f->e.msg);
		return -1;
	}
	snprintf(f->passfile, sizeof(f->passfile), "%s/keys/alice.pgpass", f->dir);
	f->person =
	    (struct person_config){.name = "alice", .user = "alice", .passfile = f->passfile};
	for (i = 0; i < f->nnodes && i < 4; i++) {
		snprintf(f->address[i], sizeof(f->address[i]), "host=127.0.0.1 port=%d",
		    f->nodes[i].port);
		f->config[i] =
		    (struct node_config){.name = f->nodes[i].name, .address = f->address[i]};
		read_node(f, i);
	}
	f->cluster_config = (struct cluster_config){.name = "lab",
	    .engine = "postgresql",
	    .database = "shop",
	    .nodes = f->config,
	    .nnodes = f->nnodes,
	    .connect_timeout_ms = 5000,
	    .query_timeout_ms = 5000};
	cs.incident = "inc-7";
	f->c = cluster_new(&cs);
	return cluster_connect(f->c, &f->w, "pg1", "shop", &f->e);
}

static inline int
lab_stop(void **state)
{
	struct fixture *f = *state;
	size_t i;

	cluster_free(f->c);
	for (i = 0; i < 4; i++)
		PQfinish(f->side[i]);
	lab_down(f->dir, &f->w, &f->e);
	arena_free(f->a);
	free(f);
	return 0;
}

static inline const char *
kept(struct fixture *f, const char *name)
{
	size_t i;

	for (i = f->nkept; i > 0; i--)
		if (strcmp(f->kept[i - 1].name, name) == 0)
			return f->kept[i - 1].text;
	return "";
}

static inline uint64_t
lsn_of(const char *t)
{
	unsigned hi = 0, lo = 0;

	sscanf(t, "%x/%x", &hi, &lo);
	return (uint64_t)hi << 32 | lo;
}

static inline int
holds(struct fixture *f, const struct check *c, const struct outcome *o)
{
	const char *got = o->cells[c->column];
	const char *want = c->value != NULL ? c->value : kept(f, c->name);
	int d;

	if (got == NULL)
		return 0;
	if (c->type == VALUE_LSN)
		d = (lsn_of(got) > lsn_of(want)) - (lsn_of(got) < lsn_of(want));
	else if (c->type == VALUE_INT)
		d = (int)(strtoll(got, NULL, 10) - strtoll(want, NULL, 10));
	else
		d = strcmp(got, want);
	return c->op == CHECK_EQ ? d == 0 : c->op == CHECK_GE ? d >= 0 : d <= 0;
}

/* Runs one step; NULL when its checks hold, else the field that does not, or the error. */
static inline const char *
run_step(struct fixture *f, const struct step *s)
{
	const char *texts[8];
	struct effect x = {.node = s->node,
	    .conn = s->conn,
	    .texts = texts,
	    .ntexts = s->ntexts,
	    .timeout_ms = s->timeout_ms,
	    .arena = f->a};
	int64_t start = now_ms();
	const char *hole, *bad;
	size_t i;

	for (i = 0; i < s->ntexts; i++) {
		hole = s->type == STEP_TEMPLATE ? strstr(s->texts[i], "{L0}") : NULL;
		texts[i] = hole == NULL ? s->texts[i]
					: arena_printf(f->a, "%.*s%s%s", (int)(hole - s->texts[i]),
					      s->texts[i], kept(f, "L0"), hole + 4);
	}
	do {
		if (run_effects(f->c, &f->w, &x, 1) != 0)
			return arena_strdup(f->a, x.err.msg);
		for (bad = NULL, i = 0; i < s->nchecks && bad == NULL; i++)
			if (!holds(f, &s->checks[i], &x.outcome))
				bad = arena_printf(f->a, "%s: %s", s->checks[i].field,
				    x.outcome.cells[s->checks[i].column]);
	} while (bad != NULL && s->poll_ms > 0 && now_ms() - start < s->timeout_ms);
	for (i = 0; bad == NULL && i < s->nkeeps; i++) {
		snprintf(f->kept[f->nkept].name, 32, "%s", s->keeps[i].name);
		snprintf(f->kept[f->nkept++].text, 64, "%s", x.outcome.cells[s->keeps[i].column]);
	}
	return bad;
}

/* All steps of a plan in order; the sentence of the first that fails, or NULL. */
static inline const char *
run_steps(struct fixture *f, const struct plan *p)
{
	const char *bad = NULL;
	size_t i;

	for (i = 0; i < p->nsteps && bad == NULL; i++)
		bad = run_step(f, &p->steps[i]);
	return bad;
}

#endif
