/*
 * What a fleet's picture says: where timelines parted, synchronous sets, slots that fill,
 * subscriptions. From made-up sights.
 */
#include "tests/unit/engines/sights.h"

/* The sentence of the first finding with this id, or NULL. */
static const char *
says(const struct topology *t, const char *id)
{
	size_t i;

	for (i = 0; i < t->nfindings; i++)
		if (strcmp(t->findings[i].id, id) == 0)
			return t->findings[i].sentence;
	return NULL;
}

#define HAS(t, id, part)                                                                           \
	do {                                                                                       \
		assert_non_null(says(t, id));                                                      \
		if (strstr(says(t, id), part) == NULL)                                             \
			fail_msg("\"%s\" is not in \"%s\"", part, says(t, id));                    \
	} while (0)

static void
history(void **state)
{
	struct probe p = {.timeline = 4};

	(void)state;
	pg_history(a,
	    "1\t0/4069570\tno recovery target specified\n\n2\t16/B374D848\treason\nrubbish\n"
	    "3\tx\t\n",
	    &p);
	assert_int_equal(p.nforks, 2);
	assert_int_equal(p.forks[0].timeline, 1);
	assert_true(p.forks[0].at == 0x4069570);
	assert_string_equal(p.forks[1].text, "16/B374D848");
	pg_history(a, NULL, &p);
	assert_int_equal(p.nforks, 2);
}

/* Promoted copies are all on timeline 2, and not on the same one. */
static void
parted(void **state)
{
	static struct fork fp[] = {{1, 0x100, "0/100"}}, fq[] = {{1, 0x80, "0/80"}};
	struct sight *p = see("p", "127.0.0.1", 6001, 0, "a"),
		     *q = see("q", "127.0.0.1", 6002, 0, "b"),
		     *x = see("x", "127.0.0.1", 6003, 1, "c");
	struct topology *t;

	(void)state;
	p->probe->timeline = q->probe->timeline = 2;
	p->probe->forks = fp;
	q->probe->forks = fq;
	p->probe->nforks = q->probe->nforks = 1;
	p->probe->current = (struct position){"0/480", 0x480};
	q->probe->current = (struct position){"0/80", 0x80};
	/* A standby that claims to follow q, on p's timeline 2. */
	x->probe->timeline = 2;
	x->probe->forks = fp;
	x->probe->nforks = 1;
	x->probe->has_receiver = 0;
	x->probe->up_host = "127.0.0.1";
	x->probe->up_port = "6002";
	crawl_edges(k);
	t = crawl_topology(k, a);
	HAS(t, "two-primaries",
	    "parted on timeline 1 at 0/80: p has written 1.0 kB since, q has "
	    "written nothing since");
	HAS(t, "diverged", "x and its upstream q are both on timeline 2, and not on the same one");
}

static void
fork_passed(void **state)
{
	static struct fork fp[] = {{1, 0x100, "0/100"}};
	struct sight *p = see("p", "127.0.0.1", 6001, 0, "a"),
		     *x = see("x", "127.0.0.1", 6002, 1, "b");
	struct topology *t;

	(void)state;
	p->probe->timeline = 2;
	p->probe->forks = fp;
	p->probe->nforks = 1;
	x->probe->up_host = "127.0.0.1";
	x->probe->up_port = "6001";
	x->probe->replay = (struct position){"0/500", 0x500};
	crawl_edges(k);
	t = crawl_topology(k, a);
	HAS(t, "diverged",
	    "x has replayed to 0/500 on timeline 1, and its upstream p left that "
	    "timeline at 0/100: it has diverged by 1.0 kB");
	x->probe->replay = (struct position){"0/100", 0x100};
	t = crawl_topology(k, a);
	assert_null(says(t, "diverged"));
}

static void
newer_server(void **state)
{
	struct sight *p = see("p", "127.0.0.1", 6001, 0, "a");

	(void)state;
	p->probe->version = 180003;
	p->probe->version_text = "18.3";
	assert_null(says(crawl_topology(k, a), "newer-server"));
	p->probe->version = 190001;
	p->probe->version_text = "19.1\033[31m";
	HAS(crawl_topology(k, a), "newer-server",
	    "p runs PostgreSQL 19.1\\x1b[31m, and nothing newer than 18 was tried");
}

/* One sentence for all of them, wherever they work. */
static void
other_operators(void **state)
{
	static struct company on_p[] = {{.who = "bob", .pid = 1}, {.who = "bob", .pid = 2},
	    {.who = "carol INC-9", .pid = 3, .is_acting = 1}};
	static struct company on_x[] = {{.who = "bob", .pid = 4}, {.who = "bob", .pid = 5}};
	struct sight *s;
	struct topology *t;
	size_t i, n = 0;
	char name[16];

	(void)state;
	s = see("p", "127.0.0.1", 6001, 0, "a");
	s->probe->companies = on_p;
	s->probe->ncompanies = 3;
	see("x", "127.0.0.1", 6002, 1, "b")->probe->companies = on_x;
	k->sights[1]->probe->ncompanies = 2;
	t = crawl_topology(k, a);
	HAS(t, "company",
	    "somebody else is here: \"carol INC-9\" ACTS on p; \"bob\" works on p, x");
	for (i = 0; i < t->nfindings; i++)
		n += strcmp(t->findings[i].id, "company") == 0;
	assert_int_equal(n, 1);
	for (i = 3; i < 7; i++) {
		snprintf(name, sizeof(name), "x%zu", i);
		s = see(name, "127.0.0.1", 6000 + (int)i, 1, name);
		s->probe->companies = on_x;
		s->probe->ncompanies = 2;
	}
	HAS(crawl_topology(k, a), "company", "\"bob\" works on 6 nodes");
}

static void
synchronous(void **state)
{
	static const struct {
		const char *names, *commit, *state;
		int is_short;
	} cases[] = {
	    {"FIRST 1 (x)", "on", "sync", 0},
	    {"FIRST 2 (x, y)", "on", "sync", 1},
	    {"any 1 (*)", "remote_apply", "quorum", 0},
	    {"ANY 2 (x, y)", "remote_write", "quorum", 1},
	    {"2 (x, y)", "on", "sync", 1},
	    {"x", "on", "potential", 1},
	    {"first, any", "on", "sync", 0},
	    {"x", "local", "async", 0},
	    {"", "on", "async", 0},
	};
	struct sight *p = see("p", "127.0.0.1", 6001, 0, "a");
	struct topology *t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rows[0] = (struct sender){.pid = 1,
		    .application = "x",
		    .state = "streaming",
		    .sync_state = cases[i].state};
		serves(p, 1);
		p->probe->sync_names = cases[i].names;
		p->probe->sync_commit = cases[i].commit;
		t = crawl_topology(k, a);
		if ((says(t, "sync-short") != NULL) != cases[i].is_short)
			fail_msg("%s %s %s", cases[i].names, cases[i].commit, cases[i].state);
	}
	/* What this login may not see is not counted as missing. */
	rows[0].state = rows[0].sync_state = NULL;
	p->probe->sync_names = "x";
	p->probe->sync_commit = "on";
	assert_null(says(crawl_topology(k, a), "sync-short"));
}

static void
slots_fill(void **state)
{
	static struct slot s = {.name = "s",
	    .type = "physical",
	    .is_used = 1,
	    .retained = 10 << 20,
	    .safe = 36 << 20,
	    .has_safe = 1};
	static struct member m;
	struct sight *p = see("p", "127.0.0.1", 6001, 0, "a");
	struct topology *t;

	(void)state;
	p->member = &m;
	p->probe->slots = &s;
	p->probe->nslots = 1;
	p->probe->disk_free = -1;
	p->probe->wal_average = -1;
	p->probe->seen_ms = 1000;
	p->probe->current = (struct position){"0/1000000", 0x1000000};
	t = crawl_topology(k, a);
	HAS(t, "idle-slot",
	    "keeps 10.0 MB of log, how fast it grows is not known yet; room for "
	    "36.0 MB");
	p->probe->wal_average = 100; /* long ago and slow: more than a day */
	t = crawl_topology(k, a);
	HAS(t, "idle-slot", "an hour on average; room for 36.0 MB: full in 4 days");
	p->probe->seen_ms = 11000; /* 10 MB in 10 s */
	p->probe->current = (struct position){"0/1A00000", 0x1A00000};
	t = crawl_topology(k, a);
	HAS(t, "filling-slot", "growing 3.5 GB an hour; room for 36.0 MB: full in 36.0 s");
	assert_null(says(t, "idle-slot"));
	p->probe->disk_free = 1 << 20; /* its disk is full before */
	HAS(crawl_topology(k, a), "filling-slot", "room for 1.0 MB: full in 1.0 s");
	p->probe->disk_free = -1;
	s.has_safe = 0;
	HAS(crawl_topology(k, a), "idle-slot",
	    "how much room is left there is not known from here");
}

static void
subscriptions(void **state)
{
	static struct subscription s = {
	    .name = "sub", .database = "dwh", .publications = "p1", .is_enabled = 1};
	struct sight *p = see("p", "127.0.0.1", 6001, 0, "a");
	struct topology *t;

	(void)state;
	p->probe->subscriptions = &s;
	p->probe->nsubscriptions = 1;
	t = crawl_topology(k, a);
	HAS(t, "subscription",
	    "subscription \"sub\" of database dwh on p is enabled and no worker "
	    "of it runs");
	s.has_worker = 1;
	t = crawl_topology(k, a);
	assert_null(says(t, "subscription"));
	assert_string_equal(t->logicals[0].state, "working");
	p->probe->who.is_in_recovery = 1; /* the rows of its primary */
	assert_int_equal(crawl_topology(k, a)->nlogicals, 0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(history),
	    T(parted),
	    T(fork_passed),
	    T(newer_server),
	    T(other_operators),
	    T(synchronous),
	    T(slots_fill),
	    T(subscriptions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
