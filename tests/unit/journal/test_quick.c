/*
 * The quick way of verifying against the way in order: the same words about every file; and the
 * scanner of lines against the parser.
 */
#include "fixture.h"
#include "journal/quick.h"
#include "journal/verify.h"

/* A journal of several segments, with begins that stay open for long and an answer to its start. */
static char *
big(struct fixture *f)
{
	struct journal *j = fixture_open(f, NULL);
	char *file = arena_strdup(f->a, journal_file(j)), *head, text[2048];
	struct err e;
	size_t i;

	put_cert(f, j, f->alice, "alice");
	put(j, "intent", json_pack("{s:s}", "plan", "p"));
	head = journal_head(f->a, j);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	put(j, "begin", json_pack("{s:s,s:i}", "plan", "long", "step", 0));
	for (i = 0; i < 4200; i++) {
		assert_int_equal(journal_add(j, "begin",
				     json_pack("{s:s,s:i,s:[s]}", "plan", "p", "step", (int)i,
					 "texts", "SELECT 1"),
				     &e),
		    0);
		assert_int_equal(journal_add(j, "note",
				     json_pack("{s:s#,s:{s:[i,b,n]}}", "text", text,
					 (int)(i * 7 % 1800), "in", "a", (int)i, 1),
				     &e),
		    0);
		assert_int_equal(
		    journal_add(j, "outcome",
			json_pack("{s:s,s:i,s:b}", "plan", "p", "step", (int)i, "ok", 1), &e),
		    0);
		if (i % 1000 == 999)
			assert_int_equal(journal_checkpoint(j, &e), 0);
	}
	put_answer(f, j, "approval", head);
	put(j, "outcome", json_pack("{s:s,s:i}", "plan", "long", "step", 0));
	journal_close(j);
	chmod(file, 0600);
	return file;
}

static const char *
words(struct arena *a, const struct verify_report *r)
{
	return arena_printf(a, "%d %llu %llu %s / %s / %s / %zu", r->code,
	    (unsigned long long)r->bad_seq, (unsigned long long)r->records, r->sentence,
	    r->witnessed == NULL ? "-" : r->witnessed, r->head == NULL ? "-" : r->head,
	    r->begins_without_outcome);
}

static enum verify_code
both(struct fixture *f, const char *file)
{
	struct arena *a = arena_new();
	struct verify_report quick, slow;
	enum verify_code code;
	struct err e;

	journal_verify(a, file, &f->operators, &quick, &e);
	verify_in_order(a, file, &f->operators, &slow, &e);
	assert_string_equal(words(a, &quick), words(a, &slow));
	code = quick.code;
	arena_free(a);
	return code;
}

static int
is_quick(struct fixture *f, const char *file)
{
	struct check c = {.a = f->a, .operators = &f->operators, .begun = json_object()};
	int live, r, fd;
	struct walk w;
	off_t size;

	fd = jfile_open(file, &size, &live, NULL);
	assert_true(fd >= 0);
	r = quick_file(&c, fd, size, &w);
	json_decref(c.begun);
	close(fd);
	return r;
}

static void
test_many_segments(void **state)
{
	struct fixture f;
	struct stat st;
	char *file, c;
	off_t at;
	int fd;

	(void)state;
	fixture_init(&f);
	file = big(&f);
	assert_int_equal(stat(file, &st), 0);
	assert_true(st.st_size > (off_t)4 << 20);
	assert_true(is_quick(&f, file));
	assert_int_equal(both(&f, file), VERIFY_SEALED);
	fd = open(file, O_RDWR);
	/* Damage around the borders of segments, and here and there. */
	for (at = 1; at < st.st_size; at += at % ((off_t)1 << 20) < 3 ? 1 : 104857) {
		if (at % ((off_t)1 << 20) > ((off_t)1 << 20) - 104857 && at + 104857 < st.st_size)
			at = (at / ((off_t)1 << 20) + 1) * ((off_t)1 << 20) - 2;
		assert_int_equal(pread(fd, &c, 1, at), 1);
		c ^= 4;
		assert_int_equal(pwrite(fd, &c, 1, at), 1);
		assert_false(is_quick(&f, file));
		assert_int_equal(both(&f, file), VERIFY_TAMPERED);
		c ^= 4;
		assert_int_equal(pwrite(fd, &c, 1, at), 1);
	}
	assert_int_equal(both(&f, file), VERIFY_SEALED);
	assert_int_equal(ftruncate(fd, st.st_size - 1), 0);
	assert_int_equal(both(&f, file), VERIFY_CRASH);
	assert_int_equal(ftruncate(fd, (off_t)4 << 20), 0);
	assert_int_equal(both(&f, file), VERIFY_CRASH);
	close(fd);
	fixture_done(&f);
}

#define START                                                                                      \
	"{\"prev\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\"seq\":"  \
	"7,"                                                                                       \
	"\"t\":\"2026-11-22T03:08:20.123456Z\",\"boot\":\"123\",\"type\":\"note\""

/* What the scanner is sure of, the parser takes; and it is sure of what the writer writes. */
static void
test_lines(void **state)
{
	static const char *const sure[] = {"", ",\"a\":1", ",\"a\":\"\\\"\\\\\\u00e4\\n\"",
	    ",\"a\":[]", ",\"a\":{}", ",\"a\":[[],{},[1,\"x\",{\"b\":null}]]",
	    ",\"a\":{\"a\":{\"a\":true}},\"b\":false", ",\"a\":0,\"b\":999999999999999"};
	static const char *const wrong[] = {",\"a\":01", ",\"a\":1.5", ",\"a\":1e3", ",\"a\"",
	    ",\"a\":", ",\"a\":}", ",\"a\":[1,]", ",\"a\":[,1]", ",\"a\":[1 ,2]", ",\"a\":{\"b\"}",
	    ",\"a\":{\"b\":1,\"b\":2}", ",\"a\":1,\"a\":1", ",\"seq\":1", ",\"type\":\"x\"",
	    ",\"prev\":\"\"", ",\"t\":1", ",\"boot\":\"1\"", ",\"a\":\"\\u0000\"",
	    ",\"a\":\"\\ud800\"", ",\"a\":\"\\x\"", ",\"a\":\"\x01\"", ",\"a\":\"\x7f\"",
	    ",\"a\":\"\xff\"", ",\"a\":tru", ",\"a\":nulll", ",\"a\":[1}", ",\"a\":{]", ",",
	    ",\"a\":+1", ",\"a\":-", ",\"a\":9007199254740992", "}{", "]", ",\"a\":\"",
	    ",\"a\":{\"b\":1]", ",\"a\":[\"b\":1]", ",\"a\":{1}", ",\"a\":{,}",
	    ",\"a\":{\"b\":1,}"};
	struct quick_record r;
	char line[1024];
	const char *why;
	size_t i;
	json_t *v;

	(void)state;
	for (i = 0; i < sizeof(sure) / sizeof(sure[0]); i++) {
		snprintf(line, sizeof(line), START "%s}", sure[i]);
		if (!quick_line(line, strlen(line), &r))
			fail_msg("not sure: %s", sure[i]);
		v = jline_parse(line, strlen(line), &why);
		assert_non_null(v);
		json_decref(v);
		assert_int_equal(r.seq, 7);
	}
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(line, sizeof(line), START "%s}", wrong[i]);
		if (quick_line(line, strlen(line), &r))
			fail_msg("sure: %s", wrong[i]);
		v = jline_parse(line, strlen(line), &why);
		assert_null(v);
	}
}

/* Every byte of a line replaced by every byte: never sure where the parser is not. */
static void
test_every_byte(void **state)
{
	static const char text[] = START ",\"plan\":\"p\",\"step\":[1,{\"a\":\"b\\n\",\"c\":null}],"
					 "\"sig\":\"x\"}";
	char line[sizeof(text)];
	struct quick_record r;
	size_t i, sure = 0;
	const char *why;
	json_t *v;
	int c;

	(void)state;
	for (i = 0; i < sizeof(text) - 1; i++)
		for (c = 0; c < 256; c++) {
			memcpy(line, text, sizeof(text));
			line[i] = (char)c;
			if (!quick_line(line, sizeof(text) - 1, &r))
				continue;
			v = jline_parse(line, sizeof(text) - 1, &why);
			/* prev is compared elsewhere, with what it must be. */
			if (v == NULL && (i < 9 || i > 72))
				fail_msg("sure of byte %zu as %d: %s", i, c, why);
			json_decref(v);
			sure++;
		}
	assert_true(sure > sizeof(text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_many_segments),
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
