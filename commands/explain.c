/*
 * A verdict drawn for people and as JSON: for `policy explain`.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "command.h"
#include "commands/explain.h"
#include "text.h"
#include "banned.h"

#define UNKNOWN                                                                                    \
	"Judged without a server, as on a primary with one replica in sight. Not known: the role " \
	"of "                                                                                      \
	"the node, who would replay it, what depends on it, its functions, its rows. Each of "     \
	"these "                                                                                   \
	"can make the answer stricter, and some queries milder."

static const char *const guards[] = {"hold replicas with proof", "lock and statement limits",
    "read only transaction", "objects checked where it runs", "reversible form offered",
    "real count shown before commit"};

static const char *
guard_names(struct arena *a, unsigned bits)
{
	const char *out = "";
	size_t i;

	for (i = 0; i < sizeof(guards) / sizeof(guards[0]); i++)
		if (bits & 1u << i)
			out = arena_printf(a, "%s%s%s", out, out[0] == '\0' ? "" : ", ", guards[i]);
	return out[0] == '\0' ? "none" : out;
}

static json_t *
json_inert(struct arena *a, const char *s)
{
	return s == NULL ? json_null() : json_string(text_inert(a, s, strlen(s), 0));
}

char *
explain_json(struct arena *a, const struct verdict *v, const char *class, int is_offline)
{
	json_t *o = json_object(), *list = json_array(), *r;
	char *text, *out;
	size_t i;

	for (i = 0; i < v->nreasons; i++) {
		r = json_object();
		json_object_set_new(r, "rule", json_inert(a, v->reasons[i].rule));
		json_object_set_new(r, "level", json_string(level_name(v->reasons[i].level)));
		json_object_set_new(r, "sentence", json_inert(a, v->reasons[i].sentence));
		json_object_set_new(r, "learned", json_inert(a, v->reasons[i].learned));
		json_array_append_new(list, r);
	}
	json_object_set_new(o, "class", json_string(class));
	json_object_set_new(o, "level", json_string(level_name(v->level)));
	json_object_set_new(o, "approvals", json_integer(v->approvals));
	json_object_set_new(o, "guards", json_string(guard_names(a, v->guards)));
	json_object_set_new(o, "offline", json_boolean(is_offline));
	json_object_set_new(o, "reasons", list);
	text = json_dumps(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	out = arena_printf(a, "%s\n", text == NULL ? "{}" : text);
	free(text);
	json_decref(o);
	return out;
}

void
explain_lines(struct context *c, struct view *view, const struct verdict *v, const char *class,
    int is_offline)
{
	char **lines = arena_array(c->arena, v->nreasons + 3, sizeof(*lines));
	struct arena *a = c->arena;
	const struct reason *r;
	size_t i, n = 0;

	lines[n++] = arena_printf(a, "%s%s, class %s, guards: %s", level_name(v->level),
	    v->level != LEVEL_APPROVE ? "" : arena_printf(a, " (%d)", v->approvals), class,
	    guard_names(a, v->guards));
	for (i = 0; i < v->nreasons; i++) {
		r = &v->reasons[i];
		lines[n++] = arena_printf(a, "  %-8s %s: %s%s%s", level_name(r->level), r->rule,
		    text_inert(a, r->sentence, strlen(r->sentence), 0),
		    r->learned == NULL ? "" : " Learned from ",
		    r->learned == NULL ? "" : arena_printf(a, "%s.", r->learned));
	}
	if (is_offline)
		lines[n++] = arena_strdup(a, UNKNOWN);
	view_lines(a, view, lines, n);
}
