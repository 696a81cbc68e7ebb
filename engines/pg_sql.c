/*
 * Text to actions. The text is split by our own scanner, each statement is judged alone, and what
 * the parser does not see as exactly one statement is opaque. Must never fail: the worst answer is
 * "opaque", with the reason.
 */
#include <string.h>

#include "arena.h"
#include "engines/pg_sql.h"
#include "engines/pg_walk.h"
#include "text.h"
#include "banned.h"

void
pg_give_up(struct arena *a, struct statement *s, const char *kind, const char *why)
{
	s->danger = DANGER_OPAQUE;
	s->nactions = 1;
	s->actions = arena_alloc(a, sizeof(*s->actions));
	s->actions[0].danger = DANGER_OPAQUE;
	s->actions[0].kind = kind;
	s->actions[0].why = why;
}

static int
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* Bytes of white space and whole comments in front. */
static size_t
skip_blank(const char *p, size_t len)
{
	size_t i = 0, k;
	int depth;

	for (;;) {
		while (i < len && is_space(p[i]))
			i++;
		if (i + 1 < len && p[i] == '-' && p[i + 1] == '-') {
			while (i < len && p[i] != '\n' && p[i] != '\r')
				i++;
			continue;
		}
		if (i + 1 >= len || p[i] != '/' || p[i + 1] != '*')
			return i;
		for (k = i, depth = 0; k + 1 < len; k++) {
			if (p[k] == '/' && p[k + 1] == '*')
				depth++, k++;
			else if (p[k] == '*' && p[k + 1] == '/' && (k++, --depth == 0))
				break;
		}
		if (depth != 0 || k >= len)
			return i;
		i = k + 1;
	}
}

int
pg_next(const char *text, size_t len, const struct lexical *lx, size_t *at, struct statement *s,
    char *in)
{
	struct scan sc;
	size_t skip;

	memset(s, 0, sizeof(*s));
	while (*at < len) {
		pg_scan(text + *at, len - *at, lx, &sc);
		if (sc.state == SCAN_EMPTY)
			break;
		skip = skip_blank(text + *at, sc.len);
		s->from = *at + skip;
		s->len = sc.len - skip;
		while (s->len > 0 && is_space(text[s->from + s->len - 1]))
			s->len--;
		*at += sc.end;
		*in = sc.state == SCAN_INCOMPLETE ? sc.in : '-';
		if (s->len > 0)
			return 1;
	}
	*at = len;
	return 0;
}

static enum danger
worst(const struct action *x, size_t n)
{
	enum danger d = DANGER_READ;
	size_t i;

	for (i = 0; i < n; i++)
		if (x[i].danger > d)
			d = x[i].danger;
	return d;
}

static void
judge_sql(const char *sql, const struct lexical *lx, struct json_events *scratch, struct arena *a,
    struct statement *s)
{
	struct walk w = {.a = a, .j = scratch, .lx = lx};

	walk_text(&w, sql);
	s->actions = w.actions;
	s->nactions = w.nactions;
	s->danger = worst(w.actions, w.nactions);
	s->reads = w.reads;
	s->nreads = w.nreads;
}

static void
one(struct arena *a, struct statement *s, enum danger d, const char *kind, const char *why)
{
	pg_give_up(a, s, kind, why);
	s->danger = s->actions[0].danger = d;
}

/* \copy (query) ... or \copy table ...: the server sees a COPY with the client's stream. */
static void
judge_copy(const char *line, const struct lexical *lx, struct json_events *scratch, struct arena *a,
    struct statement *s)
{
	struct statement inner = {0};
	struct scan sc;
	size_t n = strlen(line), k;

	while (n > 0 && is_space(*line)) {
		line++;
		n--;
	}
	if (strcasestr(line, "program") != NULL) {
		one(a, s, DANGER_DANGEROUS, "shell", "runs a program on this machine");
		return;
	}
	pg_give_up(a, s, "meta-command", "a command of psql, not a statement");
	if (n == 0 || *line != '(')
		return;
	for (k = n; k > 1; k--)
		if (line[k - 1] == ')') {
			pg_scan(line + 1, k - 2, lx, &sc);
			judge_sql(arena_strndup(a, line + 1, k - 2), lx, scratch, a, &inner);
			break;
		}
	if (inner.danger > DANGER_OPAQUE)
		*s = (struct statement){s->from, s->len, inner.danger, inner.actions,
		    inner.nactions, inner.reads, inner.nreads};
}

static void
judge_meta(const char *line, const struct lexical *lx, struct json_events *scratch, struct arena *a,
    struct statement *s)
{
	if (line[1] == '!')
		one(a, s, DANGER_DANGEROUS, "shell", "runs a program of the operating system");
	else if (strncmp(line, "\\copy", 5) == 0 && (is_space(line[5]) || line[5] == '('))
		judge_copy(line + 5, lx, scratch, a, s);
	else
		pg_give_up(a, s, "meta-command", "a command of psql, not a statement");
}

/* With the setting off a backslash in a plain literal means something else than the parser reads.
 */
static int
is_other_dialect(const char *p, size_t len, const struct lexical *lx)
{
	return lx != NULL && !lx->standard_conforming_strings && memchr(p, '\\', len) != NULL;
}

void
pg_judge(const char *text, const struct lexical *lx, char in, struct json_events *scratch,
    struct arena *a, struct statement *s)
{
	const char *p = text + s->from;
	char *sql;

	if (s->len > PG_STATEMENT_MAX)
		pg_give_up(a, s, "too-long", "is longer than the classifier reads (1 MiB)");
	else if (memchr(p, '\0', s->len) != NULL)
		pg_give_up(a, s, "unknown", "holds a NUL byte");
	else if (!text_is_utf8(p, s->len))
		pg_give_up(a, s, "unknown", "holds bytes that are no valid UTF-8");
	else if (in == '\'' || in == '"' || in == '$' || in == '*')
		pg_give_up(a, s, "unknown",
		    in == '*' ? "a comment in it never ends" : "a quote in it never ends");
	else if (is_other_dialect(p, s->len, lx))
		pg_give_up(
		    a, s, "unknown", "holds a backslash while standard_conforming_strings is off");
	else {
		sql = arena_strndup(a, p, s->len);
		if (*sql == '\\')
			judge_meta(sql, lx, scratch, a, s);
		else
			judge_sql(sql, lx, scratch, a, s);
	}
}

int
pg_classify(const char *text, size_t len, const struct lexical *lx, struct arena *a,
    struct script *out, struct err *e)
{
	struct json_events scratch = {0};
	struct statement s;
	size_t at = 0;
	char in = '-';

	(void)e;
	memset(out, 0, sizeof(*out));
	while (pg_next(text, len, lx, &at, &s, &in)) {
		pg_judge(text, lx, in, &scratch, a, &s);
		out->statements =
		    arena_grow(a, out->statements, out->nstatements, sizeof(*out->statements));
		out->statements[out->nstatements++] = s;
		if (s.danger > out->danger)
			out->danger = s.danger;
	}
	json_finish(&scratch);
	return 0;
}
