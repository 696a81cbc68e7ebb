/*
 * Records of reads are put off until there is nothing else to do: in their order, each once, and
 * not lost where what holds them fails; nor written by a process that only has a copy of them.
 */
#include <errno.h>
#include <signal.h>

#include "fixture.h"

/* fdatasync as the writer sees it: fails as often as asked. Everything else goes to the kernel. */
static int failing_syncs;

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int
__wrap_fdatasync(int fd)
{
	if (failing_syncs > 0) {
		failing_syncs--;
		errno = EIO;
		return -1;
	}
	return __real_fdatasync(fd);
}

static void
later(struct journal *j, const char *type, int n)
{
	char name[16];
	struct err e;

	/* The name is the caller's own and may be gone when the record is written. */
	snprintf(name, sizeof(name), "%s", type);
	if (journal_add(j, name, json_pack("{s:i,s:s}", "n", n, "text", "x"), &e) != 0)
		fail_msg("%s: %s", type, e.msg);
	memset(name, '#', sizeof(name) - 1);
}

/* The whole file as text. */
static char *
text_of(struct fixture *f, const char *file)
{
	size_t n;
	char *t = slurp(f, file, &n);

	t[n] = '\0';
	return t;
}

/* "input 1, output 2, ...": what the file says, in its order, from its second record on. */
static char *
types_of(struct fixture *f, const char *file)
{
	char *t = text_of(f, file), *out = arena_strdup(f->a, ""), *p = t, *n, *end;

	for (; (p = strstr(p, "\"type\":\"")) != NULL; p = end) {
		p += strlen("\"type\":\"");
		end = strchr(p, '\n');
		n = strstr(p, "\"n\":");
		out = arena_printf(f->a, "%s%s%.*s%s%.*s", out, out[0] == '\0' ? "" : ", ",
		    (int)strcspn(p, "\""), p, n == NULL || n > end ? "" : " ",
		    n == NULL || n > end ? 0 : (int)strcspn(n + 4, ",}"), n == NULL ? "" : n + 4);
	}
	return out;
}

static void
test_order(void **state)
{
	struct fixture f;
	struct journal *j;
	struct err e;
	char *file, *head, *t, *last, leaf[SHA256_HEX], text[1024], before[32] = "";
	uint8_t digest[SHA256_BYTES];
	uint64_t seq;
	int i;

	(void)state;
	fixture_init(&f);
	j = fixture_open(&f, NULL);
	file = arena_strdup(f.a, journal_file(j));
	put_cert(&f, j, f.alice, "alice");
	seq = journal_seq(j);
	later(j, "input", 1);
	later(j, "output", 2);
	/* Counted, and of the chain, as soon as anybody asks. */
	assert_int_equal(journal_seq(j), seq + 2);
	later(j, "screen", 3);
	put(j, "begin", json_pack("{s:s,s:i,s:i}", "plan", "p", "step", 1, "n", 4));
	put(j, "outcome", json_pack("{s:s,s:i,s:b,s:i}", "plan", "p", "step", 1, "ok", 1, "n", 5));
	for (i = 6; i < 40; i++)
		later(j, i % 2 ? "input" : "screen", i);
	head = journal_head(f.a, j);
	assert_int_equal(journal_sync(j, &e), 0);
	t = text_of(&f, file);
	assert_non_null(strstr(types_of(&f, file),
	    "open, cert, input 1, output 2, screen 3, begin 4, outcome 5, screen 6, input 7, "));
	assert_non_null(strstr(t, "\"n\":39,"));
	/* The head that was told is the last line's. */
	t[strlen(t) - 1] = '\0';
	last = strrchr(t, '\n') + 1;
	sha256("", 1, last, strlen(last), digest);
	hex_encode(digest, sizeof(digest), leaf);
	assert_string_equal(strrchr(head, ':') + 1, leaf);
	/* Each has the time when it was added, not when it was written: none goes back. */
	for (t = strstr(t, ",\"t\":\""); t != NULL; t = strstr(t + 1, ",\"t\":\"")) {
		assert_true(memcmp(before, t + 6, 27) <= 0);
		memcpy(before, t + 6, 27);
	}
	later(j, "input", 40);
	journal_close(j);
	assert_non_null(strstr(types_of(&f, file), "input 39, input 40, close"));
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_SEALED);
	fixture_done(&f);
}

/* Within a second, without anybody asking; and a secret in none of it. */
static void
test_synced(void **state)
{
	struct fixture f;
	struct journal *j;
	struct err e;
	char *file;
	int i;

	(void)state;
	fixture_init(&f);
	j = fixture_open(&f, NULL);
	file = arena_strdup(f.a, journal_file(j));
	assert_int_equal(
	    journal_add(j, "input",
		json_pack("{s:s,s:i}", "text", "ALTER ROLE a PASSWORD 'c4n4ry';", "n", 1), &e),
	    0);
	for (i = 0; i < 1000 && strstr(text_of(&f, file), "\"n\":1") == NULL; i++) {
		usleep(10000);
		journal_tick(j);
	}
	assert_non_null(strstr(text_of(&f, file), "\"redacted\":1"));
	assert_null(strstr(text_of(&f, file), "c4n4ry"));
	journal_close(j);
	fixture_done(&f);
}

/* A fork has what was put off in its memory, and must not write it: its writer does. */
static void
test_fork(void **state)
{
	struct fixture f;
	struct journal *j;
	struct err e;
	char *file, *t, text[1024], big[70001];
	int status;
	pid_t p;

	(void)state;
	fixture_init(&f);
	j = fixture_open(&f, NULL);
	file = arena_strdup(f.a, journal_file(j));
	put_cert(&f, j, f.alice, "alice");
	later(j, "input", 1);
	/* So long that it is written as soon as it is not put off any more. */
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(
	    journal_add(j, "screen", json_pack("{s:i,s:s}", "n", 2, "head", big), &e), 0);
	p = fork();
	if (p == 0) {
		journal_settle(j);
		journal_tick(j);
		_exit(journal_sync(j, &e) == -1 && e.code == ERR_JOURNAL &&
			      journal_add(j, "output", json_object(), &e) == -1 &&
			      journal_put(j, "note", json_object(), &e) == -1 &&
			      journal_finish(j, &e) == -1
			  ? 0
			  : 1);
	}
	assert_int_equal(waitpid(p, &status, 0), p);
	assert_int_equal(status, 0);
	assert_null(strstr(text_of(&f, file), "\"input\""));
	put(j, "note", json_pack("{s:i}", "n", 3));
	journal_close(j);
	t = types_of(&f, file);
	assert_string_equal(t, "open, cert, input 1, screen 2, note 3, close");
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_SEALED);
	fixture_done(&f);
}

/* Killed: what was synced is there, what was put off is not, and nothing is torn. */
static void
test_killed(void **state)
{
	struct fixture f;
	struct journal *j;
	struct err e;
	char text[1024];
	const char *file;
	int status;
	pid_t p;

	(void)state;
	fixture_init(&f);
	p = fork();
	if (p == 0) {
		j = fixture_open(&f, NULL);
		later(j, "input", 1);
		if (journal_sync(j, &e) != 0)
			_exit(1);
		later(j, "input", 2);
		journal_settle(j);
		later(j, "output", 3);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(p, &status, 0), p);
	assert_true(WIFSIGNALED(status));
	file = fixture_only_file(&f);
	assert_string_equal(types_of(&f, file), "open, input 1");
	assert_int_equal(verify(file, NULL, text, sizeof(text)), VERIFY_OPEN);
	fixture_done(&f);
}

/* The file dies while records are put off: all are in the next one, once, and in their order. */
static void
test_moved(void **state)
{
	struct fixture f;
	struct journal *j;
	struct err e;
	char *first, *second, *dir2, text[1024];
	int how;

	(void)state;
	for (how = 0; how < 4; how++) {
		fixture_init(&f);
		dir2 = arena_printf(f.a, "%s/two", f.dir);
		j = fixture_open(&f, dir2);
		first = arena_strdup(f.a, journal_file(j));
		put_cert(&f, j, f.alice, "alice");
		later(j, "input", 1);
		journal_settle(j);
		later(j, "output", 2);
		later(j, "screen", 3);
		if (how == 0)
			failing_syncs = 1;
		else
			assert_int_equal(truncate(first, 10), 0);
		if (how < 2)
			assert_int_equal(journal_sync(j, &e), 0);
		else if (how == 2)
			put(j, "begin", json_pack("{s:s,s:i,s:i}", "plan", "p", "step", 1, "n", 4));
		else
			assert_int_equal(journal_checkpoint(j, &e), 0);
		second = arena_strdup(f.a, journal_file(j));
		assert_string_not_equal(first, second);
		later(j, "input", 5);
		if (how == 2)
			put(j, "outcome",
			    json_pack("{s:s,s:i,s:b}", "plan", "p", "step", 1, "ok", 1));
		journal_close(j);
		assert_string_equal(types_of(&f, second),
		    arena_printf(f.a, "open, cert, degraded, input 1, output 2, screen 3, %sclose",
			how == 2   ? "begin 4, input 5, outcome, "
			: how == 3 ? "checkpoint, input 5, "
				   : "input 5, "));
		assert_int_equal(verify(second, &f.operators, text, sizeof(text)), VERIFY_SEALED);
		fixture_done(&f);
	}
}

/* No directory takes them: kept, and written when one does. */
static void
test_nowhere(void **state)
{
	struct fixture f;
	struct journal *j;
	struct err e;
	char *first;

	(void)state;
	fixture_init(&f);
	j = fixture_open(&f, NULL);
	first = arena_strdup(f.a, journal_file(j));
	later(j, "input", 1);
	later(j, "output", 2);
	failing_syncs = 1;
	assert_int_equal(journal_sync(j, &e), -1);
	assert_false(journal_is_writable(j));
	assert_int_equal(journal_add(j, "screen", json_pack("{s:i}", "n", 3), &e), -1);
	assert_int_equal(e.code, ERR_JOURNAL);
	assert_string_equal(journal_file(j), first);
	/* close finds room again. */
	journal_close(j);
	assert_string_equal(
	    types_of(&f, arena_printf(f.a, "%.*s.1.jsonl", (int)strlen(first) - 6, first)),
	    "open, degraded, input 1, output 2, screen 3, close");
	fixture_done(&f);
}

/* Who added it was told that it is well: so the journal says that it is not there, in its place. */
static void
test_impossible(void **state)
{
	struct fixture f;
	struct journal *j;
	struct err e;
	char *file, text[1024];

	(void)state;
	fixture_init(&f);
	j = fixture_open(&f, NULL);
	file = arena_strdup(f.a, journal_file(j));
	later(j, "input", 1);
	assert_int_equal(journal_add(j, "output", json_pack("{s:f}", "x", 1.5), &e), 0);
	later(j, "screen", 3);
	assert_int_equal(journal_sync(j, &e), 0);
	journal_close(j);
	assert_string_equal(types_of(&f, file), "open, input 1, alarm, screen 3, close");
	assert_non_null(strstr(text_of(&f, file), "could not write the output record"));
	assert_int_equal(verify(file, NULL, text, sizeof(text)), VERIFY_UNTRUSTED);
	fixture_done(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_synced),
	    cmocka_unit_test(test_fork),
	    cmocka_unit_test(test_killed),
	    cmocka_unit_test(test_moved),
	    cmocka_unit_test(test_nowhere),
	    cmocka_unit_test(test_impossible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
