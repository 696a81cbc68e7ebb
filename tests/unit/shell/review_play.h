/*
 * Plays the reviewer's screen on a pseudo-terminal: real keys, real signatures, a scratch spool.
 * Only for test_review.c.
 */
#ifndef REVIEW_PLAY_H
#define REVIEW_PLAY_H

#include <poll.h>
#include <pty.h>
#include <string.h>
#include <sys/ioctl.h>

#include "tests/unit/commands/people.h"

#include "config.h"
#include "engine.h"
#include "policy.h"
#include "shell/app.h"
#include "shell/review.h"

#define SCREEN_BYTES 262144

struct play {
	struct people *p;
	const char *who, *decision, *comment;
	int wants_answer, is_paste;
	const char *input; /* file as standard input, or NULL: the terminal */
	int columns, rows;
	/* What the person types, each when the text before it was seen. */
	const char *see[4], *type[4];
	char screen[SCREEN_BYTES];
	size_t n;
	int code;
	char msg[1024];
	struct store *store;
};

/* In the child, which has the pseudo-terminal. Exit status is the error's code. */
static void
act(struct play *y, int report)
{
	struct person_config who = {.name = y->who, .key = people_key(y->p, y->who)};
	struct screen s = {.kind = SCREEN_REVIEW,
	    .request = y->p->request,
	    .wants_answer = y->wants_answer,
	    .decision = y->decision,
	    .comment = y->comment,
	    .is_paste = y->is_paste};
	struct app app = {.arena = y->p->a,
	    .person_config = &who,
	    .operators = &y->p->operators,
	    .engine = &engine_postgresql,
	    .store = y->store,
	    .width = y->columns};
	struct request decoded;
	struct err e = {0};
	size_t n;
	char *json;
	int rc;

	/* As it comes out of the store. */
	if (request_encode(y->p->a, y->p->request, &json, &n, &e) == -1 ||
	    request_decode(y->p->a, json, n, &decoded, &e) == -1)
		_exit(92);
	s.request = &decoded;
	if (y->input != NULL && freopen(people_key(y->p, y->input), "r", stdin) == NULL)
		_exit(93);
	policy_defaults(app.arena, &app.policy);
	policy_digest(app.arena, &app.policy);
	if (classifier_start(&engine_postgresql, &app.classifier, &e) == -1)
		_exit(90);
	rc = review_run(&app, &s, &e);
	classifier_stop(app.classifier);
	if (rc == -1 && write(report, e.msg, strlen(e.msg)) == -1)
		_exit(91);
	_exit(rc == 0 ? 0 : (int)e.code);
}

static void
watch(struct play *y, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t step = 0, from = 0;
	char *seen;
	ssize_t n;

	while (poll(&p, 1, 20000) == 1) {
		n = read(fd, y->screen + y->n, SCREEN_BYTES - 1 - y->n);
		if (n <= 0)
			return;
		y->n += (size_t)n;
		y->screen[y->n] = '\0';
		while (step < 4 && y->see[step] != NULL &&
		       (seen = strstr(y->screen + from, y->see[step])) != NULL) {
			from = (size_t)(seen - y->screen) + strlen(y->see[step]);
			poll(NULL, 0, 50); /* type-ahead is thrown away */
			n = write(fd, y->type[step], strlen(y->type[step]));
			assert_true(n > 0);
			/* "more" comes page after page */
			if (strcmp(y->see[step], "q: leave") != 0 || y->type[step][0] == 'q')
				step++;
		}
		if (y->see[0] != NULL && step == 0 && y->see[1] != NULL &&
		    (seen = strstr(y->screen + from, y->see[1])) != NULL) {
			from = (size_t)(seen - y->screen) + strlen(y->see[1]);
			poll(NULL, 0, 50);
			n = write(fd, y->type[1], strlen(y->type[1]));
			assert_true(n > 0);
			step = 2;
		}
	}
	fail_msg("the screen stopped:\n%s", y->screen);
}

static void
play(struct play *y)
{
	struct winsize w = {
	    .ws_col = (unsigned short)y->columns, .ws_row = (unsigned short)y->rows};
	int fd, status, report[2];
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(report), 0);
	setenv("TERM", "xterm", 1);
	unsetenv("SSH_AUTH_SOCK");
	pid = forkpty(&fd, NULL, NULL, &w);
	assert_int_not_equal(pid, -1);
	if (pid == 0)
		act(y, report[1]);
	close(report[1]);
	watch(y, fd);
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	y->code = WEXITSTATUS(status);
	n = read(report[0], y->msg, sizeof(y->msg) - 1);
	y->msg[n > 0 ? n : 0] = '\0';
	close(report[0]);
	close(fd);
}

static struct play *
start(void **state)
{
	struct people *p = *state;
	struct play *y = arena_alloc(p->a, sizeof(*y));
	char *dir = people_key(p, "spool"), *json;
	size_t n;

	*y = (struct play){.p = p,
	    .who = "bob",
	    .decision = "approve",
	    .wants_answer = 1,
	    .columns = 80,
	    .rows = 24};
	y->see[0] = "q: leave";
	y->type[0] = "\n";
	y->see[1] = "signs nothing: ";
	y->type[1] = "PG1\n";
	assert_int_equal(people_sh(p, "mkdir -p -m 700 spool"), 0);
	assert_int_equal(store_open_spool(dir, &y->store, &p->e), 0);
	assert_int_equal(request_encode(p->a, p->request, &json, &n, &p->e), 0);
	assert_int_equal(y->store->ops->put_request(y->store, p->request->id, json, n, &p->e), 0);
	return y;
}

static size_t
answers(struct play *y, struct trusted **t)
{
	struct store_item *items;
	size_t n, nt, nbad;
	const char *bad;

	assert_int_equal(
	    y->store->ops->answers(y->store, y->p->a, y->p->request->id, &items, &n, &y->p->e), 0);
	trust_answers(y->p->a, &y->p->operators, y->p->request, items, n, (int64_t)time(NULL), t,
	    &nt, &nbad, &bad);
	assert_int_equal(nbad, 0);
	return nt;
}

static void
saw(struct play *y, const char *text)
{
	if (strstr(y->screen, text) == NULL)
		fail_msg("not on the screen: %s\n%s", text, y->screen);
}

#endif
