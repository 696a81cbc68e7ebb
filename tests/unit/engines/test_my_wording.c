/*
 * How a hold on MariaDB and MySQL outlives a restart and ends: steps as data. The forms of MySQL 8
 * are from its documentation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arena.h"
#include "engine.h"

static struct node
replica(int version)
{
	return (struct node){.name = "my2",
	    .identity = "my:00",
	    .incarnation = "1",
	    .role = ROLE_REPLICA,
	    .upstream = "my:01",
	    .is_streaming = 1,
	    .version = version};
}

static const struct step *
find(const struct plan *p, enum step_kind kind, const char *text)
{
	size_t i, k;

	for (i = 0; i < p->nsteps; i++)
		for (k = 0; k < p->steps[i].ntexts; k++)
			if (p->steps[i].kind == kind && strcmp(p->steps[i].texts[k], text) == 0)
				return &p->steps[i];
	return NULL;
}

static void
test_harden(void **state)
{
	static const struct {
		const char *engine;
		int version;
		const char *text, *undo;
	} rows[] = {
	    {"mariadb", 101100, NULL, NULL},
	    {"mysql", 50624, NULL, NULL},
	    {"mysql", 80023, NULL, NULL},
	    {"mysql", 80024, "SET PERSIST_ONLY skip_slave_start = ON",
		"RESET PERSIST IF EXISTS skip_slave_start"},
	    {"mysql", 80036, "SET PERSIST_ONLY skip_replica_start = ON",
		"RESET PERSIST IF EXISTS skip_replica_start"},
	};
	struct arena *a = arena_new();
	const struct step *s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct wording *w = engine_by_name(rows[i].engine)->wording;
		struct plan p = {.engine = rows[i].engine};
		struct node n = replica(rows[i].version);

		assert_int_equal(w->harden(a, &p, &n, 1), rows[i].text != NULL);
		assert_non_null(w->harden_proc);
		if (rows[i].text != NULL) {
			s = find(&p, KIND_HARDEN, rows[i].text);
			assert_non_null(s);
			assert_string_equal(s->undo, rows[i].undo);
			w->release(a, &p, &n, 0);
			assert_non_null(find(&p, KIND_RELEASE, rows[i].undo));
		}
	}
	arena_free(a);
}

/* Receiving is started again only after a restart of a hardened hold, with its source in sight. */
static void
test_start(void **state)
{
	static const struct {
		int hardened, streaming;
		const char *upstream, *text;
	} rows[] = {
	    {0, 1, "my:01", "START ALL SLAVES SQL_THREAD"},
	    {0, 0, "my:01", "START ALL SLAVES SQL_THREAD"},
	    {1, 1, "my:01", "START ALL SLAVES SQL_THREAD"},
	    {1, 0, NULL, "START ALL SLAVES SQL_THREAD"},
	    {1, 0, "my:01", "START ALL SLAVES"},
	};
	struct arena *a = arena_new();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct plan p = {.engine = "mariadb"};
		struct node n = replica(101100);

		n.is_hardened = rows[i].hardened;
		n.is_streaming = rows[i].streaming;
		n.upstream = rows[i].upstream;
		engine_mariadb.wording->release(a, &p, &n, 0);
		assert_non_null(find(&p, KIND_RELEASE, rows[i].text));
	}
	arena_free(a);
}

/* Who replays already is let go by nothing. */
static void
test_settle(void **state)
{
	struct arena *a = arena_new();
	struct plan p = {.engine = "mariadb"};
	struct node n = replica(101100);
	size_t i;

	(void)state;
	engine_mariadb.wording->settle(a, &p, &n, 0);
	for (i = 0; i < p.nsteps; i++)
		assert_null(strstr(p.steps[i].texts[0], "START"));
	assert_int_equal(p.steps[p.nsteps - 1].kind, KIND_RELEASE);
	assert_true(p.steps[p.nsteps - 1].poll_ms > 0);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_harden),
	    cmocka_unit_test(test_start),
	    cmocka_unit_test(test_settle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
