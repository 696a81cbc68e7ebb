/*
 * The encoding of plans: one encoding for one plan, and nothing else decodes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arena.h"
#include "plan.h"
#include "plan_table.h"

#define GOLDEN "tests/unit/include/plan.golden"

static struct step *
step(struct arena *a, struct plan *p, enum step_kind kind, const char *text)
{
	struct step *s = plan_add(a, p);

	s->kind = kind;
	s->conn = CONN_MAIN;
	s->node = "pg1";
	s->timeout_ms = 5000;
	s->why = "because";
	s->texts = arena_array(a, 1, sizeof(*s->texts));
	s->texts[0] = text;
	s->ntexts = 1;
	return s;
}

static void
fill_actions(struct arena *a, struct plan *p)
{
	struct object *o = arena_array(a, 2, sizeof(*o));
	struct action *x = arena_array(a, 1, sizeof(*x));

	o[0] = (struct object){.type = "table",
	    .schema = "public",
	    .name = "orders",
	    .oid = 16400,
	    .relfilenode = 16401,
	    .rows = 1000000,
	    .bytes = 102760448};
	o[1] = (struct object){.type = "table",
	    .name = "caf\303\251",
	    .is_unqualified = 1,
	    .is_temporary = 1,
	    .rows = -1,
	    .bytes = -1};
	*x = (struct action){DANGER_DESTRUCTIVE, "drop-table", ACTION_CASCADE | ACTION_IF_EXISTS, o,
	    2, NULL, 0, "drops a table with its rows"};
	p->text = "DROP TABLE IF EXISTS public.orders, caf\303\251 CASCADE;";
	p->text_len = strlen(p->text);
	p->statements = arena_array(a, 1, sizeof(*p->statements));
	p->statements[0] =
	    (struct statement){0, p->text_len - 1, DANGER_DESTRUCTIVE, x, 1, NULL, 0};
	p->nstatements = 1;
	p->danger = DANGER_DESTRUCTIVE;
}

static void
fill_steps(struct arena *a, struct plan *p)
{
	struct step *s;

	s = step(a, p, KIND_PROVE, "select state, lsn");
	s->part = PART_BEFORE;
	s->conn = CONN_CONTROL;
	s->poll_ms = 50;
	s->wave = 1;
	s->keeps = arena_alloc(a, sizeof(*s->keeps));
	s->keeps[0] = (struct keep){1, "R.pg2", VALUE_LSN};
	s->nkeeps = 1;
	s->checks = arena_array(a, 2, sizeof(*s->checks));
	s->checks[0] = (struct check){0, CHECK_EQ, VALUE_TEXT, "paused", NULL, "pause state"};
	s->checks[1] = (struct check){1, CHECK_LE, VALUE_LSN, NULL, "L0", "replay position"};
	s->nchecks = 2;
	s = step(a, p, KIND_STATEMENT, p->text);
	s->part = PART_MAIN;
	s = step(a, p, KIND_LOAD, NULL);
	s->part = PART_UNDO;
	s->type = STEP_PROC;
	s->ntexts = 0;
	s->proc = "undo-table-v1";
	s->args = arena_alloc(a, sizeof(*s->args));
	s->args[0] = (struct argument){"table", "public.orders"};
	s->nargs = 1;
	s->undo = "ROLLBACK";
	s->is_soft = 1;
}

static void
fill_session(struct arena *a, struct session *s)
{
	*s = (struct session){.engine = "postgresql",
	    .cluster = "pg:7",
	    .node = "pg1",
	    .identity = "pg:7:1",
	    .incarnation = "1700000000000000",
	    .role = ROLE_PRIMARY,
	    .database = "shop",
	    .database_oid = 16384,
	    .login = "alice",
	    .current_role = "alice",
	    .tx = TX_NONE,
	    .version = 150018,
	    .backend_pid = 4711};
	s->settings = arena_alloc(a, sizeof(*s->settings));
	s->settings[0] = (struct setting){"search_path", "\"$user\", public"};
	s->nsettings = 1;
	s->prepared = arena_alloc(a, sizeof(*s->prepared));
	s->prepared[0] = "q1";
	s->nprepared = 1;
}

static struct plan *
sample(struct arena *a)
{
	struct plan *p = arena_alloc(a, sizeof(*p));

	memcpy(p->id, "abcdefghijklmnopqrstuvwxya", ID_CHARS + 1);
	p->engine = "postgresql";
	p->incident = "inc-1";
	p->requester = "alice";
	p->reason = "clean up";
	fill_actions(a, p);
	fill_session(a, &p->session);
	memset(p->topology, 'a', SHA256_HEX - 1);
	memset(p->policy, '0', SHA256_HEX - 1);
	p->nodes = arena_alloc(a, sizeof(*p->nodes));
	p->nodes[0] = (struct plan_node){"pg2", "pg:7:2", "17", ROLE_REPLICA, 1};
	p->nnodes = 1;
	plan_add_fact(a, p, "session database", "shop");
	plan_add_fact(a, p, "cluster identity", "pg:7");
	plan_add_fact(a, p, "node pg2 role", "replica");
	plan_add_loss(a, p, "table public.orders", "1,000,000 rows, 98 MB");
	p->accepted = arena_alloc(a, sizeof(*p->accepted));
	p->accepted[0] = "slot cdc on pg1";
	p->naccepted = 1;
	fill_steps(a, p);
	p->back = BACK_REPLICA;
	p->way_back = "from pg2";
	p->undoes = "";
	p->reversible = "";
	p->verdict = (struct verdict){LEVEL_APPROVE, 1, GUARD_HOLD | GUARD_OBJECTS, NULL, 0};
	p->verdict.reasons = arena_alloc(a, sizeof(struct reason));
	p->verdict.reasons[0] = (struct reason){"destructive", "It drops.", NULL, LEVEL_APPROVE};
	p->verdict.nreasons = 1;
	return p;
}

static char *
encode(struct arena *a, const struct plan *p, size_t *len)
{
	struct err e = {0};
	char *json = plan_encode(a, p, len, &e);

	if (json == NULL)
		fail_msg("%s", e.msg);
	return json;
}

static int
decodes(const char *json, size_t len, struct err *e)
{
	struct arena *a = arena_new();
	int ok = plan_decode(a, json, len, e) != NULL;

	arena_free(a);
	return ok;
}

static void
golden(void **state)
{
	struct arena *a = arena_new();
	size_t len, n;
	char *json = encode(a, sample(a), &len), *want = arena_alloc(a, 65536);
	FILE *f;

	(void)state;
	if (getenv("GOLDEN_WRITE") != NULL) {
		f = fopen(GOLDEN, "w");
		assert_non_null(f);
		fprintf(f, "%s\n", json);
		fclose(f);
	}
	f = fopen(GOLDEN, "r");
	assert_non_null(f);
	n = fread(want, 1, 65535, f);
	fclose(f);
	assert_int_equal(n, len + 1);
	want[len] = '\0';
	assert_string_equal(json, want);
	arena_free(a);
}

static void
round_trip(void **state)
{
	struct arena *a = arena_new();
	struct plan *p = sample(a), *q;
	struct err e = {0};
	size_t len, again_len;
	char *json = encode(a, p, &len), *again;

	(void)state;
	q = plan_decode(a, json, len, &e);
	assert_non_null(q);
	again = encode(a, q, &again_len);
	assert_int_equal(len, again_len);
	assert_memory_equal(json, again, len);
	assert_int_equal(plan_digest(a, p, &e), 0);
	assert_string_equal(p->digest, q->digest);
	assert_int_equal(q->statements[0].actions[0].objects[0].bytes, 102760448);
	assert_int_equal(q->statements[0].actions[0].objects[1].rows, -1);
	assert_null(q->statements[0].actions[0].objects[1].schema);
	assert_int_equal(q->verdict.guards, GUARD_HOLD | GUARD_OBJECTS);
	assert_string_equal(q->steps[0].checks[1].name, "L0");
	assert_null(q->steps[1].undo);
	for (again_len = 0; again_len < len; again_len++)
		assert_in_range(json[again_len], 0x20, 0x7e);
	arena_free(a);
}

/* Every member of every part changes the digest: what is signed is everything. */
static void
members_are_signed(void **state)
{
	struct arena *a = arena_new();
	char *json, *changed;
	struct err e = {0};
	size_t len, i, tried = 0;

	(void)state;
	json = encode(a, sample(a), &len);
	changed = arena_alloc(a, len + 1);
	/* Any changed byte either does not decode, or decodes to another digest. */
	for (i = 0; i < len; i++) {
		struct arena *b = arena_new();
		struct plan *p = sample(b), *q;

		memcpy(changed, json, len + 1);
		changed[i] = changed[i] == '1' ? '2' : '1';
		q = plan_decode(b, changed, len, &e);
		if (q != NULL) {
			tried++;
			assert_int_equal(plan_digest(b, p, &e), 0);
			assert_string_not_equal(p->digest, q->digest);
		}
		arena_free(b);
	}
	assert_true(tried > 100);
	arena_free(a);
}

static void
is_strict(void **state)
{
	static const struct {
		const char *from, *to, *says;
	} rows[] = {
	    {"\"danger\":\"destructive\",\"engine\"", "\"danger\":\"harmless\",\"engine\"",
		"danger is not a known name"},
	    {"\"back\":\"held-replica\",", "", "back is missing"},
	    {"\"back\":\"held-replica\",", "\"back\":\"held-replica\",\"bock\":1,",
		"\"bock\" is an unknown member"},
	    {"\"back\":\"held-replica\",", "\"back\":\"held-replica\",\"back\":\"none\",",
		"no JSON"},
	    {"\"timeout_ms\":5000", "\"timeout_ms\":5000.0", "timeout_ms is not an integer"},
	    {"\"timeout_ms\":5000", "\"timeout_ms\":0", "step 1: it has no timeout"},
	    {"\"timeout_ms\":5000", "\"timeout_ms\":4294967296", "out of range"},
	    {"\"timeout_ms\":5000", "\"timeout_ms\":-1", "out of range"},
	    {"\"oid\":16400", "\"oid\":4294967296", "out of range"},
	    {"\"flags\":[\"cascade\",\"if-exists\"]", "\"flags\":[\"if-exists\",\"cascade\"]",
		"flags 2 is out of order"},
	    {"\"flags\":[\"cascade\",", "\"flags\":[\"cascade\",\"cascade\",", "out of order"},
	    {"\"flags\":[\"cascade\",", "\"flags\":[\"casc\",", "flags 1 is no known name"},
	    {"\"is_held\":true", "\"is_held\":1", "is_held is not true or false"},
	    {"\"from\":0", "\"from\":50", "statement 1 lies outside of the text"},
	    {"\"text\":\"DROP", "\"text\":\"DR\\u0000P", "no JSON"},
	    {"\"id\":\"a", "\"id\":\"A", "id is not an id"},
	    {"\"topology\":\"a", "\"topology\":\"g", "topology is not 64 lowercase"},
	    {"\"undoes\":\"\"", "\"undoes\":null", "undoes is not a string"},
	    {"\"nodes\":[", "\"nodes\":[{},", "nodes 1: "},
	    {"\"undoes\":", " \"undoes\":", "canonical"},
	    {"\"name\":\"cluster identity\"", "\"name\":\"z\"", "not sorted"},
	    {"\"value\":\"paused\"", "\"value\":null", "check 1 must compare"},
	};
	struct arena *a = arena_new();
	size_t len, i;
	char *json = encode(a, sample(a), &len), *at, *bad;
	struct err e;

	(void)state;
	assert_true(decodes(json, len, NULL));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		at = strstr(json, rows[i].from);
		assert_non_null(at);
		bad = arena_printf(
		    a, "%.*s%s%s", (int)(at - json), json, rows[i].to, at + strlen(rows[i].from));
		err_clear(&e);
		assert_false(decodes(bad, strlen(bad), &e));
		assert_int_equal(e.code, ERR_FAILED);
		if (strstr(e.msg, rows[i].says) == NULL)
			fail_msg("row %zu says: %s", i, e.msg);
	}
	for (i = 0; i < len; i++)
		assert_false(decodes(json, i, NULL));
	arena_free(a);
}

static void
bad_text_is_refused(void **state)
{
	struct arena *a = arena_new();
	struct plan *p = sample(a);
	struct err e = {0};
	size_t len;

	(void)state;
	p->text = "DROP \xff TABLE orders; padding padding padding padding";
	assert_null(plan_encode(a, p, &len, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	p->text = arena_memdup(a, "DROP \0 TABLE orders; padding padding padding padding", 53);
	err_clear(&e);
	assert_null(plan_encode(a, p, &len, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	arena_free(a);
}

static void
bombs_are_bounded(void **state)
{
	struct arena *a = arena_new();
	size_t n = PLAN_MAX_BYTES;
	char *big = arena_alloc(a, n + 2);
	struct err e = {0};

	(void)state;
	memset(big, '[', n + 1);
	assert_false(decodes(big, n + 1, &e));
	assert_non_null(strstr(e.msg, "longer than"));
	assert_false(decodes(big, n, &e));
	assert_non_null(strstr(e.msg, "values"));
	assert_false(decodes(big, 100000, &e));
	assert_false(decodes("", 0, &e));
	assert_false(decodes("null", 4, &e));
	arena_free(a);
}

static void
objects_digest(void **state)
{
	struct arena *a = arena_new();
	struct plan *p = sample(a);
	char one[SHA256_HEX], two[SHA256_HEX];

	(void)state;
	plan_objects_digest(p, one);
	p->statements[0].actions[0].objects[0].relfilenode++;
	plan_objects_digest(p, two);
	assert_string_not_equal(one, two);
	p->statements[0].actions[0].objects[0].relfilenode--;
	p->statements[0].actions[0].objects[0].rows = 5; /* an estimate is no identity */
	plan_objects_digest(p, two);
	assert_string_equal(one, two);
	p->statements[0].actions[0].objects[1].schema = "";
	plan_objects_digest(p, two);
	assert_string_not_equal(one, two);
	arena_free(a);
}

/* Every enum value and flag has a name of its own, so it survives the trip. */
static void
names_are_complete(void **state)
{
	struct arena *a = arena_new();
	struct plan *p = sample(a), *q;
	struct err e = {0};
	size_t len;
	char *json;
	int i;

	(void)state;
	for (i = 0; i < 16; i++) {
		p->statements[0].actions[0].flags = 1u << i;
		p->steps[0].kind = (enum step_kind)(i > KIND_LOAD ? KIND_LOAD : i);
		p->session.tx = (enum tx_state)(i % 4);
		p->session.role = (enum role)(i % 7);
		p->steps[0].conn = (enum step_conn)(i % 3);
		p->steps[0].checks[0].op = (enum check_op)(i % 4);
		p->steps[0].checks[0].type = (enum value_type)(i % 4);
		p->steps[0].part = (enum step_part)(i % 4);
		p->back = (enum way_back)(i % 5);
		p->verdict.guards = 1u << (i % 6);
		json = encode(a, p, &len);
		q = plan_decode(a, json, len, &e);
		assert_non_null(q);
		assert_int_equal(q->statements[0].actions[0].flags, 1u << i);
		assert_int_equal(q->steps[0].kind, p->steps[0].kind);
		assert_int_equal(q->session.tx, p->session.tx);
		assert_int_equal(q->back, p->back);
	}
	p->statements[0].actions[0].flags = 1u << 16;
	assert_null(plan_encode(a, p, &len, &e));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(golden),
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(members_are_signed),
	    cmocka_unit_test(is_strict),
	    cmocka_unit_test(bad_text_is_refused),
	    cmocka_unit_test(bombs_are_bounded),
	    cmocka_unit_test(objects_digest),
	    cmocka_unit_test(names_are_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
