/*
 * lab up, down, status: throw-away clusters. The only command that acts by itself, and only below a
 * directory that carries the lab's marker: it never touches a configured cluster.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "command.h"
#include "lab.h"
#include "banned.h"

#define MAX_OWNERS 2

static int
set_owners(struct context *c, struct lab_setup *s, const char *text, struct err *e)
{
	struct lab_owner *own = arena_array(c->arena, MAX_OWNERS, sizeof(*own));
	char *rest = arena_strdup(c->arena, text), *part, *eq;

	while ((part = strsep(&rest, ",")) != NULL) {
		eq = strchr(part, '=');
		if (s->nowners == MAX_OWNERS || eq == NULL || eq == part || eq[1] == '\0')
			return err_set(
			    e, ERR_USAGE, "--own takes PERSON=OSUSER,PERSON=OSUSER, not %s", text);
		*eq = '\0';
		own[s->nowners].person = part;
		own[s->nowners++].user = eq + 1;
	}
	s->owners = own;
	return 0;
}

static int
set_rows(struct lab_setup *s, const char *text, struct err *e)
{
	char *end;

	s->rows = strtol(text, &end, 10);
	if (end == text || *end != '\0' || s->rows < 1 || s->rows > 100000000)
		return err_set(
		    e, ERR_USAGE, "--rows takes a number from 1 to 100000000, not %s", text);
	return 0;
}

/* One option; *used is the number of words it took. */
static int
option(struct context *c, struct lab_setup *s, char **argv, int left, int *used, struct err *e)
{
	const struct {
		const char *name;
		const char **to;
	} texts[] = {{"--engine", &s->engine}, {"--shape", &s->shape}, {"--dir", &s->dir},
	    {"--user", &s->user}, {"--group", &s->group}};
	size_t i;

	*used = 1;
	if (strcmp(argv[0], "--slots") == 0 || strcmp(argv[0], "--no-slots") == 0) {
		s->no_slots = argv[0][2] == 'n';
		return 0;
	}
	*used = 2;
	for (i = 0; left > 1 && i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(argv[0], texts[i].name) == 0) {
			*texts[i].to = argv[1];
			return 0;
		}
	if (left > 1 && strcmp(argv[0], "--rows") == 0)
		return set_rows(s, argv[1], e);
	if (left > 1 && strcmp(argv[0], "--own") == 0)
		return set_owners(c, s, argv[1], e);
	return err_set(e, ERR_USAGE, "lab does not know %s, or it lacks its value", argv[0]);
}

static int
show(struct context *c, const char *dir, struct result *r, struct err *e)
{
	static const char *const titles[] = {"node", "state", "port", "pid", "upstream", "dir"};
	static const unsigned char numeric[] = {0, 0, 1, 1, 0, 0};
	struct lab_node *nodes;
	const char **cells;
	size_t n, i, k = 0;

	if (lab_status(c->arena, dir, &nodes, &n, e) != 0)
		return -1;
	cells = arena_array(c->arena, n * 6 + 1, sizeof(*cells));
	for (i = 0; i < n; i++) {
		cells[k++] = nodes[i].name;
		cells[k++] = nodes[i].state;
		cells[k++] = arena_printf(c->arena, "%d", nodes[i].port);
		cells[k++] =
		    nodes[i].pid == 0 ? NULL : arena_printf(c->arena, "%ld", (long)nodes[i].pid);
		cells[k++] = nodes[i].upstream == NULL && !c->is_json ? "-" : nodes[i].upstream;
		cells[k++] = nodes[i].dir;
	}
	view_table(c->arena, &r->view, 6, titles, cells, n, numeric);
	return 0;
}

static int
down(struct context *c, const char *dir, struct result *r, struct err *e)
{
	char **line = arena_alloc(c->arena, sizeof(*line));

	line[0] = arena_printf(c->arena, "%s is stopped and removed", dir);
	view_lines(c->arena, &r->view, line, 1);
	return lab_down(dir, c->waiter, e);
}

static int
lab_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	int i = 2, used, is_incident = strcmp(argv[1], "incident") == 0 && argc > 2;
	struct lab_setup s = {
	    .engine = is_incident && strcmp(argv[2], "cxalloy") == 0 ? "mariadb" : "postgresql",
	    .shape = is_incident ? "star:1" : "single",
	    .incident = is_incident ? argv[i++] : NULL};

	for (; i < argc; i += used)
		if (option(c, &s, argv + i, argc - i, &used, e) != 0)
			return err_hint(e, "holdfast(1) lists the options of lab.");
	r->kind = RETURNS_VIEW;
	if (strcmp(argv[1], "status") == 0)
		return show(c, s.dir, r, e);
	if (!is_incident && strcmp(argv[1], "up") != 0 && strcmp(argv[1], "down") != 0)
		return err_set(
		    e, ERR_USAGE, "lab takes up, incident NAME, down or status, not %s", argv[1]);
	if (s.dir == NULL)
		return err_set(e, ERR_USAGE, "lab %s needs --dir DIR", argv[1]);
	if (strcmp(argv[1], "down") == 0)
		return down(c, s.dir, r, e);
	if (lab_up(&s, c->waiter, e) != 0 || show(c, s.dir, r, e) != 0)
		return -1;
	r->view.footer =
	    arena_printf(c->arena, "holdfast --config %s/holdfast.conf --as alice", s.dir);
	return 0;
}

const struct command command_lab = {
    .name = "lab",
    .args = "up|incident NAME|down|status [--dir DIR] [--shape SHAPE] [--engine "
	    "postgresql|mariadb|mysql] [--no-slots] "
	    "[--rows N]",
    .min = 1,
    .max = -1,
    .needs = AT_CLI | HAS_JSON,
    .help = "Start, stop and list throw-away clusters",
    .exec = lab_exec,
};
