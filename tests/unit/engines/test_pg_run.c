/*
 * Effects and wording against real servers: two standbys held, proved, hardened, proved again and
 * released; the plan's own connection; the pen; outcomes that are not known.
 */
#include "pg_lab.h"

static int
start(void **state)
{
	return lab_start(state, "star:2", 2000);
}

static struct effect
effect(struct fixture *f, const char *node, enum step_conn conn, const char *const *texts, size_t n)
{
	return (struct effect){.node = node,
	    .conn = conn,
	    .texts = texts,
	    .ntexts = n,
	    .timeout_ms = 5000,
	    .arena = f->a};
}

static void
test_cells(void **state)
{
	static const char *const texts[] = {"SELECT 7", "SELECT 'a' AS x, NULL, 42 FROM "
							"generate_series(1, 3)"};
	struct fixture *f = *state;
	struct effect x[3] = {effect(f, "pg1", CONN_CONTROL, texts, 2),
	    effect(f, "pg2", CONN_CONTROL, texts, 1), effect(f, "pg3", CONN_CONTROL, texts, 2)};

	assert_int_equal(run_effects(f->c, &f->w, x, 3), 0);
	assert_int_equal(x[0].outcome.ncells, 3);
	assert_string_equal(x[0].outcome.cells[0], "a");
	assert_null(x[0].outcome.cells[1]);
	assert_string_equal(x[2].outcome.cells[2], "42");
	assert_int_equal(x[0].outcome.rows, 3);
	assert_string_equal(x[1].outcome.cells[0], "7");
	assert_string_equal(x[0].outcome.tag, "SELECT 3");
	assert_true(x[0].outcome.backend_pid != x[1].outcome.backend_pid);
}

static void
test_errors(void **state)
{
	static const char *const wrong[] = {"SELECT nothing FROM nowhere"};
	static const char *const two[] = {"SELECT 1; SELECT 2"};
	static const char *const slow[] = {"SELECT pg_sleep(20)"};
	static const char *const suicide[] = {"SELECT pg_terminate_backend(pg_backend_pid())"};
	struct fixture *f = *state;
	struct effect x = effect(f, "pg2", CONN_CONTROL, wrong, 1);

	assert_int_equal(run_effects(f->c, &f->w, &x, 1), -1);
	assert_string_equal(x.outcome.sqlstate, "42P01");
	assert_int_equal(x.outcome.is_unknown, 0);
	assert_int_equal(strncmp(x.err.msg, "pg2: ", 5), 0);
	x = effect(f, "pg2", CONN_CONTROL, two, 1);
	assert_int_equal(run_effects(f->c, &f->w, &x, 1), -1);
	assert_string_equal(x.outcome.sqlstate, "42601");
	x = effect(f, "pg2", CONN_CONTROL, slow, 1);
	x.timeout_ms = 200;
	assert_int_equal(run_effects(f->c, &f->w, &x, 1), -1);
	assert_true(x.outcome.ms < 3000);
	assert_int_equal(x.outcome.is_unknown, 0);
	x = effect(f, "pg2", CONN_CONTROL, suicide, 1);
	assert_int_equal(run_effects(f->c, &f->w, &x, 1), -1);
	assert_int_equal(x.outcome.is_unknown, 1);
	/* The next one opens the control session again. */
	x = effect(f, "pg2", CONN_CONTROL, wrong, 1);
	assert_int_equal(run_effects(f->c, &f->w, &x, 1), -1);
	assert_string_equal(x.outcome.sqlstate, "42P01");
	x = effect(f, "pg9", CONN_CONTROL, wrong, 1);
	assert_int_equal(run_effects(f->c, &f->w, &x, 1), -1);
	x = effect(f, "pg1", CONN_MAIN, wrong, 1);
	assert_int_equal(run_effects(f->c, &f->w, &x, 1), -1);
	assert_non_null(strstr(x.err.msg, "nothing was sent"));
}

static int
count_row(struct sink *s, size_t n, const char *const *cells, const int *lengths)
{
	(void)n;
	(void)cells;
	(void)lengths;
	++*(int *)s->ctx;
	return 0;
}

static void
test_sink(void **state)
{
	static const char *const texts[] = {"SELECT * FROM orders"};
	struct fixture *f = *state;
	int rows = 0;
	struct sink sink = {.row = count_row, .ctx = &rows};
	struct effect x = effect(f, "pg1", CONN_OPERATOR, texts, 1);

	x.sink = &sink;
	assert_int_equal(run_effects(f->c, &f->w, &x, 1), 0);
	assert_int_equal(rows, 2000);
	assert_int_equal(x.outcome.rows, 2000);
	assert_string_equal(x.outcome.tag, "SELECT 2000");
}

static struct setting settings[] = {{"search_path", "\"$user\", public"}};

/* The objects as they are on pg1, in the session as it is. */
static void
make_plan(struct fixture *f, struct plan *p, struct session *s)
{
	static struct object o;
	static struct action act = {.kind = "drop-table", .objects = &o, .nobjects = 1};
	static struct statement st = {.actions = &act, .nactions = 1};

	o = (struct object){.type = "table", .schema = "public", .name = "orders"};
	o.oid = (uint32_t)strtoul(ask_node(f, 0, "SELECT 'orders'::regclass::oid"), NULL, 10);
	o.relfilenode =
	    (uint32_t)strtoul(ask_node(f, 0, "SELECT pg_relation_filenode('orders')"), NULL, 10);
	*s = (struct session){.database = "shop",
	    .login = "alice",
	    .current_role = "alice",
	    .settings = settings,
	    .nsettings = 1};
	s->database_oid = (uint32_t)strtoul(
	    ask_node(f, 0, "SELECT oid FROM pg_database WHERE datname = 'shop'"), NULL, 10);
	memset(p, 0, sizeof(*p));
	p->statements = &st;
	p->nstatements = 1;
}

static void
hold_all(struct fixture *f, struct plan *p)
{
	const struct node *held[] = {&f->n[1], &f->n[2]};
	size_t i;

	for (i = 1; i < 3; i++) {
		read_node(f, i);
		pg_wording.hold(f->a, p, &f->n[i], 1);
	}
	pg_wording.fence(f->a, p, &f->n[0], held, 2, 2);
	for (i = 1; i < 3; i++)
		assert_int_equal(pg_wording.harden(f->a, p, &f->n[i], 3), 1);
}

static void
release_all(struct fixture *f)
{
	struct plan p = {0};
	size_t i;

	for (i = 1; i < 3; i++)
		pg_wording.release(f->a, &p, &f->n[i], (int)i);
	assert_null(run_steps(f, &p));
}

/* The whole line: hold, fence, harden, act in one transaction, prove again, release. */
static void
test_hold_and_drop(void **state)
{
	static const char *const act[] = {"DROP TABLE orders CASCADE"};
	struct fixture *f = *state;
	struct session s;
	struct plan p, after = {0};
	struct effect x;
	const char *status;
	size_t i;

	make_plan(f, &p, &s);
	hold_all(f, &p);
	pg_wording.enter(f->a, &p, &f->n[0], &s, 2000, 0, 1, 0);
	assert_int_equal(run_main_open(f->c, &f->w, "pg1", "shop", &f->e), 0);
	assert_null(run_steps(f, &p));
	assert_string_equal(ask_node(f, 0,
				"SELECT count(*) FROM pg_stat_activity WHERE application_name = "
				"'holdfast alice inc-7' AND state = 'idle in transaction'"),
	    "1");
	x = effect(f, "pg1", CONN_MAIN, act, 1);
	assert_int_equal(run_effects(f->c, &f->w, &x, 1), 0);
	assert_string_equal(x.outcome.tag, "DROP TABLE");
	assert_int_equal(run_xact_status(f->c, &f->w, kept(f, "xid"), &status, &f->e), 0);
	assert_string_equal(status, "in progress");
	pg_wording.leave(f->a, &after, &f->n[0], 1);
	for (i = 1; i < 3; i++)
		pg_wording.reprove(f->a, &after, &f->n[0], &f->n[i], 4);
	assert_null(run_steps(f, &after));
	run_main_close(f->c);
	assert_int_equal(run_xact_status(f->c, &f->w, kept(f, "xid"), &status, &f->e), 0);
	assert_string_equal(status, "committed");
	assert_true(lsn_of(kept(f, "L1")) > lsn_of(kept(f, "L0")));
	assert_string_equal(ask_node(f, 0, "SELECT to_regclass('orders')"), "");
	for (i = 1; i < 3; i++) {
		assert_string_equal(ask_node(f, i, "SELECT count(*) FROM orders"), "2000");
		assert_string_equal(ask_node(f, i,
					"SELECT setting FROM pg_file_settings WHERE name = "
					"'recovery_target_lsn'"),
		    kept(f, "L0"));
	}
	release_all(f);
	for (i = 1; i < 3; i++)
		wait_for(f, i, "SELECT to_regclass('orders')", "");
	ask_node(f, 0, "CREATE TABLE orders AS SELECT generate_series(1, 2000) AS id");
}

/* Taking hold where a plan is given up: what was done before is undone by each step's undo. */
static void
test_undo_of_hold(void **state)
{
	struct fixture *f = *state;
	struct plan p = {0};
	struct effect x;
	const char *texts[8];
	char *rest;
	size_t i, n;

	hold_all(f, &p);
	assert_null(run_steps(f, &p));
	for (i = p.nsteps; i > 0; i--) {
		/* Statements, one a line. */
		rest = arena_strdup(f->a, p.steps[i - 1].undo);
		for (n = 0; rest != NULL && n < 8; n++)
			texts[n] = strsep(&rest, "\n");
		if (n == 0)
			continue;
		x = effect(f, p.steps[i - 1].node, p.steps[i - 1].conn, texts, n);
		assert_int_equal(run_effects(f->c, &f->w, &x, 1), 0);
	}
	for (i = 1; i < 3; i++) {
		assert_string_equal(
		    ask_node(f, i, "SELECT pg_get_wal_replay_pause_state()"), "not paused");
		assert_string_equal(ask_node(f, i,
					"SELECT count(*) FROM pg_file_settings WHERE name LIKE "
					"'recovery_target%'"),
		    "0");
	}
	release_all(f); /* also takes what is left, and may be asked twice */
	release_all(f);
}

static const char *
try_enter(struct fixture *f, const struct plan *source, const struct session *s)
{
	struct plan p = *source;
	const char *bad;

	pg_wording.enter(f->a, &p, &f->n[0], s, 500, 0, 1, 0);
	assert_int_equal(run_main_open(f->c, &f->w, "pg1", "shop", &f->e), 0);
	bad = run_steps(f, &p);
	run_main_close(f->c);
	return bad == NULL ? "" : bad;
}

/* Each of these ends the plan on the connection that would act, naming the field. */
static void
test_enter_refuses(void **state)
{
	struct fixture *f = *state;
	struct session s, other;
	struct plan p;
	PGconn *pq;

	make_plan(f, &p, &s);
	assert_string_equal(try_enter(f, &p, &s), "");
	other = s;
	other.database_oid = 5;
	assert_non_null(strstr(try_enter(f, &p, &other), "database oid"));
	other = s;
	other.current_role = "shop_app";
	assert_non_null(strstr(try_enter(f, &p, &other), "permission denied"));
	other = s;
	other.login = "bob";
	assert_non_null(strstr(try_enter(f, &p, &other), "login"));
	ask_node(f, 0, "CREATE SCHEMA alice; CREATE TABLE alice.orders (x int)");
	p.statements->actions->objects->schema = NULL;
	assert_non_null(strstr(try_enter(f, &p, &s), "object table orders oid"));
	ask_node(f, 0, "DROP SCHEMA alice CASCADE");
	ask_node(f, 0,
	    "CREATE TABLE x (LIKE orders); DROP TABLE orders; ALTER TABLE x RENAME TO orders");
	p.statements->actions->objects->schema = "public";
	assert_non_null(strstr(try_enter(f, &p, &s), "object table public.orders oid"));
	make_plan(f, &p, &s);
	ask_node(f, 0, "TRUNCATE orders");
	assert_non_null(strstr(try_enter(f, &p, &s), "relfilenode"));
	make_plan(f, &p, &s);
	/* A reader keeps the lock: given up at its limit. */
	pq = PQconnectdb(arena_printf(
	    f->a, "%s user=alice passfile=%s dbname=shop", f->address[0], f->passfile));
	PQclear(PQexec(pq, "BEGIN; SELECT * FROM orders"));
	assert_non_null(strstr(try_enter(f, &p, &s), "lock timeout"));
	PQfinish(pq);
	assert_string_equal(try_enter(f, &p, &s), "");
}

static void
test_commit_of_failed(void **state)
{
	static const char *const begin[] = {"BEGIN"}, *const bad[] = {"SELECT 1/0"},
				 *const commit[] = {"COMMIT"};
	struct fixture *f = *state;
	struct effect x;

	assert_int_equal(run_main_open(f->c, &f->w, "pg1", "shop", &f->e), 0);
	x = effect(f, "pg1", CONN_MAIN, begin, 1);
	assert_int_equal(run_effects(f->c, &f->w, &x, 1), 0);
	x = effect(f, "pg1", CONN_MAIN, bad, 1);
	assert_int_equal(run_effects(f->c, &f->w, &x, 1), -1);
	x = effect(f, "pg1", CONN_MAIN, commit, 1);
	assert_int_equal(run_effects(f->c, &f->w, &x, 1), -1);
	assert_non_null(strstr(x.err.msg, "rolled the transaction back"));
	run_main_close(f->c);
}

static void
test_pen(void **state)
{
	struct fixture *f = *state;
	struct person_config bob = f->person;
	struct cluster_setup cs = {.config = &f->cluster_config, .person = &bob, .incident = "x"};
	struct cluster *other;

	bob.name = "bob";
	other = cluster_new(&cs);
	assert_int_equal(cluster_connect(other, &f->w, "pg1", "shop", &f->e), 0);
	assert_int_equal(run_pen_take(f->c, &f->w, &f->e), 0);
	assert_int_equal(run_pen_take(f->c, &f->w, &f->e), 0);
	assert_int_equal(run_pen_take(other, &f->w, &f->e), -1);
	assert_int_equal(f->e.code, ERR_REFUSED);
	assert_non_null(strstr(f->e.msg, "holdfast alice inc-7"));
	run_pen_drop(f->c);
	usleep(100000);
	assert_int_equal(run_pen_take(other, &f->w, &f->e), 0);
	run_pen_drop(other);
	cluster_free(other);
}

/* A loop whose timer wants a picture at every wait, as the watch of held replicas does. */
static struct {
	struct cluster *c;
	struct waiter poll;
	int asked, started;
} nosy;

static int
nosy_wait(struct waiter *w, int fd, short events, int64_t deadline)
{
	struct err ignored = {0};

	(void)w;
	nosy.asked++;
	if (cluster_crawl_start(nosy.c, &ignored) == 0 && cluster_crawl_fd(nosy.c) >= 0)
		nosy.started++;
	return nosy.poll.wait(&nosy.poll, fd, events, deadline);
}

/* One connection, one user: a crawl behind the prompt and a question took turns in its bytes. */
static void
test_no_crawl_beside(void **state)
{
	static const char *const begin[] = {"BEGIN"}, *const end[] = {"ROLLBACK"},
				 *const read[] = {"SELECT pg_sleep(0.05)"};
	struct fixture *f = *state;
	struct effect x = effect(f, "pg1", CONN_OPERATOR, begin, 1);
	struct waiter w = {.wait = nosy_wait, .cancel_fd = -1};
	struct session s;

	nosy.c = f->c;
	poll_waiter(&nosy.poll, -1);
	assert_int_equal(run_effects(f->c, &f->w, &x, 1), 0);
	x = effect(f, "pg1", CONN_CONTROL, read, 1);
	assert_int_equal(run_effects(f->c, &w, &x, 1), 0);
	assert_true(nosy.asked > 0);
	assert_int_equal(nosy.started, 0);
	/* In a transaction the session's facts come over the control session, too. */
	assert_int_equal(cluster_crawl_start(f->c, &f->e), 0);
	assert_int_equal(ask_session(f->c, &f->w, f->a, &s, &f->e), 0);
	assert_int_equal(s.tx, TX_OPEN);
	assert_int_equal(cluster_crawl_fd(f->c), -1);
	/* And when nobody uses it, the picture may be taken again. */
	assert_int_equal(cluster_crawl_start(f->c, &f->e), 0);
	assert_int_equal(cluster_settle(f->c, &f->w, &f->e), 0);
	cluster_tidy(f->c);
	x = effect(f, "pg1", CONN_OPERATOR, end, 1);
	assert_int_equal(run_effects(f->c, &f->w, &x, 1), 0);
}

static int
is_in_file(const char *path, const char *word)
{
	char *line = NULL;
	size_t room = 0;
	FILE *f = fopen(path, "r");
	int is_there = 0;

	assert_non_null(f);
	while (getline(&line, &room, f) > 0)
		is_there |= strstr(line, word) != NULL;
	free(line);
	fclose(f);
	return is_there;
}

static void
note_line(void *ctx, const char *line)
{
	*(int *)ctx += strstr(line, "use a passfile") != NULL;
}

/* A standby is pointed elsewhere with a secret in its settings: its log, which has every statement,
 * has not that one, and what follows is logged again. That the server itself says changed settings
 * there when it reads them, is told. */
static void
test_no_secret_in_log(void **state)
{
	struct fixture *f = *state;
	const char *was = ask_node(f, 2, "SHOW primary_conninfo"),
		   *log = arena_printf(f->a, "%s/servers/%s.log", f->dir, f->nodes[1].name);
	struct argument args[] = {{"of", f->nodes[2].name}, {"host", "127.0.0.1"},
	    {"port", arena_printf(f->a, "%d", f->nodes[0].port)}, {"name", ""}};
	struct step point = {.type = STEP_PROC,
	    .node = f->nodes[1].name,
	    .proc = "pg-point-v1",
	    .args = args,
	    .nargs = 4};
	struct outcome out = {0};
	int told = 0;

	ask_node(f, 2,
	    arena_printf(
		f->a, "ALTER SYSTEM SET primary_conninfo = $$%s sslpassword=sesame$$", was));
	ask_node(f, 2, "SELECT pg_reload_conf()");
	ask_node(f, 1, "ALTER SYSTEM SET log_statement = 'all'");
	ask_node(f, 1, "ALTER SYSTEM SET log_min_duration_statement = 0");
	ask_node(f, 1, "SELECT pg_reload_conf()");
	wait_for(f, 1, "SHOW log_min_duration_statement", "0");
	wait_for(f, 2, "SELECT strpos(current_setting('primary_conninfo'), 'sesame') > 0", "t");
	assert_int_equal(run_proc(f->c, &f->w, &point, f->a, &out, note_line, &told, &f->e), 0);
	assert_int_equal(told, 1);
	wait_for(f, 1,
	    "SELECT strpos(current_setting('primary_conninfo'), 'sesame') > 0 /* seen */", "t");
	assert_true(is_in_file(log, "/* seen */"));
	assert_false(is_in_file(log, "SET primary_conninfo"));
	assert_true(is_in_file(log, "pg_reload_conf"));
	point.proc = "pg-unpoint-v1";
	assert_int_equal(run_proc(f->c, &f->w, &point, f->a, &out, NULL, NULL, &f->e), 0);
	ask_node(f, 1, "ALTER SYSTEM RESET log_statement");
	ask_node(f, 1, "ALTER SYSTEM RESET log_min_duration_statement");
	ask_node(f, 1, "SELECT pg_reload_conf()");
	ask_node(f, 2, "ALTER SYSTEM RESET primary_conninfo");
	ask_node(f, 2, "SELECT pg_reload_conf()");
	wait_for(f, 1, "SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'", "1");
	wait_for(f, 2, "SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'", "1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cells),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_sink),
	    cmocka_unit_test(test_hold_and_drop),
	    cmocka_unit_test(test_undo_of_hold),
	    cmocka_unit_test(test_enter_refuses),
	    cmocka_unit_test(test_commit_of_failed),
	    cmocka_unit_test(test_no_secret_in_log),
	    cmocka_unit_test(test_pen),
	    cmocka_unit_test(test_no_crawl_beside),
	};

	return cmocka_run_group_tests(tests, start, lab_stop);
}
