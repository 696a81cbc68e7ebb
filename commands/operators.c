/*
 * operators: who may sign what, as the operators file says it.
 */
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "approval.h"
#include "arena.h"
#include "command.h"
#include "banned.h"

enum { PERSON, MAY, VALID, TYPE, FINGERPRINT, LINE, COLUMNS };

/* "session, approval": ours without their common end, others in full. */
static const char *
may(struct arena *a, const struct operator_key *k)
{
	const char *out = "", *ns, *end;
	size_t i, n;

	for (i = 0; i < k->nnamespaces; i++) {
		ns = k->namespaces[i];
		end = strstr(ns, "@holdfast");
		n = end == NULL ? strlen(ns) : (size_t)(end - ns);
		out = arena_printf(a, "%s%s%.*s", out, i > 0 ? ", " : "", (int)n, ns);
	}
	return out;
}

static const char *
valid(struct arena *a, const struct operator_key *k, int64_t now)
{
	if (now < k->valid_after)
		return arena_printf(a, "from %s", rfc3339(a, k->valid_after));
	if (now >= k->valid_before)
		return arena_printf(a, "NO LONGER, since %s", rfc3339(a, k->valid_before));
	if (k->valid_before == INT64_MAX)
		return "yes";
	return arena_printf(a, "until %s", rfc3339(a, k->valid_before));
}

static int
operators_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	static const char *const titles[COLUMNS] = {
	    "person", "may sign", "valid", "type", "fingerprint", "line"};
	static const unsigned char numeric[COLUMNS] = {[LINE] = 1};
	const struct operators *o = c->operators;
	int64_t now = (int64_t)time(NULL);
	const char **cells;
	size_t i;

	(void)argc, (void)argv;
	if (o == NULL) {
		err_set(
		    e, ERR_CONFIG, "no operators file is configured, so nobody may sign anything");
		return err_hint(
		    e, "Set operators = \"FILE\" in the config; holdfast.conf(5) has its form.");
	}
	cells = arena_array(c->arena, o->nkeys * COLUMNS, sizeof(*cells));
	for (i = 0; i < o->nkeys; i++) {
		cells[i * COLUMNS + PERSON] = o->keys[i].person;
		cells[i * COLUMNS + MAY] = may(c->arena, &o->keys[i]);
		cells[i * COLUMNS + VALID] = valid(c->arena, &o->keys[i], now);
		cells[i * COLUMNS + TYPE] = o->keys[i].type;
		cells[i * COLUMNS + FINGERPRINT] = o->keys[i].fingerprint;
		cells[i * COLUMNS + LINE] = arena_printf(c->arena, "%d", o->keys[i].line);
	}
	r->kind = RETURNS_VIEW;
	view_table(c->arena, &r->view, COLUMNS, titles, cells, o->nkeys, numeric);
	return 0;
}

const struct command command_operators = {
    .name = "operators",
    .args = "",
    .max = 0,
    .needs = IN_SHELL | AT_CLI | HAS_JSON,
    .help = "List who may sign what",
    .exec = operators_exec,
};
