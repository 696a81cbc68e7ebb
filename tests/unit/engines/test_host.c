/*
 * Hosts: words into shell text against a real /bin/sh, the start of a command, known_hosts, the
 * control file, and the local transport.
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

#include "engines/host_ask.h"

/* What people and machines put into paths to be misunderstood. */
static const char *const hostile[] = {"", " ", "a b", "  two  ", "\t", "\n", "a\nb", "\r\n", "'",
    "''", "'a'", "a'b", "'\\''", "\\", "\\\\", "\\'", "\"", "\"a\"", "$HOME", "${HOME}", "$(id)",
    "`id`", "$((1+1))", "a;b", "; rm -rf /", "a && b", "a || b", "a | b", "> /tmp/x",
    "< /etc/passwd", "&", "#", "# comment", "!", "!!", "*", "?", "[a-z]", "{a,b}", "~", "~root",
    "-", "--", "-rf", "--version", "-n", "=", "A=b", "%s%n", "\\n", "\\0", "'; id; '", "'$(id)'",
    "\x01\x02\x7f", "\x1b[2J", "\xff\xfe",
    "\xe2\x80\xae"
    "gpj.exe",
    "\xc2\xa0", "/..//./", "a\\\nb", "EOF", "$'\\n'", "^M", "(", ")", "((", "))", "a=b;c",
    "'\"'\"'", "/tmp/x\ny", "*'*", "$@", "$*", "$$", NULL};

static void
read_words(const char *line, char *out, size_t size, size_t *n)
{
	FILE *f;

	/* The text goes through a file: the shell reads it, nobody else does. */
	char name[] = "/tmp/holdfast-quote.XXXXXX", command[128];
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, line, strlen(line)), (ssize_t)strlen(line));
	close(fd);
	snprintf(command, sizeof(command), "/bin/sh %s", name);
	f = (popen)(command, "r");
	assert_non_null(f);
	*n = fread(out, 1, size, f);
	pclose(f);
	unlink(name);
}

static void
test_quote_comes_back(void **state)
{
	const char *argv[4] = {"printf", "%s", NULL, NULL};
	struct err e = {0};
	char out[256];
	struct buf b;
	size_t i, n;

	(void)state;
	for (i = 0; hostile[i] != NULL; i++) {
		buf_init(&b, HOST_LINE_MAX);
		argv[2] = hostile[i];
		assert_int_equal(host_quote(&b, argv, &e), 0);
		read_words(buf_str(&b), out, sizeof(out), &n);
		assert_int_equal(n, strlen(hostile[i]));
		assert_memory_equal(out, hostile[i], n);
		buf_free(&b);
	}
	assert_true(i >= 40);
}

static void
test_quote_every_byte(void **state)
{
	const char *argv[4] = {"printf", "%s", NULL, NULL};
	char all[256], out[512];
	struct err e = {0};
	struct buf b;
	size_t n;
	int i;

	(void)state;
	for (i = 1; i < 256; i++)
		all[i - 1] = (char)i;
	all[255] = '\0';
	buf_init(&b, HOST_LINE_MAX);
	argv[2] = all;
	assert_int_equal(host_quote(&b, argv, &e), 0);
	read_words(buf_str(&b), out, sizeof(out), &n);
	assert_int_equal(n, 255);
	assert_memory_equal(out, all, 255);
	buf_free(&b);
}

static void
test_line_waits_for_go(void **state)
{
	static const char *const argv[] = {"printf", "%s", "ran", NULL};
	struct err e = {0};
	char out[256];
	struct buf b;
	size_t n;

	(void)state;
	buf_init(&b, HOST_LINE_MAX);
	/* Nothing says go: it says its number and runs nothing. */
	buf_puts(&b, "exec </dev/null; ");
	assert_int_equal(host_line(&b, argv, &e), 0);
	read_words(buf_str(&b), out, sizeof(out) - 1, &n);
	out[n] = '\0';
	assert_non_null(strstr(out, "holdfast:"));
	assert_null(strstr(out, "ran"));
	buf_free(&b);
}

static void
refuse(const char *first)
{
	const char *argv[] = {first, NULL}, *out[HOST_ARGV_MAX + 1];
	struct err e = {0};
	struct buf b;

	buf_init(&b, HOST_LINE_MAX);
	assert_int_equal(host_line(&b, argv, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	assert_int_equal(host_words(argv, out, &e), -1);
	buf_free(&b);
}

static void
test_no_program(void **state)
{
	(void)state;
	refuse("");
	refuse("-i");
	refuse("PATH=/tmp");
	refuse(NULL);
}

static void
test_too_long(void **state)
{
	char *big = malloc(HOST_LINE_MAX);
	const char *argv[] = {"cat", big, NULL};
	struct err e = {0};
	struct buf b;

	(void)state;
	assert_non_null(big);
	memset(big, 'x', HOST_LINE_MAX - 1);
	big[HOST_LINE_MAX - 1] = '\0';
	buf_init(&b, HOST_LINE_MAX);
	assert_int_equal(host_line(&b, argv, &e), -1);
	buf_free(&b);
	free(big);
}

static void
test_start(void **state)
{
	struct host_start s = {0};

	(void)state;
	assert_int_equal(host_started(&s, "motd holdfast:77\n", 17), 0);
	assert_int_equal(s.pid, 0);
	assert_int_equal(host_started(&s, "holdfast:", 9), 0);
	assert_int_equal(host_started(&s, "123", 3), 0);
	assert_int_equal(s.pid, 0);
	assert_int_equal(host_started(&s, "4\nab", 4), 2);
	assert_int_equal(s.pid, 1234);
	buf_free(&s.head);
}

static void
test_known_hosts(void **state)
{
	static const char text[] =
	    "# a comment\n"
	    "db1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDE=\n"
	    "[db1]:2222,other ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDI=\n"
	    "*.example,!bad.example ecdsa-sha2-nistp256 AAAA\n"
	    "@revoked db9 ssh-ed25519 AAAA\n"
	    "@cert-authority db1 ssh-ed25519 AAAA\n"
	    "db1 ssh-ed25519 not-base64!\n"
	    "|1|AAAAAAAAAAAAAAAAAAAAAAAAAAA=|2WxXmUE4rPH8yyBRXS6ZcLJPRV4= ssh-ed25519 AAAA\n";
	char name[] = "/tmp/holdfast-known.XXXXXX";
	struct arena *a = arena_new();
	struct known_key *k;
	struct err e = {0};
	size_t n;
	int fd = mkstemp(name);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, sizeof(text) - 1), (ssize_t)sizeof(text) - 1);
	close(fd);
	assert_int_equal(known_hosts(a, name, "db1", 22, &k, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(k[0].line, 2);
	assert_int_equal(known_hosts(a, name, "db1", 2222, &k, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(k[0].line, 3);
	assert_int_equal(known_hosts(a, name, "DB7.example", 22, &k, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(known_hosts(a, name, "bad.example", 22, &k, &n, &e), 0);
	assert_int_equal(n, 0);
	assert_int_equal(known_hosts(a, name, "db9", 22, &k, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_true(k[0].is_revoked);
	assert_int_equal(known_hosts(a, name, "db2", 22, &k, &n, &e), 0);
	assert_int_equal(n, 0);
	unlink(name);
	arena_free(a);
}

/* Lines as ssh-keygen hashes them. */
static void
test_known_hashed(void **state)
{
	char dir[] = "/tmp/holdfast-hashed.XXXXXX", command[512], name[128];
	struct arena *a = arena_new();
	struct known_key *k;
	struct err e = {0};
	FILE *f;
	size_t n;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(command, sizeof(command),
	    "cd %s && ssh-keygen -q -t ed25519 -N '' -f k && "
	    "printf '[db1]:2222 %%s\\n' \"$(cut -d' ' -f1,2 k.pub)\" >known && "
	    "ssh-keygen -q -H -f known 2>/dev/null && rm -f known.old; ssh-keygen -lf k.pub",
	    dir);
	f = (popen)(command, "r");
	assert_non_null(f);
	n = fread(command, 1, sizeof(command) - 1, f);
	command[n] = '\0';
	pclose(f);
	snprintf(name, sizeof(name), "%s/known", dir);
	assert_int_equal(known_hosts(a, name, "db1", 2222, &k, &n, &e), 0);
	assert_int_equal(n, 1);
	key_fingerprint(k[0].blob, k[0].len, name);
	assert_non_null(strstr(command, name));
	snprintf(name, sizeof(name), "%s/known", dir);
	assert_int_equal(known_hosts(a, name, "db1", 22, &k, &n, &e), 0);
	assert_int_equal(n, 0);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	pclose((popen)(command, "r"));
	arena_free(a);
}

static void
test_control(void **state)
{
	char hex[113] = "";
	struct control c;

	(void)state;
	memset(hex, '0', 112);
	memcpy(hex, "0102030405060708", 16); /* system */
	memcpy(hex + 16, "14050000", 8);     /* 1300 */
	memcpy(hex + 32, "02000000", 8);     /* shut down in recovery */
	memcpy(hex + 64, "4801000300000000", 16);
	memcpy(hex + 96, "07000000", 8);
	assert_int_equal(control_read(hex, &c), 0);
	assert_true(c.system == 0x0807060504030201ULL);
	assert_int_equal(c.state, STATE_SHUT_DOWN_IN_RECOVERY);
	assert_int_equal(c.checkpoint, 0x3000148);
	assert_int_equal(c.timeline, 7);
	/* A layout of the future: whose it is, and no more. */
	memcpy(hex + 16, "d0070000", 8);
	assert_int_equal(control_read(hex, &c), 0);
	assert_int_equal(c.state, STATE_NOT_KNOWN);
	hex[40] = 'x';
	assert_int_equal(control_read(hex, &c), -1);
}

static struct host_conn *
open_local(struct waiter *w)
{
	static const struct cluster_config none;
	struct host_conn *h = NULL;
	struct err e = {0};

	poll_waiter(w, -1);
	assert_int_equal(host_open(&none, "local", w, &h, &e), 0);
	return h;
}

static void
test_local(void **state)
{
	static const char *const argv[] = {
	    "/bin/sh", "-c", "echo \"$PATH|$LANG|${HOME-none}\"; echo bad >&2; exit 7", NULL};
	static const char *const killed[] = {"/bin/sh", "-c", "kill -9 $$", NULL};
	struct waiter w;
	struct host_conn *h = open_local(&w);
	struct host_command cmd = {.argv = argv, .timeout_ms = 60000};
	struct err e = {0};

	(void)state;
	assert_int_equal(host_run(h, &w, &cmd, &e), 0);
	assert_int_equal(cmd.status, 7);
	assert_string_equal(buf_str(&cmd.out), "/usr/sbin:/usr/bin:/sbin:/bin|C|none\n");
	assert_string_equal(buf_str(&cmd.err), "bad\n");
	host_command_free(&cmd);
	cmd.argv = killed;
	assert_int_equal(host_run(h, &w, &cmd, &e), 0);
	assert_string_equal(cmd.signal, "KILL");
	assert_int_equal(cmd.status, -1);
	host_command_free(&cmd);
	host_close(h);
}

/* More than is kept is counted as cut, and never grows. */
static void
test_local_bounds(void **state)
{
	static const char *const argv[] = {"head", "-c", "3000000", "/dev/zero", NULL};
	static const char *const slow[] = {"sleep", "600", NULL};
	struct waiter w;
	struct host_conn *h = open_local(&w);
	struct host_command cmd = {.argv = argv, .timeout_ms = 60000, .max = 1000};
	struct err e = {0};

	(void)state;
	assert_int_equal(host_run(h, &w, &cmd, &e), 0);
	assert_true(cmd.is_cut);
	assert_true(cmd.out.len < 1000);
	host_command_free(&cmd);
	cmd.argv = slow;
	cmd.timeout_ms = 200;
	assert_int_equal(host_run(h, &w, &cmd, &e), -1);
	assert_false(cmd.is_unknown);
	assert_int_equal(e.code, ERR_FAILED);
	host_command_free(&cmd);
	host_close(h);
}

static void
test_mounts(void **state)
{
	static const char text[] = "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
				   "30 21 8:2 / /srv rw - ext4 /dev/sdb1 rw\n"
				   "31 21 8:2 /pg /data/my\\040db rw - ext4 /dev/sdb1 rw\n"
				   "32 30 0:5 / /srv/pg/main/tmp rw - tmpfs none rw\nbroken\n";
	struct arena *a = arena_new();
	struct path_facts f = {.real = "/data/my db/main"};

	(void)state;
	host_mounts(a, &f, text);
	assert_int_equal(f.nalso, 1);
	assert_string_equal(f.also[0], "/srv/pg/main");
	assert_false(f.is_mount_point);
	assert_null(f.mounted);
	f = (struct path_facts){.real = "/srv/pg/main"};
	host_mounts(a, &f, text);
	assert_int_equal(f.nalso, 1);
	assert_string_equal(f.also[0], "/data/my db/main");
	assert_string_equal(f.mounted, "/srv/pg/main/tmp");
	f = (struct path_facts){.real = "/data/my db"};
	host_mounts(a, &f, text);
	assert_true(f.is_mount_point);
	f = (struct path_facts){.real = "/var/lib"};
	host_mounts(a, &f, text);
	assert_int_equal(f.nalso, 0);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_quote_comes_back),
	    cmocka_unit_test(test_mounts), cmocka_unit_test(test_quote_every_byte),
	    cmocka_unit_test(test_line_waits_for_go), cmocka_unit_test(test_no_program),
	    cmocka_unit_test(test_too_long), cmocka_unit_test(test_start),
	    cmocka_unit_test(test_known_hosts), cmocka_unit_test(test_known_hashed),
	    cmocka_unit_test(test_control), cmocka_unit_test(test_local),
	    cmocka_unit_test(test_local_bounds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
