/*
 * A dump's script of PostgreSQL cut into pieces, which of them are a table's own, and their text
 * for another schema. The end of a cut file is never taken for an end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "arena.h"
#include "engines/pg_dump.h"

/* All pieces of a text as one line: a letter each, and the text; "cut" at an error. */
static void
pieces(const char *text, char *out, size_t size)
{
	static const char letters[] = {'.', 'S', 'C', 'R', 'E', '-'}; /* by enum script_piece */
	int fd = memfd_create("dump", 0);
	enum script_piece what = SCRIPT_REMARK;
	struct dump_script s;
	struct waiter w;
	struct err e = {0};
	char *piece;
	size_t len, n = 0;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	poll_waiter(&w, -1);
	script_init(&s, fd, -1, &w);
	out[0] = '\0';
	while (what != SCRIPT_END) {
		if (script_next(&s, &what, &piece, &len, &e) < 0) {
			snprintf(out + n, size - n, "cut");
			break;
		}
		if (what != SCRIPT_END)
			n += (size_t)snprintf(
			    out + n, size - n, "%c[%.*s]", letters[what], (int)len, piece);
	}
	script_free(&s);
	close(fd);
}

static void
test_pieces(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"", ""},
	    {"SELECT ';';\n-- a;\nSELECT $$;$$;\n", "S[SELECT ';']-[-- a;]S[SELECT $$;$$]"},
	    {"COPY t (a) FROM stdin;\n1\n\\\\.\n\\.\nSELECT 1;",
		"C[COPY t (a) FROM stdin]R[1\n\\\\.\n]E[]S[SELECT 1]"},
	    {"COPY t (a) FROM stdin;\n\\.\n", "C[COPY t (a) FROM stdin]E[]"},
	    {"COPY t (a) FROM stdin;\n1\n2", "C[COPY t (a) FROM stdin]R[1\n]cut"},
	    {"COPY t (a) FROM stdin;\n1\n", "C[COPY t (a) FROM stdin]R[1\n]cut"},
	    {"SELECT 'never", "cut"},
	    {"\\unrestrict x\nSELECT 1;", "-[\\unrestrict x]S[SELECT 1]"},
	};
	char out[400];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pieces(cases[i].text, out, sizeof(out));
		assert_string_equal(out, cases[i].want);
	}
}

static void
test_pick(void **state)
{
	static const struct {
		const char *text;
		enum pick_part part;
		const char *moved;
	} cases[] = {
	    {"CREATE TABLE public.t (a text DEFAULT 'public.t'::text)", PICK_BEFORE,
		"CREATE TABLE \"side\".t (a text DEFAULT 'public.t'::text)"},
	    {"CREATE TABLE public.\"T\" (a int)", PICK_NOT, NULL},
	    {"CREATE TABLE other.t (a int)", PICK_NOT, NULL},
	    {"COMMENT ON TABLE public.u IS 'public.t'", PICK_NOT, NULL},
	    {"CREATE UNIQUE INDEX i ON public.t USING btree (a)", PICK_AFTER,
		"CREATE UNIQUE INDEX i ON \"side\".t USING btree (a)"},
	    {"ALTER TABLE ONLY public.t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES public.u(b)",
		PICK_AFTER,
		"ALTER TABLE ONLY \"side\".t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES "
		"public.u(b)"},
	    {"GRANT SELECT ON TABLE public.t TO someone", PICK_BEFORE,
		"GRANT SELECT ON TABLE \"side\".t TO someone"},
	    {"DROP TABLE public.t", PICK_NOT, NULL},
	    {"ALTER SEQUENCE public.t_seq OWNED BY public.t.id", PICK_BEFORE,
		"ALTER SEQUENCE \"side\".t_seq OWNED BY \"side\".t.id"},
	    {"ALTER TABLE public.t ALTER COLUMN id SET DEFAULT nextval('public.t_seq'::regclass)",
		PICK_BEFORE,
		"ALTER TABLE \"side\".t ALTER COLUMN id SET DEFAULT "
		"nextval('\"side\".t_seq'::regclass)"},
	    {"SELECT pg_catalog.setval('public.t_seq', 2, true)", PICK_AFTER,
		"SELECT pg_catalog.setval('\"side\".t_seq', 2, true)"},
	};
	struct arena *a = arena_new();
	struct pick x = {.a = a, .schema = "public", .table = "t"};
	static const char copy[] = "COPY public.t (a, \"b)\") FROM stdin",
			  other[] = "COPY public.u (a) FROM stdin";
	const char *columns;
	size_t i, len;

	(void)state;
	x.own = arena_array(a, 1, sizeof(*x.own));
	x.own[x.nown++] = "t";
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		len = strlen(cases[i].text);
		assert_int_equal(pick_learn(&x, cases[i].text, len, NULL), 0);
		assert_int_equal(pick_judge(&x, cases[i].text, len), cases[i].part);
		if (cases[i].moved != NULL)
			assert_string_equal(
			    pick_move(&x, cases[i].text, len, "side"), cases[i].moved);
	}
	assert_int_equal(x.nroles, 1);
	assert_string_equal(x.roles[0], "someone");
	assert_true(pick_is_copy(&x, copy, strlen(copy), &columns));
	assert_string_equal(columns, "a, \"b)\"");
	assert_false(pick_is_copy(&x, other, strlen(other), &columns));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pieces), cmocka_unit_test(test_pick)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
