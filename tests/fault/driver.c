/*
 * The program that faults are injected into: the real writer and the real verifier, and what they
 * told their caller.
 *	driver write OPERATORS DIR...	one session; writes the operators file
 *	driver recover DIR...		a later session in the same directories
 *	driver pour N DIR		N notes as fast as they go
 *	driver twice DIR		a fork of the writer tries to write
 *	driver merge FILE...		SESSION SEQ of all records in their one order
 *	driver verify			from stdin: OPERATORS FILE; answers CODE SEQ SENTENCE
 * To FAULT_LOG: A n acknowledged, B n begun and so sent, H head witnessed, E sentence.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "journal.h"
#include "journal/verify.h"

struct driver {
	struct arena *a;
	struct session_key *session, *alice, *bob;
	struct journal *j;
	int log;
	long n; /* of the next record */
};

static void
tell(struct driver *d, const char *what, const char *text)
{
	if (d->log >= 0 && dprintf(d->log, "%s %s 0\n", what, text) < 0)
		abort();
}

/* Puts a record with a number of its own; says so where the writer acknowledged it. */
static int
put(struct driver *d, const char *type, json_t *body)
{
	char n[32];
	struct err e;

	snprintf(n, sizeof(n), "%ld", d->n);
	json_object_set_new(body, "n", json_integer(d->n++));
	if (journal_put(d->j, type, body, &e) != 0) {
		tell(d, "E", e.msg);
		return -1;
	}
	tell(d, strcmp(type, "begin") == 0 ? "B" : "A", n);
	return 0;
}

static void
put_signed(struct driver *d, const char *type, const struct session_key *key, const char *namespace,
    const char *person, const char *statement)
{
	struct err e;
	char *sig;

	if (sshsig_sign(d->a, key, namespace, statement, strlen(statement), &sig, &e) != 0)
		abort();
	put(d, type,
	    json_pack("{s:s,s:s,s:s}", "person", person, "statement", statement, "sig", sig));
}

static void
answer(struct driver *d, const char *type)
{
	char *head = journal_head(d->a, d->j);

	if (put(d, "request", json_pack("{s:s,s:s}", "request", "p1", "digest", "00")) == 0)
		tell(d, "H", head);
	put_signed(d, type, d->bob, NS_APPROVAL, "bob",
	    arena_printf(d->a,
		"holdfast-approval-v1\ndecision: x\nrequest: x\njournal: %s\nrequester: alice\n"
		"approver: bob\nissued: 2026-11-22T03:01:00Z\nexpires: 2026-11-22T03:16:00Z\n",
		head));
}

static void
handover(struct driver *d)
{
	char *text, *sig;
	struct err e;

	text = arena_printf(d->a,
	    "holdfast-handover-v1\nincident: DB-1\njournal: %s\nfrom: alice\nto: bob\nheld: pg2\n"
	    "issued: 2026-11-22T03:02:00Z\n",
	    journal_head(d->a, d->j));
	if (sshsig_sign(d->a, d->bob, NS_HANDOVER, text, strlen(text), &sig, &e) != 0)
		abort();
	put(d, "incident",
	    json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "action", "handover", "name", "DB-1",
		"person", "alice", "to", "bob", "held", "pg2", "statement", text, "signature",
		sig));
}

static int
open_journal(struct driver *d, char **dirs, int n)
{
	struct journal_setup s = {.dirs = (const char *const *)dirs,
	    .ndirs = (size_t)n,
	    .person = "alice",
	    .cluster = "shop",
	    .operators_file = "",
	    .policy_digest = "",
	    .key = d->session};
	struct err e;

	if (journal_open(&s, &d->j, &e) == 0)
		return 0;
	tell(d, "E", e.msg);
	d->j = NULL;
	return -1;
}

static void
cert(struct driver *d)
{
	put_signed(d, "cert", d->alice, NS_SESSION, "alice",
	    arena_printf(d->a,
		"holdfast-session-v1\nsession: %s\nkey: %s\nperson: alice\nhost: h\n"
		"issued: 2026-11-22T03:00:00Z\n",
		journal_session(d->j), session_key_public(d->session)));
}

/* What was typed and shown, put off; acknowledged once it was synced. */
static void
looked(struct driver *d, int i)
{
	static const char *const types[] = {"input", "output", "screen"};
	long first = d->n;
	char n[32];
	struct err e;
	size_t k;

	for (k = 0; k < 3; k++)
		journal_add(d->j, types[k], json_pack("{s:i}", "n", (int)d->n++), &e);
	if (i % 2 == 0)
		journal_settle(d->j);
	if (i == 3)
		return; /* with the begin that follows */
	if (journal_sync(d->j, &e) != 0) {
		tell(d, "E", e.msg);
		return;
	}
	for (; first < d->n; first++) {
		snprintf(n, sizeof(n), "%ld", first);
		tell(d, "A", n);
	}
}

static void
story(struct driver *d)
{
	struct err e;
	int i;

	journal_add(d->j, "input", json_pack("{s:s}", "text", "DROP TABLE orders;"), &e);
	cert(d);
	put(d, "intent", json_pack("{s:s,s:s}", "plan", "p1", "text", "DROP TABLE orders"));
	answer(d, "denial");
	answer(d, "approval");
	if (journal_checkpoint(d->j, &e) != 0)
		tell(d, "E", e.msg);
	for (i = 1; i <= 4; i++) {
		looked(d, i);
		if (put(d, "begin",
			json_pack("{s:s,s:i,s:s,s:[s]}", "plan", "p1", "step", i, "node", "pg2",
			    "texts", "SELECT 1")) == 0)
			put(d, "outcome",
			    json_pack("{s:s,s:i,s:b}", "plan", "p1", "step", i, "ok", 1));
		journal_tick(d->j);
	}
	put(d, "note", json_pack("{s:s}", "text", "na\xc3\xafve \x7f \x1b[2J \xe2\x80\xae"));
	handover(d);
	put(d, "release", json_pack("{s:s,s:s}", "node", "pg2", "identity", "i2"));
}

static int
write_story(struct driver *d, const char *operators, char **dirs, int n)
{
	FILE *out = fopen(operators, "w");

	if (out == NULL ||
	    fprintf(out,
		"alice namespaces=\"session@holdfast,approval@holdfast\" %s\n"
		"bob namespaces=\"approval@holdfast,handover@holdfast\" %s\n",
		session_key_public(d->alice), session_key_public(d->bob)) < 0 ||
	    fclose(out) != 0)
		return 1;
	if (open_journal(d, dirs, n) != 0)
		return 0;
	story(d);
	journal_close(d->j);
	return 0;
}

static int
pour(struct driver *d, long n, char **dirs)
{
	struct err e;
	long i;

	if (open_journal(d, dirs, 1) != 0)
		return 1;
	for (i = 0; i < n; i++)
		if (journal_add(d->j, "note", json_pack("{s:I}", "n", (json_int_t)i), &e) != 0 ||
		    (i % 100 == 0 && journal_sync(d->j, &e) != 0))
			return 1;
	journal_close(d->j);
	return 0;
}

static int
twice(struct driver *d, char **dirs)
{
	struct err e;
	int status;
	pid_t p;

	if (open_journal(d, dirs, 1) != 0)
		return 1;
	p = fork();
	if (p == 0)
		_exit(journal_put(d->j, "note", json_object(), &e) == 0);
	if (waitpid(p, &status, 0) != p || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return 1;
	put(d, "note", json_object());
	journal_close(d->j);
	return 0;
}

static int
same(const char *one, const char *two)
{
	return one == NULL || two == NULL ? one == two : strcmp(one, two) == 0;
}

/* Many verdicts from one process; the quick way and the way in order must agree (99). */
static int
verify_all(void)
{
	char line[8192], *file;
	struct operators who;
	struct verify_report r, slow;
	struct arena *a;
	struct err e;
	int has;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		file = strchr(line, ' ');
		if (file == NULL)
			return 1;
		*file++ = '\0';
		a = arena_new();
		has = strcmp(line, "-") != 0 && operators_load(a, line, &who, &e) == 0;
		journal_verify(a, file, has ? &who : NULL, &r, &e);
		verify_in_order(a, file, has ? &who : NULL, &slow, &e);
		if (strncmp(r.sentence, "live", 4) == 0)
			slow = r; /* it grew meanwhile */
		if (slow.code != r.code || slow.bad_seq != r.bad_seq ||
		    !same(slow.sentence, r.sentence) || !same(slow.witnessed, r.witnessed) ||
		    !same(slow.head, r.head) || slow.records != r.records ||
		    slow.begins_without_outcome != r.begins_without_outcome)
			r = (struct verify_report){.code = 99,
			    .sentence = arena_printf(a, "the quick way says %s, in order %s",
				r.sentence, slow.sentence)};
		printf("%d %llu %s\n", (int)r.code, (unsigned long long)r.bad_seq, r.sentence);
		fflush(stdout);
		arena_free(a);
	}
	return 0;
}

static int
merge(char **files, int n)
{
	const struct merge_source *sources;
	struct journal_merge *m;
	struct merged each;
	struct err e;
	size_t k;

	if (journal_merge_open((const char *const *)files, (size_t)n, &m, &e) != 0)
		return 1;
	sources = journal_merge_sources(m, &k);
	while (journal_merge_next(m, &each) == 1)
		printf("%s %llu\n", sources[each.source].session, (unsigned long long)each.rec.seq);
	journal_merge_close(m);
	return 0;
}

static int
run(struct driver *d, int argc, char **argv)
{
	if (argc >= 4 && strcmp(argv[1], "write") == 0)
		return write_story(d, argv[2], argv + 3, argc - 3);
	if (argc == 4 && strcmp(argv[1], "pour") == 0)
		return pour(d, strtol(argv[2], NULL, 10), argv + 3);
	if (argc == 3 && strcmp(argv[1], "twice") == 0)
		return twice(d, argv + 2);
	if (argc >= 3 && strcmp(argv[1], "recover") == 0) {
		if (open_journal(d, argv + 2, argc - 2) != 0)
			return 0; /* said in the log */
		put(d, "note", json_pack("{s:s}", "text", "recovered"));
		journal_close(d->j);
		return 0;
	}
	return 2;
}

int
main(int argc, char **argv)
{
	const char *log = getenv("FAULT_LOG");
	struct driver d = {.log = -1};
	struct err e;
	int r;

	/* Whoever started this may ignore them, as nohup and a shell's background do; a signal ends
	 * it. */
	signal(SIGHUP, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	if (argc == 2 && strcmp(argv[1], "verify") == 0)
		return verify_all();
	if (argc > 2 && strcmp(argv[1], "merge") == 0)
		return merge(argv + 2, argc - 2);
	if (log != NULL)
		d.log = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	d.a = arena_new();
	if (session_key_new(&d.session, &e) != 0 || session_key_new(&d.alice, &e) != 0 ||
	    session_key_new(&d.bob, &e) != 0)
		return 1;
	r = run(&d, argc, argv);
	session_key_free(d.session);
	session_key_free(d.alice);
	session_key_free(d.bob);
	arena_free(d.a);
	return r;
}
