/* alice, bob and carol with real keys, a session of alice's and a request of hers, for tests. */
#ifndef PEOPLE_H
#define PEOPLE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/unit/policy/approval_world.h"
#include "trust.h"

#define SESSION "ssssssssssssssssssssssssss"

struct people {
	struct arena *a;
	char dir[64];
	struct session_key *session;
	struct operators operators;
	struct plan *plan;
	struct request *request;
	int64_t now;
	struct err e;
};

static inline int
people_sh(const struct people *p, const char *command)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (chdir(p->dir) == -1)
			_exit(125);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(126);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline char *
people_key(struct people *p, const char *name)
{
	return arena_printf(p->a, "%s/%s", p->dir, name);
}

/* Signs the request as it is now, with alice's certificate of her session. */
static inline void
people_sign(struct people *p)
{
	struct request *r = p->request;
	char *sig, *text;

	r->session_key = session_key_public(p->session);
	r->journal = SESSION ":17:" HEX_A;
	r->issued = rfc3339(p->a, p->now);
	r->expires = rfc3339(p->a, p->now + 900);
	r->cert = cert_statement(
	    p->a, SESSION, r->session_key, "alice", "bastion1", rfc3339(p->a, p->now - 60));
	assert_int_equal(sshsig_sign_file(p->a, people_key(p, "alice"), NS_SESSION, r->cert,
			     strlen(r->cert), &sig, &p->e),
	    0);
	r->cert_sig = sig;
	text = request_statement(p->a, r);
	assert_int_equal(
	    sshsig_sign(p->a, p->session, NS_REQUEST, text, strlen(text), &sig, &p->e), 0);
	r->sig = sig;
}

static inline int
people_setup(void **state)
{
	struct people *p = calloc(1, sizeof(*p));

	p->a = arena_new();
	p->now = (int64_t)time(NULL);
	snprintf(p->dir, sizeof(p->dir), "/tmp/people.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	assert_int_equal(
	    people_sh(p,
		"for n in alice bob carol mallory; do ssh-keygen -q -t ed25519 -N '' -f $n "
		"|| exit 1; done\n"
		"{ printf 'alice namespaces=\"session@holdfast,approval@holdfast\" '; "
		"cat alice.pub; printf 'bob namespaces=\"approval@holdfast\" '; cat bob.pub; "
		"printf 'carol namespaces=\"session@holdfast\" '; cat carol.pub; } > operators\n"
		"chmod 644 operators"),
	    0);
	assert_int_equal(operators_load(p->a, people_key(p, "operators"), &p->operators, &p->e), 0);
	assert_int_equal(session_key_new(&p->session, &p->e), 0);
	p->plan = world_plan(p->a);
	p->request = world_request(p->a, p->plan);
	assert_non_null(p->request);
	people_sign(p);
	*state = p;
	return 0;
}

static inline int
people_teardown(void **state)
{
	struct people *p = *state;

	people_sh(p, "rm -rf \"$PWD\"");
	session_key_free(p->session);
	arena_free(p->a);
	free(p);
	return 0;
}

/* An answer signed with the key in file `key`, which claims to be by `person`. */
static inline struct answer
people_answer(struct people *p, const char *key, const char *person, const char *decision)
{
	const struct request *r = p->request;
	struct answer s = {decision, r->id, person, rfc3339(p->a, p->now), r->expires, "", NULL};
	char *text, *sig;

	assert_int_equal(approval_statement(p->a, r, s.decision, s.approver, s.issued, s.expires,
			     s.comment, &text, &p->e),
	    0);
	assert_int_equal(sshsig_sign_file(p->a, people_key(p, key), NS_APPROVAL, text, strlen(text),
			     &sig, &p->e),
	    0);
	s.sig = sig;
	return s;
}

#endif
