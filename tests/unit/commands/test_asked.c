/*
 * requests, review, approve and deny over a real spool: what is listed, what is left out, what a
 * word names.
 */
#include <signal.h>

#include "tests/unit/commands/people.h"

#include "commands/asked.h"

struct world {
	struct people *p;
	struct context c;
};

static struct world
world(void **state)
{
	struct world w = {.p = *state};

	assert_int_equal(people_sh(w.p, "mkdir -m 700 spool"), 0);
	w.c.arena = w.p->a;
	w.c.operators = &w.p->operators;
	w.c.person = "bob";
	assert_int_equal(store_open_spool(people_key(w.p, "spool"), &w.c.store, &w.p->e), 0);
	return w;
}

static void
file(struct world *w, const char *id)
{
	char *json;
	size_t n;

	text_copy(w->p->plan->id, sizeof(w->p->plan->id), id);
	w->p->request = world_request(w->p->a, w->p->plan);
	people_sign(w->p);
	assert_int_equal(request_encode(w->p->a, w->p->request, &json, &n, &w->p->e), 0);
	assert_int_equal(w->c.store->ops->put_request(w->c.store, id, json, n, &w->p->e), 0);
}

#define ID_1 "aaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_2 "aabbbbbbbbbbbbbbbbbbbbbbbb"

static struct asked *
list(struct world *w, size_t *n, size_t *nbad)
{
	struct asked *all;
	const char *bad;

	assert_int_equal(asked_list(&w->c, &all, n, nbad, &bad, &w->p->e), 0);
	assert_true(*nbad == 0 || bad != NULL);
	return all;
}

static void
test_states(void **state)
{
	struct world w = world(state);
	struct store *s = w.c.store;
	struct asked *all;
	struct answer yes;
	size_t n, nbad, len;
	char *json;

	file(&w, ID_1);
	all = list(&w, &n, &nbad);
	assert_int_equal(n, 1);
	assert_int_equal(all[0].state, REQUEST_OPEN);
	assert_null(all[0].doubt);
	assert_string_equal(all[0].sentence, "0 of 1 approvals; may still approve: bob");
	yes = people_answer(w.p, "bob", "bob", "approve");
	assert_int_equal(answer_encode(w.p->a, &yes, &json, &len, &w.p->e), 0);
	assert_int_equal(s->ops->put_answer(s, ID_1, json, len, &w.p->e), 0);
	all = list(&w, &n, &nbad);
	assert_int_equal(all[0].state, REQUEST_APPROVED);
	assert_int_equal(s->ops->claim(s, ID_1, &w.p->e), 0);
	all = list(&w, &n, &nbad);
	assert_int_equal(all[0].state, REQUEST_CONSUMED);
	assert_int_equal(nbad, 0);
	s->ops->close(s);
}

/* alice's shell is killed: what it filed is still there, and cannot run. */
static void
test_dead(void **state)
{
	struct world w = world(state);
	struct store *s = w.c.store, *own;
	struct asked *all;
	size_t n, nbad;
	pid_t p = fork();

	if (p == 0) {
		if (store_open_spool(people_key(w.p, "spool"), &own, &w.p->e) == -1)
			_exit(1);
		w.c.store = own;
		file(&w, ID_1);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(p, NULL, 0), p);
	all = list(&w, &n, &nbad);
	assert_int_equal(n, 1);
	assert_int_equal(all[0].state, REQUEST_DEAD);
	assert_string_equal(request_state_name(all[0].state), "dead");
	assert_string_equal(all[0].sentence, "its session ended: it cannot run");
	s->ops->close(s);
}

static void
test_hostile(void **state)
{
	struct world w = world(state);
	struct store *s = w.c.store;
	struct asked *all;
	size_t n, nbad;

	file(&w, ID_1);
	assert_int_equal(people_sh(w.p, "cd spool && cp " ID_1 ".request " ID_2 ".request && "
					"echo '{' > cccccccccccccccccccccccccc.request && "
					"mkfifo dddddddddddddddddddddddddd.request && "
					"echo '{}' > " ID_1 ".eeeeeeeeeeeeeeeeeeeeeeeeee.answer"),
	    0);
	alarm(20);
	all = list(&w, &n, &nbad);
	alarm(0);
	assert_int_equal(n, 1);
	assert_int_equal(nbad, 3);
	assert_non_null(all[0].bad);
	assert_int_equal(all[0].state, REQUEST_OPEN);
	/* A request somebody made up: shown, and not believed. */
	w.p->operators.nkeys = 0;
	all = list(&w, &n, &nbad);
	assert_non_null(all[0].doubt);
	s->ops->close(s);
}

static int
named(struct world *w, const char *word, const char *id)
{
	struct result r = {0};

	err_clear(&w->p->e);
	if (asked_screen(&w->c, word, &r, &w->p->e) == -1)
		return -1;
	assert_int_equal(r.kind, RETURNS_SCREEN);
	if (id == NULL)
		return r.screen.is_paste && r.screen.request == NULL ? 0 : 1;
	return strcmp(r.screen.request->id, id) == 0 ? 0 : 1;
}

static void
test_words(void **state)
{
	struct world w = world(state);
	struct store *s = w.c.store;

	assert_int_equal(named(&w, NULL, NULL), -1);
	assert_int_equal(w.p->e.code, ERR_APPROVAL);
	file(&w, ID_1);
	assert_int_equal(named(&w, NULL, ID_1), 0);
	file(&w, ID_2);
	assert_int_equal(named(&w, NULL, NULL), -1);
	assert_int_equal(w.p->e.code, ERR_USAGE);
	assert_int_equal(named(&w, "aab", ID_2), 0);
	assert_int_equal(named(&w, ID_1, ID_1), 0);
	assert_int_equal(named(&w, "aa", NULL), -1);
	assert_non_null(strstr(w.p->e.msg, "beginning of 2"));
	assert_int_equal(named(&w, "zz", NULL), -1);
	assert_int_equal(w.p->e.code, ERR_APPROVAL);
	assert_int_equal(named(&w, "../x", NULL), -1);
	assert_int_equal(w.p->e.code, ERR_USAGE);
	assert_int_equal(named(&w, "-", NULL), 0);
	w.c.store = NULL;
	assert_int_equal(named(&w, NULL, NULL), 0);
	assert_int_equal(named(&w, "aab", NULL), -1);
	s->ops->close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_states, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(test_dead, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(test_hostile, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(test_words, people_setup, people_teardown),
	};

	return cmocka_run_group_tests_name("asked", tests, NULL, NULL);
}
