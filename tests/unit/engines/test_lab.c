/*
 * The launcher and the lab's parts that need no server: shapes, ports, refusals, and that nothing
 * is signalled that is not the server it is said to be.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "engines/lab_plan.h"

static char top[] = "/tmp/hf-unit.XXXXXX";

static int
set_up(void **state)
{
	(void)state;
	return mkdtemp(top) == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	struct err e;

	(void)state;
	return scratch_remove(top, &e);
}

static int
shape(const char *text, struct lab *l)
{
	static struct lab_setup s;
	struct err e;

	memset(l, 0, sizeof(*l));
	s.engine = "postgresql";
	s.shape = text;
	l->setup = &s;
	l->kind = &lab_postgresql;
	return lab_shape(l, &e);
}

static void
shapes_say_who_follows_whom(void **state)
{
	struct lab l;

	(void)state;
	assert_int_equal(shape("single", &l), 0);
	assert_int_equal(l.nnodes, 1);
	assert_int_equal(l.nodes[0].upstream, -1);
	assert_int_equal(shape("cascade:3", &l), 0);
	assert_int_equal(l.nnodes, 4);
	assert_int_equal(l.nodes[3].upstream, 2);
	assert_string_equal(l.nodes[3].name, "pg4");
	assert_int_equal(shape("star:3", &l), 0);
	assert_int_equal(l.nodes[3].upstream, 0);
	assert_int_equal(shape("tree:6", &l), 0);
	assert_int_equal(l.nodes[2].upstream, 0);
	assert_int_equal(l.nodes[3].upstream, 1);
	assert_int_equal(l.nodes[6].upstream, 2);
	assert_int_equal(shape("sync:2", &l), 0);
	assert_int_equal(l.nsync, 2);
	assert_int_equal(shape("delayed", &l), 0);
	assert_int_equal(l.nodes[1].delay_s, 0);
	assert_true(l.nodes[2].delay_s > 0);
}

static void
other_shapes_are_refused(void **state)
{
	static const char *const bad[] = {"", "star", "star:", "star:0", "star:-1", "star:64",
	    "star:99999999999999999999", "star:2x", "single:1", "delayed:2", "Star:2", "ring:3",
	    ":2"};
	struct lab l;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(shape(bad[i], &l), -1);
}

static void
ports_are_each_ones_own(void **state)
{
	struct lab a, b;
	struct err e;
	size_t i, k;

	(void)state;
	assert_int_equal(shape("star:23", &a), 0);
	assert_int_equal(shape("star:23", &b), 0);
	assert_int_equal(lab_reserve(&a, &e), 0);
	assert_int_equal(lab_reserve(&b, &e), 0);
	for (i = 0; i < a.nnodes; i++)
		for (k = 0; k < b.nnodes; k++)
			assert_int_not_equal(a.nodes[i].port, b.nodes[k].port);
	for (i = 0; i < a.nnodes; i++) {
		close(a.nodes[i].reserved);
		close(b.nodes[i].reserved);
	}
}

static int
run(const char *const *argv, int64_t ms, int cancel_fd, struct err *e)
{
	char log[64];
	struct scratch s = {.argv = argv, .dir = "/", .log = log};
	struct waiter w;

	snprintf(log, sizeof(log), "%s/log", top);
	unlink(log);
	poll_waiter(&w, cancel_fd);
	return scratch_run(&s, &w, now_ms() + ms, e);
}

static void
a_program_is_run_and_its_last_words_are_heard(void **state)
{
	const char *const good[] = {"/bin/true", NULL};
	const char *const bad[] = {"/bin/ls", "/does/not/exist", NULL};
	const char *const none[] = {"/does/not/exist", NULL};
	const char *const server[] = {
	    "/bin/sh", "-c", "echo LOG: up; echo 'FATAL:  no room'; echo LOG: down; exit 1", NULL};
	struct err e;

	(void)state;
	assert_int_equal(run(good, 5000, -1, &e), 0);
	assert_int_equal(run(bad, 5000, -1, &e), -1);
	assert_non_null(strstr(e.msg, "/does/not/exist"));
	assert_int_equal(run(none, 5000, -1, &e), -1);
	assert_non_null(strstr(e.msg, "could not run /does/not/exist"));
	assert_int_equal(run(server, 5000, -1, &e), -1);
	assert_string_equal(e.msg, "sh failed (1): FATAL:  no room");
}

static void
a_program_ends_at_its_deadline_or_when_cancelled(void **state)
{
	const char *const slow[] = {"/bin/sleep", "60", NULL};
	int64_t before = now_ms();
	struct err e;
	int p[2];

	(void)state;
	assert_int_equal(run(slow, 100, -1, &e), -1);
	assert_non_null(strstr(e.msg, "did not end in time"));
	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], "x", 1), 1);
	assert_int_equal(run(slow, 60000, p[0], &e), -1);
	assert_int_equal(e.code, ERR_CANCELLED);
	assert_true(now_ms() - before < 10000);
	close(p[0]);
	close(p[1]);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* A pid file can name anybody: its own word is not enough to be stopped. */
static void
a_stranger_is_never_stopped(void **state)
{
	char data[64], file[96], seen[32];
	struct waiter w;
	struct err e;
	pid_t child;
	FILE *f;

	(void)state;
	snprintf(data, sizeof(data), "%s/pg1", top);
	snprintf(file, sizeof(file), "%s/postmaster.pid", data);
	assert_int_equal(mkdir(data, 0700), 0);
	child = fork();
	if (child == 0) {
		if (chdir(data) == 0)
			execl("/bin/sleep", "postgres", "60", (char *)NULL);
		_exit(1);
	}
	usleep(100000);
	f = fopen(file, "w");
	fprintf(f, "%ld\n%s\n0\n5432\n/tmp\n127.0.0.1\n0\nready   \n", (long)child, data);
	fclose(f);
	assert_int_equal(scratch_server(data, seen, NULL), 0);
	poll_waiter(&w, -1);
	assert_int_equal(scratch_stop(data, &w, &e), 0);
	assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
	assert_int_equal(kill(child, SIGKILL), 0);
	waitpid(child, NULL, 0);
}

static void
without_its_marker_nothing_is_removed(void **state)
{
	char dir[64], file[96];
	struct waiter w;
	struct err e;
	FILE *f;

	(void)state;
	poll_waiter(&w, -1);
	snprintf(dir, sizeof(dir), "%s/mine", top);
	snprintf(file, sizeof(file), "%s/precious", dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	f = fopen(file, "w");
	fclose(f);
	assert_int_equal(lab_down(dir, &w, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	snprintf(file, sizeof(file), "%s/mine/%s", top, LAB_MARKER);
	assert_int_equal(symlink("/etc/hostname", file), 0);
	assert_int_equal(lab_down(dir, &w, &e), -1);
	unlink(file);
	f = fopen(file, "w");
	fputs("holdfast lab 2\n", f);
	fclose(f);
	assert_int_equal(lab_down(dir, &w, &e), -1);
	snprintf(file, sizeof(file), "%s/precious", dir);
	assert_int_equal(access(file, F_OK), 0);
	assert_int_equal(lab_down("/does/not/exist", &w, &e), -1);
}

static void
a_tree_is_removed_and_links_are_not_followed(void **state)
{
	char dir[64], path[128], kept[96];
	struct err e;
	FILE *f;

	(void)state;
	snprintf(kept, sizeof(kept), "%s/kept", top);
	snprintf(path, sizeof(path), "%s/kept/file", top);
	assert_int_equal(mkdir(kept, 0700), 0);
	f = fopen(path, "w");
	fclose(f);
	snprintf(dir, sizeof(dir), "%s/tree", top);
	assert_int_equal(mkdir(dir, 0700), 0);
	snprintf(path, sizeof(path), "%s/tree/sub", top);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/tree/sub/out", top);
	assert_int_equal(symlink(kept, path), 0);
	assert_int_equal(scratch_remove(dir, &e), 0);
	assert_int_equal(access(dir, F_OK), -1);
	snprintf(path, sizeof(path), "%s/kept/file", top);
	assert_int_equal(access(path, F_OK), 0);
}

static void
servers_never_run_as_root(void **state)
{
	struct scratch_user u;
	struct err e;

	(void)state;
	assert_int_equal(scratch_user("root", &u, &e), -1);
	assert_int_equal(scratch_user("nobody-of-that-name", &u, &e), -1);
	assert_int_equal(scratch_user(NULL, &u, &e), 0);
	assert_int_not_equal(u.uid, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shapes_say_who_follows_whom),
	    cmocka_unit_test(other_shapes_are_refused),
	    cmocka_unit_test(ports_are_each_ones_own),
	    cmocka_unit_test(a_program_is_run_and_its_last_words_are_heard),
	    cmocka_unit_test(a_program_ends_at_its_deadline_or_when_cancelled),
	    cmocka_unit_test(a_stranger_is_never_stopped),
	    cmocka_unit_test(without_its_marker_nothing_is_removed),
	    cmocka_unit_test(a_tree_is_removed_and_links_are_not_followed),
	    cmocka_unit_test(servers_never_run_as_root),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
