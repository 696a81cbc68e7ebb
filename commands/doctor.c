/*
 * doctor: what is missing before a bad night, on this side and on the servers, each with what gives
 * it. Looks only, and works where half of it is broken: that is when it is asked.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "arena.h"
#include "command.h"
#include "commands/doctor.h"
#include "commands/tree.h"
#include "banned.h"

static const char *const words[] = {
    [HEALTH_OK] = "ok", [HEALTH_NOTE] = "note", [HEALTH_MISSING] = "MISSING"};

void
check_add(struct checkup *k, enum health state, const char *next, const char *fmt, ...)
{
	struct health_row *row;
	va_list ap;

	k->rows = arena_grow(k->c->arena, k->rows, k->n, sizeof(*row));
	row = &k->rows[k->n++];
	va_start(ap, fmt);
	*row = (struct health_row){state, arena_vprintf(k->c->arena, fmt, ap), next, NULL};
	va_end(ap);
}

static void
show(struct checkup *k, struct result *r)
{
	struct drawing d = {.arena = k->c->arena, .width = k->c->width > 20 ? k->c->width : 80};
	json_t *all = json_array();
	size_t i, missing = 0, grants = 0;
	char *text;

	for (i = 0; i < k->n; i++) {
		const struct health_row *x = &k->rows[i];

		grants += x->sql != NULL;
		missing += x->state == HEALTH_MISSING;
		tree_wrap(&d, arena_printf(d.arena, "%-9s", words[x->state]), "%s",
		    tree_inert(&d, x->what));
		if (x->next != NULL)
			tree_wrap(&d, "         ", "next: %s", x->next);
		if (x->sql != NULL)
			tree_line(&d, "         %s", tree_inert(&d, x->sql));
		json_array_append_new(
		    all, json_pack("{s:s, s:o, s:o, s:o}", "state", words[x->state], "what",
			     tree_text(d.arena, x->what), "next", tree_text(d.arena, x->next),
			     "sql", tree_text(d.arena, x->sql)));
	}
	if (grants > 0)
		tree_wrap(&d, "", "A superuser runs the GRANTs on the primary, in database %s.",
		    k->c->cluster_config->database == NULL ? "postgres"
							   : k->c->cluster_config->database);
	tree_line(&d, "%zu of %zu missing", missing, k->n);
	view_lines(k->c->arena, &r->view, d.lines, d.n);
	text = json_dumps(all, JSON_INDENT(2));
	r->view.json = text == NULL ? NULL : arena_strdup(d.arena, text);
	free(text);
	json_decref(all);
	r->view.exit = missing > 0;
}

static int
doctor_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	struct checkup k = {.c = c};

	(void)argc, (void)argv, (void)e;
	doctor_own_side(&k);
	doctor_nodes(&k);
	r->kind = RETURNS_VIEW;
	show(&k, r);
	return 0;
}

const struct command command_doctor = {
    .name = "doctor",
    .args = "",
    .max = 0,
    .needs = IN_SHELL | AT_CLI | HAS_JSON | NEED_HANDLE,
    .help = "Say what is missing, here and on the servers, and what gives it",
    .exec = doctor_exec,
};
