/*
 * A lab of MariaDB servers. Rows are made once, on the primary, without a binary log; the others
 * are copies of it; then all start with empty logs and replicate. Must never let a server listen
 * anywhere but on the loopback address, nor let anybody in without a password: users exist before
 * the first server takes a connection.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "engines/lab_my.h"
#include "engines/my_conn.h"
#include "banned.h"

#define TOOL_MS 120000
#define LOAD_MS 300000
#define READY_MS 60000
#define JOIN_MS 60000

static int
cnf(const struct lab *l, const char *name, const char *role, uid_t uid, gid_t gid, struct err *e)
{
	return lab_write(l, name,
	    arena_printf(l->arena, "[client]\nhost=127.0.0.1\nport=%d\nuser=%s\npassword=%s\n",
		l->nodes[0].port, role, lab_password(l, role)),
	    0600, uid, gid, e);
}

static int
secrets(struct lab *l, struct err *e)
{
	return cnf(l, "my.cnf", "root", geteuid(), getegid(), e);
}

static const char *
address(const struct lab *l, size_t i)
{
	return arena_printf(l->arena, "%s://127.0.0.1:%d", l->kind->engine, l->nodes[i].port);
}

/* A server that starts removes temporary tables from its tmpdir, whoever's they are. */
const char *
lab_my_tmp(const struct lab *l, size_t i)
{
	return arena_printf(l->arena, "%s/sock/%s.tmp", l->dir, l->nodes[i].name);
}

int
lab_my_make_tmp(const struct lab *l, size_t i, struct err *e)
{
	if ((mkdir(lab_my_tmp(l, i), 0700) != 0 && errno != EEXIST) ||
	    (geteuid() == 0 && chown(lab_my_tmp(l, i), l->user.uid, l->user.gid) != 0))
		return err_set(
		    e, ERR_FAILED, "could not make %s: %s", lab_my_tmp(l, i), strerror(errno));
	return 0;
}

static int
configure(struct lab *l, size_t i, struct err *e)
{
	const struct lab_member *m = &l->nodes[i];
	const char *data = lab_data(l, i);

	if (lab_my_make_tmp(l, i, e) != 0 || lab_my_dialect(l)->part(l, i, e) != 0)
		return -1;
	return lab_write(l, arena_printf(l->arena, "servers/%s.cnf", m->name),
	    arena_printf(l->arena,
		"[mysqld]\n# a throw-away server of a holdfast lab\n"
		"datadir=%s\ntmpdir=%s\nport=%d\nbind-address=127.0.0.1\nsocket=%s/sock/%s\n"
		"pid-file=%s/mysqld.pid\nserver-id=%zu\nlog-bin=%s-bin\nbinlog-format=%s\n"
		"log-slave-updates=ON\nrelay-log=%s-relay\n"
		"skip-name-resolve\nperformance-schema=OFF\n"
		"innodb-buffer-pool-size=32M\ninnodb-log-file-size=32M\n"
		"innodb-flush-log-at-trx-commit=0\nsync-binlog=0\nmax-connections=60\n"
		"slave-net-timeout=20\nlocal-infile=OFF\n"
		"character-set-server=utf8mb4\ndefault-time-zone=+00:00\n%s%s",
		data, lab_my_tmp(l, i), m->port, l->dir, m->name, data, i + 1, m->name,
		l->setup->no_slots ? "MIXED" : "ROW", m->name,
		m->upstream >= 0 && l->nodes[m->upstream].second < 0 ? "read-only=ON\n" : "",
		lab_my_dialect(l)->settings(l, i)),
	    0644, l->user.uid, l->user.gid, e);
}

/* init: a file of statements the server runs before it takes connections; or NULL. */
static int
start(struct lab *l, size_t i, const char *init, struct scratch *s, struct err *e)
{
	const char **argv = arena_array(l->arena, 12, sizeof(*argv));
	const char *const *more;
	int n = 0;

	argv[n++] = l->bin;
	argv[n++] =
	    arena_printf(l->arena, "--defaults-file=%s/servers/%s.cnf", l->dir, l->nodes[i].name);
	if (init != NULL) {
		argv[n++] = arena_printf(l->arena, "--init-file=%s", init);
		for (more = lab_my_dialect(l)->loading; *more != NULL; more++)
			argv[n++] = *more;
	}
	memset(s, 0, sizeof(*s));
	s->argv = argv;
	s->user = &l->user;
	s->dir = l->dir;
	s->log = arena_printf(l->arena, "%s/servers/%s.log", l->dir, l->nodes[i].name);
	s->is_server = 1;
	return scratch_start(s, e);
}

/* Damage no repair mends: pages of its tree overwritten while no server runs. */
static int
damage(const struct lab *l, struct err *e)
{
	const char *file =
	    arena_printf(l->arena, "%s/shop/checklistsectionline.ibd", lab_data(l, 0));
	unsigned char junk[16384];
	FILE *f;
	int i, ok;

	if (l->setup->incident == NULL)
		return 0;
	memset(junk, 0xdb, sizeof(junk));
	f = fopen(file, "r+");
	ok = f != NULL && fseek(f, 3L * (long)sizeof(junk), SEEK_SET) == 0;
	for (i = 0; i < 2 && ok; i++)
		ok = fwrite(junk, sizeof(junk), 1, f) == 1;
	if (f != NULL && fclose(f) != 0)
		ok = 0;
	return ok ? 0 : err_set(e, ERR_FAILED, "could not damage %s: %s", file, strerror(errno));
}

static int
load(struct lab *l, struct waiter *w, struct err *e)
{
	const char *file = arena_printf(l->arena, "%s/sock/load.sql", l->dir);
	struct scratch s;
	int rc;

	if (lab_write(l, "sock/load.sql",
		arena_printf(l->arena, "%s%s%s", lab_my_dialect(l)->users(l),
		    lab_fill(l, lab_my_dialect(l)->schema),
		    l->setup->incident == NULL ? "" : lab_fill(l, lab_my_checklist)),
		0600, l->user.uid, l->user.gid, e) != 0)
		return -1;
	rc = start(l, 0, file, &s, e);
	if (rc == 0)
		rc = lab_ready(l, 0, &s, now_ms() + LOAD_MS, w, e);
	return rc;
}

/* The pid file is there before the server takes connections: it may still run its init file. */
static int
admin(struct lab *l, size_t i, struct my_conn **out, struct waiter *w, struct err *e)
{
	const struct person_config root = {.name = "root",
	    .user = "root",
	    .passfile = arena_printf(l->arena, "%s/my.cnf", l->dir)};
	int64_t deadline = now_ms() + LOAD_MS;

	for (;;) {
		err_clear(e);
		if (my_conn_open(
			out, w, address(l, i), &root, NULL, "holdfast lab", 0, deadline, e) == 0)
			return 0;
		if (e->code != ERR_CONN || strstr(e->msg, "Access denied") != NULL ||
		    now_ms() > deadline || scratch_server(lab_data(l, i), NULL, NULL) == 0)
			return err_wrap(e, "%s", l->nodes[i].name);
		if (w->wait(w, -1, 0, now_ms() + 50) < 0)
			return err_set(
			    e, ERR_CANCELLED, "cancelled while %s started", l->nodes[i].name);
	}
}

/* The last statement of the load left a mark; without it something of it failed. */
static int
is_loaded(struct lab *l, struct waiter *w, struct err *e)
{
	const char *file = arena_printf(l->arena, "%s/sock/load.sql", l->dir);
	CLEAN_MY_RESULT MYSQL_RES *r = NULL;
	struct my_conn *c;
	int rc;

	if (admin(l, 0, &c, w, e) != 0)
		return -1;
	rc = my_query(c, w, now_ms() + 10000, "SELECT 1 FROM shop.big_orders LIMIT 1", &r, e);
	if (rc == 0)
		rc = my_query(c, w, now_ms() + 10000, "DROP TABLE shop.lab_loaded", NULL, e);
	my_conn_close(c);
	if (unlink(file) != 0 && rc == 0)
		rc = err_set(e, ERR_FAILED, "could not remove %s: %s", file, strerror(errno));
	return rc == 0 ? 0
		       : err_wrap(e, "the rows of the lab could not be made; see servers/my1.log");
}

static int
start_all(struct lab *l, struct waiter *w, struct err *e)
{
	struct scratch s[LAB_MAX_NODES];
	size_t i, n;
	int rc = 0;

	for (n = 0; n < l->nnodes && rc == 0; n++)
		rc = start(l, n, NULL, &s[n], e);
	for (i = 0; i < n; i++) {
		if (rc == 0)
			rc = lab_ready(l, i, &s[i], now_ms() + READY_MS, w, e);
		scratch_drop(&s[i]);
	}
	return rc;
}

static int
follow(struct lab *l, struct my_conn *c, const struct lab_member *m, int up, const char *channel,
    struct waiter *w, struct err *e)
{
	const char *sql = arena_printf(l->arena,
	    "CHANGE MASTER %sTO MASTER_HOST='127.0.0.1', MASTER_PORT=%d, "
	    "MASTER_USER='replicator', MASTER_PASSWORD='%s', MASTER_CONNECT_RETRY=1%s%s",
	    channel, l->nodes[up].port, l->replicator,
	    l->setup->no_slots
		? arena_printf(l->arena, ", MASTER_LOG_FILE='%s-bin.000001', MASTER_LOG_POS=4",
		      l->nodes[up].name)
		: lab_my_dialect(l)->by_gtid,
	    m->delay_s > 0 ? arena_printf(l->arena, ", MASTER_DELAY=%d", m->delay_s) : "");

	if (my_query(c, w, now_ms() + 10000, sql, NULL, e) != 0)
		return -1;
	return my_query(
	    c, w, now_ms() + 10000, arena_printf(l->arena, "START SLAVE %s", channel), NULL, e);
}

/* Until every channel says that both of its threads run. */
static int
is_following(
    struct lab *l, struct my_conn *c, const struct lab_member *m, struct waiter *w, struct err *e)
{
	int64_t deadline = now_ms() + JOIN_MS;
	MYSQL_RES *r;
	MYSQL_ROW row;
	const char *io, *sql;
	int bad;

	for (;;) {
		if (my_query(c, w, now_ms() + 10000, lab_my_dialect(l)->status, &r, e) != 0)
			return -1;
		bad = r == NULL || mysql_num_rows(r) == 0;
		while (r != NULL && (row = mysql_fetch_row(r)) != NULL) {
			io = my_cell(r, row, "Slave_IO_Running");
			sql = my_cell(r, row, "Slave_SQL_Running");
			bad |= io == NULL || sql == NULL || strcmp(io, "Yes") != 0 ||
			       strcmp(sql, "Yes") != 0;
		}
		my_clear_result(&r);
		if (!bad)
			return 0;
		if (now_ms() > deadline)
			return err_set(e, ERR_FAILED,
			    "%s did not start to replicate; see %s/servers", m->name, l->dir);
		if (w->wait(w, -1, 0, now_ms() + 30) < 0)
			return err_set(e, ERR_CANCELLED, "cancelled while %s joined", m->name);
	}
}

static int
join(struct lab *l, struct waiter *w, struct err *e)
{
	const struct lab_member *m;
	struct my_conn *c;
	size_t i;
	int rc = 0;

	for (i = 0; i < l->nnodes && rc == 0; i++) {
		m = &l->nodes[i];
		if (m->upstream < 0 && m->second < 0)
			continue;
		if (admin(l, i, &c, w, e) != 0)
			return -1;
		if (m->upstream >= 0)
			rc = follow(l, c, m, m->upstream, "", w, e);
		if (m->second >= 0 && rc == 0)
			rc = follow(l, c, m, m->second, m->upstream >= 0 ? "'second' " : "", w, e);
		if (rc == 0)
			rc = is_following(l, c, m, w, e);
		my_conn_close(c);
	}
	return rc;
}

static int
build(struct lab *l, struct waiter *w, struct err *e)
{
	if (lab_reserve(l, e) != 0 || lab_keys(l, w, e) != 0 ||
	    lab_my_dialect(l)->install(l, w, e) != 0 || configure(l, 0, e) != 0 ||
	    load(l, w, e) != 0 || is_loaded(l, w, e) != 0 ||
	    scratch_stop(lab_data(l, 0), w, e) != 0)
		return -1;
	if (l->nnodes > 1 && lab_copy(l, configure, w, e) != 0)
		return -1;
	if (damage(l, e) != 0 || start_all(l, w, e) != 0 || join(l, w, e) != 0)
		return -1;
	return lab_config(l, e);
}

const struct lab_kind lab_mariadb = {
    .engine = "mariadb",
    .prefix = "my",
    .user = "mysql",
    .passfile = "cnf",
    .find = lab_mariadb_find,
    .build = build,
    .secrets = secrets,
    .secret = cnf,
    .address = address,
};

const struct lab_kind lab_mysql = {
    .engine = "mysql",
    .prefix = "my",
    .user = "mysql",
    .passfile = "cnf",
    .find = lab_mysql_find,
    .build = build,
    .secrets = secrets,
    .secret = cnf,
    .address = address,
};
