/*
 * The picture of a large fleet, as the verbs draw it: 61 nodes in three levels, at 80 columns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "command.h"
#include "text.h"
#include "topology.h"
#include "wait.h"
#include "commands/tree.h"

#define NODES 61
#define BUSY 40

extern const struct command command_topology, command_lag;

static struct node nodes[NODES];
static struct company companies[BUSY];
static struct finding findings[NODES];

/* n01 is the primary; n02 to n11 follow it, five below each of these. Every seventh is not there.
 */
static struct topology *
fleet(struct arena *a)
{
	struct topology *t = arena_alloc(a, sizeof(*t));
	size_t i, up;

	for (i = 0; i < NODES; i++) {
		struct node *n = &nodes[i];

		up = i == 0 ? 0 : i <= 10 ? 0 : 1 + (i - 11) / 5;
		memset(n, 0, sizeof(*n));
		n->name = arena_printf(a, "n%02zu", i + 1);
		n->address = n->host = "db.example";
		n->identity = arena_printf(a, "pg:1:%02zu", i);
		n->incarnation = n->cluster = "pg:1";
		n->role = i == 0 ? ROLE_PRIMARY : ROLE_REPLICA;
		n->upstream = i == 0 ? NULL : nodes[up].identity;
		n->timeline = 1;
		n->is_streaming = 1;
		n->lag_bytes = i == 0 ? -1 : (int64_t)i * 1000000;
		n->lag_ms = n->disk_free = n->slot_retained = n->slot_safe = n->wal_rate = -1;
		n->seen_ms = now_ms();
		if (i > 10 && i % 7 == 0) {
			n->role = ROLE_UNREACHABLE;
			n->reason = "no answer before the deadline";
			findings[t->nfindings++] = (struct finding){.id = "silent-node",
			    .node = n->name,
			    .sentence = arena_printf(a,
				"%s is unreachable: it can be neither held nor proved held",
				n->name),
			    .next = "bring it back, or have the approver accept it by name"};
		}
	}
	for (i = 0; i < BUSY; i++)
		companies[i] = (struct company){.node = nodes[i].name, .who = "bob", .age_ms = -1};
	t->engine = "postgresql";
	t->cluster = "pg:1";
	t->nodes = nodes;
	t->nnodes = NODES;
	t->companies = companies;
	t->ncompanies = BUSY;
	t->findings = findings;
	text_copy(t->taken_at, sizeof(t->taken_at), "2026-11-28T14:00:00Z");
	return t;
}

static size_t
rows(struct arena *a, const struct command *verb, struct view *v, const char ***out)
{
	struct context c = {.arena = a, .topology = fleet(a), .width = 80, .person = "alice"};
	char name[16], *argv[] = {name, NULL};
	struct result r = {0};
	struct err e = {0};
	const char *cells[16];
	size_t n = 0, i;

	text_copy(name, sizeof(name), verb->name);
	assert_int_equal(verb->exec(&c, 1, argv, &r, &e), 0);
	for (*out = NULL; r.view.next(&r.view, cells, &e) == 1;)
		for (i = 0; i < r.view.ncols; i++) {
			*out = arena_grow(a, *out, n, sizeof(**out));
			(*out)[n++] = cells[i];
		}
	*v = r.view;
	return n;
}

static void
tree(void **state)
{
	struct arena *a = arena_new();
	const char **lines;
	size_t i, k, n, drawn[3] = {0}, seen = 0;
	struct view v;
	json_t *o;

	(void)state;
	n = rows(a, &command_topology, &v, &lines);
	for (i = 0; i < n; i++)
		if (text_width(lines[i], strlen(lines[i])) > 80)
			fail_msg("wider than 80: %s", lines[i]);
	/* Every node once, on its own level. */
	for (k = 0; k < NODES; k++)
		for (i = 0; i < n && strcmp(lines[i], "cannot see:") != 0; i++) {
			size_t in = strspn(lines[i], " +-");

			if (in <= 6 && strncmp(lines[i] + in, nodes[k].name, 3) == 0 &&
			    lines[i][in + 3] == ' ') {
				drawn[in / 3]++;
				seen++;
			}
		}
	assert_int_equal(seen, NODES);
	assert_int_equal(drawn[0], 1);
	assert_int_equal(drawn[1], 10);
	assert_int_equal(drawn[2], 50);
	/* Children stand right below their parent. */
	for (i = 0; i + 1 < n && strstr(lines[i], "+- n02 ") == NULL; i++)
		;
	assert_non_null(strstr(lines[i + 1], "+- n12 "));
	o = json_loads(v.json, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(o, "nodes")), NODES);
	json_decref(o);
	for (i = 0; i < n && strcmp(lines[i], "other operators:") != 0; i++)
		;
	assert_string_equal(lines[i + 1], "  bob: sessions on 40 nodes");
	arena_free(a);
}

static void
table(void **state)
{
	struct arena *a = arena_new();
	const char **cells;
	struct view v;
	size_t n;

	(void)state;
	n = rows(a, &command_lag, &v, &cells);
	assert_int_equal(n, (NODES - 1) * v.ncols);
	assert_string_equal(cells[0], "n02");
	assert_string_equal(cells[(NODES - 2) * v.ncols], "n61");
	assert_string_equal(cells[(NODES - 2) * v.ncols + 1], "n11");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(tree), cmocka_unit_test(table)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
