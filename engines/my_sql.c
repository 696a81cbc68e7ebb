/*
 * Text to actions. A statement is read once for each way a server may take its executable comments,
 * and the worst reading counts. Must never fail: the worst answer is "opaque", with the reason.
 */
#include <string.h>

#include "arena.h"
#include "engines/my_sql.h"
#include "engines/pg_sql.h"
#include "text.h"
#include "banned.h"

int
my_next(const char *text, size_t len, const struct lexical *lx, struct my_split *sp,
    struct statement *s, char *in, struct lexical *now)
{
	memset(now, 0, sizeof(*now));
	if (lx != NULL)
		*now = *lx;
	if (sp->is_mode_unknown)
		now->mode |= LEXICAL_UNKNOWN;
	return my_split_next(text, len, now->mode, sp, s, in);
}

/* All tokens of one reading; -1 where something never ends. */
static int
read_tokens(struct my_lexer *x, struct arena *a, struct my_token **out, size_t *n)
{
	struct my_token *list = NULL, t;
	int k;

	*n = 0;
	while ((k = my_token(x, &t)) == 1) {
		list = arena_grow(a, list, *n, sizeof(t));
		list[(*n)++] = t;
	}
	*out = list;
	return k;
}

/* Each statement of the tokens: an executable comment can hold semicolons. */
static void
judge_tokens(struct my *m)
{
	size_t pieces = 0, before;

	while (m->i < m->n) {
		if (my_take_op(m, ";"))
			continue;
		before = m->nactions;
		m->is_bad = 0;
		my_statement(m);
		if (m->is_bad || !my_done(m))
			my_opaque(m, "unknown",
			    arena_printf(m->a, "the classifier does not know what stands at \"%s\"",
				m->i < m->n ? my_text(m, m->i) : "the end"));
		else if (m->nactions == before)
			my_opaque(m, "unknown", "has no part that says what it does");
		my_to_end(m);
		pieces++;
	}
	if (pieces > 1)
		my_opaque(m, "unknown", "holds more than one statement");
}

/* The bytes in one reading. Returns the lexer's findings. */
static struct my_lexer
judge_reading(struct my *m, const char *p, size_t len, struct my_reading r)
{
	struct my_lexer x = {.p = p, .len = len, .mode = m->mode, .reading = r};
	struct my_token *tokens;
	const char *outer = m->p;
	const struct my_token *outer_tokens = m->t;
	size_t i = m->i, n = m->n, count;

	if (read_tokens(&x, m->a, &tokens, &count) < 0)
		my_opaque(m, "unterminated", "a quote or a comment never ends");
	else {
		m->p = p;
		m->t = tokens;
		m->n = count;
		m->i = 0;
		m->nctes = 0;
		judge_tokens(m);
	}
	if (x.hint_len > 0)
		my_hint(m, p + x.hint_from, x.hint_len);
	m->p = outer;
	m->t = outer_tokens;
	m->n = n;
	m->i = i;
	return x;
}

static void
judge_all(struct my *m, const char *p, size_t len)
{
	struct my_reading r = {.limit = UINT32_MAX};
	struct my_lexer x = judge_reading(m, p, len, r);
	size_t before = m->nactions;
	int i;

	if (x.is_ambiguous)
		my_opaque(m, "unknown", "servers read its executable comments differently");
	if (!x.has_executable)
		return;
	r.is_none = 1;
	judge_reading(m, p, len, r);
	r.is_none = 0;
	for (i = 0; i < x.nversions; i++) {
		/* Just below each version: those up to the one before it are code. */
		r.limit = x.versions[i] - 1;
		judge_reading(m, p, len, r);
	}
	r.limit = UINT32_MAX;
	r.is_m_none = 1;
	if (x.has_m)
		judge_reading(m, p, len, r);
	/* Nothing but comments: a reading that does nothing. */
	if (before == 0 && m->nactions == 0)
		my_add(m, DANGER_READ, "empty", "nothing but comments");
}

void
my_inner(struct my *m, const char *text, size_t len)
{
	if (++m->nesting > MY_NESTING)
		my_opaque(m, "too-deep", "nests statements deeper than the classifier follows");
	else
		judge_all(m, text, len);
	m->nesting--;
}

/* The same action twice, of two readings, is one. */
static void
forget_twins(struct my *m)
{
	size_t i, k, n = 0;

	for (i = 0; i < m->nactions; i++) {
		for (k = 0; k < n; k++)
			if (strcmp(m->actions[k].kind, m->actions[i].kind) == 0 &&
			    m->actions[k].danger >= m->actions[i].danger &&
			    m->actions[k].nobjects == m->actions[i].nobjects)
				break;
		if (k == n)
			m->actions[n++] = m->actions[i];
	}
	m->nactions = n;
}

/* A command of the client, on a line of its own. */
static void
judge_meta(const char *p, struct arena *a, struct statement *s)
{
	pg_give_up(a, s, "meta-command", "a command of the client, not a statement");
	if (s->len < 2 || p[1] != '!')
		return;
	s->actions[0].kind = "shell";
	s->actions[0].why = "runs a program of the operating system";
	s->danger = s->actions[0].danger = DANGER_DANGEROUS;
}

static int
has_any(const char *p, size_t n, const char *bytes)
{
	for (; *bytes != '\0'; bytes++)
		if (memchr(p, *bytes, n) != NULL)
			return 1;
	return 0;
}

static int
has_high(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] & 0x80)
			return 1;
	return 0;
}

/* Why the bytes cannot be read at all, or NULL. */
static const char *
is_unreadable(const char *p, size_t n, unsigned mode, char in)
{
	if (n > MY_STATEMENT_MAX)
		return "is longer than the classifier reads (4 MiB)";
	if (memchr(p, '\0', n) != NULL)
		return "holds a NUL byte";
	if (!text_is_utf8(p, n))
		return "holds bytes that are no UTF-8: a quote may end elsewhere for the server";
	if (in != '-')
		return "a quote, a comment or a body never ends";
	if ((mode & LEXICAL_UNSAFE_CHARSET) && has_high(p, n))
		return "the connection's character set can take a backslash for half a character";
	if ((mode & LEXICAL_UNKNOWN) && (has_any(p, n, "\\\"|") || has_high(p, n)))
		return "a statement before it changed how quotes and operators are read";
	return NULL;
}

void
my_judge(const char *text, const struct lexical *lx, char in, int is_mariadb, struct arena *a,
    struct statement *s)
{
	struct my m = {.a = a, .is_mariadb = is_mariadb, .mode = lx != NULL ? lx->mode : 0};
	const char *p = text + s->from, *wrong = is_unreadable(p, s->len, m.mode, in);
	size_t i;

	if (wrong != NULL) {
		pg_give_up(a, s, "unknown", wrong);
		return;
	}
	if (s->len > 0 && *p == '\\') {
		judge_meta(p, a, s);
		return;
	}
	judge_all(&m, p, s->len);
	if (m.nactions == 0)
		my_opaque(&m, "unknown", "has no part that says what it does");
	forget_twins(&m);
	s->actions = m.actions;
	s->nactions = m.nactions;
	s->reads = m.reads;
	s->nreads = m.nreads;
	s->danger = DANGER_READ;
	for (i = 0; i < m.nactions; i++)
		if (m.actions[i].danger > s->danger)
			s->danger = m.actions[i].danger;
}
