/*
 * Machines for a lab: one real sshd a node on loopback, as the servers' own OS user, with host keys
 * of its own; and the incident that needs them. Must never listen anywhere but on loopback, nor run
 * as root.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "engines/lab_plan.h"
#include "banned.h"

#define SSHD "/usr/sbin/sshd"
#define READY_MS 20000

static const char *
host_dir(const struct lab *l, size_t i)
{
	return arena_printf(l->arena, "%s/ssh/h%zu", l->dir, i + 1);
}

static int
make(const struct lab *l, const char *path, struct err *e)
{
	if (mkdir(path, 0700) != 0 || chmod(path, 0755) != 0 ||
	    (geteuid() == 0 && chown(path, l->user.uid, l->user.gid) != 0))
		return err_set(e, ERR_FAILED, "could not make %s: %s", path, strerror(errno));
	return 0;
}

static int
host_key(struct lab *l, size_t i, struct waiter *w, struct err *e)
{
	const char *key = arena_printf(l->arena, "%s/host_key", host_dir(l, i));
	const char *const argv[] = {"/usr/bin/ssh-keygen", "-q", "-t", i % 2 ? "ecdsa" : "ed25519",
	    "-N", "", "-C", "lab", "-f", key, NULL};
	struct scratch s = {.argv = argv,
	    .user = &l->user,
	    .dir = l->dir,
	    .log = arena_printf(l->arena, "%s/log", l->dir)};

	return scratch_run(&s, w, now_ms() + READY_MS, e);
}

/* The whole first line of a file in the lab's directory, without its comment. */
static const char *
key_line(const struct lab *l, const char *file)
{
	char line[1024] = "";
	FILE *f = fopen(file, "re");
	size_t n;

	if (f != NULL && fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	if (f != NULL)
		fclose(f);
	n = strcspn(line, " ");
	n += line[n] == ' ';
	n += strcspn(line + n, " \n");
	return arena_strndup(l->arena, line, n);
}

static int
configure(struct lab *l, size_t i, struct err *e)
{
	const char *d = host_dir(l, i);
	const char *conf = arena_printf(l->arena,
	    "Port %d\nListenAddress 127.0.0.1\nHostKey %s/host_key\nPidFile %s/pid\n"
	    "AuthorizedKeysFile %s/ssh/authorized_keys\nStrictModes no\nUsePAM no\n"
	    "PasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 100\n",
	    l->nodes[i].ssh_port, d, d, l->dir);

	if (lab_write(l, arena_printf(l->arena, "ssh/h%zu/sshd_config", i + 1), conf, 0644,
		l->user.uid, l->user.gid, e) != 0 ||
	    lab_write(l, arena_printf(l->arena, "ssh/h%zu/port", i + 1),
		arena_printf(l->arena, "%d\n", l->nodes[i].ssh_port), 0644, l->user.uid,
		l->user.gid, e) != 0)
		return -1;
	return lab_write(l, arena_printf(l->arena, "ssh/h%zu/node-id", i + 1),
	    arena_printf(l->arena, "machine-h%zu\n", i + 1), 0644, l->user.uid, l->user.gid, e);
}

static int
start(struct lab *l, size_t i, struct waiter *w, struct err *e)
{
	const char *d = host_dir(l, i), *pid = arena_printf(l->arena, "%s/pid", d);
	const char *const argv[] = {SSHD, "-D", "-f", arena_printf(l->arena, "%s/sshd_config", d),
	    "-E", arena_printf(l->arena, "%s/log", d), NULL};
	struct scratch s = {.argv = argv,
	    .user = &l->user,
	    .dir = l->dir,
	    .log = arena_printf(l->arena, "%s/log", l->dir),
	    .is_server = 1};
	int64_t end = now_ms() + READY_MS;

	if (l->nodes[i].ssh_reserved > 0)
		close(l->nodes[i].ssh_reserved);
	l->nodes[i].ssh_reserved = -1;
	if (scratch_start(&s, e) != 0)
		return -1;
	while (access(pid, F_OK) != 0) {
		if (now_ms() > end || w->wait(w, -1, 0, now_ms() + 20) < 0) {
			scratch_drop(&s);
			return err_set(e, ERR_FAILED,
			    "sshd of h%zu did not start; its log is %s/log", i + 1, d);
		}
	}
	scratch_drop(&s);
	return 0;
}

int
lab_hosts(struct lab *l, struct waiter *w, struct err *e)
{
	struct buf known, keys;
	size_t i;
	int rc = 0;

	if (!l->has_hosts)
		return 0;
	if (access(SSHD, X_OK) != 0) {
		err_set(e, ERR_FAILED, "there is no %s", SSHD);
		return err_hint(e, "Install the package openssh-server.");
	}
	buf_init(&known, 1 << 16);
	buf_init(&keys, 1 << 16);
	rc = make(l, arena_printf(l->arena, "%s/ssh", l->dir), e);
	for (i = 0; rc == 0 && lab_persons[i] != NULL; i++)
		buf_printf(&keys, "%s\n",
		    key_line(l, arena_printf(l->arena, "%s/keys/%s.pub", l->dir, lab_persons[i])));
	if (rc == 0)
		rc = lab_write(
		    l, "ssh/authorized_keys", buf_str(&keys), 0644, geteuid(), getegid(), e);
	for (i = 0; rc == 0 && i < l->nnodes; i++) {
		if (make(l, host_dir(l, i), e) != 0 || host_key(l, i, w, e) != 0 ||
		    configure(l, i, e) != 0 || start(l, i, w, e) != 0)
			rc = -1;
		buf_printf(&known, "[127.0.0.1]:%d %s\n", l->nodes[i].ssh_port,
		    key_line(l, arena_printf(l->arena, "%s/host_key.pub", host_dir(l, i))));
	}
	if (rc == 0)
		rc =
		    lab_write(l, "ssh/known_hosts", buf_str(&known), 0644, geteuid(), getegid(), e);
	/* Who acts there renames directories beside the servers'. */
	if (rc == 0 && geteuid() == 0 &&
	    chown(arena_printf(l->arena, "%s/servers", l->dir), l->user.uid, l->user.gid) != 0)
		rc = err_set(e, ERR_FAILED, "could not give the servers' directory away: %s",
		    strerror(errno));
	buf_free(&known);
	buf_free(&keys);
	return rc;
}

/* Host sections of holdfast.conf. */
void
lab_host_sections(const struct lab *l, const char *user, struct buf *b)
{
	size_t i;

	for (i = 0; l->has_hosts && i < l->nnodes; i++)
		buf_printf(b,
		    "host \"h%zu\" {\n\taddress = \"127.0.0.1\"\n\tport = %d\n\tuser = \"%s\"\n"
		    "\tknown_hosts = \"ssh/known_hosts\"\n\tkey = \"keys/alice\"\n"
		    "\tnode_id = \"%s/node-id\"\n}\n",
		    i + 1, l->nodes[i].ssh_port, user, host_dir(l, i));
}

/* The sshd of a lab's directory, recognised by its command line. */
static void
stop(const char *dir, struct waiter *w)
{
	char path[512], line[1024] = "", conf[512];
	long pid = 0;
	FILE *f;
	size_t n = 0, k;
	int tries;

	snprintf(path, sizeof(path), "%.450s/pid", dir);
	f = fopen(path, "re");
	if (f != NULL && fscanf(f, "%ld", &pid) != 1)
		pid = 0;
	if (f != NULL)
		fclose(f);
	snprintf(path, sizeof(path), "/proc/%ld/cmdline", pid);
	f = pid > 1 ? fopen(path, "re") : NULL;
	if (f != NULL) {
		n = fread(line, 1, sizeof(line) - 1, f);
		fclose(f);
	}
	for (k = 0; k + 1 < n; k++)
		if (line[k] == '\0')
			line[k] = ' ';
	snprintf(conf, sizeof(conf), "%.450s/sshd_config", dir);
	if (n == 0 || strstr(line, conf) == NULL)
		return;
	kill((pid_t)pid, SIGTERM);
	for (tries = 0; tries < 200 && kill((pid_t)pid, 0) == 0; tries++)
		w->wait(w, -1, 0, now_ms() + 20);
}

void
lab_hosts_down(const char *lab, struct waiter *w)
{
	char dir[512];
	int i;

	for (i = 1; i <= LAB_MAX_NODES; i++) {
		snprintf(dir, sizeof(dir), "%.400s/ssh/h%d", lab, i);
		if (access(dir, F_OK) == 0)
			stop(dir, w);
	}
}
