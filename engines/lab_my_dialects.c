/*
 * The labs of MariaDB and of MySQL where they differ: see lab_my.h. Users exist before the first
 * server takes a connection, and none without a password.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "engines/lab_my.h"
#include "banned.h"

#define TOOL_MS 120000

int
lab_mariadb_find(struct lab *l, struct err *e)
{
	const char *want = getenv("HOLDFAST_MY_BIN");

	snprintf(l->bin, sizeof(l->bin), "%s",
	    want != NULL && want[0] == '/' ? want : "/usr/sbin/mariadbd");
	if (access(l->bin, X_OK) == 0 && access("/usr/bin/mariadb-install-db", X_OK) == 0)
		return 0;
	err_set(e, ERR_FAILED, "could not find the MariaDB server's programs");
	return err_hint(e, "Install the package mariadb-server.");
}

/* Oracle's server is in no package of Debian's: a directory with mysqld, share and data/mysql. */
int
lab_mysql_find(struct lab *l, struct err *e)
{
	const char *want = getenv("HOLDFAST_MYSQL_DIR");

	snprintf(l->bin, sizeof(l->bin), "%s/mysqld", want == NULL ? "" : want);
	if (l->nsync > 0)
		return err_set(e, ERR_USAGE, "the MySQL server of the lab has no semi-sync plugin");
	if (want != NULL && want[0] == '/' && access(l->bin, X_OK) == 0)
		return 0;
	err_set(e, ERR_FAILED, "could not find a MySQL server");
	return err_hint(e, "Set HOLDFAST_MYSQL_DIR to its directory, which holds mysqld, share and "
			   "data/mysql: `make matrix` fetches one.");
}

static int
make_data(struct lab *l, struct err *e)
{
	if (lab_my_make_tmp(l, 0, e) != 0)
		return -1;
	if (mkdir(lab_data(l, 0), 0700) != 0 ||
	    (geteuid() == 0 && chown(lab_data(l, 0), l->user.uid, l->user.gid) != 0))
		return err_set(
		    e, ERR_FAILED, "could not make %s: %s", lab_data(l, 0), strerror(errno));
	return 0;
}

static int
run_tool(struct lab *l, const char *const *argv, struct waiter *w, struct err *e)
{
	struct scratch s = {.argv = argv,
	    .user = &l->user,
	    .dir = l->dir,
	    .log = arena_printf(l->arena, "%s/log", l->dir)};

	return scratch_run(&s, w, now_ms() + TOOL_MS, e);
}

static int
mariadb_install(struct lab *l, struct waiter *w, struct err *e)
{
	const char *const argv[] = {"/usr/bin/mariadb-install-db", "--no-defaults",
	    arena_printf(l->arena, "--datadir=%s", lab_data(l, 0)),
	    arena_printf(l->arena, "--tmpdir=%s", lab_my_tmp(l, 0)),
	    "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve",
	    "--innodb-log-file-size=32M", "--innodb-buffer-pool-size=32M", NULL};

	return make_data(l, e) != 0 ? -1 : run_tool(l, argv, w, e);
}

/* The directory of the server, its program's name taken off. */
static const char *
base(const struct lab *l)
{
	return arena_strndup(l->arena, l->bin, strlen(l->bin) - strlen("/mysqld"));
}

static int
mysql_install(struct lab *l, struct waiter *w, struct err *e)
{
	const char *const argv[] = {"/bin/cp", "-r", "-T",
	    arena_printf(l->arena, "%s/data/mysql", base(l)), lab_data(l, 0), NULL};

	return make_data(l, e) != 0 ? -1 : run_tool(l, argv, w, e);
}

static int
mariadb_part(struct lab *l, size_t i, struct err *e)
{
	(void)l;
	(void)i;
	(void)e;
	return 0;
}

/* Its server_uuid: the server makes one of its own. */
static int
mysql_part(struct lab *l, size_t i, struct err *e)
{
	const char *file = arena_printf(l->arena, "%s/auto.cnf", lab_data(l, i));

	if (unlink(file) != 0 && errno != ENOENT)
		return err_set(e, ERR_FAILED, "could not remove %s: %s", file, strerror(errno));
	return 0;
}

static const char *
mariadb_settings(const struct lab *l, size_t i)
{
	const struct lab_member *m = &l->nodes[i];

	return arena_printf(l->arena, "gtid-strict-mode=OFF\ngtid-domain-id=%d\n%s%s",
	    m->second >= 0 || (m->upstream < 0 && i > 0) ? (int)i : 0,
	    l->nsync > 0 && m->upstream < 0 ? "rpl-semi-sync-master-enabled=ON\n" : "",
	    l->nsync > 0 && m->upstream >= 0 ? "rpl-semi-sync-slave-enabled=ON\n" : "");
}

static const char *
mysql_settings(const struct lab *l, size_t i)
{
	(void)i;
	return arena_printf(l->arena,
	    "basedir=%s\nlc-messages-dir=%s/share\nexplicit-defaults-for-timestamp\n"
	    "secure-file-priv=%s/sock\n%s",
	    base(l), base(l), l->dir,
	    l->setup->no_slots ? "" : "gtid-mode=ON\nenforce-gtid-consistency=ON\n");
}

static const char *
mariadb_users(const struct lab *l)
{
	return arena_printf(l->arena,
	    "DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> "
	    "'localhost');\nFLUSH PRIVILEGES;\n"
	    "ALTER USER 'root'@'localhost' IDENTIFIED BY '%s';\n"
	    "CREATE USER 'root'@'%%' IDENTIFIED BY '%s';\n"
	    "GRANT ALL ON *.* TO 'root'@'%%' WITH GRANT OPTION;\n"
	    "CREATE USER 'alice'@'%%' IDENTIFIED BY '%s';\n"
	    "GRANT ALL ON *.* TO 'alice'@'%%' WITH GRANT OPTION;\n"
	    "CREATE USER 'bob'@'%%' IDENTIFIED BY '%s';\n"
	    "GRANT ALL ON *.* TO 'bob'@'%%' WITH GRANT OPTION;\n"
	    "CREATE USER 'replicator'@'%%' IDENTIFIED BY '%s';\n"
	    "GRANT REPLICATION SLAVE ON *.* TO 'replicator'@'%%';\n"
	    "CREATE ROLE shop_app;\nCREATE ROLE shop_ro;\n",
	    l->admin, l->admin, l->alice, l->bob, l->replicator);
}

static const char *
mysql_users(const struct lab *l)
{
	return arena_printf(l->arena,
	    "DELETE FROM mysql.user WHERE User = '' OR Host <> 'localhost';\nFLUSH PRIVILEGES;\n"
	    "SET PASSWORD FOR 'root'@'localhost' = PASSWORD('%s');\n"
	    "GRANT ALL ON *.* TO 'root'@'%%' IDENTIFIED BY '%s' WITH GRANT OPTION;\n"
	    "GRANT ALL ON *.* TO 'alice'@'%%' IDENTIFIED BY '%s' WITH GRANT OPTION;\n"
	    "GRANT ALL ON *.* TO 'bob'@'%%' IDENTIFIED BY '%s' WITH GRANT OPTION;\n"
	    "GRANT REPLICATION SLAVE ON *.* TO 'replicator'@'%%' IDENTIFIED BY '%s';\n",
	    l->admin, l->admin, l->alice, l->bob, l->replicator);
}

static const char *const mariadb_loading[] = {"--skip-log-bin", "--skip-log-slave-updates", NULL};
static const char *const mysql_loading[] = {"--skip-log-bin", "--skip-log-slave-updates",
    "--gtid-mode=OFF", "--enforce-gtid-consistency=OFF", NULL};

const struct lab_my *
lab_my_dialect(const struct lab *l)
{
	static const struct lab_my mariadb = {
	    .install = mariadb_install,
	    .part = mariadb_part,
	    .settings = mariadb_settings,
	    .users = mariadb_users,
	    .schema = lab_my_schema,
	    .loading = mariadb_loading,
	    .status = "SHOW ALL SLAVES STATUS",
	    .by_gtid = ", MASTER_USE_GTID=slave_pos",
	};
	static const struct lab_my mysql = {
	    .install = mysql_install,
	    .part = mysql_part,
	    .settings = mysql_settings,
	    .users = mysql_users,
	    .schema = lab_mysql_schema,
	    .loading = mysql_loading,
	    .status = "SHOW SLAVE STATUS",
	    .by_gtid = ", MASTER_AUTO_POSITION=1",
	};

	return l->kind == &lab_mysql ? &mysql : &mariadb;
}
