/*
 * The spool: what is put comes back, what is hostile is left out, a claim happens once, and two OS
 * users who share a group can use it without being able to undo each other.
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <grp.h>
#include <unistd.h>
#include <cmocka.h>

#include "arena.h"
#include "hash.h"
#include "store.h"

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbb"
#define UID_ALICE 54321
#define UID_BOB 54322
#define GID_OPS 54320

struct lab {
	struct arena *a;
	struct store *s;
	char dir[64];
	struct err e;
};

static int
setup(void **state)
{
	struct lab *l = calloc(1, sizeof(*l));

	l->a = arena_new();
	snprintf(l->dir, sizeof(l->dir), "/tmp/spool.XXXXXX");
	assert_non_null(mkdtemp(l->dir));
	assert_int_equal(store_open_spool(l->dir, &l->s, &l->e), 0);
	*state = l;
	return 0;
}

static int
teardown(void **state)
{
	struct lab *l = *state;
	pid_t pid = fork();

	if (pid == 0) {
		execlp("rm", "rm", "-rf", l->dir, (char *)NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	l->s->ops->close(l->s);
	arena_free(l->a);
	free(l);
	return 0;
}

static char *
path(struct lab *l, const char *name)
{
	return arena_printf(l->a, "%s/%s", l->dir, name);
}

static void
put(struct lab *l, const char *name, const char *text, size_t n)
{
	FILE *f = fopen(path(l, name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
}

static size_t
count(struct lab *l, size_t *nbad, const char **bad)
{
	struct store_item *items;
	size_t n;

	*bad = NULL;
	assert_int_equal(l->s->ops->list(l->s, l->a, &items, &n, nbad, bad, &l->e), 0);
	return n;
}

static void
test_requests(void **state)
{
	struct lab *l = *state;
	const struct store_ops *o = l->s->ops;
	struct store_item item, *items;
	size_t n, nbad;
	const char *bad;

	assert_int_equal(count(l, &nbad, &bad), 0);
	assert_int_equal(o->put_request(l->s, ID_B, "{\"b\":1}", 7, &l->e), 0);
	assert_int_equal(o->put_request(l->s, ID_A, "{\"a\":1}", 7, &l->e), 0);
	assert_int_equal(o->put_request(l->s, ID_A, "{\"x\":1}", 7, &l->e), -1);
	assert_int_equal(o->list(l->s, l->a, &items, &n, &nbad, &bad, &l->e), 0);
	assert_int_equal(n, 2);
	assert_int_equal(nbad, 0);
	assert_string_equal(items[0].id, ID_A);
	assert_string_equal(items[0].data, "{\"a\":1}");
	assert_int_equal(items[0].len, 7);
	assert_non_null(items[0].owner);
	assert_int_equal(o->get(l->s, l->a, ID_B, &item, &l->e), 0);
	assert_string_equal(item.data, "{\"b\":1}");
	assert_int_equal(o->withdraw(l->s, ID_B, &l->e), 0);
	assert_int_equal(o->withdraw(l->s, ID_B, &l->e), 0);
	assert_int_equal(o->get(l->s, l->a, ID_B, &item, &l->e), -1);
	assert_int_equal(l->e.code, ERR_APPROVAL);
	assert_int_equal(count(l, &nbad, &bad), 1);
}

static void
test_answers(void **state)
{
	struct lab *l = *state;
	const struct store_ops *o = l->s->ops;
	struct store_item *items;
	size_t n;

	assert_int_equal(o->put_answer(l->s, ID_A, "1", 1, &l->e), 0);
	assert_int_equal(o->put_answer(l->s, ID_A, "1", 1, &l->e), 0);
	assert_int_equal(o->put_answer(l->s, ID_B, "2", 1, &l->e), 0);
	assert_int_equal(o->answers(l->s, l->a, ID_A, &items, &n, &l->e), 0);
	assert_int_equal(n, 2);
	assert_string_equal(items[0].id, ID_A);
	assert_string_not_equal(items[0].name, items[1].name);
	assert_int_equal(o->answers(l->s, l->a, ID_B, &items, &n, &l->e), 0);
	assert_int_equal(n, 1);
	assert_string_equal(items[0].data, "2");
}

static void
test_bad_names_and_sizes(void **state)
{
	static const char *const bad[] = {"", "x", "../../../../etc/passwd0000", ID_A "a",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAA", "aaaaaaaaaaaa/aaaaaaaaaaaaa",
	    "aaaaaaaaaaaaaaaaaaaaaaaaa\n"};
	struct lab *l = *state;
	const struct store_ops *o = l->s->ops;
	struct store_item item;
	char *big = calloc(1, (1 << 20) + 1);
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(o->put_request(l->s, bad[i], "x", 1, &l->e), -1);
		assert_int_equal(o->put_answer(l->s, bad[i], "x", 1, &l->e), -1);
		assert_int_equal(o->get(l->s, l->a, bad[i], &item, &l->e), -1);
		assert_int_equal(o->claim(l->s, bad[i], &l->e), -1);
		assert_true(o->is_claimed(l->s, bad[i]));
		assert_int_equal(o->withdraw(l->s, bad[i], &l->e), -1);
		assert_int_equal(o->publish(l->s, bad[i], "x", 1, &l->e), -1);
	}
	assert_int_equal(o->put_request(l->s, ID_A, big, (1 << 20) + 1, &l->e), -1);
	assert_int_equal(o->put_answer(l->s, ID_A, big, 16385, &l->e), -1);
	assert_int_equal(o->put_request(l->s, ID_A, big, 0, &l->e), -1);
	free(big);
}

static void
test_hostile_files(void **state)
{
	struct lab *l = *state;
	const struct store_ops *o = l->s->ops;
	struct store_item item, *items;
	const char *bad;
	size_t n, nbad;

	put(l, "outside", "secret", 6);
	assert_int_equal(mkfifo(path(l, ID_A ".request"), 0666), 0);
	assert_int_equal(symlink(path(l, "outside"), path(l, ID_B ".request")), 0);
	assert_int_equal(mkdir(path(l, "cccccccccccccccccccccccccc.request"), 0777), 0);
	put(l, "dddddddddddddddddddddddddd.request", "", 0);
	put(l, "eeeeeeeeeeeeeeeeeeeeeeeeee.request", "x", 1);
	assert_int_equal(truncate(path(l, "eeeeeeeeeeeeeeeeeeeeeeeeee.request"), 2 << 20), 0);
	assert_int_equal(
	    link(path(l, "outside"), path(l, "ffffffffffffffffffffffffff.request")), 0);
	put(l, "not an id.request", "x", 1);
	put(l, "\x1b[2J.request", "x", 1);
	alarm(10); /* a FIFO must not block */
	assert_int_equal(count(l, &nbad, &bad), 0);
	assert_int_equal(nbad, 6);
	assert_non_null(bad);
	assert_int_equal(o->get(l->s, l->a, ID_A, &item, &l->e), -1);
	assert_non_null(strstr(l->e.msg, "not a regular file"));
	assert_int_equal(o->get(l->s, l->a, ID_B, &item, &l->e), -1);
	assert_non_null(strstr(l->e.msg, "symbolic link"));
	assert_int_equal(mkfifo(path(l, ID_A "." ID_B ".answer"), 0666), 0);
	assert_int_equal(o->answers(l->s, l->a, ID_A, &items, &n, &l->e), 0);
	assert_int_equal(n, 0);
	/* A link where a claim should go counts as claimed, and is not followed. */
	assert_int_equal(symlink(path(l, "outside2"), path(l, ID_A ".claim")), 0);
	assert_true(o->is_claimed(l->s, ID_A));
	assert_int_equal(o->claim(l->s, ID_A, &l->e), -1);
	assert_int_equal(access(path(l, "outside2"), F_OK), -1);
	alarm(0);
}

static void
test_claim_once(void **state)
{
	struct lab *l = *state;
	const struct store_ops *o = l->s->ops;
	int i, status, won = 0;
	pid_t pid[8];

	assert_false(o->is_claimed(l->s, ID_A));
	for (i = 0; i < 8; i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			_exit(o->claim(l->s, ID_A, &l->e) == 0 ? 7
			      : l->e.code == ERR_APPROVAL      ? 8
							       : 9);
	}
	for (i = 0; i < 8; i++) {
		waitpid(pid[i], &status, 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 9);
		won += WEXITSTATUS(status) == 7;
	}
	assert_int_equal(won, 1);
	assert_true(o->is_claimed(l->s, ID_A));
	assert_false(o->is_claimed(l->s, ID_B));
}

/* A request lives as long as the process that filed it, however that ends. */
static void
test_alive(void **state)
{
	struct lab *l = *state;
	const struct store_ops *o = l->s->ops;
	struct store *own;
	int ready[2], status;
	char c;
	pid_t p;

	assert_int_equal(pipe(ready), 0);
	assert_false(o->is_alive(l->s, ID_A));
	p = fork();
	if (p == 0) {
		if (store_open_spool(l->dir, &own, &l->e) == 0 &&
		    own->ops->put_request(own, ID_A, "{}", 2, &l->e) == 0 &&
		    own->ops->is_alive(own, ID_A) && write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_true(o->is_alive(l->s, ID_A));
	assert_int_equal(kill(p, SIGKILL), 0);
	assert_int_equal(waitpid(p, &status, 0), p);
	assert_true(WIFSIGNALED(status));
	assert_false(o->is_alive(l->s, ID_A));
	assert_int_equal(o->put_request(l->s, ID_B, "{}", 2, &l->e), 0);
	assert_true(o->is_alive(l->s, ID_B));
	assert_int_equal(o->withdraw(l->s, ID_B, &l->e), 0);
	assert_false(o->is_alive(l->s, ID_B));
	close(ready[0]);
	close(ready[1]);
}

static void
test_holds(void **state)
{
	struct lab *l = *state;
	const struct store_ops *o = l->s->ops;
	struct store_item *items;
	size_t n;

	assert_int_equal(o->publish(l->s, ID_A, "[1]", 3, &l->e), 0);
	assert_int_equal(o->publish(l->s, ID_A, "[2]", 3, &l->e), 0);
	assert_int_equal(o->published(l->s, l->a, &items, &n, &l->e), 0);
	assert_int_equal(n, 1);
	assert_string_equal(items[0].data, "[2]");
	assert_string_equal(items[0].id, ID_A);
	assert_int_equal(o->publish(l->s, ID_A, "", 0, &l->e), 0);
	assert_int_equal(o->publish(l->s, ID_A, "", 0, &l->e), 0);
	assert_int_equal(o->published(l->s, l->a, &items, &n, &l->e), 0);
	assert_int_equal(n, 0);
}

static void
test_watch(void **state)
{
	struct lab *l = *state;
	const struct store_ops *o = l->s->ops;
	struct pollfd p = {.fd = o->watch_fd(l->s), .events = POLLIN};

	assert_int_not_equal(p.fd, -1);
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_int_equal(o->put_answer(l->s, ID_A, "1", 1, &l->e), 0);
	assert_int_equal(poll(&p, 1, 2000), 1);
	o->drain(l->s);
	assert_int_equal(poll(&p, 1, 0), 0);
}

static void
test_directory_rules(void **state)
{
	struct lab *l = *state;
	struct store *s;
	char *link_name = path(l, "link");

	assert_int_equal(chmod(l->dir, 0777), 0);
	assert_int_equal(store_open_spool(l->dir, &s, &l->e), -1);
	assert_int_equal(l->e.code, ERR_CONFIG);
	assert_non_null(strstr(l->e.msg, "not sticky"));
	assert_int_equal(chmod(l->dir, 0770), 0);
	assert_int_equal(store_open_spool(l->dir, &s, &l->e), -1);
	assert_int_equal(chmod(l->dir, 03770), 0);
	assert_int_equal(store_open_spool(l->dir, &s, &l->e), 0);
	s->ops->close(s);
	assert_int_equal(symlink(l->dir, link_name), 0);
	assert_int_equal(store_open_spool(link_name, &s, &l->e), -1);
	put(l, "file", "x", 1);
	assert_int_equal(store_open_spool(path(l, "file"), &s, &l->e), -1);
	assert_int_equal(store_open_spool(path(l, "nothing"), &s, &l->e), -1);
	assert_int_equal(l->e.code, ERR_CONFIG);
}

static void
age(struct lab *l, const char *name)
{
	struct timeval then[2] = {{1000000000, 0}, {1000000000, 0}};

	put(l, name, "x", 1);
	assert_int_equal(utimes(path(l, name), then), 0);
}

static void
test_sweep_only_its_own(void **state)
{
	struct lab *l = *state;
	struct store *s;

	age(l, "my-very-important-thesis-final.request");
	age(l, "photo-of-my-grandmother-1952.jpeg");
	age(l, ID_A ".request.bak");
	age(l, ID_A ".request");
	age(l, ID_A "." ID_B ".answer");
	put(l, ID_B ".request", "x", 1);
	assert_int_equal(store_open_spool(l->dir, &s, &l->e), 0);
	s->ops->close(s);
	assert_int_equal(access(path(l, "my-very-important-thesis-final.request"), F_OK), 0);
	assert_int_equal(access(path(l, "photo-of-my-grandmother-1952.jpeg"), F_OK), 0);
	assert_int_equal(access(path(l, ID_A ".request.bak"), F_OK), 0);
	assert_int_equal(access(path(l, ID_A ".request"), F_OK), -1);
	assert_int_equal(access(path(l, ID_A "." ID_B ".answer"), F_OK), -1);
	assert_int_equal(access(path(l, ID_B ".request"), F_OK), 0);
}

/* Becomes an OS user in a child; its exit status is what fn found. */
static int
as_user(struct lab *l, uid_t uid, gid_t group, int (*fn)(struct lab *l))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (setgroups(1, &group) == -1 || setgid((gid_t)uid) == -1 || setuid(uid) == -1)
			_exit(99);
		_exit(fn(l));
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

static int
alice_files(struct lab *l)
{
	struct store *s;

	umask(077);
	if (store_open_spool(l->dir, &s, &l->e) == -1)
		return 1;
	if (s->ops->put_request(s, ID_A, "{}", 2, &l->e) == -1)
		return 2;
	return 0;
}

static int
bob_answers(struct lab *l)
{
	struct store_item item;
	struct store *s;

	umask(077);
	if (store_open_spool(l->dir, &s, &l->e) == -1)
		return 1;
	if (s->ops->get(s, l->a, ID_A, &item, &l->e) == -1)
		return 2;
	if (s->ops->put_answer(s, ID_A, "no", 2, &l->e) == -1)
		return 3;
	return s->ops->withdraw(s, ID_A, &l->e) == -1 ? 0 : 4;
}

static int
alice_reads_and_claims(struct lab *l)
{
	struct store_item *items;
	struct store *s;
	size_t n;

	if (store_open_spool(l->dir, &s, &l->e) == -1)
		return 1;
	if (s->ops->answers(s, l->a, ID_A, &items, &n, &l->e) == -1 || n != 1)
		return 2;
	if (unlink(path(l, items[0].name)) != -1)
		return 3; /* the denial must stay */
	return s->ops->claim(s, ID_A, &l->e) == 0 ? 0 : 4;
}

static int
bob_claims_again(struct lab *l)
{
	struct store *s;

	if (store_open_spool(l->dir, &s, &l->e) == -1)
		return 1;
	if (unlink(path(l, ID_A ".claim")) != -1)
		return 2;
	return s->ops->claim(s, ID_A, &l->e) == -1 && l->e.code == ERR_APPROVAL ? 0 : 3;
}

static int
stranger(struct lab *l)
{
	struct store *s;

	return store_open_spool(l->dir, &s, &l->e) == -1 && l->e.code == ERR_CONFIG ? 0 : 1;
}

/* Needs root to become somebody else; without it, two-user use is seen by the bats tests. */
static void
test_two_users(void **state)
{
	struct lab *l = *state;

	if (geteuid() != 0)
		return;
	assert_int_equal(chown(l->dir, 0, GID_OPS), 0);
	assert_int_equal(chmod(l->dir, 03770), 0);
	assert_int_equal(as_user(l, UID_ALICE, GID_OPS, alice_files), 0);
	assert_int_equal(as_user(l, UID_BOB, GID_OPS, bob_answers), 0);
	assert_int_equal(as_user(l, UID_ALICE, GID_OPS, alice_reads_and_claims), 0);
	assert_int_equal(as_user(l, UID_BOB, GID_OPS, bob_claims_again), 0);
	assert_int_equal(as_user(l, 54323, 54323, stranger), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_requests, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bad_names_and_sizes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_hostile_files, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_claim_once, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_alive, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_holds, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_watch, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_directory_rules, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_sweep_only_its_own, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_two_users, setup, teardown),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
