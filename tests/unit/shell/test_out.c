/*
 * Output: layout of tables, errors with a caret, JSON, and that no byte of hostile text reaches the
 * terminal raw, whatever function shows it.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "arena.h"
#include "shell/app.h"
#include "shell/out.h"
#include "text.h"

static int saved_out, saved_err;
static FILE *catch;

/* Every C0 and C1 control, DEL, OSC, CSI, bidi, zero width, bytes that are no UTF-8. */
static size_t
hostile(char *s)
{
	static const char rest[] = "\x1b]0;title\x07\x1b[31mred\x9b"
				   "2J\xc2\x9b"
				   "2J\xe2\x80\xae"
				   "txet\xe2\x80\x8b\xef\xbb\xbf\xff\xfe\xc0\xaf\xed\xa0\x80";
	size_t n = 0;
	int c;

	for (c = 1; c < 0x20; c++)
		s[n++] = (char)c;
	s[n++] = 0x7f;
	for (c = 0x80; c < 0xa0; c++) {
		s[n++] = (char)0xc2;
		s[n++] = (char)c;
		s[n++] = (char)c;
	}
	memcpy(s + n, rest, sizeof(rest));
	return n + sizeof(rest) - 1;
}

static void
capture(void)
{
	fflush(stdout);
	fflush(stderr);
	catch = tmpfile();
	assert_non_null(catch);
	saved_out = dup(1);
	saved_err = dup(2);
	dup2(fileno(catch), 1);
	dup2(fileno(catch), 2);
}

/* AddressSanitizer keeps what was freed for a while. */
#ifdef __SANITIZE_ADDRESS__
#define STREAM_KB 600000
#else
#define STREAM_KB 20000
#endif

static char *
captured(struct arena *a)
{
	long n;
	char *s;

	fflush(stdout);
	fflush(stderr);
	dup2(saved_out, 1);
	dup2(saved_err, 2);
	close(saved_out);
	close(saved_err);
	n = lseek(fileno(catch), 0, SEEK_END);
	rewind(catch);
	s = arena_alloc(a, (size_t)n + 1);
	assert_int_equal(fread(s, 1, (size_t)n, catch), n);
	fclose(catch);
	return s;
}

static void
assert_inert(const char *s)
{
	assert_true(strlen(s) > 20);
	assert_true(text_is_utf8(s, strlen(s)));
	assert_false(text_is_exotic(s, strlen(s)));
}

static char *
show(struct arena *a, struct app *app, size_t ncols, const char *const *titles,
    const char *const *cells, size_t nrows, const unsigned char *is_numeric, const char *footer)
{
	struct view v = {.footer = footer};
	struct err e;

	view_table(a, &v, ncols, titles, cells, nrows, is_numeric);
	capture();
	assert_int_equal(out_view(app, &v, &e), 0);
	return captured(a);
}

static const char *const titles[] = {"id", "name"};
static const char *const cells[] = {
    "1", "alice", "20", NULL, "300", "\xe4\xbd\xa0\xe5\xa5\xbd", "4", "two\nlines"};
static const unsigned char numeric[] = {1, 0};

static void
test_table(void **state)
{
	struct arena *a = arena_new();
	struct app app = {0};

	(void)state;
	assert_string_equal(show(a, &app, 2, titles, cells, 4, numeric, "(4 rows)"),
	    " id  |    name\n"
	    "-----+------------\n"
	    "   1 | alice\n"
	    "  20 | (null)\n"
	    " 300 | \xe4\xbd\xa0\xe5\xa5\xbd\n"
	    "   4 | two\\nlines\n"
	    "(4 rows)\n");
	arena_free(a);
}

static void
test_expanded(void **state)
{
	struct arena *a = arena_new();
	struct app app = {.expanded = 1};

	(void)state;
	assert_string_equal(show(a, &app, 2, titles, cells, 2, numeric, NULL), "-[ RECORD 1 ]-\n"
									       "id   | 1\n"
									       "name | alice\n"
									       "-[ RECORD 2 ]-\n"
									       "id   | 20\n"
									       "name | (null)\n");
	arena_free(a);
}

static void
test_json(void **state)
{
	struct arena *a = arena_new();
	struct app app = {.is_json = 1};
	static const char *const odd[] = {
	    "007", "a\"b\\c\n\x01\xff", "-1.5e3", "\xf0\x9f\x98\x80", "NaN", NULL};
	json_t *j;
	char *s;

	(void)state;
	s = show(a, &app, 2, titles, odd, 3, numeric, NULL);
	assert_string_equal(s, "[{\"id\": \"007\", \"name\": \"a\\\"b\\\\c\\n\\u0001\\ufffd\"},\n"
			       "{\"id\": -1.5e3, \"name\": \"\\ud83d\\ude00\"},\n"
			       "{\"id\": \"NaN\", \"name\": null}]\n");
	j = json_loads(s, 0, NULL);
	assert_non_null(j);
	assert_int_equal(json_array_size(j), 3);
	json_decref(j);
	assert_string_equal(show(a, &app, 2, titles, odd, 0, numeric, NULL), "[]\n");
	arena_free(a);
}

static char *
result(struct arena *a, struct app *app, const char *const *one)
{
	struct out_table *t;
	struct sink *s;

	capture();
	s = out_table_open(app, &t);
	assert_int_equal(s->columns(s, 2, titles, numeric), 0);
	assert_int_equal(
	    s->row(s, 2, one, (const int[]){(int)strlen(one[0]), (int)strlen(one[1])}), 0);
	out_table_close(t, NULL, 1, -1);
	return captured(a);
}

/* A result is wrapped inside the column, marked, and nothing lost. */
static void
test_narrow(void **state)
{
	struct arena *a = arena_new();
	struct app app = {.is_interactive = 1, .width = 20, .height = 50};
	static const char *const one[] = {"1", "abcdefghijklmnopqrstuvwxyz"};

	(void)state;
	assert_string_equal(result(a, &app, one), " id |     name\n"
						  "----+---------------\n"
						  "  1 | abcdefghijklm.\n"
						  "    | nopqrstuvwxyz\n");
	app.width = 12;
	assert_string_equal(result(a, &app, one), "-[ RECORD 1 ]-\n"
						  "id   | 1\n"
						  "name | abcd.\n"
						  "     | efgh.\n"
						  "     | ijkl.\n"
						  "     | mnop.\n"
						  "     | qrst.\n"
						  "     | uvwx.\n"
						  "     | yz\n");
	arena_free(a);
}

static size_t
widest_line(const char *s)
{
	size_t n, max = 0;
	int w;

	for (; *s != '\0'; s += n + (s[n] == '\n')) {
		n = strcspn(s, "\n");
		w = text_width(s, n);
		if (w > (int)max)
			max = (size_t)w;
	}
	return max;
}

/* A listing has one line a row, cut where names stay whole; else one value a line. */
static void
test_listing_fits(void **state)
{
	static const char *const t2[] = {"id", "statement"};
	static const char *const t7[] = {"id", "who", "state", "node", "left", "what", "approvals"};
	static const char *const two[] = {
	    "1", "UPDATE orders SET total = total * 2 WHERE id IN (SELECT id FROM somewhere_else)"};
	static const char *const seven[] = {"abcdefgh", "alice", "open", "pg1 (primary)", "14 min",
	    "DROP TABLE orders CASCADE", "0 of 1 approvals; may still approve: bob, carol, dave"};
	struct arena *a = arena_new();
	struct app app = {.is_interactive = 1, .width = 80, .height = 50};
	char *s;

	(void)state;
	s = show(a, &app, 2, t2, two, 1, numeric, NULL);
	assert_in_range(widest_line(s), 60, 80);
	assert_non_null(strstr(s, "SELECT id FROM"));
	assert_non_null(strstr(s, "...\n"));
	assert_null(strstr(s, "RECORD"));
	s = show(a, &app, 7, t7, seven, 1, NULL,
	    "a footer of more words than one line of this terminal has room for, and so it goes "
	    "on");
	assert_non_null(strstr(s, "has room for,"));
	assert_in_range(widest_line(s), 40, 80);
	assert_non_null(strstr(s, "RECORD"));
	assert_non_null(strstr(s, "id        | abcdefgh\n"));
	assert_non_null(strstr(s, "may still approve: bob, carol, dave\n"));
	app.width = 20;
	app.height = 200;
	s = show(a, &app, 7, t7, seven, 1, NULL, NULL);
	assert_in_range(widest_line(s), 10, 20);
	app.width = 200;
	s = show(a, &app, 7, t7, seven, 1, NULL, NULL);
	assert_null(strstr(s, "RECORD"));
	arena_free(a);
}

static void
test_error(void **state)
{
	struct arena *a = arena_new();
	struct app app = {0};
	struct err e = {.code = ERR_FAILED, .position = 14};
	static const char text[] = "SELECT 1,\n\xc3\xa4, wrong FROM t";

	(void)state;
	snprintf(e.msg, sizeof(e.msg), "column \"wrong\" does not exist");
	snprintf(e.detail, sizeof(e.detail), "first\nerror: forged");
	snprintf(e.hint, sizeof(e.hint), "Look at \\d t.");
	capture();
	out_error(&app, &e, text, strlen(text));
	assert_string_equal(captured(a), "error: column \"wrong\" does not exist\n"
					 "detail: first\n"
					 "        error: forged\n"
					 "LINE 2: \xc3\xa4, wrong FROM t\n"
					 "           ^\n"
					 "hint: Look at \\d t.\n");
	arena_free(a);
}

/* A position from a server may be anything. */
static void
test_error_position(void **state)
{
	struct arena *a = arena_new();
	struct app app = {.width = 40};
	struct err e = {.code = ERR_FAILED};
	static const int positions[] = {1, 500, 9000, 20000, 2000000000};
	char *text = arena_alloc(a, 10001), *s, *mark, *line;
	size_t i;

	(void)state;
	memset(text, 'x', 10000);
	text[499] = 'Y';
	for (i = 0; i < sizeof(positions) / sizeof(positions[0]); i++) {
		e.position = positions[i];
		capture();
		out_error(&app, &e, text, 10000);
		s = captured(a);
		line = strstr(s, "LINE 1: ");
		assert_non_null(line);
		mark = strchr(line, '\n') + 1;
		assert_in_range(mark - line, 9, 41);
		assert_in_range(strchr(mark, '\n') - mark, 9, 41);
		if (positions[i] == 500)
			assert_int_equal(line[strchr(mark, '^') - mark], 'Y');
	}
	arena_free(a);
}

static void
feed(struct app *app, const char *bad, size_t n)
{
	const char *const names[] = {bad, "plain"}, *const row[] = {bad, NULL};
	const int lengths[] = {(int)n, 0};
	struct out_table *t;
	struct sink *s = out_table_open(app, &t);

	assert_int_equal(s->columns(s, 2, names, numeric), 0);
	assert_int_equal(s->row(s, 2, row, lengths), 0);
	s->notice(s, bad, bad);
	out_table_close(t, bad, 1, 5);
	s = out_table_open(app, &t);
	out_table_close(t, bad, 1, 5);
}

static void
test_nothing_raw(void **state)
{
	struct arena *a = arena_new();
	struct app app = {.timing = 1};
	struct err e = {.code = ERR_FAILED, .position = 40};
	const char *lines[1];
	struct view v = {0};
	char bad[512];
	size_t n = hostile(bad);
	int i;

	(void)state;
	snprintf(e.msg, sizeof(e.msg), "%s", bad);
	snprintf(e.detail, sizeof(e.detail), "%s", bad);
	snprintf(e.hint, sizeof(e.hint), "%s", bad);
	lines[0] = bad;
	for (i = 0; i < 4; i++) {
		app.is_json = i == 1;
		app.expanded = i == 2;
		app.width = app.height = i == 3 ? 20 : 0;
		app.is_interactive = i == 3;
		capture();
		feed(&app, bad, n);
		assert_inert(captured(a));
		view_lines(a, &v, (char **)lines, 1);
		v.footer = bad;
		capture();
		out_view(&app, &v, &e);
		assert_inert(captured(a));
		capture();
		out_line(&app, STYLE_DANGER, "%s", bad);
		out_text(&app, STYLE_DANGER, bad, n);
		assert_inert(captured(a));
		capture();
		out_error(&app, &e, bad, n);
		assert_inert(captured(a));
		capture();
		app.progress_ms = 0;
		out_progress(&app, bad);
		assert_inert(captured(a));
	}
	arena_free(a);
}

/* A text with a newline is one line; it cannot forge another. */
static void
test_line_is_one_line(void **state)
{
	struct arena *a = arena_new();
	struct app app = {0};

	(void)state;
	capture();
	out_line(&app, STYLE_PLAIN, "node %s", "pg1\nerror: forged");
	assert_string_equal(captured(a), "node pg1\\nerror: forged\n");
	arena_free(a);
}

/* A million rows in flat memory. */
static void
test_streams(void **state)
{
	struct app app = {0};
	const char *const row[] = {"123456", "some text that is a bit longer than nothing"};
	struct rusage before, after;
	struct out_table *t;
	struct sink *s;
	int i, null;

	(void)state;
	fflush(stdout);
	null = dup(1);
	assert_non_null(freopen("/dev/null", "w", stdout));
	getrusage(RUSAGE_SELF, &before);
	s = out_table_open(&app, &t);
	s->columns(s, 2, titles, numeric);
	for (i = 0; i < 300000; i++)
		s->row(s, 2, row, NULL);
	out_table_close(t, "SELECT 300000", 300000, 1);
	getrusage(RUSAGE_SELF, &after);
	dup2(null, 1);
	assert_in_range(after.ru_maxrss - before.ru_maxrss, 0, STREAM_KB);
}

/* What may be said over the screen of a pager: nothing, until it ended, waited for or not. */
static void
test_pager_has_screen(void **state)
{
	struct app app = {0};
	siginfo_t ended;
	pid_t pid;

	(void)state;
	assert_false(pager_has_screen(&app));
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_true(pid > 0);
	app.pager = pid;
	assert_true(pager_has_screen(&app));
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT), 0);
	assert_false(pager_has_screen(&app));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(pager_has_screen(&app));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_expanded),
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_narrow),
	    cmocka_unit_test(test_listing_fits),
	    cmocka_unit_test(test_error),
	    cmocka_unit_test(test_error_position),
	    cmocka_unit_test(test_nothing_raw),
	    cmocka_unit_test(test_line_is_one_line),
	    cmocka_unit_test(test_pager_has_screen),
	    cmocka_unit_test(test_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
