/*
 * journal list, show, verify: looking at the evidence. verify has exit codes of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "command.h"
#include "commands/records.h"
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

static char *
verify_json(struct arena *a, const struct verify_item *v, size_t n)
{
	json_t *all = json_array();
	char *dump, *out;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct verify_report *p = &v[i].report;
		json_t *file = journal_text(v[i].file, strlen(v[i].file));

		json_array_append_new(
		    all, json_pack("{s:o,s:i,s:I,s:I,s:s,s:s?,s:s?,s:s?,s:s?,s:I}", "file", file,
			     "code", (int)p->code, "records", (json_int_t)p->records, "bad_seq",
			     (json_int_t)p->bad_seq, "sentence", p->sentence, "session", p->session,
			     "person", p->person, "witnessed", p->witnessed, "head", p->head,
			     "outcomes_unknown", (json_int_t)p->begins_without_outcome));
	}
	dump = json_dumps(all, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	out = arena_strdup(a, dump == NULL ? "[]" : dump);
	free(dump);
	json_decref(all);
	return out;
}

static int
verify(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	const struct operators *who = c->operators;
	const char *const *paths = (const char *const *)argv + 2;
	size_t npaths = (size_t)argc - 2, n, i, k;
	struct operators given;
	struct verify_item *v;
	enum verify_code worst;
	char **lines;

	if (npaths >= 2 && strcmp(paths[0], "--operators") == 0) {
		if (operators_load(c->arena, paths[1], &given, e) != 0)
			return -1;
		who = &given;
		paths += 2;
		npaths -= 2;
	}
	if (npaths == 0) {
		paths = c->config->journal;
		npaths = c->config->njournal;
	}
	if (journal_verify_paths(c->arena, paths, npaths, who, &v, &n, &worst, e) != 0)
		return -1;
	lines = arena_array(c->arena, 2 * n + 1, sizeof(*lines));
	for (i = k = 0; i < n; i++) {
		lines[k++] = arena_printf(c->arena, "%s: %s",
		    text_inert(c->arena, v[i].file, strlen(v[i].file), 0), v[i].report.sentence);
		if (v[i].report.witnessed != NULL)
			lines[k++] = arena_printf(c->arena, "    %s", v[i].report.witnessed);
	}
	view_lines(c->arena, &r->view, lines, k);
	r->view.json = verify_json(c->arena, v, n);
	r->view.exit = (int)worst;
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
				  : records_view(c->arena, argv[2], 0, &r->view, e);
	if (strcmp(argv[1], "verify") == 0)
		return verify(c, argc, argv, r, e);
	if (strcmp(argv[1], "resolve") == 0)
		return resolve_exec(c, argc - 2, argv + 2, r, e);
	return err_set(
	    e, ERR_USAGE, "journal takes list, show FILE, verify [FILE|DIR ...], or resolve [ID]");
}

const struct command command_journal = {
    .name = "journal",
    .args = "list | show FILE | verify [--operators FILE] [FILE|DIR ...] |\n"
	    "    resolve [ID [committed|aborted|unknown REASON]]",
    .min = 1,
    .max = -1,
    .needs = IN_SHELL | AT_CLI | HAS_JSON,
    .help = "List, show or verify journals; resolve unknown outcomes",
    .exec = journal_exec,
};
