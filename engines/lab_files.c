/*
 * The lab's directory: marker, keys, password files, operators and holdfast.conf. Passwords are
 * random and stand only in files of mode 0600. Must never write into a directory that holds
 * anything of somebody else's.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "engines/lab_plan.h"
#include "sshsig.h"
#include "text.h"
#include "banned.h"

const char *const lab_persons[] = {"alice", "bob", NULL};

int
lab_write(const struct lab *l, const char *name, const char *text, int mode, uid_t uid, gid_t gid,
    struct err *e)
{
	const char *path = arena_printf(l->arena, "%s/%s", l->dir, name);
	size_t len = strlen(text);
	int fd, rc = 0;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return err_set(e, ERR_FAILED, "could not write %s: %s", path, strerror(errno));
	if (write(fd, text, len) != (ssize_t)len || fchmod(fd, (mode_t)mode) != 0 ||
	    (geteuid() == 0 && fchown(fd, uid, gid) != 0))
		rc = err_set(e, ERR_FAILED, "could not write %s: %s", path, strerror(errno));
	if (close(fd) != 0 && rc == 0)
		rc = err_set(e, ERR_FAILED, "could not write %s: %s", path, strerror(errno));
	return rc;
}

static int
make_dir(const struct lab *l, const char *name, mode_t mode, uid_t uid, gid_t gid, struct err *e)
{
	const char *path = arena_printf(l->arena, "%s/%s", l->dir, name);

	if (mkdir(path, 0700) != 0 || (geteuid() == 0 && chown(path, uid, gid) != 0) ||
	    (gid != getegid() && geteuid() != 0 && chown(path, (uid_t)-1, gid) != 0) ||
	    chmod(path, mode) != 0)
		return err_set(e, ERR_FAILED, "could not make %s: %s", path, strerror(errno));
	return 0;
}

static int
is_empty(const char *dir)
{
	struct dirent *d;
	int n = 0;
	DIR *p;

	p = opendir(dir);
	if (p == NULL)
		return 0;
	while ((d = readdir(p)) != NULL)
		n++;
	closedir(p);
	return n <= 2;
}

/* The path goes into configuration files of three syntaxes: it is kept to what none can misread. */
static int
check_path(const char *dir, struct err *e)
{
	const char *p;

	for (p = dir; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("/._+-", *p) == NULL)
			return err_set(e, ERR_USAGE,
			    "the lab's directory may hold letters, digits and / . _ + - only: %s",
			    dir);
	if (strlen(dir) > 80)
		return err_set(e, ERR_USAGE,
		    "the lab's directory is too long for a socket below it (80 bytes): %s", dir);
	return 0;
}

static int
find_group(struct lab *l, struct err *e)
{
	const char *name = l->setup->group;
	const struct group *g;

	l->group = getegid();
	if (name == NULL && l->setup->nowners == 0)
		return 0;
	g = getgrnam(name == NULL ? "holdfast-op" : name);
	if (g != NULL)
		l->group = g->gr_gid;
	else if (name != NULL)
		return err_set(e, ERR_USAGE, "there is no OS group %s", name);
	return 0;
}

static int
sub_dirs(struct lab *l, struct err *e)
{
	int shared = l->setup->nowners > 0;

	if (make_dir(l, "servers", 0755, geteuid(), getegid(), e) != 0 ||
	    make_dir(l, "sock", 0755, l->user.uid, l->user.gid, e) != 0 ||
	    make_dir(l, "keys", 0755, geteuid(), getegid(), e) != 0 ||
	    make_dir(l, "spool", 03770, geteuid(), l->group, e) != 0)
		return -1;
	return make_dir(l, "journal", shared ? 03770 : 0700, geteuid(), l->group, e);
}

int
lab_dir(struct lab *l, struct err *e)
{
	const char *dir = l->setup->dir;

	if (mkdir(dir, 0755) != 0 && (errno != EEXIST || !is_empty(dir))) {
		if (errno != EEXIST && errno != 0)
			return err_set(
			    e, ERR_FAILED, "could not make %s: %s", dir, strerror(errno));
		err_set(e, ERR_USAGE, "%s exists and is not an empty directory", dir);
		return err_hint(
		    e, "Name another directory, or run holdfast lab down --dir %s first.", dir);
	}
	if (realpath(dir, l->dir) == NULL || chmod(l->dir, 0755) != 0)
		return err_set(e, ERR_FAILED, "could not use %s: %s", dir, strerror(errno));
	if (check_path(l->dir, e) != 0 || find_group(l, e) != 0) {
		rmdir(l->dir);
		return -1;
	}
	if (lab_write(l, LAB_MARKER, LAB_MAGIC, 0644, geteuid(), getegid(), e) != 0) {
		rmdir(l->dir);
		return -1;
	}
	return sub_dirs(l, e);
}

/* Who owns a person's files. */
static int
owner(const struct lab *l, const char *person, uid_t *uid, gid_t *gid, struct err *e)
{
	const struct passwd *pw;
	size_t i;

	*uid = geteuid();
	*gid = getegid();
	for (i = 0; i < l->setup->nowners; i++) {
		if (strcmp(l->setup->owners[i].person, person) != 0)
			continue;
		pw = getpwnam(l->setup->owners[i].user);
		if (pw == NULL) {
			err_set(e, ERR_USAGE, "there is no OS user %s", l->setup->owners[i].user);
			return err_hint(e, "`make deps` makes the OS users of the tests.");
		}
		if (geteuid() != 0 && pw->pw_uid != geteuid())
			return err_set(e, ERR_USAGE, "only root can give files to %s", pw->pw_name);
		*uid = pw->pw_uid;
		*gid = pw->pw_gid;
	}
	return 0;
}

const char *
lab_password(const struct lab *l, const char *role)
{
	if (strcmp(role, "alice") == 0)
		return l->alice;
	if (strcmp(role, "bob") == 0)
		return l->bob;
	return strcmp(role, "replicator") == 0 ? l->replicator : l->admin;
}

int
lab_pgpass_of(
    const struct lab *l, const char *name, const char *role, uid_t uid, gid_t gid, struct err *e)
{
	struct buf b;
	size_t i;
	int rc;

	buf_init(&b, 1 << 16);
	for (i = 0; i < l->nnodes; i++) {
		buf_printf(
		    &b, "127.0.0.1:%d:*:%s:%s\n", l->nodes[i].port, role, lab_password(l, role));
		buf_printf(&b, "%s/sock:%d:*:%s:%s\n", l->dir, l->nodes[i].port, role,
		    lab_password(l, role));
	}
	rc = lab_write(l, name, buf_str(&b), 0600, uid, gid, e);
	buf_free(&b);
	return rc;
}

int
lab_pgpass(struct lab *l, struct err *e)
{
	if (lab_pgpass_of(l, "pgpass", "postgres", geteuid(), getegid(), e) != 0)
		return -1;
	return lab_pgpass_of(
	    l, "servers/replicator.pgpass", "replicator", l->user.uid, l->user.gid, e);
}

/* A key pair without passphrase, by ssh-keygen. */
static int
key_pair(struct lab *l, const char *person, uid_t uid, gid_t gid, struct waiter *w, struct err *e)
{
	const char *key = arena_printf(l->arena, "%s/keys/%s", l->dir, person);
	const char *pub = arena_printf(l->arena, "%s.pub", key);
	const char *const argv[] = {
	    "/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", person, "-f", key, NULL};
	struct scratch s = {
	    .argv = argv, .dir = l->dir, .log = arena_printf(l->arena, "%s/log", l->dir)};

	if (scratch_run(&s, w, now_ms() + 10000, e) != 0)
		return -1;
	if (chmod(pub, 0644) != 0 ||
	    (geteuid() == 0 && (chown(key, uid, gid) != 0 || chown(pub, uid, gid) != 0)))
		return err_set(
		    e, ERR_FAILED, "could not give %s to its owner: %s", key, strerror(errno));
	return 0;
}

static int
operator_line(const struct lab *l, const char *person, struct buf *b, struct err *e)
{
	const char *path = arena_printf(l->arena, "%s/keys/%s.pub", l->dir, person);
	char line[512];
	FILE *f;
	int ok;

	f = fopen(path, "re");
	ok = f != NULL && fgets(line, sizeof(line), f) != NULL;
	if (f != NULL)
		fclose(f);
	if (!ok)
		return err_set(e, ERR_FAILED, "could not read %s", path);
	buf_printf(b, "%s namespaces=\"%s,%s,%s,%s,%s,%s\" %s", person, NS_SESSION, NS_REQUEST,
	    NS_APPROVAL, NS_CHECKPOINT, NS_REVIEW, NS_HANDOVER, line);
	return 0;
}

int
lab_keys(struct lab *l, struct waiter *w, struct err *e)
{
	const char *p;
	struct buf b;
	uid_t uid;
	gid_t gid;
	int i, rc = 0;

	if (l->kind->secrets(l, e) != 0)
		return -1;
	buf_init(&b, 1 << 16);
	for (i = 0; (p = lab_persons[i]) != NULL && rc == 0; i++) {
		rc = owner(l, p, &uid, &gid, e);
		if (rc == 0)
			rc = l->kind->secret(l,
			    arena_printf(l->arena, "keys/%s.%s", p, l->kind->passfile), p, uid, gid,
			    e);
		if (rc == 0)
			rc = key_pair(l, p, uid, gid, w, e);
		if (rc == 0)
			rc = operator_line(l, p, &b, e);
	}
	if (rc == 0)
		rc = lab_write(l, "operators", buf_str(&b), 0644, geteuid(), getegid(), e);
	buf_free(&b);
	return rc;
}

/* Which machine a node is on, and how a copy of it logs in. */
static const char *
host_options(const struct lab *l, size_t k)
{
	return !l->has_hosts
		   ? ""
		   : arena_printf(l->arena,
			 "\t\thost = \"h%zu\"\n\t\tcopy = \"host=127.0.0.1 port=%d user=replicator "
			 "passfile=%s/servers/replicator.pgpass\"\n",
			 k + 1, l->nodes[k].port, l->dir);
}

int
lab_config(struct lab *l, struct err *e)
{
	const struct passwd *pw;
	struct buf b;
	int i, rc;
	size_t k;

	buf_init(&b, 1 << 16);
	buf_puts(&b, "# a throw-away lab; made by `holdfast lab up`\n"
		     "operators = \"operators\"\nspool = \"spool\"\njournal = {\"journal\"}\n\n");
	for (i = 0; lab_persons[i] != NULL; i++)
		buf_printf(&b,
		    "person \"%s\" {\n\tkey = \"keys/%s\"\n\tpassfile = \"keys/%s.%s\"\n"
		    "\tuser = \"%s\"\n}\n\n",
		    lab_persons[i], lab_persons[i], lab_persons[i], l->kind->passfile,
		    lab_persons[i]);
	buf_printf(
	    &b, "cluster \"lab\" {\n\tengine = %s\n\tdatabase = \"shop\"\n", l->kind->engine);
	for (k = 0; k < l->nnodes; k++)
		buf_printf(&b, "\tnode \"%s\" {\n\t\taddress = \"%s\"\n%s\t}\n", l->nodes[k].name,
		    l->kind->address(l, k), host_options(l, k));
	buf_puts(&b, "}\n");
	pw = getpwuid(l->user.uid);
	lab_host_sections(l, pw == NULL ? "postgres" : pw->pw_name, &b);
	rc = lab_write(l, "holdfast.conf", buf_str(&b), 0644, geteuid(), getegid(), e);
	buf_reset(&b);
	for (k = 0; k < l->nnodes; k++)
		buf_printf(&b, "%s %d %s\n", l->nodes[k].name, l->nodes[k].port,
		    l->nodes[k].upstream < 0 ? "-" : l->nodes[l->nodes[k].upstream].name);
	if (rc == 0)
		rc = lab_write(l, "nodes", buf_str(&b), 0644, geteuid(), getegid(), e);
	buf_free(&b);
	return rc;
}
