/*
 * journal verify: what is not tampering. Trust that is missing or wrong, crashes, forks, links
 * between files, hostile files; and the independent shell checker, which must agree.
 */
#include <signal.h>

#include "fixture.h"

#define CHECKER "tests/lab/verify.sh"

static int
checker(struct fixture *f, const char *file)
{
	char *ops = arena_printf(f->a, "%s/operators", f->dir);
	int status, null;
	pid_t p;

	spill(ops, f->operators_text, strlen(f->operators_text));
	p = fork();
	if (p == 0) {
		null = open("/dev/null", O_WRONLY);
		dup2(null, 1);
		dup2(null, 2);
		execl("/bin/bash", "bash", CHECKER, file, ops, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(p, &status, 0), p);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 127);
	return WEXITSTATUS(status);
}

/* Both say yes to the sealed file, and both no to samples of everything that can be done to it. */
static void
test_checker_agrees(void **state)
{
	struct fixture f;
	char *file, *p, *q;
	size_t n, i;
	int k;

	(void)state;
	fixture_init(&f);
	file = fixture_story(&f, fixture_open(&f, NULL));
	assert_int_equal(verify(file, &f.operators, NULL, 0), VERIFY_SEALED);
	assert_int_equal(checker(&f, file), 0);
	p = slurp(&f, file, &n);
	q = arena_alloc(f.a, n + 1);
	for (k = 0; k < 60; k++) {
		/* The last 20 samples are in the close, which only its signature protects. */
		i = k < 40 ? n * (size_t)k / 40 : n - 1 - (size_t)(k - 40) * 19;
		memcpy(q, p, n);
		q[i] = (char)(q[i] ^ (1 << k % 8));
		spill(file, q, n);
		assert_int_not_equal(verify(file, &f.operators, NULL, 0), VERIFY_SEALED);
		if (checker(&f, file) == 0)
			fail_msg("the checker accepts bit %d of byte %zu", k % 8, i);
	}
	for (k = 1; k < 12; k++) {
		spill(file, p, n - n * (size_t)k / 12 - (size_t)(k == 1 ? 0 : k));
		assert_int_not_equal(checker(&f, file), 0);
	}
	spill(file, p, n - 1);
	assert_int_not_equal(checker(&f, file), 0);
	spill(file, p, n);
	assert_int_equal(checker(&f, file), 0);
	fixture_done(&f);
}

static void
test_trust(void **state)
{
	struct fixture f;
	struct journal *j;
	struct session_key *mallory;
	char *file, text[1024];
	struct operators none = {.file = "none"};
	struct err e;

	(void)state;
	fixture_init(&f);
	assert_int_equal(session_key_new(&mallory, &e), 0);
	/* No certificate. */
	j = fixture_open(&f, NULL);
	file = arena_strdup(f.a, journal_file(j));
	journal_close(j);
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_UNTRUSTED);
	assert_non_null(strstr(text, "no certificate"));
	/* By a key nobody knows. */
	j = fixture_open(&f, NULL);
	file = arena_strdup(f.a, journal_file(j));
	put_cert(&f, j, mallory, "alice");
	journal_close(j);
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_UNTRUSTED);
	/* By bob, naming alice. */
	j = fixture_open(&f, NULL);
	file = arena_strdup(f.a, journal_file(j));
	put_cert(&f, j, f.bob, "alice");
	journal_close(j);
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_UNTRUSTED);
	assert_non_null(strstr(text, "another person"));
	/* Good, and then not in the operators file any more. */
	file = fixture_story(&f, fixture_open(&f, NULL));
	assert_int_equal(verify(file, &none, text, sizeof(text)), VERIFY_UNTRUSTED);
	session_key_free(mallory);
	fixture_done(&f);
}

static void
test_wrong_cert(void **state)
{
	struct fixture f;
	struct journal *j;
	char *file, text[1024];

	(void)state;
	fixture_init(&f);
	j = fixture_open(&f, NULL);
	file = arena_strdup(f.a, journal_file(j));
	put_signed(&f, j, "cert", f.alice, NS_SESSION, "alice",
	    arena_printf(f.a,
		"holdfast-session-v1\nsession: %s\nkey: %s\nperson: alice\nhost: h\nissued: "
		"2026-11-22T03:00:00Z\n",
		"aaaaaaaaaaaaaaaaaaaaaaaaaa", session_key_public(f.session)));
	journal_close(j);
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_UNTRUSTED);
	assert_non_null(strstr(text, "another session"));
	/* A statement with one line more. */
	j = fixture_open(&f, NULL);
	file = arena_strdup(f.a, journal_file(j));
	put_signed(&f, j, "cert", f.alice, NS_SESSION, "alice",
	    arena_printf(f.a,
		"holdfast-session-v1\nsession: %s\nkey: %s\nperson: alice\nhost: h\nissued: "
		"2026-11-22T03:00:00Z\nmore: x\n",
		journal_session(j), session_key_public(f.session)));
	journal_close(j);
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_UNTRUSTED);
	/* Signed for another purpose. */
	j = fixture_open(&f, NULL);
	file = arena_strdup(f.a, journal_file(j));
	put_signed(&f, j, "cert", f.alice, NS_APPROVAL, "alice",
	    arena_printf(f.a,
		"holdfast-session-v1\nsession: %s\nkey: %s\nperson: alice\nhost: h\nissued: "
		"2026-11-22T03:00:00Z\n",
		journal_session(j), session_key_public(f.session)));
	journal_close(j);
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_UNTRUSTED);
	fixture_done(&f);
}

/* An approver saw another head than the file holds: somebody rewrote history. */
static void
test_witness_disagrees(void **state)
{
	struct fixture f;
	struct journal *j;
	char *file, *head, text[1024];

	(void)state;
	fixture_init(&f);
	j = fixture_open(&f, NULL);
	file = arena_strdup(f.a, journal_file(j));
	put_cert(&f, j, f.alice, "alice");
	head = journal_head(f.a, j);
	head[strlen(head) - 1] = head[strlen(head) - 1] == 'a' ? 'b' : 'a';
	put_answer(&f, j, "approval", head);
	journal_close(j);
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_TAMPERED);
	assert_non_null(strstr(text, "bob signed another record 1"));
	fixture_done(&f);
}

/* Nobody is a witness for himself, and an answer must be signed by whom it names. */
static void
test_bad_answers(void **state)
{
	struct fixture f;
	struct journal *j;
	char *file, text[1024];
	int k;

	(void)state;
	for (k = 0; k < 3; k++) {
		fixture_init(&f);
		j = fixture_open(&f, NULL);
		file = arena_strdup(f.a, journal_file(j));
		put_cert(&f, j, f.alice, "alice");
		put_signed(&f, j, "approval", k == 2 ? f.session : f.alice, NS_APPROVAL,
		    k == 0 ? "alice" : "bob",
		    arena_printf(f.a,
			"holdfast-approval-v1\njournal: %s\napprover: %s\n"
			"issued: 2026-11-22T03:01:00Z\n",
			journal_head(f.a, j), k == 0 ? "alice" : "bob"));
		journal_close(j);
		assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_UNTRUSTED);
		assert_non_null(strstr(text, k == 0   ? "who ran the session"
					     : k == 1 ? "another person"
						      : "does not hold"));
		assert_non_null(strstr(text, "nothing witnessed"));
		fixture_done(&f);
	}
}

static void
test_outcome_without_begin(void **state)
{
	struct fixture f;
	struct journal *j;
	char *file, text[1024];

	(void)state;
	fixture_init(&f);
	j = fixture_open(&f, NULL);
	file = arena_strdup(f.a, journal_file(j));
	put_cert(&f, j, f.alice, "alice");
	put(j, "outcome", json_pack("{s:s,s:i}", "plan", "p", "step", 1));
	journal_close(j);
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_TAMPERED);
	assert_non_null(strstr(text, "outcome without a begin"));
	fixture_done(&f);
}

/* Adds a record that follows from the bytes, as somebody without the session's key can. */
static size_t
forge(struct fixture *f, char *p, size_t n, const char *type, const struct session_key *key)
{
	size_t last = n - 1, seq = 0, i;
	char hex[SHA256_HEX], *line, *sig = NULL;
	uint8_t leaf[SHA256_BYTES];
	struct err e;

	while (last > 0 && p[last - 1] != '\n')
		last--;
	for (i = 0; i < n; i++)
		seq += p[i] == '\n';
	sha256("", 1, p + last, n - 1 - last, leaf);
	hex_encode(leaf, sizeof(leaf), hex);
	line = arena_printf(f->a,
	    "{\"prev\":\"%s\",\"seq\":%zu,\"t\":\"2026-11-22T03:00:00.000000Z\",\"boot\":\"1\","
	    "\"type\":\"%s\"",
	    hex, seq, type);
	if (key != NULL) {
		assert_int_equal(
		    sshsig_sign(f->a, key, NS_CHECKPOINT, line, strlen(line), &sig, &e), 0);
		line = arena_printf(f->a, "%s,\"sig\":\"%s\"", line, sig);
	}
	line = arena_printf(f->a, "%s}\n", line);
	memcpy(p + n, line, strlen(line));
	return n + strlen(line);
}

/* The chain can be made by anybody; the signatures cannot. */
static void
test_forged(void **state)
{
	struct fixture f;
	char *file, *p, text[1024];
	size_t n, cut;

	(void)state;
	fixture_init(&f);
	file = fixture_story(&f, fixture_open(&f, NULL));
	p = slurp(&f, file, &n);
	/* After the close, signed by whom one likes. */
	spill(file, p, forge(&f, p, n, "note", NULL));
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_TAMPERED);
	assert_non_null(strstr(text, "after the close"));
	spill(file, p, forge(&f, p, n, "close", f.session));
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_TAMPERED);
	/* Another close in the place of the true one. */
	for (cut = n - 1; p[cut - 1] != '\n'; cut--)
		;
	spill(file, p, forge(&f, p, cut, "close", f.session));
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_SEALED);
	spill(file, p, forge(&f, p, cut, "close", f.bob));
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_TAMPERED);
	assert_non_null(strstr(text, "not signed by the session's key"));
	assert_int_equal(checker(&f, file), 1);
	spill(file, p, forge(&f, p, cut, "close", NULL));
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_TAMPERED);
	/* A second open; an unknown type is read, but signs nothing. */
	spill(file, p, forge(&f, p, cut, "open", NULL));
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_TAMPERED);
	assert_non_null(strstr(text, "opens the session again"));
	spill(file, p, forge(&f, p, cut, "later", NULL));
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_OPEN);
	spill(file, p, forge(&f, p, cut, "later", f.bob));
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_TAMPERED);
	fixture_done(&f);
}

/* Runs a session in a child that is killed: with a begin, or torn, or clean. */
static char *
killed(struct fixture *f, int has_begin, const char *tail)
{
	const char *dirs[] = {f->dir};
	struct journal_entry *list;
	struct journal *j;
	struct err e;
	size_t n;
	int status, fd;
	pid_t p = fork();

	if (p == 0) {
		j = fixture_open(f, NULL);
		put_cert(f, j, f->alice, "alice");
		if (has_begin)
			put(j, "begin", json_pack("{s:s,s:i}", "plan", "p", "step", 1));
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(p, &status, 0), p);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(journal_list(f->a, dirs, 1, &list, &n, &e), 0);
	assert_true(n > 0);
	if (*tail != '\0') {
		fd = open(list[0].file, O_WRONLY | O_APPEND);
		assert_int_equal(write(fd, tail, strlen(tail)), strlen(tail));
		close(fd);
	}
	return arena_strdup(f->a, list[0].file);
}

static void
test_crashes(void **state)
{
	struct fixture f;
	struct journal *j;
	char *file, text[1024], *p;
	size_t n;

	(void)state;
	fixture_init(&f);
	file = killed(&f, 0, "");
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_OPEN);
	assert_non_null(strstr(text, "never closed"));
	file = killed(&f, 1, "");
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_CRASH);
	assert_non_null(strstr(text, "1 outcome unknown"));
	file = killed(&f, 0, "{\"prev\":\"torn");
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_CRASH);
	assert_non_null(strstr(text, "13 bytes of an unfinished record"));
	/* The next session quotes it, and leaves it as it is. */
	j = fixture_open(&f, NULL);
	p = slurp(&f, journal_file(j), &n);
	p[n] = '\0';
	assert_non_null(strstr(p, "\"closed\":false,\"tail\":{\"bytes\":13,\"sha256\":\""));
	assert_int_equal(verify(journal_file(j), &f.operators, text, sizeof(text)), VERIFY_OPEN);
	assert_non_null(strstr(text, "live"));
	journal_close(j);
	/* Garbage as a last line: damage, not guilt. */
	file = killed(&f, 0, "garbage\n");
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_CRASH);
	file = killed(&f, 0, "garbage\nmore\n");
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_TAMPERED);
	fixture_done(&f);
}

static void
test_hostile_files(void **state)
{
	struct fixture f;
	char *file, text[1024], *big = malloc(3 << 20), *p;
	size_t n, i;

	(void)state;
	fixture_init(&f);
	file = arena_printf(f.a, "%s/x.jsonl", f.dir);
	assert_int_equal(verify(file, NULL, text, sizeof(text)), VERIFY_IO);
	assert_int_equal(verify(f.dir, NULL, text, sizeof(text)), VERIFY_IO);
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_int_equal(verify(file, NULL, text, sizeof(text)), VERIFY_IO);
	spill(file, "", 0);
	assert_int_equal(verify(file, NULL, text, sizeof(text)), VERIFY_CRASH);
	memset(big, '\n', 3 << 20);
	spill(file, big, 3 << 20);
	assert_int_equal(verify(file, NULL, text, sizeof(text)), VERIFY_TAMPERED);
	memset(big, '[', 3 << 20);
	spill(file, big, 3 << 20);
	assert_int_equal(verify(file, NULL, text, sizeof(text)), VERIFY_TAMPERED);
	/* A right prefix, and a million brackets. */
	n = (size_t)snprintf(big, 512,
	    "{\"prev\":\"%064d\",\"seq\":0,\"t\":\"2026-11-22T03:00:00.000000Z\","
	    "\"boot\":\"1\",\"type\":\"open\",\"x\":",
	    0);
	memset(big + n, '[', 1000000);
	big[n + 1000000] = '\n';
	spill(file, big, n + 1000001);
	assert_int_equal(verify(file, NULL, text, sizeof(text)), VERIFY_TAMPERED);
	assert_non_null(strstr(text, "nested"));
	free(big);
	/* CR, BOM, a space, and the other line end. */
	file = fixture_story(&f, fixture_open(&f, NULL));
	p = slurp(&f, file, &n);
	big = arena_alloc(f.a, 2 * n);
	memcpy(big, "\xef\xbb\xbf", 3);
	memcpy(big + 3, p, n);
	spill(file, big, n + 3);
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_TAMPERED);
	for (i = n = 0; p[i] != '\0'; i++) {
		if (p[i] == '\n')
			big[n++] = '\r';
		big[n++] = p[i];
	}
	spill(file, big, n);
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_TAMPERED);
	fixture_done(&f);
}

/* One session, two histories; and a predecessor that is not the one its successor saw. */
static void
test_fork_and_parent(void **state)
{
	struct fixture f;
	struct verify_item *items;
	enum verify_code worst;
	const char *paths[1];
	char *first, *second, *copy, *p;
	struct journal *j;
	struct err e;
	size_t n, count;

	(void)state;
	fixture_init(&f);
	paths[0] = f.dir;
	first = fixture_story(&f, fixture_open(&f, NULL));
	second = fixture_story(&f, fixture_open(&f, NULL));
	assert_int_equal(
	    journal_verify_paths(f.a, paths, 1, &f.operators, &items, &count, &worst, &e), 0);
	assert_int_equal(count, 2);
	assert_int_equal(worst, VERIFY_SEALED);
	/* The first, cut and sealed differently by whoever had the session key. */
	p = slurp(&f, first, &n);
	copy = arena_printf(f.a, "%s/copy.jsonl", f.dir);
	spill(copy, p, n);
	journal_verify_paths(f.a, paths, 1, &f.operators, &items, &count, &worst, &e);
	assert_int_equal(worst, VERIFY_SEALED);
	p[n - 10] ^= 1;
	spill(copy, p, n);
	journal_verify_paths(f.a, paths, 1, &f.operators, &items, &count, &worst, &e);
	assert_int_equal(worst, VERIFY_TAMPERED);
	unlink(copy);
	/* The first one rolled back by its last records: the second one knows better. */
	p[n - 10] ^= 1;
	while (n > 1 && p[n - 2] != '\n')
		n--;
	spill(first, p, n - 1);
	journal_verify_paths(f.a, paths, 1, &f.operators, &items, &count, &worst, &e);
	assert_int_equal(worst, VERIFY_TAMPERED);
	assert_string_equal(items[1].file, second);
	assert_non_null(strstr(items[1].report.sentence, "predecessor"));
	/* Deleted altogether: nothing here speaks against the second. */
	unlink(first);
	journal_verify_paths(f.a, paths, 1, &f.operators, &items, &count, &worst, &e);
	assert_int_equal(worst, VERIFY_SEALED);
	j = fixture_open(&f, NULL);
	journal_close(j);
	fixture_done(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_checker_agrees),
	    cmocka_unit_test(test_trust),
	    cmocka_unit_test(test_wrong_cert),
	    cmocka_unit_test(test_witness_disagrees),
	    cmocka_unit_test(test_bad_answers),
	    cmocka_unit_test(test_outcome_without_begin),
	    cmocka_unit_test(test_forged),
	    cmocka_unit_test(test_crashes),
	    cmocka_unit_test(test_hostile_files),
	    cmocka_unit_test(test_fork_and_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
