/*
 * requests: what waits for whom. Lists what the store holds, with what its signatures are worth.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "commands/asked.h"
#include "text.h"
#include "banned.h"

enum { ID, WHO, STATE, NODE, LEFT, WHAT, APPROVALS, COLUMNS };

static const char *const titles[COLUMNS] = {
    "id", "who", "state", "node", "left", "what", "approvals"};

static const char *
state_of(const struct asked *x)
{
	return x->doubt != NULL ? "NOT BELIEVED" : request_state_name(x->state);
}

static const char *
first_line(struct arena *a, const struct plan *p, int columns)
{
	const char *nl = memchr(p->text, '\n', p->text_len);

	return text_fit(a, p->text, nl == NULL ? p->text_len : (size_t)(nl - p->text), columns);
}

static void
fill(struct arena *a, const struct asked *x, int64_t now, const char **cells)
{
	const struct plan *p = x->request.plan;
	int64_t left = rfc3339_parse(x->request.expires) - now;

	cells[ID] = arena_printf(a, "%.8s", x->request.id);
	cells[WHO] = p->requester;
	cells[STATE] = state_of(x);
	cells[NODE] = arena_printf(a, "%s (%s)", plan_target(p),
	    plan_target(p) != p->session.node ? "host" : role_name(p->session.role));
	cells[LEFT] = left <= 0	  ? "none"
		      : left < 60 ? arena_printf(a, "%lld s", (long long)left)
				  : arena_printf(a, "%lld min", (long long)left / 60);
	cells[WHAT] = first_line(a, p, 60);
	cells[APPROVALS] = x->doubt != NULL ? x->doubt : x->sentence;
}

static json_t *
as_json(struct arena *a, const struct asked *x)
{
	const struct plan *p = x->request.plan;

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:s?}", "id",
	    x->request.id, "who", text_inert(a, p->requester, strlen(p->requester), 0), "state",
	    x->doubt != NULL ? "not-believed" : request_state_name(x->state), "node",
	    text_inert(a, plan_target(p), strlen(plan_target(p)), 0), "role",
	    role_name(p->session.role), "what", text_inert(a, p->text, p->text_len, 0), "issued",
	    x->request.issued, "expires", x->request.expires, "approvals", x->sentence, "plan",
	    p->digest, "doubt", x->doubt, "bad_answer", x->bad);
}

static char *
all_json(struct arena *a, const struct asked *all, size_t n)
{
	json_t *list = json_array();
	char *text, *out;
	size_t i;

	for (i = 0; i < n; i++)
		json_array_append_new(list, as_json(a, &all[i]));
	text = json_dumps(list, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	if (text == NULL)
		abort();
	out = arena_strdup(a, text);
	free(text);
	json_decref(list);
	return out;
}

static int
requests_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	int64_t now = (int64_t)time(NULL);
	const char **cells, *bad = NULL;
	struct asked *all;
	size_t n, nbad = 0, i;

	(void)argc, (void)argv;
	if (asked_list(c, &all, &n, &nbad, &bad, e) == -1)
		return -1;
	cells = arena_array(c->arena, n * COLUMNS + 1, sizeof(*cells));
	for (i = 0; i < n; i++)
		fill(c->arena, &all[i], now, cells + i * COLUMNS);
	r->kind = RETURNS_VIEW;
	view_table(c->arena, &r->view, COLUMNS, titles, cells, n, NULL);
	r->view.json = all_json(c->arena, all, n);
	if (nbad > 0)
		r->view.footer = arena_printf(
		    c->arena, "%zu file%s left out: %s", nbad, nbad == 1 ? " was" : "s were", bad);
	return 0;
}

const struct command command_requests = {
    .name = "requests",
    .args = "",
    .max = 0,
    .needs = IN_SHELL | AT_CLI | HAS_JSON | NEED_STORE,
    .help = "List requests that wait for approval",
    .exec = requests_exec,
};
