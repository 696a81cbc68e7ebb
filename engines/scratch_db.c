/*
 * The servers that are thrown away: see scratch_db.h. Must never listen on the network, and never
 * touch a directory that does not carry the marker.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "engines/scratch_db.h"
#include "text.h"
#include "banned.h"

#define PREFIX "holdfast-scratch."
#define TOOL_MS 180000
#define READY_MS 120000
#define RECOVERY_MS (12LL * 3600 * 1000)
#define ROOM_MIN (128 << 20)

static const char *
base_dir(void)
{
	const char *base = getenv("TMPDIR");

	return base == NULL || base[0] != '/' || strlen(base) > 60 ? "/var/tmp" : base;
}

/* The process that made it, from its marker; 0 where it has none. */
static pid_t
maker_of(const char *dir)
{
	char path[200], text[32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/" SCRATCH_MARKER, dir);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return (pid_t)strtol(text, NULL, 10);
}

/* What a process that was killed left: its server died with it. */
static void
remove_stale(const char *base)
{
	DIR *d = opendir(base);
	struct dirent *x;
	struct stat st;
	char path[200];
	pid_t pid;

	while (d != NULL && (x = readdir(d)) != NULL) {
		if (strncmp(x->d_name, PREFIX, strlen(PREFIX)) != 0 || strlen(x->d_name) > 40)
			continue;
		snprintf(path, sizeof(path), "%s/%s", base, x->d_name);
		if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
			continue;
		pid = maker_of(path);
		if (pid > 1 && kill(pid, 0) != 0 && errno == ESRCH)
			scratch_remove(path, NULL);
	}
	if (d != NULL)
		closedir(d);
}

void
scratch_db_sweep(void)
{
	remove_stale(base_dir());
}

static int
mark(const struct scratch_db *x, struct err *e)
{
	char path[200], text[32];
	int fd, ok, n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	snprintf(path, sizeof(path), "%s/" SCRATCH_MARKER, x->dir);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	ok = fd != -1 && write(fd, text, (size_t)n) == n;
	if (fd != -1)
		close(fd);
	if (ok && x->user.is_other)
		ok = chown(x->dir, x->user.uid, x->user.gid) == 0;
	return ok ? 0
		  : err_set(e, ERR_FAILED, "could not write in %s: %s", x->dir, strerror(errno));
}

int
scratch_db_dir(struct scratch_db *x, struct arena *a, int64_t room, struct err *e)
{
	const char *base = base_dir();
	struct statvfs fs;

	remove_stale(base);
	if (room < ROOM_MIN)
		room = ROOM_MIN;
	if (statvfs(base, &fs) == 0 && (int64_t)fs.f_bavail * (int64_t)fs.f_frsize < room) {
		err_set(e, ERR_FAILED, "%s has less than %s left for a scratch server", base,
		    text_bytes(a, room));
		return err_hint(e, "make room there, or set TMPDIR to a directory with room");
	}
	if (scratch_user(geteuid() != 0				? NULL
			 : strcmp(x->engine, "postgresql") == 0 ? "postgres"
								: "mysql",
		&x->user, e) != 0)
		return -1;
	snprintf(x->dir, sizeof(x->dir), "%s/" PREFIX "XXXXXX", base);
	if (mkdtemp(x->dir) == NULL) {
		x->dir[0] = '\0';
		return err_set(
		    e, ERR_FAILED, "could not make a directory in %s: %s", base, strerror(errno));
	}
	x->data = arena_printf(a, "%s/data", x->dir);
	return mark(x, e);
}

/* Programs of the server, of that very version; a later one cannot read an older one's files. */
static int
find_programs(struct scratch_db *x, struct arena *a, int major, struct err *e)
{
	const char *chosen = getenv("HOLDFAST_PG_BIN");

	if (strcmp(x->engine, "postgresql") != 0) {
		x->bin = "/usr/sbin";
		if (access("/usr/sbin/mariadbd", X_OK) == 0 &&
		    access("/usr/bin/mariadb-install-db", X_OK) == 0)
			return 0;
		err_set(e, ERR_CONFIG,
		    "no MariaDB server is installed here, so there is no scratch "
		    "server; nothing was done");
		return err_hint(e, "install mariadb-server");
	}
	x->bin = chosen != NULL && chosen[0] == '/'
		     ? chosen
		     : arena_printf(a, "/usr/lib/postgresql/%d/bin", major);
	if (access(arena_printf(a, "%s/initdb", x->bin), X_OK) == 0)
		return 0;
	err_set(e, ERR_CONFIG,
	    "no PostgreSQL server of version %d is installed here, so there is no scratch server; "
	    "nothing was done",
	    major);
	return err_hint(e, "install postgresql-%d", major);
}

static int
run(struct scratch_db *x, struct arena *a, struct waiter *w, const char *const *argv, struct err *e)
{
	struct scratch s = {.argv = argv,
	    .user = &x->user,
	    .dir = x->dir,
	    .log = arena_printf(a, "%s/tool.log", x->dir)};

	return scratch_run(&s, w, now_ms() + TOOL_MS, e);
}

static int
make(struct scratch_db *x, struct arena *a, struct waiter *w, struct err *e)
{
	const char *const pg[] = {arena_printf(a, "%s/initdb", x->bin),
	    arena_printf(a, "--pgdata=%s", x->data), "--username=postgres", "--auth=trust",
	    "--encoding=UTF8", "--no-locale", "--no-sync", NULL};
	const char *const my[] = {"/usr/bin/mariadb-install-db", "--no-defaults",
	    arena_printf(a, "--datadir=%s", x->data), arena_printf(a, "--tmpdir=%s", x->dir),
	    "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve",
	    "--innodb-log-file-size=32M", "--innodb-buffer-pool-size=32M", NULL};

	if (strcmp(x->engine, "postgresql") == 0)
		return run(x, a, w, pg, e);
	if (mkdir(x->data, 0700) != 0 ||
	    (x->user.is_other && chown(x->data, x->user.uid, x->user.gid) != 0))
		return err_set(e, ERR_FAILED, "could not make %s: %s", x->data, strerror(errno));
	return run(x, a, w, my, e);
}

static const char *const *
server_argv(struct scratch_db *x, struct arena *a)
{
	const char **argv = arena_array(a, 32, sizeof(*argv));
	static const char *const pg[] = {"listen_addresses=", "fsync=off", "full_page_writes=off",
	    "synchronous_commit=off", "shared_buffers=64MB", "max_connections=20",
	    "wal_level=minimal", "max_wal_senders=0", "archive_mode=off", "autovacuum=off",
	    "max_worker_processes=4", "max_prepared_transactions=64", "hot_standby=off",
	    "cluster_name=" SCRATCH_MARKER, "logging_collector=off", "log_destination=stderr",
	    "ssl=off", "shared_preload_libraries=", NULL};
	static const char *const my[] = {"--skip-networking", "--skip-log-bin",
	    "--skip-slave-start", "--server-id=0", "--innodb-buffer-pool-size=64M",
	    "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=OFF",
	    "--performance-schema=OFF", "--max-connections=20", "--event-scheduler=OFF",
	    "--skip-name-resolve", "--innodb-fast-shutdown=2", NULL};
	size_t n = 0, i;

	if (strcmp(x->engine, "postgresql") == 0) {
		argv[n++] = arena_printf(a, "%s/postgres", x->bin);
		argv[n++] = "-D";
		argv[n++] = x->data;
		argv[n++] = "-k";
		argv[n++] = x->dir;
		for (i = 0; pg[i] != NULL && n < 31; i++)
			argv[n++] = arena_printf(a, "--%s", pg[i]);
		return argv;
	}
	argv[n++] = arena_printf(a, "%s/mariadbd", x->bin);
	argv[n++] = "--no-defaults";
	argv[n++] = arena_printf(a, "--datadir=%s", x->data);
	argv[n++] = arena_printf(a, "--tmpdir=%s", x->dir);
	argv[n++] = arena_printf(a, "--socket=%s/socket", x->dir);
	argv[n++] = arena_printf(a, "--pid-file=%s/mysqld.pid", x->data);
	for (i = 0; my[i] != NULL; i++)
		argv[n++] = my[i];
	if (x->is_whole)
		argv[n++] = "--skip-grant-tables";
	return argv;
}

static int
wait_ready(struct scratch_db *x, struct waiter *w, struct err *e)
{
	int64_t deadline = now_ms() + (x->is_whole ? RECOVERY_MS : READY_MS);
	int recovers = x->is_whole && strcmp(x->engine, "postgresql") == 0;
	char state[32];
	int rc;

	for (;;) {
		if (scratch_server(x->data, state, NULL) == x->server.pid &&
		    (strcmp(state, "ready") == 0 || (strcmp(state, "standby") == 0 && !recovers)))
			return 0;
		if (now_ms() > deadline)
			return err_set(e, ERR_FAILED, "the scratch server did not start in time");
		rc = w->wait(w, x->server.pidfd, POLLIN, now_ms() + 30);
		if (rc == -1)
			return err_set(
			    e, ERR_CANCELLED, "cancelled while the scratch server started");
		if (rc == 1) {
			if (scratch_wait(&x->server, w, now_ms() + 1000, e) == 0)
				err_set(e, ERR_FAILED, "it ended while it started");
			return err_wrap(e, "the scratch server could not be started");
		}
	}
}

int
scratch_db_open(struct scratch_db *x, struct arena *a, struct waiter *w, struct err *e)
{
	int is_pg = strcmp(x->engine, "postgresql") == 0;

	x->login = is_pg ? "postgres" : "root";
	x->address = is_pg ? arena_printf(a, "host=%s port=5432 user=postgres", x->dir)
			   : arena_printf(a, "mariadb://root@localhost/?socket=%s/socket", x->dir);
	x->server = (struct scratch){.argv = server_argv(x, a),
	    .user = &x->user,
	    .dir = x->dir,
	    .log = arena_printf(a, "%s/server.log", x->dir),
	    .memory = SCRATCH_MEMORY};
	if (scratch_start(&x->server, e) != 0)
		return -1;
	return wait_ready(x, w, e);
}

int
scratch_db_start(struct scratch_db *x, struct arena *a, struct waiter *w, int major, struct err *e)
{
	if (find_programs(x, a, major, e) != 0 ||
	    (x->dir[0] == '\0' && scratch_db_dir(x, a, 0, e) != 0) || make(x, a, w, e) != 0)
		return -1;
	return scratch_db_open(x, a, w, e);
}

int
scratch_db_whole(struct scratch_db *x, struct arena *a, struct waiter *w, int major, struct err *e)
{
	x->is_whole = 1;
	return find_programs(x, a, major, e) != 0 ? -1 : scratch_db_open(x, a, w, e);
}

void
scratch_db_stop(struct scratch_db *x)
{
	struct waiter plain;

	poll_waiter(&plain, -1);
	if (x->server.pid > 0)
		scratch_stop(x->data, &plain, NULL);
	scratch_drop(&x->server);
	if (x->dir[0] != '\0' && maker_of(x->dir) == getpid())
		scratch_remove(x->dir, NULL);
	x->dir[0] = '\0';
}
