/*
 * What reading a relation runs, against a real server: views on views, row security, operators,
 * domains, aggregates, foreign tables. And that tables, harmless views and catalogues stay reads.
 */
#include "pg_lab.h"
#include "engine.h"
#include "engines/ask.h"

static int
start(void **state)
{
	static const char *const setup[] = {"CREATE TABLE log_t (x int)",
	    "CREATE FUNCTION f_evil() RETURNS int LANGUAGE plpgsql AS "
	    "'BEGIN INSERT INTO log_t VALUES (1); RETURN 1; END'",
	    "CREATE VIEW v_plain AS SELECT id, random() FROM orders WHERE total > 1 + now()::date "
	    "- "
	    "current_date",
	    "CREATE VIEW v_evil AS SELECT id, f_evil() FROM orders LIMIT 3",
	    "CREATE VIEW v_deep AS SELECT * FROM v_evil",
	    "CREATE VIEW v_sub AS SELECT (SELECT count(*) FROM v_deep) AS n",
	    "CREATE VIEW v_where AS SELECT id FROM orders WHERE id IN (SELECT f_evil())",
	    "CREATE VIEW v_kill AS SELECT pg_terminate_backend(0)",
	    "CREATE MATERIALIZED VIEW m_evil AS SELECT 1 AS a, f_evil() AS b",
	    "CREATE TABLE rls_t (x int)", "ALTER TABLE rls_t ENABLE ROW LEVEL SECURITY",
	    "CREATE POLICY p ON rls_t USING (f_evil() > 0)", "CREATE TABLE rls_off (x int)",
	    "CREATE POLICY p ON rls_off USING (f_evil() > 0)",
	    "CREATE FUNCTION op_evil(int, int) RETURNS bool LANGUAGE sql AS 'SELECT $1 = $2'",
	    "CREATE OPERATOR <==> (leftarg = int, rightarg = int, procedure = op_evil)",
	    "CREATE VIEW v_op AS SELECT id FROM orders WHERE id::int <==> 3",
	    "CREATE AGGREGATE agg_evil(int) (sfunc = stepping, stype = int)",
	    "CREATE VIEW v_agg AS SELECT agg_evil(id::int) FROM orders",
	    "CREATE DOMAIN dom AS int CHECK (f_evil() > 0)",
	    "CREATE VIEW v_dom AS SELECT 1::dom AS a",
	    "CREATE VIEW v_name AS SELECT 1 AS \" :funcid 1 \"",
	    "CREATE TABLE part_t (x int) PARTITION BY LIST (x)",
	    "CREATE FUNCTION lower(int) RETURNS int LANGUAGE sql AS 'SELECT f_evil()'",
	    "CREATE FUNCTION upper(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'",
	    "CREATE SCHEMA apart",
	    "CREATE FUNCTION apart.length(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
	    "CREATE VIEW \"V \"\" 1\" AS SELECT f_evil()", NULL};
	struct fixture *f;
	size_t i;

	if (lab_start(state, "single", 2000) != 0)
		return -1;
	f = *state;
	ask_node(f, 0,
	    "CREATE FUNCTION stepping(int, int) RETURNS int LANGUAGE sql AS 'SELECT $1 + $2'");
	for (i = 0; setup[i] != NULL; i++)
		ask_node(f, 0, setup[i]);
	return 0;
}

static void
refine(struct fixture *f, const char *text, const char *path, struct script *s)
{
	struct lexical lx = {.version = 150000, .standard_conforming_strings = 1};

	assert_int_equal(
	    classify_here(engine_by_name("postgresql"), text, strlen(text), &lx, f->a, s, &f->e),
	    0);
	if (ask_reads(f->c, &f->w, f->a, path, s, &f->e) != 0)
		fail_msg("%s: %s", text, f->e.msg);
}

static void
test_reads(void **state)
{
	static const struct {
		const char *text;
		enum danger danger;
		const char *function; /* named first */
	} rows[] = {{"SELECT 1", DANGER_READ, NULL}, {"SELECT * FROM orders", DANGER_READ, NULL},
	    {"SELECT * FROM v_plain", DANGER_READ, NULL}, {"TABLE m_evil", DANGER_READ, NULL},
	    {"SELECT * FROM pg_class, information_schema.tables", DANGER_READ, NULL},
	    {"SELECT * FROM rls_off", DANGER_READ, NULL},
	    {"SELECT * FROM v_name", DANGER_READ, NULL},
	    {"SELECT * FROM nowhere", DANGER_READ, NULL},
	    {"WITH q AS (SELECT 1) SELECT * FROM q", DANGER_READ, NULL},
	    {"EXPLAIN SELECT * FROM v_evil", DANGER_READ, NULL},
	    {"EXPLAIN ANALYZE SELECT * FROM v_evil", DANGER_OPAQUE, "public.f_evil"},
	    {"SELECT * FROM v_evil", DANGER_OPAQUE, "public.f_evil"},
	    {"SELECT * FROM public.v_deep", DANGER_OPAQUE, "public.f_evil"},
	    {"SELECT (SELECT n FROM v_sub)", DANGER_OPAQUE, "public.f_evil"},
	    {"SELECT 1 UNION ALL SELECT id FROM v_where", DANGER_OPAQUE, "public.f_evil"},
	    {"SELECT * FROM orders JOIN v_deep USING (id)", DANGER_OPAQUE, "public.f_evil"},
	    {"WITH q AS (SELECT * FROM v_deep) SELECT * FROM q", DANGER_OPAQUE, "public.f_evil"},
	    {"SELECT * FROM v_kill", DANGER_OPAQUE, "pg_terminate_backend"},
	    {"TABLE rls_t", DANGER_OPAQUE, "public.f_evil"},
	    {"COPY rls_t TO STDOUT", DANGER_OPAQUE, "public.f_evil"},
	    {"COPY (SELECT * FROM v_evil) TO STDOUT", DANGER_OPAQUE, "public.f_evil"},
	    {"SELECT * FROM v_op", DANGER_OPAQUE, "public.op_evil"},
	    {"SELECT * FROM v_agg", DANGER_OPAQUE, "public.agg_evil"},
	    {"SELECT * FROM v_dom", DANGER_OPAQUE, "public.f_evil"},
	    {"SELECT * FROM \"V \"\" 1\"", DANGER_OPAQUE, "public.f_evil"},
	    {"INSERT INTO log_t SELECT id FROM v_evil", DANGER_OPAQUE, "public.f_evil"},
	    {"DELETE FROM log_t USING v_evil WHERE x = v_evil.id", DANGER_OPAQUE, "public.f_evil"},
	    {"UPDATE log_t SET x = 1 FROM orders WHERE x = orders.id", DANGER_WRITE, NULL},
	    {"SELECT lower(5)", DANGER_OPAQUE, "public.lower"},
	    {"SELECT pg_catalog.lower('A'), upper(5), length(5), 1 + 1", DANGER_READ, NULL},
	    {"UPDATE log_t SET x = lower(5) WHERE x = 1", DANGER_OPAQUE, "public.lower"},
	    {"EXPLAIN SELECT lower(5)", DANGER_READ, NULL},
	    {"SELECT 3 <==> 4", DANGER_OPAQUE, "operator public.<==>"},
	    {"SELECT 3 = 4 AND now() < now()", DANGER_READ, NULL}};
	struct fixture *f = *state;
	struct script s;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct action *last;

		refine(f, rows[i].text, NULL, &s);
		last = &s.statements[0].actions[s.statements[0].nactions - 1];
		if (s.danger != rows[i].danger || s.statements[0].danger != rows[i].danger)
			fail_msg("%s: %s", rows[i].text, danger_name(s.danger));
		if (rows[i].function == NULL)
			continue;
		assert_true(last->nfunctions > 0);
		assert_string_equal(last->functions[0], rows[i].function);
		assert_non_null(strstr(last->why, rows[i].function));
	}
}

/* Two statements: each says its own; the first stays a read. */
static void
test_two(void **state)
{
	struct script s;

	refine(*state, "SELECT * FROM orders; SELECT * FROM v_deep, v_op", NULL, &s);
	assert_int_equal(s.statements[0].danger, DANGER_READ);
	assert_int_equal(s.statements[1].danger, DANGER_OPAQUE);
	assert_int_equal(s.statements[1].nactions, 2);
	assert_int_equal(s.statements[1].actions[1].nfunctions, 2);
}

/* What the server looks for in pg_catalog first is asked about only where the path is odd. */
static void
test_catalog_names(void **state)
{
	struct fixture *f = *state;
	struct script s;

	ask_node(f, 0, "CREATE VIEW public.pg_settings AS SELECT f_evil()");
	refine(f, "SELECT * FROM pg_settings", "\"$user\", public", &s);
	assert_int_equal(s.danger, DANGER_READ);
	PQclear(PQexec(pg(f->c->person)->pq, "SET search_path = public, pg_catalog"));
	refine(f, "SELECT * FROM pg_settings", "public, pg_catalog", &s);
	assert_int_equal(s.danger, DANGER_OPAQUE);
	PQclear(PQexec(pg(f->c->person)->pq, "RESET search_path"));
	refine(f, "SELECT * FROM public.pg_settings", NULL, &s);
	assert_int_equal(s.danger, DANGER_OPAQUE);
}

static void
test_foreign(void **state)
{
	struct fixture *f = *state;
	struct script s;

	ask_node(f, 0, "CREATE FOREIGN DATA WRAPPER w");
	ask_node(f, 0, "CREATE SERVER s FOREIGN DATA WRAPPER w");
	ask_node(
	    f, 0, "CREATE FOREIGN TABLE part_f PARTITION OF part_t FOR VALUES IN (1) SERVER s");
	ask_node(f, 0, "CREATE VIEW v_part AS SELECT * FROM part_t");
	refine(f, "SELECT * FROM v_part", NULL, &s);
	assert_int_equal(s.danger, DANGER_OPAQUE);
	assert_string_equal(s.statements[0].actions[1].kind, "read-foreign");
	assert_non_null(strstr(s.statements[0].actions[1].why, "public.part_f"));
}

/* Asked inside a transaction it sees that transaction's view, and leaves no trace. */
static void
test_in_transaction(void **state)
{
	struct fixture *f = *state;
	struct script s;

	PQclear(PQexec(pg(f->c->person)->pq, "BEGIN"));
	PQclear(PQexec(pg(f->c->person)->pq, "CREATE VIEW v_fresh AS SELECT f_evil()"));
	refine(f, "SELECT * FROM v_fresh", NULL, &s);
	assert_int_equal(s.danger, DANGER_OPAQUE);
	assert_int_equal(PQtransactionStatus(pg(f->c->person)->pq), PQTRANS_INTRANS);
	PQclear(PQexec(pg(f->c->person)->pq, "ROLLBACK"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reads),
	    cmocka_unit_test(test_two),
	    cmocka_unit_test(test_catalog_names),
	    cmocka_unit_test(test_foreign),
	    cmocka_unit_test(test_in_transaction),
	};

	return cmocka_run_group_tests(tests, start, lab_stop);
}
