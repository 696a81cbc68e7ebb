/*
 * The script that copies a stopped data directory, on this machine: whole and equal, never over
 * anything, going on where it broke, stopping before the disk is full, and what it refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "engines/host_ask.h"

#define PATHS 512

struct place {
	char dir[64], path[PATHS]; /* path: of programs */
	char said[4096];
};

static void
shell(const char *dir, const char *text)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (chdir(dir) != 0)
			_exit(99);
		execl("/bin/sh", "sh", "-ec", text, (char *)NULL);
		_exit(98);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	snprintf(p->dir, sizeof(p->dir), "/tmp/holdfast-copy.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "/usr/sbin:/usr/bin:/sbin:/bin");
	shell(p->dir,
	    "mkdir -p src/base/1 src/global fake\n"
	    "echo 15 >src/PG_VERSION; echo a >'src/base/1/a b'; echo q >\"src/base/1/-rf \\$(x)\"\n"
	    "chmod 700 src src/base; chmod 640 src/PG_VERSION; : >src/global/empty\n"
	    "i=0; while [ $i -lt 20 ]; do echo $i >src/base/1/$i; i=$((i+1)); done");
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;

	shell("/", "true");
	shell(p->dir, "chmod -R u+rwX .; rm -rf ./src ./fake ./dst* ./.holdfast* ./other");
	rmdir(p->dir);
	free(p);
	return 0;
}

static const char *
inode(const char *dir, const char *name, char *out, size_t size)
{
	char path[PATHS];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(stat(path, &st), 0);
	snprintf(
	    out, size, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	return out;
}

/* Runs a script with its words; what it says is in p->said. Returns its exit status. */
static int
run(struct place *p, const char *const *argv)
{
	char env[PATHS + 8];
	const char *envp[] = {env, "LANG=C", NULL};
	int fds[2], status;
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	snprintf(env, sizeof(env), "PATH=%s", p->path);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		close(fds[0]);
		close(fds[1]);
		execve(argv[0], (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)envp);
		_exit(99);
	}
	close(fds[1]);
	while (n < sizeof(p->said) - 1 &&
	       (got = read(fds[0], p->said + n, sizeof(p->said) - 1 - n)) > 0)
		n += (size_t)got;
	p->said[n] = '\0';
	close(fds[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 200;
}

/* The copy of src to dst. */
static int
copy(struct place *p, const char *marker)
{
	char above[64], of[64], src[PATHS];
	const char *argv[] = {"/bin/sh", "-c", script_copy, "holdfast", p->dir,
	    inode(p->dir, ".", above, sizeof(above)), "dst", "100000", "67108864", src,
	    inode(p->dir, "src", of, sizeof(of)), marker, NULL};

	snprintf(src, sizeof(src), "%s/src", p->dir);
	return run(p, argv);
}

static void
assert_said(const struct place *p, const char *what)
{
	if (strstr(p->said, what) == NULL)
		fail_msg("\"%s\" is not in: %s", what, p->said);
}

static void
test_whole(void **state)
{
	struct place *p = *state;

	assert_int_equal(copy(p, "m"), 0);
	assert_said(p, "24 files, ");
	assert_said(p, "equal by SHA-256");
	shell(p->dir, "diff -r src dst; test -s dst.sha256; test ! -e .holdfast-partial-dst\n"
		      "[ \"$(stat -c %a:%Y dst dst/PG_VERSION)\" = \"$(stat -c %a:%Y src "
		      "src/PG_VERSION)\" ]\n"
		      "cd dst && sha256sum --quiet -c ../dst.sha256");
	/* Never over it. */
	assert_int_equal(copy(p, "m"), 8);
	assert_said(p, "exists now; nothing is written over it");
}

static void
test_goes_on(void **state)
{
	struct place *p = *state;

	/* A copy that broke: one file is whole, one has no name yet, one is not there. */
	shell(p->dir,
	    "mkdir -p .holdfast-partial-dst/data/base/1; printf m >.holdfast-partial-dst/MARKER\n"
	    "cp -p src/PG_VERSION .holdfast-partial-dst/data/\n"
	    "echo half >.holdfast-partial-dst/data/.holdfast-now\n"
	    "stat -c %i .holdfast-partial-dst/data/PG_VERSION >fake/inode");
	assert_int_equal(copy(p, "other"), 8);
	assert_said(p, "is the partial copy of something else");
	assert_int_equal(copy(p, "m"), 0);
	shell(p->dir,
	    "diff -r src dst; [ \"$(stat -c %i dst/PG_VERSION)\" = \"$(cat fake/inode)\" ]");
}

/* df says so before the copy, and that the disk got full during it. */
static void
test_full_disk(void **state)
{
	struct place *p = *state;

	shell(p->dir,
	    "cat >fake/df <<'E'\n#!/bin/sh\nn=$(cat ${0%/*}/n 2>/dev/null || echo 0)\n"
	    "echo $((n+1)) >${0%/*}/n\necho Avail\n[ $n -gt 1 ] && echo 1000 || echo 900000000\nE\n"
	    "cat >fake/cp <<'E'\n#!/bin/sh\nexec /bin/sleep 300\nE\nchmod 755 fake/df fake/cp");
	snprintf(p->path, sizeof(p->path), "%s/fake:/usr/bin:/bin", p->dir);
	assert_int_equal(copy(p, "m"), 1);
	assert_said(p, "stopped before the disk was full: 1000 bytes are left");
	assert_said(p, "the same command goes on from there");
	shell(p->dir, "test ! -e dst; test -s .holdfast-partial-dst/MARKER");
	/* Room again: it goes on. */
	snprintf(p->path, sizeof(p->path), "/usr/bin:/bin");
	assert_int_equal(copy(p, "m"), 0);
	shell(p->dir, "diff -r src dst");
	/* Too little from the beginning. */
	shell(p->dir, "rm -r dst dst.sha256; echo 5 >fake/n; rm fake/cp");
	snprintf(p->path, sizeof(p->path), "%s/fake:/usr/bin:/bin", p->dir);
	assert_int_equal(copy(p, "m"), 1);
	assert_said(p, "1000 bytes are free and about");
	assert_said(p, "nothing was copied");
}

static void
test_refuses(void **state)
{
	struct place *p = *state;

	shell(p->dir, "ln -s /etc/passwd src/link");
	assert_int_equal(copy(p, "m"), 1);
	assert_said(p, "src/link is neither a file nor a directory; nothing was copied");
	shell(p->dir, "rm src/link; : >\"src/a\nb\"");
	assert_int_equal(copy(p, "m"), 1);
	assert_said(p, "has a line end in its name");
	shell(p->dir, "rm \"src/a\nb\"; echo $$ >src/postmaster.pid");
	shell(p->dir, "echo 1 >src/postmaster.pid");
	assert_int_equal(copy(p, "m"), 8);
	assert_said(p, "process 1 works in");
	shell(p->dir, "rm src/postmaster.pid; test ! -e dst");
	/* A link where the copy would go is something, too. */
	shell(p->dir, "ln -s /nowhere dst");
	assert_int_equal(copy(p, "m"), 8);
	shell(p->dir, "rm dst");
}

/* What changed behind its back is not called equal. */
static void
test_differs(void **state)
{
	struct place *p = *state;

	shell(p->dir,
	    "cat >fake/cp <<'E'\n#!/bin/sh\n/bin/cp \"$@\" || exit 1\nfor a; do to=$a; done\n"
	    "[ -s \"$to\" ] && { m=$(stat -c %y \"$to\"); echo x >>\"$to\"; touch -d \"$m\" "
	    "\"$to\"; }\n"
	    "exit 0\nE\nchmod 755 fake/cp");
	snprintf(p->path, sizeof(p->path), "%s/fake:/usr/bin:/bin", p->dir);
	assert_int_equal(copy(p, "m"), 1);
	assert_said(p, "the copy differs from its source");
	shell(p->dir, "test ! -e dst; test -d .holdfast-partial-dst/data");
}

/* Removing says how far it is, and takes nothing but what it was told. */
static void
test_expunge(void **state)
{
	struct place *p = *state;
	char above[64], data[64];
	const char *argv[] = {"/bin/sh", "-c", script_expunge, "holdfast", p->dir, above,
	    ".holdfast-quarantine-q", data, "99000", NULL};

	shell(p->dir, "mkdir .holdfast-quarantine-q; cp -a src .holdfast-quarantine-q/data\n"
		      "cd .holdfast-quarantine-q/data; seq 300 | while read -r i; do echo $i "
		      ">base/1/f$i; done");
	inode(p->dir, ".", above, sizeof(above));
	inode(p->dir, ".holdfast-quarantine-q/..", data, sizeof(data));
	assert_int_equal(run(p, argv), 8); /* another directory than the plan's */
	shell(p->dir, "test -d .holdfast-quarantine-q/data/base");
	inode(p->dir, ".holdfast-quarantine-q/data", data, sizeof(data));
	assert_int_equal(run(p, argv), 0);
	assert_said(p, " 99000 removing\n");
	assert_said(p, "removed\n");
	shell(p->dir, "test ! -e .holdfast-quarantine-q; test -s src/PG_VERSION");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_goes_on, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_full_disk, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_refuses, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_differs, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_expunge, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
