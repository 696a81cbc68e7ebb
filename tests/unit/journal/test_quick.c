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
		if (!quick_line(line, strlen(line), NULL, &r))
			fail_msg("not sure: %s", sure[i]);
		v = jline_parse(line, strlen(line), &why);
		assert_non_null(v);
		json_decref(v);
		assert_int_equal(r.seq, 7);
	}
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(line, sizeof(line), START "%s}", wrong[i]);
		if (quick_line(line, strlen(line), NULL, &r))
			fail_msg("sure: %s", wrong[i]);
		v = jline_parse(line, strlen(line), &why);
		assert_null(v);
	}
}

/* Every byte of a line replaced by every byte: never sure where the parser is not. */
static void
every_byte(const char *text)
{
	size_t len = strlen(text), i, sure = 0;
	struct quick_record r;
	char line[1024];
	const char *why;
	json_t *v;
	int c;

	assert_true(len < sizeof(line));
	for (i = 0; i < len; i++)
		for (c = 0; c < 256; c++) {
			memcpy(line, text, len);
			line[i] = (char)c;
			if (!quick_line(line, len, NULL, &r))
				continue;
			v = jline_parse(line, len, &why);
			/* prev is compared elsewhere, with what it must be. */
			if (v == NULL && (i < 9 || i > 72))
				fail_msg("sure of byte %zu as %d: %s", i, c, why);
			json_decref(v);
			sure++;
		}
	assert_true(sure > len);
}

static void
test_every_byte(void **state)
{
	(void)state;
	/* With an escape in it, and where all of it is plain. */
	every_byte(START ",\"plan\":\"p\",\"step\":[1,{\"a\":\"b\\n\",\"c\":null}],\"sig\":\"x\"}");
	every_byte(START ",\"plan\":\"p\",\"step\":[1,{\"a\":\"bcd\",\"c\":null}],\"sig\":\"x\"}");
	every_byte(
	    START ",\"text\":\"a text that ends in the third word of 64 bytes, with some more\"}");
}

/* Days that a month has, and those it has not. */
static void
test_days(void **state)
{
	static const struct {
		const char *day;
		int is_sure, is_day;
	} rows[] = {{"01-31", 1, 1}, {"02-28", 1, 1}, {"02-29", 0, 1}, {"02-30", 0, 0},
	    {"04-30", 1, 1}, {"04-31", 0, 0}, {"12-31", 1, 1}, {"12-32", 0, 0}, {"00-10", 0, 0},
	    {"13-10", 0, 0}, {"06-00", 0, 0}};
	struct quick_record r;
	char line[512];
	const char *why;
	json_t *v;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(line, sizeof(line), START "}");
		memcpy(strstr(line, "2026-11-22"), "2028-", 5);
		memcpy(strstr(line, "2028-") + 5, rows[i].day, 5);
		if (quick_line(line, strlen(line), NULL, &r) != rows[i].is_sure)
			fail_msg("%s", rows[i].day);
		v = jline_parse(line, strlen(line), &why);
		assert_int_equal(v != NULL, rows[i].is_day);
		json_decref(v);
	}
}

/* A time of the same second needs no second look; the rest of it does. */
static void
test_known_time(void **state)
{
	static const struct {
		const char *t;
		int is_sure;
	} rows[] = {{"2028-02-29T03:04:05.000009Z", 1}, {"2028-02-29T03:04:05.00000xZ", 0},
	    {"2028-02-29T03:04:05.000009z", 0}, {"2028-02-29T03:04:06.000009Z", 0},
	    {"2028-02-28T03:04:06.000009Z", 1}};
	struct quick_record r;
	char line[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(line, sizeof(line), START "}");
		memcpy(strstr(line, "2026-11-22"), rows[i].t, JLINE_T_CHARS);
		if (quick_line(line, strlen(line), "2028-02-29T03:04:05.000001Z", &r) !=
		    rows[i].is_sure)
			fail_msg("%s", rows[i].t);
	}
}

/* A head that somebody else holds is found in a long file without reading all of it. */
static void
test_heads_in_a_long_file(void **state)
{
	static const uint64_t at[] = {0, 1, 777, 6000, 12000};
	char hex[SHA256_HEX], *text, *p, *lf;
	struct verify_ask ask = {0};
	const char *paths[1], *head;
	uint8_t leaf[SHA256_BYTES];
	struct verify_result r;
	struct fixture f;
	struct stat st;
	uint64_t seq;
	struct err e;
	size_t n, i;
	int fd;

	(void)state;
	fixture_init(&f);
	paths[0] = big(&f);
	ask.operators = &f.operators;
	ask.expect = &head;
	ask.nexpect = 1;
	fd = open(paths[0], O_RDONLY);
	assert_int_equal(fstat(fd, &st), 0);
	n = (size_t)st.st_size;
	text = arena_alloc(f.a, n + 1);
	assert_int_equal(read(fd, text, n), (ssize_t)n);
	close(fd);
	for (p = text, seq = 0, i = 0; i < sizeof(at) / sizeof(at[0]); p = lf + 1, seq++) {
		lf = memchr(p, '\n', n - (size_t)(p - text));
		assert_non_null(lf);
		if (seq != at[i])
			continue;
		i++;
		jline_leaf(p, (size_t)(lf - p), leaf);
		hex_encode(leaf, sizeof(leaf), hex);
		head = arena_printf(f.a, "%.26s:%llu:%s", strstr(text, "\"session\":\"") + 11,
		    (unsigned long long)seq, hex);
		assert_int_equal(journal_verify_all(f.a, paths, 1, &ask, &r, &e), 0);
		assert_int_equal(r.worst, VERIFY_SEALED);
		head = arena_printf(f.a, "%.26s:%llu:%s", strstr(text, "\"session\":\"") + 11,
		    (unsigned long long)seq + 1, hex);
		assert_int_equal(journal_verify_all(f.a, paths, 1, &ask, &r, &e), 0);
		assert_int_equal(r.worst, VERIFY_TAMPERED);
	}
	head = arena_printf(f.a, "%.26s:99999:%s", strstr(text, "\"session\":\"") + 11, hex);
	assert_int_equal(journal_verify_all(f.a, paths, 1, &ask, &r, &e), 0);
	assert_non_null(strstr(r.items[0].report.sentence, "rolled back"));
	fixture_done(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_many_segments),
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_every_byte),
	    cmocka_unit_test(test_days),
	    cmocka_unit_test(test_known_time),
	    cmocka_unit_test(test_heads_in_a_long_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
