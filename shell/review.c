/*
 * The reviewer's side: see review.h. Whoever may not sign is told so before the screen; whoever may
 * signs only what this program drew to its end. Must never sign a request that is not to be
 * believed, and never print anything but the answer where the answer is to be pasted.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "approval.h"
#include "arena.h"
#include "buf.h"
#include "sshsig.h"
#include "text.h"
#include "trust.h"
#include "shell/app.h"
#include "shell/out.h"
#include "shell/review.h"
#include "shell/tty.h"
#include "banned.h"

#define PASTE_MAX_BYTES (((size_t)1 << 20) + 1)
#define LEAST_WIDTH 40
#define LEAST_HEIGHT 10
#define PLAIN_WIDTH 100

struct review {
	struct app *app;
	struct arena *arena;
	const struct screen *screen;
	const struct request *request;
	const char *person;
};

/* --- reading a pasted request --------------------------------------------------------------- */

static int
read_stdin(struct buf *b, struct err *e)
{
	char chunk[4096];
	ssize_t n;

	while (!b->overflow && (n = read(STDIN_FILENO, chunk, sizeof(chunk))) != 0) {
		if (n == -1 && errno != EINTR)
			return err_set(
			    e, ERR_FAILED, "could not read standard input: %s", strerror(errno));
		if (n > 0)
			buf_add(b, chunk, (size_t)n);
	}
	return 0;
}

static int
read_paste(struct review *r, struct buf *b, struct err *e)
{
	struct tty t;
	int rc;

	if (!isatty(STDIN_FILENO))
		return read_stdin(b, e);
	if (tty_open(r->app, &t, e) == -1)
		return -1;
	tty_line(&t, SHOW_HEAD, "Paste the request, from its BEGIN line to its END line:");
	rc = tty_paste(&t, "END HOLDFAST REQUEST", b);
	tty_close(&t);
	return rc == 0 ? 0 : err_set(e, ERR_CANCELLED, "cancelled; nothing was signed");
}

static int
take_paste(struct review *r, struct err *e)
{
	struct request *q = arena_alloc(r->arena, sizeof(*q));
	uint8_t *json;
	struct buf b;
	size_t n;
	int rc;

	buf_init(&b, PASTE_MAX_BYTES);
	rc = read_paste(r, &b, e);
	if (rc == 0 && b.overflow)
		rc = err_set(e, ERR_USAGE, "the pasted text has more than 1 MiB");
	if (rc == 0)
		rc = paste_dearmor(r->arena, "REQUEST", buf_str(&b), b.len, &json, &n, e);
	if (rc == 0)
		rc = request_decode(r->arena, (const char *)json, n, q, e);
	buf_free(&b);
	r->request = q;
	return rc;
}

/* --- who may sign --------------------------------------------------------------------------- */

static int
check_person(struct review *r, struct err *e)
{
	const struct operators *o = r->app->operators;
	const char *verb = r->screen->decision;

	if (r->app->person_config == NULL || r->app->person_config->key == NULL) {
		err_set(e, ERR_APPROVAL,
		    "nobody is here to %s: this program does not know who you are", verb);
		return err_hint(
		    e, "Start holdfast with --as NAME, and a key for NAME in the config.");
	}
	r->person = r->app->person_config->name;
	if (o == NULL)
		return err_set(e, ERR_CONFIG,
		    "no operators file is configured, so no signature would count; nothing was "
		    "signed");
	if (strcmp(r->person, r->request->plan->requester) == 0) {
		err_set(e, ERR_REFUSED,
		    "%s filed this request and cannot %s it; nothing was signed", r->person, verb);
		return err_hint(e, strcmp(verb, "deny") == 0 ? "cancel takes your own request back."
							     : "Another person must approve it.");
	}
	if (!operators_has(o, r->person))
		return err_set(e, ERR_REFUSED,
		    "%s does not name %s, so the signature would not count; nothing was signed",
		    o->file, r->person);
	if (!approval_may(r->request, o, r->person, (int64_t)time(NULL)))
		return err_set(e, ERR_REFUSED,
		    "%s does not let %s sign for approval@holdfast now; nothing was signed",
		    o->file, r->person);
	return 0;
}

static int
check_alive(struct review *r, struct err *e)
{
	const struct request *q = r->request;
	struct store *s = r->screen->is_paste ? NULL : r->app->store;
	const char *person;

	if ((int64_t)time(NULL) >= rfc3339_parse(q->expires))
		return err_set(e, ERR_APPROVAL, "request %s expired at %s; nothing was signed",
		    q->id, q->expires);
	if (s != NULL && s->ops->is_claimed(s, q->id))
		return err_set(
		    e, ERR_APPROVAL, "request %s ran already; nothing was signed", q->id);
	if (strcmp(r->screen->decision, "deny") == 0)
		return 0;
	if (s != NULL && !s->ops->is_alive(s, q->id))
		return err_set(e, ERR_APPROVAL,
		    "the session that filed request %s ended: it cannot run; nothing was signed",
		    q->id);
	if (trust_request(r->arena, r->app->operators, q, (int64_t)time(NULL), &person, e) == -1) {
		err_wrap(e, "this request is not to be believed, and nothing was signed");
		return err_hint(e, "review shows it; ask %s by another way.",
		    text_fit(r->arena, q->plan->requester, strlen(q->plan->requester), 64));
	}
	return 0;
}

/* Persons are counted: a second approval by the same one changes nothing. True where it is one. */
static int
is_approved_already(struct review *r)
{
	struct store *s = r->screen->is_paste ? NULL : r->app->store;
	struct store_item *items;
	struct err ignored = {0};
	int64_t now = (int64_t)time(NULL);
	struct trusted *t;
	const char *bad;
	size_t n, nt, nbad, i;

	if (s == NULL || strcmp(r->screen->decision, "approve") != 0 ||
	    s->ops->answers(s, r->arena, r->request->id, &items, &n, &ignored) == -1)
		return 0;
	trust_answers(r->arena, r->app->operators, r->request, items, n, now, &t, &nt, &nbad, &bad);
	for (i = 0; i < nt; i++)
		if (strcmp(t[i].verified.person, r->person) == 0 &&
		    strcmp(t[i].verified.decision, "approve") == 0 &&
		    now < rfc3339_parse(t[i].verified.expires))
			break;
	if (i == nt)
		return 0;
	out_line(r->app, STYLE_BOLD,
	    "%s approved request %.8s already, at %s: a second approval by the same person adds "
	    "nothing; nothing was signed",
	    r->person, r->request->id, t[i].verified.issued);
	return 1;
}

/* --- the screen ----------------------------------------------------------------------------- */

static void
draw_plain(struct review *r, const struct show *s)
{
	static const enum style style[] = {[SHOW_PLAIN] = STYLE_PLAIN,
	    [SHOW_HEAD] = STYLE_BOLD,
	    [SHOW_DANGER] = STYLE_DANGER,
	    [SHOW_DIM] = STYLE_DIM};
	size_t i;

	for (i = 0; i < s->n; i++)
		out_line(r->app, style[s->lines[i].style], "%s", s->lines[i].text);
}

/* review: shows and signs nothing. */
static int
only_show(struct review *r, struct err *e)
{
	struct show s;
	struct tty t;
	int rc;

	if (!isatty(STDOUT_FILENO) || tty_open(r->app, &t, e) == -1) {
		review_draw(r->app, r->arena, r->request,
		    r->app->width > 0 ? r->app->width : PLAIN_WIDTH, &s);
		draw_plain(r, &s);
		return 0;
	}
	review_draw(r->app, r->arena, r->request, t.width, &s);
	rc = tty_pages(&t, &s, e);
	if (rc == 0)
		tty_line(&t, SHOW_DIM,
		    arena_printf(r->arena, "approve %.8s, or deny %.8s REASON", r->request->id,
			r->request->id));
	tty_close(&t);
	if (rc == -1)
		err_clear(e); /* who only looks may look away */
	return 0;
}

static void
warn_agent(struct tty *t)
{
	if (getenv("SSH_CONNECTION") != NULL && getenv("SSH_AUTH_SOCK") != NULL)
		tty_line(t, SHOW_DANGER,
		    "  You came over SSH with an agent: if it is forwarded, root here can sign as "
		    "you.");
}

static int
ask_name(struct review *r, struct tty *t, struct err *e)
{
	const struct plan *p = r->request->plan;
	int64_t left = rfc3339_parse(r->request->expires) - (int64_t)time(NULL);
	char *answer, *end;

	answer = tty_ask(t, r->arena,
	    "Type the name of the node to sign this; anything else signs nothing: ",
	    now_ms() + left * 1000);
	if (answer == NULL)
		return err_set(e, ERR_CANCELLED, "nothing was signed");
	answer += strspn(answer, " \t");
	for (end = answer + strlen(answer); end > answer && strchr(" \t\r", end[-1]) != NULL;)
		*--end = '\0';
	if (strcasecmp(answer, plan_target(p)) != 0)
		return err_set(
		    e, ERR_APPROVAL, "that is not the name of the node; nothing was signed");
	return 0;
}

/* Shown to its end, and the name typed. */
static int
read_and_ask(struct review *r, struct err *e)
{
	struct show s;
	struct tty t;
	int rc;

	if (tty_open(r->app, &t, e) == -1)
		return -1;
	if (t.width < LEAST_WIDTH || t.height < LEAST_HEIGHT) {
		rc = err_set(e, ERR_USAGE,
		    "this terminal has %d columns and %d rows, a plan is read on %d by %d at "
		    "least; nothing was signed",
		    t.width, t.height, LEAST_WIDTH, LEAST_HEIGHT);
		tty_close(&t);
		return rc;
	}
	review_draw(r->app, r->arena, r->request, t.width, &s);
	rc = tty_pages(&t, &s, e);
	if (rc == 0) {
		review_sum(r->arena, r->request, t.width, &s);
		rc = tty_pages(&t, &s, e);
	}
	if (rc == 0) {
		warn_agent(&t);
		rc = ask_name(r, &t, e);
	}
	tty_close(&t);
	return rc;
}

/* --- the signature -------------------------------------------------------------------------- */

static int
make_answer(struct review *r, char **json, size_t *len, struct err *e)
{
	const struct request *q = r->request;
	struct answer s = {.decision = r->screen->decision,
	    .request = q->id,
	    .approver = r->person,
	    .expires = q->expires,
	    .comment = r->screen->comment == NULL ? "" : r->screen->comment};
	int64_t now = (int64_t)time(NULL);
	struct trusted check;
	char *text, *sig;

	s.issued = rfc3339(r->arena, now);
	if (approval_statement(r->arena, q, s.decision, s.approver, s.issued, s.expires, s.comment,
		&text, e) == -1)
		return -1;
	if (sshsig_sign_file(r->arena, r->app->person_config->key, NS_APPROVAL, text, strlen(text),
		&sig, e) == -1)
		return err_wrap(e, "nothing was signed");
	s.sig = sig;
	/* What the other side would refuse is refused here, with its reason. */
	if (trust_answer(r->arena, r->app->operators, q, &s, now, &check, e) == -1) {
		if (e != NULL)
			e->code = ERR_CONFIG;
		return err_wrap(e, "the signature would not count, so no answer was given");
	}
	return answer_encode(r->arena, &s, json, len, e);
}

static void
print_armor(struct review *r, const char *json, size_t len)
{
	char *line, *rest = paste_armor(r->arena, "ANSWER", json, len);

	while ((line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '\0')
			out_line(r->app, STYLE_PLAIN, "%s", line);
}

static int
give_answer(struct review *r, struct err *e)
{
	struct store *store = r->screen->is_paste ? NULL : r->app->store;
	const char *requester = r->request->plan->requester, *did;
	char *json;
	size_t len;

	did = strcmp(r->screen->decision, "deny") == 0 ? "denied" : "approved";
	if (make_answer(r, &json, &len, e) == -1)
		return -1;
	if (store == NULL) {
		if (isatty(STDOUT_FILENO))
			out_line(r->app, STYLE_BOLD, "%s by %s. Paste this back to %s:", did,
			    r->person, requester);
		print_armor(r, json, len);
		return 0;
	}
	if (store->ops->put_answer(store, r->request->id, json, len, e) == -1)
		return err_wrap(e, "the answer was not delivered");
	out_line(r->app, STYLE_BOLD, "%s by %s: request %.8s. %s sees it; nothing runs by itself.",
	    did, r->person, r->request->id, requester);
	return 0;
}

int
review_run(struct app *app, const struct screen *s, struct err *e)
{
	struct review r = {.app = app, .arena = arena_new(), .screen = s, .request = s->request};
	int rc = 0;

	if (s->is_paste)
		rc = take_paste(&r, e);
	if (rc == 0 && !s->wants_answer)
		rc = only_show(&r, e);
	else if (rc == 0) {
		rc = check_person(&r, e) == -1 || check_alive(&r, e) == -1 ? -1
		     : is_approved_already(&r)				   ? 1
									   : 0;
		if (rc == 0 && strcmp(s->decision, "approve") == 0)
			rc = read_and_ask(&r, e);
		if (rc == 0)
			rc = check_alive(&r, e); /* reading takes its time */
		if (rc == 0)
			rc = give_answer(&r, e);
	}
	arena_free(r.arena);
	return rc == 1 ? 0 : rc;
}
