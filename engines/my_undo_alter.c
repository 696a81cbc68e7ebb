/*
 * A table whose definition was changed: the two SHOW CREATE TABLE are compared line by line, and
 * one ALTER makes the primary's what the replica's is. Must refuse where something is there now
 * that was not there then: that would be lost.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/my_undo.h"
#include "banned.h"

#define STATEMENT_MS (4LL * 3600 * 1000)
#define LINES_MAX 5000

struct lines {
	char *line[LINES_MAX + 1]; /* without indent and comma */
	size_t n;
	char *options; /* after the closing bracket, without the counter */
};

/* AUTO_INCREMENT=N moves by itself. */
static void
drop_counter(char *options)
{
	char *at = strstr(options, " AUTO_INCREMENT="), *end;

	if (at == NULL)
		return;
	end = at + 1 + strcspn(at + 1, " \n");
	memmove(at, end, strlen(end) + 1);
}

static int
split(struct my_undo *u, struct my_conn *x, const char *name, struct lines *out, struct err *e)
{
	struct my_rows r;
	char *text, *p, *nl;
	size_t len;

	if (my_ask(x, u->w, now_ms() + STATEMENT_MS, u->a,
		arena_printf(u->a, "SHOW CREATE TABLE %s", u->source), &r, e) < 0)
		return err_wrap(e, "%s", name);
	text = r.n == 1 && r.ncols >= 2 ? arena_strdup(u->a, r.cells[1]) : NULL;
	p = text == NULL ? NULL : strstr(text, " (\n");
	if (p == NULL || strncmp(text, "CREATE TABLE ", 13) != 0)
		return err_set(e, ERR_REFUSED, "%s on %s is no plain table; nothing was done",
		    u->source, name);
	out->n = 0;
	for (p += 3; (nl = strchr(p, '\n')) != NULL; p = nl + 1) {
		*nl = '\0';
		if (*p == ')' || out->n == LINES_MAX) {
			*nl = '\n';
			break;
		}
		p += strspn(p, " ");
		len = strlen(p);
		if (len > 0 && p[len - 1] == ',')
			p[len - 1] = '\0';
		out->line[out->n++] = p;
	}
	if (*p != ')')
		return err_set(e, ERR_REFUSED,
		    "the definition of %s on %s was not understood; nothing was done", u->source,
		    name);
	out->options = p + 1;
	drop_counter(out->options);
	return 0;
}

static int
is_column(const char *line)
{
	return line[0] == '`';
}

/* The quoted name a column's line begins with. */
static size_t
name_len(const char *line)
{
	size_t n = 1;

	while (line[n] != '\0' && (line[n] != '`' || line[n + 1] == '`'))
		n += line[n] == '`' ? 2 : 1;
	return n + 1;
}

static const char *
find_column(const struct lines *l, const char *line)
{
	size_t i, n = name_len(line);

	for (i = 0; i < l->n; i++)
		if (is_column(l->line[i]) && name_len(l->line[i]) == n &&
		    strncmp(l->line[i], line, n) == 0)
			return l->line[i];
	return NULL;
}

static int
has_line(const struct lines *l, const char *line)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (strcmp(l->line[i], line) == 0)
			return 1;
	return 0;
}

/* What is there now and was not there then. A key's new form is: the old one is added again. */
static int
check_newer(struct my_undo *u, const struct lines *then, const struct lines *now, struct err *e)
{
	const char *line;
	size_t i;

	for (i = 0; i < now->n; i++) {
		line = now->line[i];
		if (is_column(line) ? find_column(then, line) != NULL : has_line(then, line))
			continue;
		err_set(e, ERR_REFUSED,
		    "%.100s of %s was not there on %s, and would be lost or stand in the way; "
		    "nothing was done",
		    line, u->source, u->from->name);
		return err_hint(e, "take it away by hand, then plan the undo again");
	}
	return 0;
}

static void
add_clause(struct my_undo *u, const char **alter, const char *clause)
{
	*alter = arena_printf(u->a, "%s%s%s", *alter, (*alter)[0] == '\0' ? "" : ", ", clause);
}

/* A unique key over a column whose values come back later stands in the way until then. */
static int
is_in_the_way(const char *line, const char *set)
{
	const char *p, *open = strchr(line, '(');
	size_t n;

	if (strncmp(line, "UNIQUE KEY `", 12) != 0 || open == NULL)
		return 0;
	for (p = set; *p != '\0'; p += n, p += strspn(p, ", ")) {
		n = name_len(p);
		if (memmem(open, strlen(open), p, n) != NULL)
			return 1;
	}
	return 0;
}

/* The columns that make it what it was; those whose values changed with them. */
static void
alter_columns(struct my_undo *u, const struct lines *then, const struct lines *now,
    const char **alter, const char **set)
{
	const char *after = "FIRST", *line, *is;
	size_t i;

	for (i = 0; i < then->n; i++) {
		line = then->line[i];
		if (!is_column(line))
			continue;
		is = find_column(now, line);
		if (is == NULL || strcmp(is, line) != 0) {
			add_clause(u, alter,
			    arena_printf(u->a, "%s COLUMN %s %s", is == NULL ? "ADD" : "MODIFY",
				line, after));
			if (strstr(line, " GENERATED ALWAYS AS ") == NULL)
				*set = arena_printf(u->a, "%s%s%.*s", *set,
				    (*set)[0] == '\0' ? "" : ", ", (int)name_len(line), line);
		}
		after = arena_printf(u->a, "AFTER %.*s", (int)name_len(line), line);
	}
}

/* The primary key at once: rows are told apart by it. Other keys when the values are back. */
static void
alter_keys(struct my_undo *u, const struct lines *then, const struct lines *now, const char *set,
    const char **alter, const char **later)
{
	const char *line;
	size_t i;
	int is;

	for (i = 0; i < then->n; i++) {
		line = then->line[i];
		is = is_column(line) || has_line(now, line);
		if (is && is_in_the_way(line, set))
			add_clause(u, alter,
			    arena_printf(
				u->a, "DROP KEY %.*s", (int)name_len(line + 11), line + 11));
		else if (is)
			continue;
		add_clause(u, strncmp(line, "PRIMARY", 7) == 0 ? alter : later,
		    arena_printf(u->a, "ADD %s", line));
	}
}

static int
same_now(struct my_undo *u, const struct lines *then, struct lines *now, struct err *e)
{
	size_t i;

	if (split(u, u->dst, u->to->name, now, e) < 0)
		return -1;
	for (i = 0; i < then->n && i < now->n; i++)
		if (strcmp(then->line[i], now->line[i]) != 0)
			break;
	if (then->n == now->n && i == then->n && strcmp(then->options, now->options) == 0)
		return 0;
	return err_set(e, ERR_FAILED,
	    "the definition of %s is still not equal to that on %s: %.150s there, %.150s here",
	    u->source, u->from->name, i < then->n ? then->line[i] : then->options,
	    i < now->n ? now->line[i] : now->options);
}

/* One ALTER, however long it takes. */
static int
run_alter(struct my_undo *u, const char *alter, struct err *e)
{
	if (my_query(u->dst, u->w, now_ms() + STATEMENT_MS,
		arena_printf(u->a, "ALTER TABLE %s %s", u->source, alter), NULL, e) == 0)
		return 0;
	u->out->is_unknown = u->dst->is_broken;
	return err_wrap(e, "%s", u->to->name);
}

int
my_undo_alter_end(struct my_undo *u, const char *later, struct err *e)
{
	struct lines *then = arena_alloc(u->a, sizeof(*then));
	struct lines *now = arena_alloc(u->a, sizeof(*now));

	if (later[0] != '\0' && run_alter(u, later, e) < 0)
		return -1;
	return split(u, u->src, u->from->name, then, e) < 0 ? -1 : same_now(u, then, now, e);
}

int
my_undo_alter(struct my_undo *u, const char **set, const char **later, struct err *e)
{
	struct lines *then = arena_alloc(u->a, sizeof(*then));
	struct lines *now = arena_alloc(u->a, sizeof(*now));
	const char *alter = "";

	*set = *later = "";
	if (split(u, u->src, u->from->name, then, e) < 0 ||
	    split(u, u->dst, u->to->name, now, e) < 0 || check_newer(u, then, now, e) < 0)
		return -1;
	alter_columns(u, then, now, &alter, set);
	alter_keys(u, then, now, *set, &alter, later);
	if (strcmp(then->options, now->options) != 0) {
		if (strchr(then->options, '\n') != NULL || strchr(now->options, '\n') != NULL)
			return err_set(e, ERR_REFUSED,
			    "the partitions of %s were changed, and undo does not know a way back "
			    "for that; nothing was done",
			    u->source);
		add_clause(u, &alter, then->options);
	}
	if (alter[0] == '\0' && (*later)[0] == '\0')
		return err_set(e, ERR_STALE,
		    "the definition of %s is that of %s already; nothing was done", u->source,
		    u->from->name);
	my_undo_say(u, "making the definition of %s what it was", u->source);
	/* Values that do not fit are put back afterwards: no mode may stop at them. */
	if (my_undo_do(u, u->dst, "SET SESSION sql_mode = ''", NULL, e) < 0 ||
	    (alter[0] != '\0' && run_alter(u, alter, e) < 0))
		return -1;
	return my_undo_do(u, u->dst, "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'", NULL, e);
}
