/*
 * The wording as data: order of the steps over several standbys, what is kept and checked, what is
 * taken back, quoting. What the texts do on a server is proved in tests/unit/engines/test_pg_run.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "arena.h"
#include "engines/pg_wording.h"

static struct node pg2 = {.name = "pg2",
    .incarnation = "1700000000000002",
    .cluster = "pg:77",
    .role = ROLE_REPLICA,
    .version = 150018};
static struct node pg3 = {.name = "pg3.rack-1",
    .incarnation = "1700000000000003",
    .cluster = "pg:77",
    .role = ROLE_REPLICA,
    .version = 150018};
static struct node pg1 = {.name = "pg1",
    .incarnation = "1700000000000001",
    .cluster = "pg:77",
    .role = ROLE_PRIMARY,
    .version = 150018,
    .timeline = 3};

static const struct wording *
wording(void)
{
	return &pg_wording;
}

static const struct check *
find_check(const struct step *s, const char *field)
{
	size_t i;

	for (i = 0; i < s->nchecks; i++)
		if (strcmp(s->checks[i].field, field) == 0)
			return &s->checks[i];
	return NULL;
}

/* Two standbys: asked at once, seen at once, and only then the position, then hardened at once. */
static void
test_order(void **state)
{
	struct arena *a = arena_new();
	struct plan p = {0};
	const struct node *held[] = {&pg2, &pg3};
	static const enum step_kind kinds[] = {KIND_HOLD, KIND_HOLD, KIND_PROVE, KIND_PROVE,
	    KIND_FENCE, KIND_HARDEN, KIND_HARDEN, KIND_FENCE, KIND_REPROVE, KIND_REPROVE};
	size_t i;

	(void)state;
	wording()->hold(a, &p, &pg2, 1);
	wording()->hold(a, &p, &pg3, 1);
	wording()->fence(a, &p, &pg1, held, 2, 1);
	assert_int_equal(wording()->harden(a, &p, &pg2, 1), 1);
	assert_int_equal(wording()->harden(a, &p, &pg3, 1), 1);
	wording()->reprove(a, &p, &pg1, &pg2, 1);
	wording()->reprove(a, &p, &pg1, &pg3, 1);
	assert_int_equal(p.nsteps, sizeof(kinds) / sizeof(kinds[0]));
	for (i = 0; i < p.nsteps; i++) {
		assert_int_equal(p.steps[i].kind, kinds[i]);
		assert_true(p.steps[i].timeout_ms > 0);
		assert_non_null(p.steps[i].why);
	}
	for (i = 1; i < p.nsteps; i++)
		assert_int_equal(
		    p.steps[i].wave == p.steps[i - 1].wave, p.steps[i].kind == p.steps[i - 1].kind);
	assert_string_equal(p.steps[3].keeps[0].name, "R.pg3.rack-1");
	assert_string_equal(p.steps[4].node, "pg1");
	assert_int_equal(p.steps[8].is_soft, 1);
	assert_int_equal(p.steps[8].part, PART_AFTER);
	arena_free(a);
}

static void
test_hold_and_fence(void **state)
{
	struct arena *a = arena_new();
	struct plan p = {0};
	const struct node *held[] = {&pg2};
	const struct check *c;

	(void)state;
	wording()->hold(a, &p, &pg2, 1);
	wording()->fence(a, &p, &pg1, held, 1, 1);
	assert_string_equal(p.steps[0].texts[0], "SELECT pg_catalog.pg_wal_replay_pause()");
	assert_string_equal(p.steps[0].undo, "SELECT pg_catalog.pg_wal_replay_resume()");
	assert_true(p.steps[1].poll_ms > 0);
	c = find_check(&p.steps[1], "server start of pg2");
	assert_non_null(c);
	assert_string_equal(c->value, "1700000000000002");
	assert_string_equal(find_check(&p.steps[1], "recovery on pg2")->value, "t");
	assert_string_equal(find_check(&p.steps[1], "system identifier of pg2")->value, "77");
	c = find_check(&p.steps[2], "position of pg1 against pg2");
	assert_string_equal(c->name, "R.pg2");
	assert_int_equal(c->op, CHECK_GE);
	assert_int_equal(c->type, VALUE_LSN);
	assert_string_equal(find_check(&p.steps[2], "timeline of pg1")->value, "3");
	assert_string_equal(find_check(&p.steps[2], "recovery on pg1")->value, "f");
	assert_string_equal(p.steps[2].keeps[0].name, "L0");
	arena_free(a);
}

/* A hold that stood before the plan is not this plan's to take back. */
static void
test_held_before(void **state)
{
	struct arena *a = arena_new();
	struct plan p = {0};
	struct node n = pg2;

	(void)state;
	n.hold = HOLD_PAUSED;
	n.is_hardened = 1;
	n.hardened_at = "0/5000060";
	wording()->hold(a, &p, &n, 1);
	assert_null(p.steps[0].undo);
	assert_int_equal(wording()->harden(a, &p, &n, 1), 1);
	assert_int_equal(p.nsteps, 3);
	assert_int_equal(p.steps[2].type, STEP_TEXT);
	assert_null(p.steps[2].undo);
	assert_int_equal(strncmp(p.steps[2].texts[0], "SELECT", 6), 0);
	assert_string_equal(p.steps[2].checks[0].value, "0/5000060");
	assert_string_equal(p.steps[2].checks[1].name, "L0");
	/* In force since its start: cannot be hardened, and a resume would promote. */
	n = pg2;
	n.target_lsn = "0/5000060";
	assert_int_equal(wording()->harden(a, &p, &n, 1), 0);
	assert_int_equal(p.nsteps, 3);
	arena_free(a);
}

static void
test_harden(void **state)
{
	struct arena *a = arena_new();
	struct plan p = {0};
	size_t i;

	(void)state;
	wording()->harden(a, &p, &pg2, 1);
	assert_int_equal(p.steps[0].type, STEP_TEMPLATE);
	assert_int_equal(p.steps[0].ntexts, 3);
	for (i = 0; i < 3; i++)
		assert_int_equal(strncmp(p.steps[0].texts[i], "ALTER SYSTEM SET ", 17), 0);
	assert_string_equal(p.steps[0].texts[2], "ALTER SYSTEM SET recovery_target_lsn = '{L0}'");
	arena_free(a);
}

static void
test_release(void **state)
{
	struct arena *a = arena_new();
	struct plan p = {0};

	(void)state;
	wording()->release(a, &p, &pg2, 1);
	wording()->release(a, &p, &pg3, 2);
	assert_int_equal(p.nsteps, 8);
	assert_int_equal(p.steps[0].kind, KIND_CHECK);
	assert_string_equal(p.steps[0].checks[0].value, "");
	assert_non_null(strstr(p.steps[0].checks[0].field, "would promote"));
	assert_int_equal(p.steps[1].kind, KIND_RELEASE);
	assert_int_equal(p.steps[1].poll_ms, 0);
	assert_string_equal(p.steps[1].texts[0], "ALTER SYSTEM RESET recovery_target_lsn");
	/* Alone: texts of one step all run, even behind a failed one. */
	assert_int_equal(p.steps[2].ntexts, 1);
	assert_string_equal(p.steps[2].texts[0], "SELECT pg_catalog.pg_wal_replay_resume()");
	assert_int_equal(p.steps[3].kind, KIND_RELEASE);
	assert_true(p.steps[3].poll_ms > 0);
	assert_string_equal(p.steps[4].node, "pg3.rack-1");
	assert_null(strstr(p.steps[3].texts[0], "%%"));
	arena_free(a);
}

static struct object orders = {
    .type = "table", .schema = "public", .name = "orders", .oid = 16400, .relfilenode = 16410};
static struct action drop = {
    .kind = "drop-table", .objects = &orders, .nobjects = 1, .danger = DANGER_DESTRUCTIVE};
static struct statement statement = {.actions = &drop, .nactions = 1};
static struct setting settings[] = {{"search_path", "\"$user\", public"},
    {"session_replication_role", "origin"}, {"standard_conforming_strings", "on"}};
static struct session session = {.database = "shop",
    .database_oid = 16384,
    .login = "alice",
    .current_role = "alice",
    .settings = settings,
    .nsettings = 3};

static void
test_enter(void **state)
{
	struct arena *a = arena_new();
	struct plan p = {.statements = &statement, .nstatements = 1};
	const struct check *c;

	(void)state;
	wording()->enter(a, &p, &pg1, &session, 2000, 0, 1, 0);
	wording()->leave(a, &p, &pg1, 1);
	assert_int_equal(p.nsteps, 5);
	assert_string_equal(p.steps[0].texts[0], "BEGIN");
	assert_string_equal(p.steps[1].texts[0],
	    "SELECT\n  pg_catalog.set_config('search_path', '\"$user\", public', true),"
	    "\n  pg_catalog.set_config('standard_conforming_strings', 'on', true),"
	    "\n  pg_catalog.set_config('lock_timeout', '2000', true),"
	    "\n  pg_catalog.set_config('statement_timeout', '0', true),"
	    "\n  pg_catalog.set_config('idle_in_transaction_session_timeout', '120000', true)");
	assert_string_equal(find_check(&p.steps[2], "database oid")->value, "16384");
	assert_string_equal(find_check(&p.steps[2], "current role")->value, "alice");
	assert_string_equal(p.steps[2].keeps[0].name, "xid");
	assert_int_equal(p.steps[3].ntexts, 2);
	assert_string_equal(
	    p.steps[3].texts[0], "LOCK TABLE \"public\".\"orders\" IN ACCESS EXCLUSIVE MODE");
	c = find_check(&p.steps[3], "object table public.orders oid");
	assert_string_equal(c->value, "16400");
	c = find_check(&p.steps[3], "object table public.orders relfilenode");
	assert_string_equal(c->value, "16410");
	assert_int_equal(c->column, 1);
	assert_string_equal(p.steps[4].texts[0], "COMMIT");
	assert_int_equal(p.steps[4].part, PART_MAIN);
	arena_free(a);
}

/* Outside a transaction: plain settings, no lock, no transaction id; a change of role is said. */
static void
test_enter_plain(void **state)
{
	struct arena *a = arena_new();
	struct plan p = {.statements = &statement, .nstatements = 1};
	struct session s = session;
	size_t i;

	(void)state;
	s.current_role = "owner";
	wording()->enter(a, &p, &pg1, &s, 2000, 60000, 0, 0);
	wording()->leave(a, &p, &pg1, 0);
	assert_int_equal(p.nsteps, 3);
	assert_non_null(
	    strstr(p.steps[0].texts[0], "pg_catalog.set_config('role', 'owner', false)"));
	assert_non_null(strstr(p.steps[0].texts[0], "'statement_timeout', '60000', false"));
	assert_int_equal(p.steps[1].nkeeps, 0);
	assert_int_equal(p.steps[2].ntexts, 1);
	for (i = 0; i < p.nsteps; i++)
		assert_int_equal(p.steps[i].conn, CONN_MAIN);
	p.nsteps = 0;
	p.steps = NULL;
	wording()->enter(a, &p, &pg1, &s, 2000, 60000, 1, 1);
	assert_string_equal(p.steps[0].texts[0], "BEGIN READ ONLY");
	assert_int_equal(p.steps[2].nkeeps, 0);
	assert_int_equal(p.steps[3].ntexts, 1);
	arena_free(a);
}

/* CASCADE: looked at again behind the lock, with a snapshot of that moment; what is known is named.
 */
static void
test_enter_cascade(void **state)
{
	struct arena *a = arena_new();
	struct action act = drop;
	struct statement s = {.actions = &act, .nactions = 1};
	struct plan p = {.statements = &s, .nstatements = 1};
	const struct check *c;

	(void)state;
	act.flags = ACTION_CASCADE;
	plan_add_fact(a, &p, "takes view v", "{\"name\":\"v\",\"oid\":16500,\"type\":\"view\"}");
	plan_add_fact(
	    a, &p, "takes column g", "{\"name\":\"g'\",\"oid\":16600,\"type\":\"table column\"}");
	wording()->enter(a, &p, &pg1, &session, 2000, 0, 1, 0);
	assert_int_equal(p.nsteps, 5);
	assert_string_equal(p.steps[0].texts[0], "BEGIN ISOLATION LEVEL READ COMMITTED");
	assert_int_equal(p.steps[3].ntexts, 2);
	assert_int_equal(p.steps[4].conn, CONN_MAIN);
	assert_non_null(strstr(p.steps[4].texts[0], "16400::pg_catalog.oid)),"));
	assert_non_null(strstr(p.steps[4].texts[0], "ARRAY['16600.g''', '16500']"));
	assert_null(strchr(p.steps[4].texts[0], '$'));
	c = find_check(&p.steps[4], "what CASCADE would take besides what the plan lists");
	assert_string_equal(c->value, "nothing");
	arena_free(a);
}

/* An object that did not exist must still not exist. */
static void
test_enter_absent(void **state)
{
	struct arena *a = arena_new();
	struct object o = {.type = "table", .name = "x\"y'z"};
	struct action act = {.kind = "drop-table", .objects = &o, .nobjects = 1};
	struct statement s = {.actions = &act, .nactions = 1};
	struct plan p = {.statements = &s, .nstatements = 1}, q = p;

	(void)state;
	wording()->enter(a, &p, &pg1, &session, 2000, 0, 1, 0);
	assert_int_equal(p.nsteps, 4);
	assert_int_equal(p.steps[3].ntexts, 1);
	/* Found by search_path, it must be found by search_path again. */
	o.schema = "public";
	o.is_unqualified = 1;
	wording()->enter(a, &q, &pg1, &session, 2000, 0, 1, 0);
	assert_string_equal(p.steps[3].texts[0], q.steps[3].texts[0]);
	assert_string_equal(p.steps[3].checks[0].value, "0");
	assert_non_null(strstr(p.steps[3].texts[0], "to_regclass('\"x\"\"y''z\"')"));
	arena_free(a);
}

static void
test_back(void **state)
{
	struct arena *a = arena_new();
	struct object made[] = {{.type = "table", .schema = "public", .name = "orders", .oid = 7},
	    {.type = "index", .schema = "public", .name = "orders_i"}};
	struct action create = {.kind = "create-index", .objects = made, .nobjects = 2};
	struct statement s = {.actions = &create, .nactions = 1};
	struct object other = orders;
	struct action act = drop;

	(void)state;
	assert_string_equal(wording()->reversible(a, &statement, "holdfast_quarantine"),
	    "CREATE SCHEMA IF NOT EXISTS \"holdfast_quarantine\"; "
	    "ALTER TABLE \"public\".\"orders\" SET SCHEMA \"holdfast_quarantine\"");
	assert_string_equal(wording()->inverse(a, &s), "DROP INDEX \"public\".\"orders_i\"");
	create.flags = ACTION_CONCURRENTLY;
	assert_string_equal(
	    wording()->inverse(a, &s), "DROP INDEX CONCURRENTLY \"public\".\"orders_i\"");
	made[1].schema = NULL; /* as the text has it: the table's schema */
	assert_string_equal(
	    pg_wording.inverse(a, &s), "DROP INDEX CONCURRENTLY \"public\".\"orders_i\"");
	create.flags |= ACTION_IF_EXISTS;
	assert_null(pg_wording.inverse(a, &s));
	create.flags = 0;
	made[1].oid = 9;
	assert_null(wording()->inverse(a, &s));
	assert_null(wording()->inverse(a, &statement));
	act.objects = &other;
	s.actions = &act;
	other.schema = NULL;
	assert_null(wording()->reversible(a, &s, "q"));
	other.schema = "q";
	assert_null(wording()->reversible(a, &s, "q"));
	other.schema = "public";
	other.is_temporary = 1;
	assert_null(wording()->reversible(a, &s, "q"));
	other.is_temporary = 0;
	act.kind = "truncate";
	assert_null(wording()->reversible(a, &s, "q"));
	arena_free(a);
}

/* Nothing of a plan may point into the topology it was made from. */
static void
test_own_memory(void **state)
{
	struct arena *a = arena_new();
	struct plan p = {0};
	char name[] = "pg9", start[] = "123";
	struct node n = pg2;

	(void)state;
	n.name = name;
	n.incarnation = start;
	wording()->hold(a, &p, &n, 1);
	memset(name, 'x', 3);
	memset(start, 'x', 3);
	assert_string_equal(p.steps[0].node, "pg9");
	assert_string_equal(p.steps[1].checks[1].value, "123");
	assert_string_equal(wording()->quote(a, "a\"b"), "\"a\"\"b\"");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_hold_and_fence),
	    cmocka_unit_test(test_held_before),
	    cmocka_unit_test(test_harden),
	    cmocka_unit_test(test_release),
	    cmocka_unit_test(test_enter),
	    cmocka_unit_test(test_enter_plain),
	    cmocka_unit_test(test_enter_cascade),
	    cmocka_unit_test(test_enter_absent),
	    cmocka_unit_test(test_back),
	    cmocka_unit_test(test_own_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
