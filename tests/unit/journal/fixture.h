/*
 * A journal with everything in it, made by the real writer and signed by real keys. Included by
 * the journal's tests; each is a program of its own.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "journal.h"

struct fixture {
	struct arena *a;
	char dir[64];
	struct session_key *session, *alice, *bob;
	struct operators operators;
	const char *operators_text;
};

static inline void
fixture_init(struct fixture *f)
{
	struct err e;

	memset(f, 0, sizeof(*f));
	f->a = arena_new();
	snprintf(f->dir, sizeof(f->dir), "%s/hf-journal-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(session_key_new(&f->session, &e), 0);
	assert_int_equal(session_key_new(&f->alice, &e), 0);
	assert_int_equal(session_key_new(&f->bob, &e), 0);
	f->operators_text = arena_printf(f->a,
	    "alice namespaces=\"session@holdfast,approval@holdfast\" %s\n"
	    "bob namespaces=\"session@holdfast,approval@holdfast,handover@holdfast\" %s\n",
	    session_key_public(f->alice), session_key_public(f->bob));
	if (operators_parse(f->a, "operators", f->operators_text, strlen(f->operators_text),
		&f->operators, &e) != 0)
		fail_msg("%s", e.msg);
}

static inline void
remove_tree(const char *dir)
{
	char *const argv[] = {(char *)"rm", (char *)"-rf", (char *)dir, NULL};
	pid_t p = fork();

	if (p == 0) {
		execv("/bin/rm", argv);
		_exit(127);
	}
	waitpid(p, NULL, 0);
}

static inline void
fixture_done(struct fixture *f)
{
	remove_tree(f->dir);
	session_key_free(f->session);
	session_key_free(f->alice);
	session_key_free(f->bob);
	arena_free(f->a);
}

static inline struct journal *
fixture_open(struct fixture *f, const char *dir2)
{
	const char *dirs[] = {f->dir, dir2};
	struct journal_setup s = {.dirs = dirs,
	    .ndirs = dir2 == NULL ? 1 : 2,
	    .person = "alice",
	    .cluster = "shop",
	    .operators_file = "/etc/holdfast/operators",
	    .policy_digest = "",
	    .key = f->session};
	struct journal *j;
	struct err e;

	if (journal_open(&s, &j, &e) != 0)
		fail_msg("%s", e.msg);
	return j;
}

static inline void
put(struct journal *j, const char *type, json_t *body)
{
	struct err e;

	assert_non_null(body);
	if (journal_put(j, type, body, &e) != 0)
		fail_msg("%s: %s", type, e.msg);
}

static inline void
put_signed(struct fixture *f, struct journal *j, const char *type, const struct session_key *key,
    const char *namespace, const char *person, const char *statement)
{
	struct err e;
	char *sig;

	assert_int_equal(
	    sshsig_sign(f->a, key, namespace, statement, strlen(statement), &sig, &e), 0);
	put(j, type,
	    json_pack("{s:s,s:s,s:s}", "person", person, "statement", statement, "sig", sig));
}

static inline void
put_cert(struct fixture *f, struct journal *j, const struct session_key *key, const char *person)
{
	put_signed(f, j, "cert", key, NS_SESSION, person,
	    arena_printf(f->a,
		"holdfast-session-v1\nsession: %s\nkey: %s\nperson: %s\nhost: h\n"
		"issued: 2026-11-22T03:00:00Z\n",
		journal_session(j), session_key_public(f->session), person));
}

static inline void
put_answer(struct fixture *f, struct journal *j, const char *type, const char *head)
{
	put_signed(f, j, type, f->bob, NS_APPROVAL, "bob",
	    arena_printf(f->a,
		"holdfast-approval-v1\ndecision: x\nrequest: x\njournal: %s\n"
		"requester: alice\napprover: bob\nissued: 2026-11-22T03:01:00Z\n"
		"expires: 2026-11-22T03:16:00Z\n",
		head));
}

/* About 25 records of every kind; closes the journal and returns its path. */
static inline char *
fixture_story(struct fixture *f, struct journal *j)
{
	char *head, *file = arena_strdup(f->a, journal_file(j));
	struct err e;
	int i;

	put(j, "input", json_pack("{s:s}", "text", "DROP TABLE orders;"));
	put_cert(f, j, f->alice, "alice");
	put(j, "intent", json_pack("{s:s,s:s}", "plan", "p1", "text", "DROP TABLE orders CASCADE"));
	put(j, "plan", json_pack("{s:{s:i},s:s}", "plan", "v", 1, "digest", "00"));
	put(j, "verdict", json_pack("{s:s}", "level", "approve"));
	head = journal_head(f->a, j);
	put(j, "request", json_pack("{s:s,s:s}", "request", "p1", "digest", "00"));
	put_answer(f, j, "denial", head);
	put_answer(f, j, "approval", head);
	assert_int_equal(journal_checkpoint(j, &e), 0);
	for (i = 1; i <= 5; i++) {
		put(j, "begin",
		    json_pack("{s:s,s:i,s:s,s:s,s:s,s:[s]}", "plan", "p1", "step", i, "part",
			i == 1 ? "before" : "main", "kind", i == 1 ? "hold" : "statement", "node",
			"pg2", "texts", "SELECT 1"));
		put(j, "outcome", json_pack("{s:s,s:i,s:b}", "plan", "p1", "step", i, "ok", 1));
	}
	put(j, "hold",
	    json_pack("{s:s,s:s,s:s,s:s}", "node", "pg2", "identity", "i2", "cluster", "c",
		"position", "0/3000000"));
	put(j, "note", json_pack("{s:s}", "text", "na\xc3\xafve \x7f \x1b[2J \xe2\x80\xae"));
	put(j, "release", json_pack("{s:s,s:s}", "node", "pg2", "identity", "i2"));
	put(j, "topology", json_pack("{s:s,s:[]}", "digest", "00", "nodes"));
	put(j, "incident", json_pack("{s:s,s:s}", "action", "open", "name", "x"));
	journal_close(j);
	return file;
}

/* The one journal in the fixture's directory. */
static inline const char *
fixture_only_file(struct fixture *f)
{
	const char *dirs[] = {f->dir};
	struct journal_entry *list;
	struct err e;
	size_t n;

	assert_int_equal(journal_list(f->a, dirs, 1, &list, &n, &e), 0);
	assert_int_equal(n, 1);
	return list[0].file;
}

static inline char *
slurp(struct fixture *f, const char *file, size_t *n)
{
	FILE *in = fopen(file, "rb");
	char *p = arena_alloc(f->a, 4 << 20);

	assert_non_null(in);
	*n = fread(p, 1, 4 << 20, in);
	fclose(in);
	return p;
}

static inline void
spill(const char *file, const void *p, size_t n)
{
	FILE *out;

	unlink(file);
	out = fopen(file, "wb");
	assert_non_null(out);
	assert_int_equal(fwrite(p, 1, n, out), n);
	assert_int_equal(fclose(out), 0);
}

static inline enum verify_code
verify(const char *file, const struct operators *o, char *sentence, size_t size)
{
	struct arena *a = arena_new();
	struct verify_report r;
	struct err e;
	enum verify_code code;

	journal_verify(a, file, o, &r, &e);
	code = r.code;
	assert_non_null(r.sentence);
	if (sentence != NULL)
		snprintf(sentence, size, "%s [%llu] %s", r.sentence, (unsigned long long)r.bad_seq,
		    r.witnessed == NULL ? "-" : r.witnessed);
	arena_free(a);
	return code;
}

#endif
