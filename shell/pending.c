/*
 * Requests of this session: see pending.h. Must never count an answer whose signature was not
 * verified over the statement built here from the filed plan.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "shell/app.h"
#include "shell/out.h"
#include "shell/pending.h"
#include "shell/policy_file.h"
#include "shell/repl.h"
#include "trust.h"
#include "text.h"
#include "banned.h"

int
app_certify(struct app *app, struct err *e)
{
	char host[256] = "";
	json_t *body;

	if (app->cert != NULL)
		return 0;
	if (app->person_config == NULL || app->person_config->key == NULL || app->key == NULL) {
		err_set(e, ERR_APPROVAL,
		    "this session is unsigned: it can look and make safe, nothing else");
		return err_hint(
		    e, "Start holdfast with --as NAME, and a key for NAME in the config.");
	}
	if (app->journal == NULL) {
		err_set(e, ERR_JOURNAL, "no journal takes records; nothing was signed");
		return err_hint(e, "Make room, or name another journal directory in the config.");
	}
	gethostname(host, sizeof(host) - 1);
	app->cert =
	    cert_statement(app->arena, journal_session(app->journal), session_key_public(app->key),
		app->person_config->name, host, rfc3339(app->arena, (int64_t)time(NULL)));
	if (sshsig_sign_file(app->arena, app->person_config->key, NS_SESSION, app->cert,
		strlen(app->cert), &app->cert_sig, e) != 0) {
		app->cert = NULL;
		return err_wrap(
		    e, "could not certify this session as %s", app->person_config->name);
	}
	body = json_pack("{s:s, s:s}", "statement", app->cert, "sig", app->cert_sig);
	if (journal_put(app->journal, "cert", body, e) != 0) {
		app->cert = NULL;
		return -1;
	}
	return 0;
}

static int
fill_request(struct app *app, struct pending *p, struct err *e)
{
	struct request *r = &p->request;
	char *json, *statement, *sig;
	const char *person;
	int64_t now = (int64_t)time(NULL);

	text_copy(r->id, sizeof(r->id), p->plan->id);
	if ((json = plan_encode(p->arena, p->plan, &r->plan_len, e)) == NULL)
		return -1;
	r->plan_json = json;
	r->plan = p->plan;
	r->cert = app->cert;
	r->cert_sig = app->cert_sig;
	r->session_key = session_key_public(app->key);
	r->journal = journal_head(p->arena, app->journal);
	r->issued = rfc3339(p->arena, now);
	r->expires = rfc3339(p->arena, now + app->policy.request_ttl_s);
	statement = request_statement(p->arena, r);
	if (sshsig_sign(p->arena, app->key, NS_REQUEST, statement, strlen(statement), &sig, e) != 0)
		return -1;
	r->sig = sig;
	/* The requester is whose key certified the session, not who the config says he is. */
	if (app->operators != NULL &&
	    trust_request(p->arena, app->operators, r, now, &person, e) != 0)
		return err_wrap(e, "the request was not filed");
	return 0;
}

static int
store_request(struct app *app, struct pending *p, struct err *e)
{
	struct err ignored = {0};
	char *json;
	size_t len;

	if (request_encode(p->arena, &p->request, &json, &len, e) != 0)
		return -1;
	if (app->store != NULL &&
	    app->store->ops->put_request(app->store, p->request.id, json, len, e) != 0)
		return err_wrap(e, "the request was not filed");
	if (journal_put(app->journal, "request",
		json_pack("{s:s, s:s, s:s}", "request", p->request.id, "digest", p->plan->digest,
		    "expires", p->request.expires),
		e) == 0)
		return 0;
	/* What nobody could prove to have been filed must not be there to be signed. */
	if (app->store != NULL)
		app->store->ops->withdraw(app->store, p->request.id, &ignored);
	return -1;
}

int
pending_file(struct app *app, const struct plan *plan, struct pending **out, struct err *e)
{
	struct arena *a = arena_new();
	struct pending *p = arena_alloc(a, sizeof(*p));
	size_t len;
	char *json = plan_encode(a, plan, &len, e);

	p->arena = a;
	if (json == NULL || (p->plan = plan_decode(a, json, len, e)) == NULL ||
	    plan_digest(a, p->plan, e) != 0 || fill_request(app, p, e) != 0 ||
	    store_request(app, p, e) != 0) {
		arena_free(a);
		return -1;
	}
	p->sentence = "waiting for another person";
	p->next = app->pending;
	app->pending = p;
	*out = p;
	return 0;
}

int
pending_find(struct app *app, const char *id, struct pending **out, struct err *e)
{
	struct pending *p, *found = NULL;

	for (p = app->pending; p != NULL; p = p->next) {
		if (strncmp(p->request.id, id, strlen(id)) != 0)
			continue;
		if (found != NULL)
			return err_set(
			    e, ERR_USAGE, "\"%s\" is the beginning of more than one request", id);
		found = p;
	}
	if (found == NULL) {
		err_set(e, ERR_USAGE, "this session filed no request \"%s\"; nothing was run", id);
		return err_hint(
		    e, "A request belongs to the session that filed it; `requests` lists them.");
	}
	*out = found;
	return 0;
}

/* Writes down answers not yet in the journal: with them, the approver is a witness of our head. */
static int
journal_new(struct app *app, struct pending *p, struct err *e)
{
	const struct verified *v;
	json_t *o;

	for (; p->njournaled < p->nverified; p->njournaled++) {
		v = &p->verified[p->njournaled];
		o = json_pack("{s:s, s:s, s:s, s:s}", "request", p->request.id, "person", v->person,
		    "statement", p->statements[p->njournaled], "sig", p->sigs[p->njournaled]);
		if (journal_put(app->journal,
			strcmp(v->decision, "deny") == 0 ? "denial" : "approval", o, e) != 0)
			return -1;
	}
	return 0;
}

/* An answer is known where that person decided so already, for at least as long: the one that lives
 * longest is kept, and so a person's approval after one that expired counts. */
static int
is_new(const struct pending *p, const struct verified *v)
{
	const struct verified *x;
	size_t i;

	for (i = 0; i < p->nverified; i++) {
		x = &p->verified[i];
		if (strcmp(x->person, v->person) == 0 && strcmp(x->decision, v->decision) == 0 &&
		    (strcmp(v->decision, "approve") != 0 ||
			rfc3339_parse(v->expires) <= rfc3339_parse(x->expires)))
			return 0;
	}
	return 1;
}

static void
remember(struct pending *p, const struct trusted *t)
{
	struct verified *v;

	if (!is_new(p, &t->verified))
		return;
	p->verified = arena_grow(p->arena, p->verified, p->nverified, sizeof(*p->verified));
	p->statements = arena_grow(p->arena, p->statements, p->nverified, sizeof(*p->statements));
	p->sigs = arena_grow(p->arena, p->sigs, p->nverified, sizeof(*p->sigs));
	v = &p->verified[p->nverified];
	v->person = arena_strdup(p->arena, t->verified.person);
	v->decision = arena_strdup(p->arena, t->verified.decision);
	v->issued = arena_strdup(p->arena, t->verified.issued);
	v->expires = arena_strdup(p->arena, t->verified.expires);
	v->fingerprint = arena_strdup(p->arena, t->verified.fingerprint);
	v->comment = arena_strdup(p->arena, t->verified.comment);
	p->statements[p->nverified] = arena_strdup(p->arena, t->statement);
	p->sigs[p->nverified++] = arena_strdup(p->arena, t->sig);
}

static void
take_items(struct app *app, struct pending *p, const struct store_item *items, size_t n)
{
	struct arena *a = arena_new();
	struct trusted *t;
	size_t nt, i, nbad = 0;
	const char *bad = NULL;

	trust_answers(
	    a, app->operators, &p->request, items, n, (int64_t)time(NULL), &t, &nt, &nbad, &bad);
	for (i = 0; i < nt; i++)
		remember(p, &t[i]);
	p->has_bad = nbad > 0;
	if (bad != NULL)
		p->bad = arena_strdup(p->arena, bad);
	arena_free(a);
}

static void
judge(struct app *app, struct pending *p)
{
	if (p->state == REQUEST_CONSUMED || p->state == REQUEST_WITHDRAWN)
		return;
	p->state = request_judge(p->arena, &p->request, p->verified, p->nverified, app->operators,
	    (int64_t)time(NULL), &p->sentence);
}

/* An approval counts only while its key stands in the operators file as it is now. */
static void
forget_revoked(struct app *app, struct pending *p)
{
	struct arena *a = arena_new();
	const struct operator_key *k;
	struct err ignored = {0};
	size_t i;

	for (i = 0; i < p->nverified; i++)
		if (strcmp(p->verified[i].decision, "approve") == 0 &&
		    (sshsig_verify_person(a, app->operators, p->sigs[i], strlen(p->sigs[i]),
			 NS_APPROVAL, p->statements[i], strlen(p->statements[i]),
			 (int64_t)time(NULL), &k, &ignored) != 0 ||
			strcmp(k->person, p->verified[i].person) != 0))
			p->verified[i].decision = "revoked";
	arena_free(a);
}

int
pending_reload(struct app *app, struct pending *p, struct err *e)
{
	struct operators *now;

	if (app->config->operators != NULL) {
		now = arena_alloc(app->arena, sizeof(*now));
		if (operators_load(app->arena, app->config->operators, now, e) != 0)
			return err_wrap(e, "who may approve is not known now; nothing was run");
		app->operators = now;
		forget_revoked(app, p);
	}
	if (policy_load(app->arena, app->config->policy, &app->policy, e) != 0 ||
	    policy_fits(&app->policy, app->config, e) != 0)
		return err_wrap(e, "the policy cannot be read now; nothing was run");
	return 0;
}

int
pending_refresh(struct app *app, struct pending *p, struct err *e)
{
	struct arena *a = arena_new();
	struct store_item *items = NULL;
	size_t n = 0;
	int rc = 0;

	if (app->operators == NULL) {
		arena_free(a);
		return err_set(e, ERR_CONFIG,
		    "no operators file is configured, so no signature can be trusted");
	}
	if (app->store != NULL)
		rc = app->store->ops->answers(app->store, a, p->request.id, &items, &n, e);
	if (rc == 0) {
		take_items(app, p, items, n);
		judge(app, p);
		rc = journal_new(app, p, e);
	}
	arena_free(a);
	return rc;
}

/* What became of a request, and the next step. */
static const char *
news_of(struct arena *a, const struct pending *p)
{
	if (p->state == REQUEST_APPROVED)
		return arena_printf(a, "request %.8s is %s. Nothing runs by itself: run %.8s",
		    p->request.id, p->sentence, p->request.id);
	return arena_printf(
	    a, "request %.8s is %s: %s", p->request.id, request_state_name(p->state), p->sentence);
}

int
pending_answer(struct app *app, const char *text, size_t len, struct err *e)
{
	struct arena *a = arena_new();
	struct store_item item = {.name = "pasted"};
	struct answer ans;
	struct pending *p;
	uint8_t *data;
	size_t n;
	int rc = -1;

	if (paste_dearmor(a, "ANSWER", text, len, &data, &n, e) == 0 &&
	    answer_decode(a, (const char *)data, n, &ans, e) == 0 &&
	    pending_find(app, ans.request, &p, e) == 0) {
		item.id = ans.request;
		item.data = (const char *)data;
		item.len = n;
		take_items(app, p, &item, 1);
		judge(app, p);
		rc = journal_new(app, p, e);
		if (rc == 0 && p->has_bad)
			rc = err_set(
			    e, ERR_SIGNATURE, "the pasted answer does not count: %s", p->bad);
		if (rc == 0)
			out_line(app, STYLE_BOLD, "%s", news_of(a, p));
	}
	arena_free(a);
	return rc;
}

void
pending_tick(void *ctx)
{
	struct app *app = ctx;
	struct arena *a = arena_new();
	enum request_state was;
	struct pending *p;
	struct err ignored = {0};

	if (app->store != NULL)
		app->store->ops->drain(app->store);
	for (p = app->pending; p != NULL; p = p->next) {
		was = p->state;
		if (was != REQUEST_OPEN && was != REQUEST_APPROVED)
			continue;
		if (pending_refresh(app, p, &ignored) != 0 || p->state == was)
			continue;
		repl_notice(app, news_of(a, p));
	}
	arena_free(a);
}

void
pending_close(struct app *app)
{
	struct pending *p, *next;
	struct err ignored = {0};

	for (p = app->pending; p != NULL; p = next) {
		next = p->next;
		if (app->store != NULL && p->state != REQUEST_CONSUMED)
			app->store->ops->withdraw(app->store, p->request.id, &ignored);
		arena_free(p->arena);
	}
	app->pending = NULL;
}
