/*
 * journal list, show, verify: looking at the evidence. verify has exit codes of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "command.h"
#include "commands/journal_verify.h"
#include "commands/records.h"
#include "commands/searching.h"
#include "commands/resolve.h"
#include "text.h"
#include "banned.h"

static int
list(struct context *c, struct result *r, struct err *e)
{
	static const char *const titles[] = {
	    "opened", "person", "cluster", "records", "size", "state", "file"};
	static const unsigned char is_numeric[] = {0, 0, 0, 1, 0, 0, 0};
	struct journal_entry *j;
	const char **cells;
	size_t n, i;

	if (journal_list(c->arena, c->config->journal, c->config->njournal, &j, &n, e) != 0)
		return -1;
	cells = arena_array(c->arena, 7 * n, sizeof(*cells));
	for (i = 0; i < n; i++) {
		const char **row = cells + 7 * i;

		row[0] = j[i].opened;
		row[1] = *j[i].person == '\0' ? "unsigned" : j[i].person;
		row[2] = j[i].cluster;
		row[3] = arena_printf(c->arena, "%llu", (unsigned long long)j[i].records);
		row[4] = text_bytes(c->arena, j[i].bytes);
		row[5] = j[i].is_live ? "live" : j[i].is_closed ? "closed" : "not closed";
		row[6] = j[i].file;
	}
	view_table(c->arena, &r->view, 7, titles, cells, n, is_numeric);
	return 0;
}

/* Heads seen before are kept beside the line editor's history. */
static const char *
seen_file(struct context *c)
{
	const char *slash = c->config->history == NULL ? NULL : strrchr(c->config->history, '/');

	return slash == NULL ? NULL
			     : arena_printf(c->arena, "%.*s/heads",
				   (int)(slash - c->config->history), c->config->history);
}

static int
verify(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	struct verify_ask ask = {.operators = c->operators, .seen_file = seen_file(c)};
	const char **expect = arena_array(c->arena, (size_t)argc, sizeof(*expect));
	const char **paths =
	    arena_array(c->arena, (size_t)argc + c->config->njournal + 1, sizeof(*paths));
	struct operators given;
	struct verify_result v;
	size_t npaths = 0;
	int i;

	for (i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--operators") == 0 && i + 1 < argc) {
			if (operators_load(c->arena, argv[++i], &given, e) != 0)
				return -1;
			ask.operators = &given;
		} else if (strcmp(argv[i], "--expect") == 0 && i + 1 < argc) {
			expect[ask.nexpect++] = argv[++i];
		} else if (argv[i][0] == '-') {
			return err_set(e, ERR_USAGE,
			    "journal verify takes [--operators FILE] [--expect HEAD] [FILE|DIR "
			    "...]");
		} else {
			paths[npaths++] = argv[i];
		}
	}
	ask.expect = expect;
	if (npaths == 0) {
		for (; npaths < c->config->njournal; npaths++)
			paths[npaths] = c->config->journal[npaths];
		if (c->config->journal_copy != NULL)
			paths[npaths++] = c->config->journal_copy;
	}
	if (journal_verify_all(c->arena, paths, npaths, &ask, &v, e) != 0)
		return -1;
	verify_view(c->arena, &v, &r->view);
	return 0;
}

static int
journal_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	r->kind = RETURNS_VIEW;
	if (strcmp(argv[1], "list") == 0 && argc == 2)
		return list(c, r, e);
	if (strcmp(argv[1], "show") == 0 && argc == 3)
		return c->is_json ? records_json(c->arena, argv[2], &r->view, e)
				  : records_view(c->arena, argv[2], &r->view, e);
	if (strcmp(argv[1], "search") == 0)
		return searching_view(c, argc, argv, &r->view, e);
	if (strcmp(argv[1], "verify") == 0)
		return verify(c, argc, argv, r, e);
	if (strcmp(argv[1], "resolve") == 0)
		return resolve_exec(c, argc - 2, argv + 2, r, e);
	return err_set(e, ERR_USAGE,
	    "journal takes list, show FILE, verify [FILE|DIR ...], resolve [ID], or search");
}

const struct command command_journal = {
    .name = "journal",
    .args = "list | show FILE | search [TEXT] | verify [--operators FILE] [--expect HEAD] "
	    "[FILE|DIR ...] |\n"
	    "    resolve [ID [committed|aborted|unknown REASON]]",
    .min = 1,
    .max = -1,
    .needs = IN_SHELL | AT_CLI | HAS_JSON,
    .help = "List, show or verify journals; resolve unknown outcomes",
    .exec = journal_exec,
};
