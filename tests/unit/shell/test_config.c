/*
 * The config and policy files: what is right comes out as it was meant, and every mistake is one
 * sentence with file, line, and what was expected.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "arena.h"
#include "shell/config.h"
#include "shell/policy_file.h"

#define NODE "node \"pg1\" { address = \"host=127.0.0.1 port=5433\" }"

static const char good[] = "# a comment\n"
			   "operators = \"operators\"\n"
			   "spool = \"/var/spool/holdfast\"\n"
			   "journal = {\"journal\", \"journal2\"}\n"
			   "policy = \"policy.conf\"\n"
			   "history = \"~/h\"\n"
			   "person \"alice\" {\n"
			   "  key = \"keys/alice\"\n"
			   "  passfile = \"keys/alice.pgpass\"\n"
			   "  user = \"al\"\n"
			   "}\n"
			   "person \"bob\" { }\n"
			   "cluster \"lab\" {\n"
			   "  engine = postgresql\n"
			   "  database = \"shop\"\n"
			   "  connect_timeout = 700\n"
			   "  node \"pg1\" { address = \"host=127.0.0.1 port=5433\" }\n"
			   "  node \"pg2\" {\n"
			   "    address = \"postgresql://127.0.0.1:5434/shop\"\n"
			   "  }\n"
			   "}\n"
			   "cluster \"toy\" { environment = scratch scratch_address = "
			   "\"127.0.0.1:9\" scratch_data_directory = \"/d\" " NODE " }\n";

static void
parses(void **state)
{
	struct arena *a = arena_new();
	struct config c;
	struct err e = {0};

	(void)state;
	setenv("HOME", "/home/x", 1);
	if (config_parse(a, "/etc/h/h.conf", "/etc/h", good, strlen(good), &c, &e) != 0)
		fail_msg("%s", e.msg);
	assert_string_equal(c.operators, "/etc/h/operators");
	assert_string_equal(c.spool, "/var/spool/holdfast");
	assert_string_equal(c.policy, "/etc/h/policy.conf");
	assert_string_equal(c.history, "/home/x/h");
	assert_int_equal(c.njournal, 2);
	assert_string_equal(c.journal[1], "/etc/h/journal2");
	assert_int_equal(c.npersons, 2);
	assert_string_equal(config_person(&c, "alice")->passfile, "/etc/h/keys/alice.pgpass");
	assert_string_equal(config_person(&c, "alice")->user, "al");
	assert_null(config_person(&c, "bob")->key);
	assert_int_equal(c.nclusters, 2);
	assert_string_equal(c.clusters[0].nodes[1].address, "postgresql://127.0.0.1:5434/shop");
	assert_int_equal(c.clusters[0].nodes[1].line, 20);
	assert_int_equal(c.clusters[0].connect_timeout_ms, 700);
	assert_int_equal(c.clusters[0].query_timeout_ms, 2000);
	assert_string_equal(c.clusters[0].environment, "production");
	assert_string_equal(c.clusters[1].environment, "scratch");
	assert_string_equal(c.clusters[1].scratch_address, "127.0.0.1:9");
	arena_free(a);
}

struct bad {
	const char *text, *says;
};

static const struct bad bad_configs[] = {
    {"spol = \"x\"\n", "f:1: no such option 'spol'; expected one of operators, policy"},
    {"\n\ncluster \"x\" { engine = oracle }",
	"f:3: engine = \"oracle\" is not known; expected postgresql"},
    {"cluster \"x\" {\n node \"a\" { adress = \"h\" } }",
	"f:2: no such option 'adress'; expected one of host, address"},
    {"cluster \"x\" {\n node \"a\" { address = \"host=h password=y\" } }",
	"f:2: address = \"...\" holds a password; expected a libpq address"},
    {"cluster \"x\" {\n node \"a\" { address = \"host=h PassWord = 'y'\" } }", "holds a password"},
    {"cluster \"x\" { node \"a\" { address = \"postgresql://u:secret@h/d\" } }",
	"holds a password"},
    {"cluster \"x\" { node \"a\" { address = \"postgresql://u@h/d?password=s\" } }",
	"holds a password"},
    {"cluster \"x\" {\n " NODE "\n " NODE " }",
	"f:3: found duplicate title 'pg1'; expected each name once"},
    {"cluster \"x\" { node \"a\" { address = \"host=h\" } node \"b\" { address = \"host=h\" } }",
	"nodes \"a\" and \"b\" have the same address"},
    {"cluster \"x\" { " NODE " }\ncluster \"x\" { " NODE " }", "f:2: found duplicate title 'x'"},
    {"person \"a\" {}\nperson \"a\" {}", "f:2: found duplicate title 'a'"},
    {"cluster \"x\" {\n}", "f:2: cluster \"x\" has no node; expected at least one node"},
    {"cluster \"x\" {\n node \"a\" { address = \"hots=h port=1\" } }",
	"f:2: the address of node \"a\" \"hots\" is no keyword of libpq; expected \"host=NAME"},
    {"cluster \"x\" {\n\n node \"a\" { address = \"host=h port=54321x\" } }",
	"f:3: the address of node \"a\" has a port that is none (1 to 65535)"},
    {"cluster \"x\" { node \"a\" { address = \"host=h port=0\" } }", "has a port that is none"},
    {"cluster \"x\" { node \"a\" { address = \"host=h port=65536\" } }", "has a port that is none"},
    {"cluster \"x\" { node \"a\" { address = \"host=h,i port=1,2,3\" } }",
	"has a port that is none"},
    {"cluster \"x\" { node \"a\" { address = \"postgresql://h:99999/d\" } }",
	"has a port that is none"},
    {"cluster \"x\" { node \"a\" { address = \"postgresql://h/d?sslmod=x\" } }",
	"\"sslmod\" is no keyword of libpq"},
    {"cluster \"x\" { node \"a\" { address = \"localhost:5432\" } }", "is no connection string"},
    {"cluster \"x\" { node \"a\" { address = \"host='h\" } }", "cannot be understood by libpq"},
    {"cluster \"x\" { node \"a\" { } }", "f:1: node \"a\" has no address"},
    {"cluster \"x\" { " NODE "\n", "f:1: a section or comment is still open at the end"},
    {"spool = \"a\"\n/* hm", "still open at the end"},
    {"spool = \"a\nb", "f:2: "},
    {"cluster \"x\" { engine =\n", "f:1: engine = has no value at the end of the file"},
    {"spool = \"a\"\nspool = \"b\"", "f:2: spool is said a second time; expected each option once"},
    {"journal = {\"a\"}\njournal = {\"b\"}", "f:2: journal is said a second time"},
    {"journal = {\"a\", \"\"}", "f:1: journal = \"\" is empty"},
    {"cluster \"x\" {\n connect_timeout = soon " NODE " }",
	"f:2: invalid integer value for option 'connect_timeout'; expected a whole number"},
    {"cluster \"x\" { query_timeout = 1 " NODE " }",
	"query_timeout = 1 is out of range; expected milliseconds, 50 to 600000"},
    {"cluster \"x\" { environment = test " NODE " }",
	"environment = \"test\" is not known; expected production or scratch"},
    {"cluster \"x\" { environment = scratch " NODE " }", "is scratch but bound to no server"},
    {"cluster \"x\" { scratch_address = \"h:1\" " NODE " }",
	"is bound like a scratch server and is none"},
    {"cluster \"a b\" { " NODE " }",
	"cluster \"a b\" has no usable name; expected 1 to 64 letters"},
    {"cluster { " NODE " }",
	"missing title for section 'cluster'; expected a name in double quotes"},
    {"spool \"x\"", "missing equal sign after option 'spool'; expected NAME = VALUE"},
    {"} {", "unexpected closing brace"},
    {"? = 0", "no such option '?'"},
    {"include(\"/etc/passwd\")", "no such option 'include'"},
    {"holdfast_file_end = 1", "no such option 'holdfast_file_end'"},
    {"spool = \"a\x01z\"", "f:1: byte 0x01 is no text"},
    {"spool = \"a\"\n\xff\xfe", "f:2: byte 0xff is no text"},
    {"spool = \"a\\x1bz\"", "has characters that cannot be seen"},
    {"\x7f"
     "ELF\x02\x01\x01",
	"byte 0x7f is no text"},
};

static void
mistakes(void **state)
{
	struct arena *a = arena_new();
	struct config c;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad_configs) / sizeof(bad_configs[0]); i++) {
		err_clear(&e);
		if (config_parse(a, "f", "/", bad_configs[i].text, strlen(bad_configs[i].text), &c,
			&e) != -1)
			fail_msg("row %zu was taken", i);
		assert_int_equal(e.code, ERR_CONFIG);
		if (strstr(e.msg, bad_configs[i].says) == NULL)
			fail_msg("row %zu says: %s", i, e.msg);
		assert_null(strstr(e.msg, "secret"));
		assert_null(strchr(e.msg, '\n'));
	}
	arena_free(a);
}

static char *
temp_file(const char *text, mode_t mode)
{
	static char name[64];
	int fd;

	snprintf(name, sizeof(name), "/tmp/holdfast-config-XXXXXX");
	fd = mkstemp(name);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return name;
}

static void
files(void **state)
{
	struct arena *a = arena_new();
	struct config c;
	struct site_policy p;
	struct err e = {0};
	char *name;

	(void)state;
	name = temp_file("spool = \"s\"\n", 0600);
	assert_int_equal(config_load(a, name, &c, &e), 0);
	assert_string_equal(c.spool, "/tmp/s");
	assert_string_equal(c.file, name);
	assert_int_equal(c.njournal, 1);
	assert_non_null(strstr(c.journal[0], "/holdfast/journal"));
	chmod(name, 0660);
	assert_int_equal(config_load(a, name, &c, &e), -1);
	assert_non_null(strstr(e.msg, "can be written by others (mode 0660)"));
	assert_int_equal(policy_load(a, name, &p, &e), -1);
	assert_non_null(strstr(e.msg, "can be written by others"));
	chmod(name, 0606);
	assert_int_equal(config_load(a, name, &c, &e), -1);
	chmod(name, 0600);
	if (geteuid() == 0) {
		assert_int_equal(chown(name, 12345, 12345), 0);
		assert_int_equal(config_load(a, name, &c, &e), -1);
		assert_non_null(strstr(e.msg, "belongs to somebody else (user id 12345)"));
	}
	assert_int_equal(chown(name, geteuid(), getegid()), 0);
	assert_int_equal(truncate(name, 1 << 21), 0);
	assert_int_equal(config_load(a, name, &c, &e), -1);
	assert_non_null(strstr(e.msg, "longer than"));
	unlink(name);
	assert_int_equal(config_load(a, name, &c, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_non_null(strstr(e.msg, "No such file"));
	assert_int_equal(config_load(a, "/tmp", &c, &e), -1);
	assert_non_null(strstr(e.msg, "no regular file"));
	assert_int_equal(config_load(a, "/dev/zero", &c, &e), -1);
	arena_free(a);
}

static void
defaults_and_places(void **state)
{
	struct arena *a = arena_new();
	struct config c;
	struct err e = {0};
	char *name;

	(void)state;
	setenv("HOME", "/nonexistent", 1);
	setenv("XDG_STATE_HOME", "/state", 1);
	unsetenv("HOLDFAST_CONFIG");
	if (access("/etc/holdfast/holdfast.conf", F_OK) != 0) {
		assert_int_equal(config_load(a, NULL, &c, &e), 0);
		assert_null(c.file);
		assert_int_equal(c.nclusters, 0);
		assert_string_equal(c.journal[0], "/state/holdfast/journal");
		assert_string_equal(c.history, "/state/holdfast/history");
	}
	unsetenv("XDG_STATE_HOME");
	name = temp_file("", 0600);
	setenv("HOLDFAST_CONFIG", name, 1);
	assert_int_equal(config_load(a, NULL, &c, &e), 0);
	assert_string_equal(c.file, name);
	assert_string_equal(c.journal[0], "/nonexistent/.local/state/holdfast/journal");
	unlink(name);
	assert_int_equal(config_load(a, NULL, &c, &e), -1);
	unsetenv("HOLDFAST_CONFIG");
	arena_free(a);
}

static void
urls(void **state)
{
	struct arena *a = arena_new();
	struct config c = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(config_from_url(a, "postgresql://alice@db1.example:5433/shop", &c, &e), 0);
	assert_int_equal(c.nclusters, 1);
	assert_string_equal(c.clusters[0].name, "db1.example-5433");
	assert_string_equal(c.clusters[0].engine, "postgresql");
	assert_string_equal(c.clusters[0].environment, "production");
	assert_string_equal(
	    c.clusters[0].nodes[0].address, "postgresql://alice@db1.example:5433/shop");
	assert_int_equal(c.njournal, 1);
	assert_int_equal(config_from_url(a, "postgres:///shop", &c, &e), 0);
	assert_string_equal(c.clusters[0].name, "local");
	assert_int_equal(config_from_url(a, "postgresql://[::1]:5433/shop", &c, &e), 0);
	assert_int_equal(config_from_url(a, "postgresql://a:hunter2@h/d", &c, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_null(strstr(e.msg, "hunter2"));
	assert_int_equal(config_from_url(a, "oracle://h/d", &c, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	assert_int_equal(config_from_url(a, "postgresql://h/d\x1b[2J", &c, &e), -1);
	assert_null(strchr(e.msg, 0x1b));
	arena_free(a);
}

static const char good_policy[] =
    "hold = names\n"
    "hold_names = {\"pg2\", \"pg3\"}\n"
    "lock_timeout = 500\n"
    "statement_timeout = 60000\n"
    "approvals = 2\n"
    "write_confirm_rows = 10\n"
    "request_ttl = 300\n"
    "quarantine = \"trash\"\n"
    "rule \"big\" {\n"
    "  kinds = {\"alter-*\", \"create-index\", \"pg_promote\", \"drop-materialized-view\"}\n"
    "  objects = {\"public.*\"}\n"
    "  min_class = dangerous\n"
    "  rows_over = 5000000\n"
    "  hours = \"22:00-06:00\"\n"
    "  level = approve\n"
    "  approvals = 2\n"
    "  sentence = \"Large tables wait for the morning.\"\n"
    "  learned = \"cxalloy\"\n"
    "}\n";

static void
policies(void **state)
{
	struct arena *a = arena_new();
	struct site_policy p, d;
	struct err e = {0};

	(void)state;
	assert_int_equal(policy_load(a, NULL, &d, &e), 0);
	assert_null(d.file);
	assert_int_equal(strlen(d.digest), 64);
	if (policy_parse(a, "p", good_policy, strlen(good_policy), &p, &e) != 0)
		fail_msg("%s", e.msg);
	assert_int_equal(p.hold, HOLD_NAMES);
	assert_int_equal(p.nhold_names, 2);
	assert_int_equal(p.lock_timeout_ms, 500);
	assert_int_equal(p.approvals, 2);
	assert_int_equal(p.request_ttl_s, 300);
	assert_string_equal(p.quarantine, "trash");
	assert_int_equal(p.nrules, 1);
	assert_string_equal(p.rules[0].id, "big");
	assert_int_equal(p.rules[0].hours_from, 22 * 60);
	assert_int_equal(p.rules[0].hours_to, 6 * 60);
	assert_int_equal(p.rules[0].bytes_over, -1);
	assert_int_equal(p.rules[0].rows_over, 5000000);
	assert_int_equal(p.rules[0].level, LEVEL_APPROVE);
	assert_int_equal(p.rules[0].approvals, 2);
	assert_string_not_equal(p.digest, d.digest);
	arena_free(a);
}

#define RULE(x) "rule \"r\" { " x " sentence = \"S.\" }"

static const struct bad bad_policies[] = {
    {"approvals = 0", "p:1: approvals = 0 is out of range; expected persons; never 0, 1 to 10"},
    {RULE("level = approve approvals = 0"), "approvals = 0 is out of range"},
    {RULE("level = allow"), "level = \"allow\" is not known; expected confirm, approve or refuse"},
    {RULE("level = confirm approvals = 2"), "asks for approvals at level confirm"},
    {RULE("min_class = bad level = confirm"), "min_class = \"bad\" is not known"},
    {RULE("kinds = {\"drop-*\", \"DROP TABLE\"} level = confirm"),
	"kinds = \"DROP TABLE\" is no kind of statement"},
    {RULE("kinds = {\"drop-*\",\n \"drop-tabel\"} level = confirm"),
	"p:2: kinds = \"drop-tabel\" is no kind of statement (nearest: drop-table, "},
    {RULE("kinds = {\"pg_promot\"} level = confirm"), "(nearest: pg_promote, "},
    {RULE("kinds = {\"add-*\"} level = confirm"), "kinds = \"add-*\" is no kind of statement"},
    {RULE("hours = \"6-22\" level = confirm"),
	"hours = \"6-22\" is no span of hours; expected UTC"},
    {RULE("hours = \"25:00-06:00\" level = confirm"), "is no span of hours"},
    {RULE("hours = \"06:00-06:00\" level = confirm"), "is no span of hours"},
    {"rule \"r\" { level = confirm }", "has no sentence"},
    {"rule \"r\" { sentence = \"S.\" }", "has no level"},
    {"hold = some", "hold = \"some\" is not known; expected all, one or names"},
    {"hold = names", "hold = names and hold_names go together"},
    {"hold_names = {\"a\"}", "hold = names and hold_names go together"},
    {"quarantine = \"a b\"", "no plain schema name"},
    {"quarantine = \"pg_trash\"", "no plain schema name"},
    {"lock_timeout = 0", "lock_timeout = 0 is out of range"},
    {"request_ttl = 5", "request_ttl = 5 is out of range"},
    {"lock_timout = 5", "no such option 'lock_timout'; expected one of hold, hold_names"},
    {"write_confirm_rows = -1", "write_confirm_rows = -1 is out of range"},
};

static void
policy_mistakes(void **state)
{
	struct arena *a = arena_new();
	struct site_policy p;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad_policies) / sizeof(bad_policies[0]); i++) {
		err_clear(&e);
		if (policy_parse(
			a, "p", bad_policies[i].text, strlen(bad_policies[i].text), &p, &e) != -1)
			fail_msg("row %zu was taken", i);
		assert_int_equal(e.code, ERR_CONFIG);
		if (strstr(e.msg, bad_policies[i].says) == NULL)
			fail_msg("row %zu says: %s", i, e.msg);
	}
	arena_free(a);
}

/* What only the policy and the config together can tell. */
static void
hold_names(void **state)
{
	static const char text[] = "hold = names\n\nhold_names = {\"pg1\",\n\"pg9\"}\n",
			  fits[] = "hold = names hold_names = {\"pg2\", \"pg1\"}";
	struct arena *a = arena_new();
	struct site_policy p;
	struct config c, none = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(config_parse(a, "/f", "/", good, strlen(good), &c, &e), 0);
	assert_int_equal(policy_parse(a, "/p", text, strlen(text), &p, &e), 0);
	assert_int_equal(policy_fits(&p, &c, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_string_equal(
	    e.msg, "/p:4: hold_names = \"pg9\" is no node; expected names of nodes of /f");
	assert_int_equal(policy_fits(&p, &none, &e), 0);
	assert_int_equal(policy_parse(a, "/p", fits, strlen(fits), &p, &e), 0);
	assert_int_equal(policy_fits(&p, &c, &e), 0);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses),
	    cmocka_unit_test(mistakes),
	    cmocka_unit_test(files),
	    cmocka_unit_test(defaults_and_places),
	    cmocka_unit_test(urls),
	    cmocka_unit_test(policies),
	    cmocka_unit_test(policy_mistakes),
	    cmocka_unit_test(hold_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
