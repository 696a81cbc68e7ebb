/*
 * A dump's script cut into statements, what each is to a table, and its definition for another
 * schema. What is not only literals is never taken for rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "arena.h"
#include "engines/my_dump.h"

/* All pieces of a text as one line: statements in brackets, remarks in parentheses; "cut" at an
 * error. */
static void
pieces(const char *text, char *out, size_t size)
{
	char path[] = "/tmp/holdfast-test.XXXXXX", *piece;
	const char *const paths[] = {path};
	struct my_script s;
	struct waiter w;
	enum my_piece what = MY_PIECE_REMARK;
	struct err e = {0};
	size_t len, n = 0;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	poll_waiter(&w, -1);
	my_script_init(&s, paths, 1, &w);
	out[0] = '\0';
	while (what != MY_PIECE_END) {
		if (my_script_next(&s, &what, &piece, &len, &e) < 0) {
			snprintf(out + n, size - n, "cut");
			break;
		}
		if (what != MY_PIECE_END)
			n += (size_t)snprintf(out + n, size - n,
			    what == MY_PIECE_REMARK ? "(%.*s)" : "[%.*s]", (int)len, piece);
	}
	my_script_free(&s);
	unlink(path);
}

static void
test_pieces(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"", ""},
	    {"SELECT 1;\n-- a ; b\nSELECT 'it''s ; \\' ;';",
		"[SELECT 1](-- a ; b)[SELECT 'it''s ; \\' ;']"},
	    {"INSERT INTO `a;b` VALUES (\";\");", "[INSERT INTO `a;b` VALUES (\";\")]"},
	    {"SELECT /* ; */ 1;SELECT 2 -- ;\n;", "[SELECT /* ; */ 1][SELECT 2 -- ;\n]"},
	    {"/*!40101 SET NAMES utf8mb4 */;\n# x\nSELECT 3;",
		"[/*!40101 SET NAMES utf8mb4 */](# x)[SELECT 3]"},
	    {"/*M!999999\\- enable the sandbox mode */ \nSELECT 1;",
		"(/*M!999999\\- enable the sandbox mode */ )[SELECT 1]"},
	    {"DELIMITER ;;\nCREATE TRIGGER a BEGIN x; END;;\nDELIMITER ;\nSELECT 1;",
		"[CREATE TRIGGER a BEGIN x; END][SELECT 1]"},
	    {"SELECT 1;\nINSERT INTO t VALUES (1", "[SELECT 1]cut"},
	    {"SELECT 'never ends;", "cut"},
	    {"SELECT 1--1;", "[SELECT 1--1]"},
	};
	char out[600];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pieces(cases[i].text, out, sizeof(out));
		assert_string_equal(out, cases[i].want);
	}
}

/* A statement that is longer than what is read at once. */
static void
test_long(void **state)
{
	size_t n = 3 << 20, i;
	char *text = malloc(n + 40), *out = malloc(n + 100);

	(void)state;
	strcpy(text, "SELECT '");
	for (i = strlen(text); i < n; i++)
		text[i] = i % 7 == 0 ? ';' : 'x';
	strcpy(text + n, "';\nSELECT 2;");
	pieces(text, out, n + 100);
	assert_int_equal(strlen(out), n + 2 + 1 + strlen("[SELECT 2]"));
	assert_string_equal(out + n + 2 + 1, "[SELECT 2]");
	free(text);
	free(out);
}

/* How many rows; -1 where the text is something else. */
static int
rows(const char *text)
{
	struct my_tuples t = {.p = text, .len = strlen(text)};
	const char *row;
	size_t len;
	int n = 0, rc;

	while ((rc = my_tuple(&t, &row, &len)) == 1) {
		assert_true(row[0] == '(' && row[len - 1] == ')');
		n++;
	}
	return rc < 0 ? -1 : n;
}

static void
test_rows(void **state)
{
	static const char *const bad[] = {"", "(1", "(1),", "(1)(2)", "(now())", "(1+1)", "((1))",
	    "(1) ON DUPLICATE KEY UPDATE a = 1", "(a)", "(@x)", "(1,)", "()", "SELECT 1",
	    "('a' 'b')", "(1) -- x\n, (sleep(1))", "(1/*!,sleep(9)*/)", "(1);DROP TABLE t",
	    "(_utf8mb4 f)", "(- -1)"};
	size_t i;

	(void)state;
	assert_int_equal(rows("(1,'a','it''s \\' ),(',NULL)\n,(-2,\"b\",0x4D,1.5e3)"), 2);
	assert_int_equal(rows(" (_binary 'x',_utf8mb4 'y',x'4d',b'01',DEFAULT,TRUE,.5)"), 1);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (rows(bad[i]) != -1)
			fail_msg("taken for rows: %s", bad[i]);
}

static enum my_pick_kind
kind_of(struct arena *a, const char *text)
{
	struct my_pick p;

	my_pick(a, text, strlen(text), "shop", "shop", "or`ders", &p);
	return p.kind;
}

static void
test_kinds(void **state)
{
	struct arena *a = arena_new();
	struct my_pick p;
	static const char insert[] = "INSERT INTO `or``ders` (`a`, `b)`) VALUES\n(1,2)";

	(void)state;
	my_pick(a, insert, strlen(insert), "shop", "shop", "or`ders", &p);
	assert_int_equal(p.kind, MY_PICK_ROWS);
	assert_string_equal(p.columns, "(`a`, `b)`) ");
	assert_string_equal(insert + p.from, "\n(1,2)");
	assert_int_equal(kind_of(a, "INSERT INTO `orders` VALUES (1)"), MY_PICK_NOT);
	assert_int_equal(kind_of(a, "INSERT INTO other.`or``ders` VALUES (1)"), MY_PICK_NOT);
	assert_int_equal(kind_of(a, "INSERT IGNORE INTO shop.`or``ders` VALUES (1)"), MY_PICK_ROWS);
	assert_int_equal(
	    kind_of(a, "CREATE TABLE IF NOT EXISTS `or``ders` (a int)"), MY_PICK_TABLE);
	assert_int_equal(
	    kind_of(a, "CREATE TABLE `x` (a int) COMMENT 'TABLE `or``ders`'"), MY_PICK_NOT);
	assert_int_equal(kind_of(a, "/*!50003 CREATE*/ /*!50017 DEFINER=`r`@`%`*/ /*!50003 TRIGGER "
				    "`t` AFTER INSERT ON `or``ders` FOR EACH ROW SET @a = 1 */"),
	    MY_PICK_TRIGGER);
	assert_int_equal(kind_of(a, "USE `or``ders`"), MY_PICK_USE);
	assert_int_equal(kind_of(a, "/*!40101 SET character_set_client = utf8mb4 */"), MY_PICK_SET);
	assert_int_equal(kind_of(a, "DROP TABLE `or``ders`"), MY_PICK_NOT);
	arena_free(a);
}

static struct my_definition
define(struct arena *a, const char *text)
{
	struct my_definition d;

	assert_int_equal(my_define(a, text, strlen(text), "shop", "side", "t", &d, NULL), 0);
	return d;
}

static void
test_definition(void **state)
{
	struct arena *a = arena_new();
	struct my_definition d;

	(void)state;
	d = define(a,
	    "CREATE TABLE `t` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  `k` int DEFAULT "
	    "(1 + (2)) COMMENT 'a, KEY `x` (',\n  PRIMARY KEY (`id`),\n  KEY `k1` "
	    "(`k`,`id`),\n  UNIQUE KEY `k2` (`k`),\n  FULLTEXT KEY `f` (`k`),\n  CONSTRAINT "
	    "`c` FOREIGN KEY (`k`) REFERENCES `p` (`id`) ON DELETE CASCADE,\n  CONSTRAINT "
	    "`s` FOREIGN KEY (`k`) REFERENCES `t` (`id`)\n) ENGINE=InnoDB");
	assert_string_equal(d.before,
	    "CREATE TABLE `side`.`t` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  `k` int DEFAULT (1 "
	    "+ "
	    "(2)) COMMENT 'a, KEY `x` (',\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB;\n");
	assert_string_equal(d.after,
	    "ALTER TABLE `side`.`t` ADD KEY `k1` (`k`,`id`), ADD UNIQUE KEY `k2` (`k`);\n"
	    "ALTER TABLE `side`.`t` ADD FULLTEXT KEY `f` (`k`);\n"
	    "ALTER TABLE `side`.`t` ADD CONSTRAINT `c` FOREIGN KEY (`k`) REFERENCES `shop`.`p` "
	    "(`id`) ON DELETE CASCADE, ADD CONSTRAINT `s` FOREIGN KEY (`k`) REFERENCES "
	    "`side`.`t` (`id`);\n");
	assert_int_equal(d.nafter, 3);
	/* The counter is no first column of the primary key, the engine another: keys come at once.
	 */
	d = define(a, "CREATE TABLE t (a int, id int AUTO_INCREMENT, PRIMARY KEY (a), KEY k (id)) "
		      "ENGINE=InnoDB");
	assert_string_equal(d.after, "");
	d = define(a, "CREATE TABLE t (a int PRIMARY KEY, KEY k (a)) ENGINE=Aria");
	assert_string_equal(d.after, "");
	assert_string_equal(my_trigger_on(a,
				"CREATE TRIGGER x BEFORE UPDATE ON shop.t FOR EACH ROW "
				"SET @on = 1",
				64, "`shop`.`u`"),
	    "CREATE TRIGGER x BEFORE UPDATE ON `shop`.`u` FOR EACH ROW SET @on = ");
	assert_null(my_trigger_on(a, "DROP TABLE t", 12, "u"));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pieces),
	    cmocka_unit_test(test_long),
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
