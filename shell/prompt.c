/*
 * The prompt: cluster, node, ROLE, database, open transaction, what is held, incident, "unsigned".
 * Words carry it; colour only repeats them. On a narrow terminal parts are left out in a fixed
 * order, role and node last. Must never show a name as it came: names are inert and bounded.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "buf.h"
#include "text.h"
#include "shell/app.h"
#include "shell/holds.h"
#include "shell/incident.h"
#include "shell/prompt.h"
#include "banned.h"

#define NAME_COLUMNS 32
#define DUTY_LONG_S (4 * 3600)

enum { RED, GREEN, YELLOW, PLAIN };

static const struct {
	const char *word;
	int color;
} roles[] = {
    [ROLE_UNKNOWN] = {"ROLE UNKNOWN", YELLOW},
    [ROLE_UNREACHABLE] = {"UNREACHABLE", YELLOW},
    [ROLE_STARTING] = {"STARTING", YELLOW},
    [ROLE_NO_SLOTS] = {"NO SLOTS", YELLOW},
    [ROLE_PRIMARY] = {"PRIMARY", RED},
    [ROLE_REPLICA] = {"replica", GREEN},
    [ROLE_STANDALONE] = {"STANDALONE", RED},
};

/* In the order shown. `leave` says when it goes on a narrow terminal: 1 first, 0 never. */
enum { CLUSTER, NODE, ROLE, DATABASE, TRANSACTION, HELD, JOBS, INCIDENT, DUTY, UNSIGNED, NPARTS };
static const int leave_order[] = {
    CLUSTER, DATABASE, INCIDENT, DUTY, UNSIGNED, JOBS, HELD, TRANSACTION};

struct part {
	const char *text; /* NULL: left out */
	const char *brief;
	int color;
};

static char *
name(struct arena *a, const char *s)
{
	return s == NULL ? NULL : text_fit(a, s, strlen(s), NAME_COLUMNS);
}

static void
transaction(struct arena *a, const struct session *s, int64_t extra_ms, struct part *p)
{
	int64_t age = (s->tx_age_ms + extra_ms) / 1000;

	switch (s->tx) {
	case TX_NONE:
		break;
	case TX_OPEN:
		p->text = arena_printf(a, "[in transaction %s]",
		    age < 60 ? arena_printf(a, "%lld s", (long long)age)
			     : text_seconds(a, (double)age));
		p->brief = "[tx]";
		p->color = YELLOW;
		break;
	case TX_FAILED:
		p->text = "[transaction FAILED]";
		p->brief = "[FAILED]";
		p->color = RED;
		break;
	case TX_UNKNOWN:
		p->text = "[transaction UNKNOWN]";
		p->brief = "[tx?]";
		p->color = RED;
		break;
	}
}

/* A hold that somebody undid is not counted as one. */
static void
held(const struct app *app, struct arena *a, struct part *p)
{
	const struct topology *t = app->cluster == NULL ? NULL : facts_last(app->cluster);
	size_t i, lost = 0;

	for (i = 0; t != NULL && i < app->nholds; i++)
		lost += (size_t)hold_is_lost(&app->holds[i], t);
	p->text = lost == 0 ? arena_printf(a, "[%zu held]", app->nholds)
			    : arena_printf(a, "[%zu held, %zu LOST]", app->nholds - lost, lost);
	p->brief = lost == 0 ? arena_printf(a, "[%zuh]", app->nholds)
			     : arena_printf(a, "[%zuh!]", app->nholds - lost);
	p->color = lost == 0 ? YELLOW : RED;
}

/* Long duty is a risk like any other: from four hours on it stands out. */
static void
duty(const struct app *app, struct arena *a, struct part *p)
{
	char *text = incident_duty(app, a);

	if (text == NULL)
		return;
	p->text = arena_printf(a, "(%s)", text);
	if ((int64_t)time(NULL) - app->on_duty_since >= DUTY_LONG_S)
		p->color = YELLOW;
}

/* The machine it is on, where that has another name. */
static char *
place(const struct app *app, struct arena *a, const char *node)
{
	const struct cluster_config *c = app->cluster_config;
	size_t i;

	for (i = 0; c != NULL && node != NULL && i < c->nnodes; i++)
		if (strcmp(c->nodes[i].name, node) == 0 && c->nodes[i].host != NULL &&
		    strcmp(c->nodes[i].host, node) != 0)
			return arena_printf(a, "%s@%s", name(a, node), name(a, c->nodes[i].host));
	return name(a, node);
}

static void
fill(const struct app *app, struct arena *a, int64_t extra_ms, struct part *p)
{
	const struct session *s = app->session;
	unsigned role = s == NULL ? ROLE_UNKNOWN : (unsigned)s->role;

	if (app->cluster_config != NULL)
		p[CLUSTER].text = name(a, app->cluster_config->name);
	if (s == NULL) {
		p[NODE].text = "not connected";
	} else {
		if (role >= sizeof(roles) / sizeof(roles[0]))
			role = ROLE_UNKNOWN;
		p[NODE].text = place(app, a, s->node);
		p[NODE].brief = name(a, s->node);
		p[ROLE].text = roles[role].word;
		p[ROLE].color = roles[role].color;
		p[DATABASE].text = name(a, s->database);
		transaction(a, s, extra_ms, &p[TRANSACTION]);
	}
	if (app->nholds > 0) {
		held(app, a, &p[HELD]);
	}
	p[JOBS].text = jobs_prompt(app, a);
	p[JOBS].color = YELLOW;
	if (app->incident[0] != '\0')
		p[INCIDENT].text = name(a, app->incident);
	duty(app, a, &p[DUTY]);
	if (app->person_config == NULL || app->person_config->key == NULL) {
		p[UNSIGNED].text = "unsigned";
		p[UNSIGNED].color = YELLOW;
	}
}

static int
width(const struct part *p)
{
	int i, w = 2; /* "> " */

	for (i = 0; i < NPARTS; i++)
		if (p[i].text != NULL)
			w += text_width(p[i].text, strlen(p[i].text)) + (i > 0);
	return w;
}

/* Leaves out and shortens until the prompt takes at most two thirds of the line. */
static void
narrow(struct arena *a, struct part *p, int columns)
{
	int max = columns <= 0 ? 1000 : columns - columns / 3, over;
	size_t i;

	for (i = 0; i < sizeof(leave_order) / sizeof(leave_order[0]) && width(p) > max; i++)
		p[leave_order[i]].text = p[leave_order[i]].brief;
	for (i = 0; i < sizeof(leave_order) / sizeof(leave_order[0]) && width(p) > max; i++)
		p[leave_order[i]].text = NULL;
	if (width(p) > max && p[NODE].brief != NULL)
		p[NODE].text = p[NODE].brief;
	over = width(p) - max;
	if (over > 0 && p[NODE].text != NULL) {
		over = text_width(p[NODE].text, strlen(p[NODE].text)) - over;
		p[NODE].text = text_fit(a, p[NODE].text, strlen(p[NODE].text), over < 6 ? 6 : over);
	}
}

static void
put(const struct app *app, struct buf *b, const struct part *p)
{
	static const char *const codes[] = {[RED] = "1;31", [GREEN] = "32", [YELLOW] = "33"};

	if (p->color == PLAIN || !app->has_color)
		buf_puts(b, p->text);
	else
		buf_printf(b, "\001\033[%sm\002%s\001\033[0m\002", codes[p->color], p->text);
}

char *
prompt_main(const struct app *app, struct arena *a, int64_t extra_ms)
{
	struct part p[NPARTS];
	struct buf b;
	char *out;
	int i;

	for (i = 0; i < NPARTS; i++)
		p[i] = (struct part){NULL, NULL, PLAIN};
	fill(app, a, extra_ms, p);
	narrow(a, p, app->width);
	buf_init(&b, 4096);
	for (i = 0; i < NPARTS; i++) {
		if (p[i].text == NULL)
			continue;
		if (b.len > 0)
			buf_puts(&b, i == NODE ? "/" : " ");
		put(app, &b, &p[i]);
	}
	buf_puts(&b, "> ");
	out = arena_strdup(a, buf_str(&b));
	buf_free(&b);
	return out;
}

/* Below the first prompt, as narrow as it gets: the node and the role are still said. */
char *
prompt_more(const struct app *app, struct arena *a, char why)
{
	struct part p[NPARTS];
	int i;

	for (i = 0; i < NPARTS; i++)
		p[i] = (struct part){NULL, NULL, PLAIN};
	if (app->session != NULL)
		fill(app, a, 0, p);
	for (i = 0; i < NPARTS; i++)
		if (i != NODE && i != ROLE)
			p[i].text = NULL;
	narrow(a, p, app->width > 6 ? app->width - 6 : app->width);
	return arena_printf(a, "%s%s%s %s> ", p[NODE].text == NULL ? "" : p[NODE].text,
	    p[ROLE].text == NULL ? "" : " ", p[ROLE].text == NULL ? "" : p[ROLE].text,
	    why == 'p' ? "paste" : (char[]){why == '\0' ? '-' : why, '\0'});
}
