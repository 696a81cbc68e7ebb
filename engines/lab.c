/*
 * `lab up`: a throw-away cluster in seconds. Rows are made once, on the primary, with WAL at its
 * least; standbys are copies of the cleanly stopped primary; then all start and are waited for.
 * Must never leave anything behind when it fails or is cancelled.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <dirent.h>

#include "arena.h"
#include "buf.h"
#include "engines/lab_plan.h"
#include "hash.h"
#include "banned.h"

#define TOOL_MS 300000
#define READY_MS 60000

static const char *
program(const struct lab *l, const char *name)
{
	return arena_printf(l->arena, "%s/%s", l->bin, name);
}

static const char *
log_of(const struct lab *l, const char *name)
{
	return arena_printf(l->arena, "%s/%s", l->dir, name);
}

/* HOLDFAST_PG_BIN, else version 15 as Debian 12 lays it out, else the highest there is. */
static int
find_server(struct lab *l, struct err *e)
{
	const char *want = getenv("HOLDFAST_PG_BIN"), *base = "/usr/lib/postgresql";
	struct dirent *d;
	long best = 0, v;
	DIR *dir;

	if (want != NULL && want[0] == '/') {
		snprintf(l->bin, sizeof(l->bin), "%s", want);
	} else if ((dir = opendir(base)) != NULL) {
		while ((d = readdir(dir)) != NULL) {
			v = strtol(d->d_name, NULL, 10);
			if (best != 15 && (v == 15 || v > best))
				best = v;
		}
		closedir(dir);
		snprintf(l->bin, sizeof(l->bin), "%s/%ld/bin", base, best);
	}
	if (l->bin[0] != '\0' && access(program(l, "postgres"), X_OK) == 0)
		return 0;
	err_set(e, ERR_FAILED, "could not find the PostgreSQL server's programs");
	return err_hint(
	    e, "Install the package postgresql, or set HOLDFAST_PG_BIN to their directory.");
}

static int
initdb(struct lab *l, struct waiter *w, struct err *e)
{
	const char *pw = arena_printf(l->arena, "%s/sock/pw", l->dir);
	const char *const argv[] = {program(l, "initdb"), "-D", lab_data(l, 0), "-U", "postgres",
	    "-k", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8", "-A", "scram-sha-256", "--pwfile",
	    pw, NULL};
	struct scratch s = {.argv = argv, .user = &l->user, .dir = "/", .log = log_of(l, "log")};
	int rc;

	s.dir = l->dir;
	if (mkdir(lab_data(l, 0), 0700) != 0 ||
	    (geteuid() == 0 && chown(lab_data(l, 0), l->user.uid, l->user.gid) != 0))
		return err_set(
		    e, ERR_FAILED, "could not make %s: %s", lab_data(l, 0), strerror(errno));
	if (lab_write(l, "sock/pw", arena_printf(l->arena, "%s\n", l->admin), 0600, l->user.uid,
		l->user.gid, e) != 0)
		return -1;
	rc = scratch_run(&s, w, now_ms() + TOOL_MS, e);
	if (unlink(pw) != 0 && rc == 0)
		rc = err_set(e, ERR_FAILED, "could not remove %s: %s", pw, strerror(errno));
	return rc;
}

/* Starts a server; `minimal` is for loading: no standby could follow it. */
static int
start(struct lab *l, size_t i, int minimal, struct scratch *s, struct err *e)
{
	const char **argv = arena_array(l->arena, 16, sizeof(*argv));
	int n = 0;

	argv[n++] = program(l, "postgres");
	argv[n++] = "-D";
	argv[n++] = lab_data(l, i);
	if (minimal) {
		argv[n++] = "-c";
		argv[n++] = "wal_level=minimal";
		argv[n++] = "-c";
		argv[n++] = "max_wal_senders=0";
		argv[n++] = "-c";
		argv[n++] = "synchronous_standby_names=";
		argv[n++] = "-c";
		argv[n++] = "autovacuum=off";
	}
	memset(s, 0, sizeof(*s));
	s->argv = argv;
	s->user = &l->user;
	s->dir = l->dir;
	s->log = arena_printf(l->arena, "%s/servers/%s.log", l->dir, l->nodes[i].name);
	s->is_server = 1;
	return scratch_start(s, e);
}

/* Until the server takes connections, or its process ended. */
int
lab_ready(
    struct lab *l, size_t i, struct scratch *s, int64_t deadline, struct waiter *w, struct err *e)
{
	char state[32];
	int rc;

	for (;;) {
		if (scratch_server(lab_data(l, i), state, NULL) == s->pid &&
		    (strcmp(state, "ready") == 0 || strcmp(state, "standby") == 0)) {
			scratch_drop(s);
			return 0;
		}
		if (now_ms() > deadline)
			return err_set(e, ERR_FAILED, "%s did not start in time; its log is %s",
			    l->nodes[i].name, s->log);
		rc = w->wait(w, s->pidfd, POLLIN, now_ms() + 20);
		if (rc == 1)
			return scratch_wait(s, w, now_ms() + 1000, e) == 0
				   ? err_set(e, ERR_FAILED, "%s ended while it started",
					 l->nodes[i].name)
				   : err_wrap(e, "could not start %s", l->nodes[i].name);
		if (rc == -1)
			return err_set(
			    e, ERR_CANCELLED, "cancelled while %s started", l->nodes[i].name);
	}
}

static int
ready(struct lab *l, size_t i, struct scratch *s, struct waiter *w, struct err *e)
{
	return lab_ready(l, i, s, now_ms() + READY_MS, w, e);
}

/* Runs a script as the administrator; it stands in a 0600 file while it runs. */
static int
script(struct lab *l, const char *database, const char *text, struct waiter *w, struct err *e)
{
	const char *file = arena_printf(l->arena, "%s/script", l->dir);
	const char *conn = arena_printf(
	    l->arena, "host=127.0.0.1 port=%d user=postgres dbname=%s", l->nodes[0].port, database);
	const char *const argv[] = {
	    program(l, "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", conn, "-f", file, NULL};
	const char *const env[] = {
	    arena_printf(l->arena, "PGPASSFILE=%s/pgpass", l->dir), "PGCONNECT_TIMEOUT=10", NULL};
	struct scratch s = {.argv = argv, .env = env, .dir = l->dir, .log = log_of(l, "log")};
	int rc;

	if (lab_write(l, "script", text, 0600, geteuid(), getegid(), e) != 0)
		return -1;
	rc = scratch_run(&s, w, now_ms() + TOOL_MS, e);
	if (unlink(file) != 0 && rc == 0)
		rc = err_set(e, ERR_FAILED, "could not remove %s: %s", file, strerror(errno));
	return rc;
}

static int
roles(struct lab *l, struct waiter *w, struct err *e)
{
	const char *text = arena_printf(l->arena,
	    "CREATE ROLE alice SUPERUSER LOGIN PASSWORD '%s';\n"
	    "CREATE ROLE bob SUPERUSER LOGIN PASSWORD '%s';\n"
	    "CREATE ROLE replicator REPLICATION LOGIN PASSWORD '%s';\n"
	    "CREATE ROLE shop_app;\nCREATE ROLE shop_ro;\n"
	    "CREATE DATABASE shop;\n",
	    l->alice, l->bob, l->replicator);

	return script(l, "postgres", text, w, e);
}

const char *
lab_fill(const struct lab *l, const char *schema)
{
	long rows = l->setup->rows > 0 ? l->setup->rows : LAB_ROWS;
	const struct {
		const char *hole;
		long value;
	} holes[] = {{"{ROWS}", rows}, {"{ITEMS}", rows / 5 + 1}, {"{CUSTOMERS}", rows / 20 + 10}};
	const char *p = schema, *open, *out;
	struct buf b;
	size_t k;

	buf_init(&b, 1 << 16);
	for (; (open = strchr(p, '{')) != NULL; p = strchr(open, '}') + 1) {
		buf_add(&b, p, (size_t)(open - p));
		for (k = 0; k < sizeof(holes) / sizeof(holes[0]); k++)
			if (strncmp(open, holes[k].hole, strlen(holes[k].hole)) == 0)
				buf_printf(&b, "%ld", holes[k].value);
	}
	buf_puts(&b, p);
	out = arena_strdup(l->arena, buf_str(&b));
	buf_free(&b);
	return out;
}

static int
load(struct lab *l, struct waiter *w, struct err *e)
{
	if (script(l, "shop", lab_fill(l, lab_schema), w, e) != 0)
		return -1;
	return l->has_measurements ? script(l, "shop", lab_fill(l, lab_measurements), w, e) : 0;
}

/* Starts the primary, does nothing or loads, and stops it cleanly. */
static int
cycle(struct lab *l, int loads, struct waiter *w, struct err *e)
{
	struct scratch s;

	if (start(l, 0, loads, &s, e) != 0 || ready(l, 0, &s, w, e) != 0)
		return -1;
	if (loads && (roles(l, w, e) != 0 || load(l, w, e) != 0))
		return -1;
	return scratch_stop(lab_data(l, 0), w, e);
}

/* All copies at once: the source stands still. */
int
lab_copy(struct lab *l, int (*configure)(struct lab *l, size_t i, struct err *e), struct waiter *w,
    struct err *e)
{
	struct scratch s[LAB_MAX_NODES];
	const char **argv;
	size_t i, n;
	int rc = 0;

	for (n = 1; n < l->nnodes && rc == 0; n++) {
		argv = arena_array(l->arena, 6, sizeof(*argv));
		argv[0] = "/bin/cp";
		argv[1] = "-a";
		argv[2] = "--reflink=auto";
		argv[3] = lab_data(l, 0);
		argv[4] = lab_data(l, n);
		memset(&s[n], 0, sizeof(s[n]));
		s[n].argv = argv;
		s[n].dir = l->dir;
		s[n].log = log_of(l, "log");
		rc = scratch_start(&s[n], e);
	}
	for (i = 1; i < n; i++) {
		if (rc == 0)
			rc = scratch_wait(&s[i], w, now_ms() + TOOL_MS, e);
		else
			scratch_drop(&s[i]);
		if (rc == 0)
			rc = configure(l, i, e);
	}
	return rc;
}

static int
start_all(struct lab *l, struct waiter *w, struct err *e)
{
	struct scratch s[LAB_MAX_NODES];
	size_t i, n;
	int rc = 0;

	for (n = 0; n < l->nnodes && rc == 0; n++)
		rc = start(l, n, 0, &s[n], e);
	for (i = 0; i < n; i++) {
		if (rc == 0)
			rc = ready(l, i, &s[i], w, e);
		scratch_drop(&s[i]);
	}
	return rc;
}

static void
go_to(const struct lab *l, size_t i, struct buf *b)
{
	buf_printf(b,
	    "\\connect -reuse-previous=off 'host=127.0.0.1 port=%d user=postgres dbname=shop'\n",
	    l->nodes[i].port);
}

static void
wait_for(struct buf *b, const char *condition, const char *what)
{
	buf_printf(b,
	    "DO $$BEGIN FOR i IN 1..1200 LOOP\n IF %s THEN RETURN; END IF;\n PERFORM "
	    "pg_sleep(0.05);\n"
	    " END LOOP; RAISE EXCEPTION '%s'; END$$;\n",
	    condition, what);
}

/* Slots on each upstream, then every standby at the primary's position. */
static int
join(struct lab *l, struct waiter *w, struct err *e)
{
	const struct lab_member *m;
	struct buf b;
	size_t i;
	int rc;

	buf_init(&b, 1 << 20);
	for (i = 1; i < l->nnodes && !l->setup->no_slots; i++) {
		go_to(l, (size_t)l->nodes[i].upstream, &b);
		buf_printf(&b,
		    "SELECT pg_create_physical_replication_slot('%s', true) \\gset ignored_\n",
		    l->nodes[i].name);
	}
	go_to(l, 0, &b);
	buf_puts(&b, "SELECT pg_current_wal_flush_lsn() AS l \\gset\n");
	for (i = 1; i < l->nnodes; i++) {
		m = &l->nodes[i];
		go_to(l, i, &b);
		buf_puts(&b, "SELECT set_config('lab.l', :'l', false) \\gset ignored_\n");
		wait_for(&b,
		    m->delay_s > 0
			? "pg_last_wal_receive_lsn() >= current_setting('lab.l')::pg_lsn"
			: "EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming')"
			  " AND pg_last_wal_replay_lsn() >= current_setting('lab.l')::pg_lsn",
		    arena_printf(l->arena, "%s did not catch up", m->name));
	}
	rc = script(l, "shop", buf_str(&b), w, e);
	buf_free(&b);
	return rc;
}

/* The standby fell too far behind while its slot was gone: it can never catch up. */
static int
break_replication(struct lab *l, struct waiter *w, struct err *e)
{
	struct scratch s;

	if (!l->has_hosts || l->nnodes < 2)
		return 0;
	if (scratch_stop(lab_data(l, 1), w, e) != 0 ||
	    script(l, "shop",
		arena_printf(l->arena,
		    "SELECT pg_drop_replication_slot('%s') \\gset ignored_\n"
		    "CREATE TABLE spam_reports (id int);\n"
		    "SELECT pg_switch_wal() \\gset ignored_\nCHECKPOINT;\n"
		    "INSERT INTO spam_reports SELECT generate_series(1, 1000);\n"
		    "SELECT pg_switch_wal() \\gset ignored_\nCHECKPOINT;\n",
		    l->nodes[1].name),
		w, e) != 0 ||
	    start(l, 1, 0, &s, e) != 0)
		return -1;
	return ready(l, 1, &s, w, e);
}

static int
build(struct lab *l, struct waiter *w, struct err *e)
{
	if (lab_reserve(l, e) != 0 || lab_keys(l, w, e) != 0 || initdb(l, w, e) != 0 ||
	    lab_configure(l, 0, e) != 0 || cycle(l, 1, w, e) != 0)
		return -1;
	/* Once with the real wal_level, so that the copies' control files say so. */
	if (l->nnodes > 1 && (cycle(l, 0, w, e) != 0 || lab_copy(l, lab_configure, w, e) != 0))
		return -1;
	if (start_all(l, w, e) != 0 || (l->nnodes > 1 && join(l, w, e) != 0) ||
	    break_replication(l, w, e) != 0 || lab_hosts(l, w, e) != 0)
		return -1;
	return lab_config(l, e);
}

static const char *
address(const struct lab *l, size_t i)
{
	return arena_printf(l->arena, "host=127.0.0.1 port=%d", l->nodes[i].port);
}

const struct lab_kind lab_postgresql = {
    .engine = "postgresql",
    .prefix = "pg",
    .user = "postgres",
    .passfile = "pgpass",
    .find = find_server,
    .build = build,
    .secrets = lab_pgpass,
    .secret = lab_pgpass_of,
    .address = address,
};

static const struct lab_kind *const kinds[] = {&lab_postgresql, &lab_mariadb, &lab_mysql};

static int
find_kind(struct lab *l, struct err *e)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i]->engine, l->setup->engine) == 0) {
			l->kind = kinds[i];
			return 0;
		}
	return err_set(e, ERR_USAGE,
	    "there is no lab for the engine %s, only for postgresql, mariadb and mysql",
	    l->setup->engine);
}

static void
password(char out[LAB_PASSWORD])
{
	unsigned char r[(LAB_PASSWORD - 1) / 2];

	random_bytes(r, sizeof(r));
	hex_encode(r, sizeof(r), out);
}

/* Servers never run as root. */
static const char *
user_of(const struct lab *l)
{
	return l->setup->user != NULL || geteuid() != 0 ? l->setup->user : l->kind->user;
}

/* What a published incident needs. */
static int
find_incident(struct lab *l, struct err *e)
{
	const char *name = l->setup->incident;

	if (name == NULL)
		return 0;
	l->has_hosts = strcmp(name, "gitlab") == 0;
	l->has_measurements = strcmp(name, "luscii") == 0;
	if ((strcmp(name, "cxalloy") == 0 && l->kind == &lab_mariadb) ||
	    ((l->has_hosts || l->has_measurements) && l->kind == &lab_postgresql))
		return 0;
	return err_set(e, ERR_USAGE,
	    "no incident of the name %s is there for this engine: cxalloy with mariadb, gitlab "
	    "and luscii with postgresql",
	    name);
}

int
lab_up(const struct lab_setup *setup, struct waiter *w, struct err *e)
{
	struct arena *a = arena_new();
	struct lab *l = arena_alloc(a, sizeof(*l));
	struct waiter plain;
	size_t i;
	int rc;

	l->setup = setup;
	l->arena = a;
	password(l->admin);
	password(l->replicator);
	password(l->alice);
	password(l->bob);
	rc = find_kind(l, e);
	if (rc == 0)
		rc = find_incident(l, e);
	if (rc == 0)
		rc = lab_shape(l, e);
	if (rc == 0)
		rc = l->kind->find(l, e);
	if (rc == 0)
		rc = scratch_user(user_of(l), &l->user, e);
	if (rc == 0)
		rc = lab_dir(l, e);
	if (rc == 0 && (rc = l->kind->build(l, w, e)) != 0) {
		/* The cleaning is not cancelled, and does not hide why it was needed. */
		poll_waiter(&plain, -1);
		lab_down(l->dir, &plain, NULL);
	}
	for (i = 0; i < l->nnodes; i++)
		if (l->nodes[i].reserved > 0)
			close(l->nodes[i].reserved);
	explicit_bzero(l, sizeof(*l));
	arena_free(a);
	return rc;
}
