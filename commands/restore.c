/*
 * restore: a table out of a dump, loaded beside what stands and swapped with it at the end.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "commands/planning.h"
#include "engines/ask.h"
#include "banned.h"

/* "shop.orders", "orders": as the engine reads identifiers, quoted ones as they stand. */
static const char *
one_name(struct context *c, const char **at)
{
	const char *p = *at;
	char *out = arena_alloc(c->arena, strlen(p) + 1), *to = out;
	const char quote = c->engine->name_quote;

	if (*p == quote) {
		for (p++; *p != '\0' && (*p != quote || p[1] == quote); p++) {
			*to++ = *p;
			p += *p == quote;
		}
		p += *p == quote;
	} else
		for (; *p != '\0' && *p != '.'; p++)
			*to++ = quote == '"' && *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
	*to = '\0';
	*at = p;
	return out;
}

static int
take_name(struct context *c, const char *word, struct restore_input *in, struct err *e)
{
	const char *at = word;

	in->schema = one_name(c, &at);
	in->table = in->schema;
	if (*at == '.') {
		at++;
		in->table = one_name(c, &at);
	} else
		in->schema = c->engine->name_quote == '"' ? "public" : c->session->database;
	if (*at == '\0' && in->schema[0] != '\0' && in->table[0] != '\0')
		return 0;
	return err_set(e, ERR_USAGE, "\"%.100s\" is no SCHEMA.TABLE; nothing was done", word);
}

/* The journal and the approver read where it really lies. */
static int
take_path(struct context *c, const char *word, struct restore_input *in, struct err *e)
{
	char real[PATH_MAX];

	if (realpath(word, real) == NULL) {
		err_set(
		    e, ERR_FAILED, "there is no %.500s on this machine; nothing was done", word);
		return err_hint(e, "backups list shows which dumps there are");
	}
	in->path = arena_strdup(c->arena, real);
	return 0;
}

static int
ask(struct context *c, struct restore_input *in, struct err *e)
{
	struct dump_facts *d = arena_alloc(c->arena, sizeof(*d));
	struct standing *s = arena_alloc(c->arena, sizeof(*s));
	const struct dump_question q = {.path = in->path,
	    .schema = in->schema,
	    .table = in->table,
	    .major = c->session->version / c->engine->version_unit,
	    .is_mysql = strcmp(c->session->engine, "mysql") == 0};
	struct standing_question sq = {.schema = in->schema, .table = in->table};

	if (ask_dump(c->cluster, c->waiter, c->arena, &q, d, c->progress, c->progress_ctx, e) != 0)
		return -1;
	sq.side = d->side;
	sq.roles = d->roles;
	sq.nroles = d->nroles;
	in->dump = d;
	in->standing = s;
	if (planning_defines(c, d->before, in->table, e) != 0)
		return -1;
	return ask_standing(c->cluster, c->waiter, c->arena, &sq, s, e);
}

static int
restore_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	struct guard_input g = {.engine = c->engine,
	    .policy = c->policy,
	    .session = c->session,
	    .holds = c->holds,
	    .nholds = c->nholds};
	struct restore_input in = {.guard = &g};

	in.is_beside = argc == 6 && strcmp(argv[5], "beside") == 0;
	if (strcmp(argv[1], "table") != 0 || argc < 5 || strcmp(argv[3], "from") != 0 ||
	    (argc == 6 && !in.is_beside)) {
		err_set(e, ERR_USAGE, "restore takes: table SCHEMA.TABLE from FILE [beside]");
		return err_hint(e,
		    "FILE is a dump of pg_dump, in any of its formats, of mariadb-dump "
		    "or mysqldump, or a directory of mydumper.");
	}
	if (take_name(c, argv[2], &in, e) != 0 || take_path(c, argv[4], &in, e) != 0 ||
	    planning_topology(c, e) != 0 || ask(c, &in, e) != 0)
		return -1;
	g.topology = c->topology;
	planning_files(c, &g);
	r->kind = RETURNS_PLAN;
	r->plan = planning_new(c, c->line, c->line_len);
	return policy_plan_table(c->arena, r->plan, &in, e);
}

const struct command command_restore = {
    .name = "restore",
    .args = "table SCHEMA.TABLE from FILE [beside]",
    .min = 4,
    .max = 5,
    .needs = IN_SHELL | NEED_CLUSTER | NEED_PERSON | NO_ALIAS,
    .help = "Bring a table back out of a dump: beside what stands, then in its place",
    .exec = restore_exec,
};
