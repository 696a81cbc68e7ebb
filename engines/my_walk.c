/*
 * The cursor over a statement's tokens, and what rules make of it: actions and objects.
 */
#include <string.h>

#include "arena.h"
#include "engines/my_sql.h"
#include "banned.h"

int
my_op_at(const struct my *m, size_t i, const char *op)
{
	return i < m->n && m->t[i].type == MY_OP && strcmp(m->t[i].op, op) == 0;
}

int
my_done(const struct my *m)
{
	return m->i >= m->n || my_op_at(m, m->i, ";");
}

int
my_is_at(const struct my *m, size_t i, const char *word)
{
	size_t len = strlen(word);

	return i < m->n && m->t[i].type == MY_WORD && m->t[i].len == len &&
	       strncasecmp(m->p + m->t[i].from, word, len) == 0;
}

int
my_is(const struct my *m, const char *word)
{
	return my_is_at(m, m->i, word);
}

int
my_take(struct my *m, const char *word)
{
	if (!my_is(m, word))
		return 0;
	m->i++;
	return 1;
}

int
my_take_op(struct my *m, const char *op)
{
	if (!my_op_at(m, m->i, op))
		return 0;
	m->i++;
	return 1;
}

/* One of the words up to n bytes, separated by bars, at token i. */
static int
is_one_of(const struct my *m, size_t i, const char *words, size_t n)
{
	size_t k;

	if (i >= m->n || m->t[i].type != MY_WORD)
		return 0;
	while (n > 0) {
		for (k = 0; k < n && words[k] != '|'; k++)
			;
		if (k == m->t[i].len && strncasecmp(words, m->p + m->t[i].from, k) == 0)
			return 1;
		if (k == n)
			return 0;
		words += k + 1;
		n -= k + 1;
	}
	return 0;
}

int
my_match_at(const struct my *m, size_t i, const char *pattern, size_t *after)
{
	size_t n;
	int is_optional;

	while (*pattern != '\0') {
		n = strcspn(pattern, " ");
		is_optional = n > 0 && pattern[n - 1] == '?';
		if (is_one_of(m, i, pattern, n - (size_t)is_optional))
			i++;
		else if (!is_optional)
			return 0;
		pattern += n;
		pattern += *pattern == ' ';
	}
	*after = i;
	return 1;
}

int
my_match(struct my *m, const char *pattern)
{
	return my_match_at(m, m->i, pattern, &m->i);
}

int
my_word_in(const struct my *m, size_t i, const char *words)
{
	size_t k;

	for (; *words != '\0'; words += k + (words[k] == ' ')) {
		k = strcspn(words, " ");
		if (is_one_of(m, i, words, k))
			return 1;
	}
	return 0;
}

/* Without quotes; doubled quotes are one, and with is_escaped a backslash keeps what follows. */
static char *
unquote(const struct my *m, const char *p, size_t n, int is_escaped)
{
	static const char from[] = "0bnrtZ", to[] = "\0\b\n\r\t\x1a";
	char *out = arena_alloc(m->a, n + 1), *o = out, q = *p;
	const char *k;
	size_t i;

	for (i = 1; i + 1 < n; i++) {
		if (is_escaped && p[i] == '\\' && i + 2 < n) {
			k = memchr(from, p[++i], sizeof(from) - 1);
			/* \% and \_ keep the backslash. */
			if (p[i] == '%' || p[i] == '_')
				*o++ = '\\';
			*o++ = k != NULL ? to[k - from] : p[i];
		} else {
			i += p[i] == q && i + 2 < n;
			*o++ = p[i];
		}
	}
	*o = '\0';
	return out;
}

char *
my_text(const struct my *m, size_t i)
{
	const struct my_token *t = &m->t[i];
	const char *p = m->p + t->from;
	size_t n = t->len;

	if (t->type == MY_VAR && n > 0) {
		p++;
		n--;
	}
	if (n >= 2 && t->type != MY_NUMBER && (*p == '`' || *p == '\'' || *p == '"'))
		return unquote(
		    m, p, n, t->type != MY_NAME && *p != '`' && !(m->mode & LEXICAL_NO_BACKSLASH));
	return arena_strndup(m->a, p, n);
}

/* Literals that stand side by side are one; NULL where token i is no literal. Moves nothing. */
char *
my_literal(const struct my *m, size_t i)
{
	char *out = NULL;

	for (; i < m->n && m->t[i].type == MY_STRING; i++)
		out = out == NULL ? my_text(m, i) : arena_printf(m->a, "%s%s", out, my_text(m, i));
	return out;
}

int
my_qualified(struct my *m, const char **schema, const char **name)
{
	*schema = *name = NULL;
	my_take_op(m, ".");
	for (;;) {
		if (m->i >= m->n || (m->t[m->i].type != MY_WORD && m->t[m->i].type != MY_NAME))
			return 0;
		*schema = *name;
		*name = my_text(m, m->i++);
		if (!my_op_at(m, m->i, ".") || my_op_at(m, m->i + 1, "*"))
			return 1;
		m->i++;
	}
}

size_t
my_close(const struct my *m, size_t i)
{
	size_t depth = 0;

	for (; i < m->n; i++) {
		if (m->t[i].type != MY_OP)
			continue;
		if (m->t[i].op[0] == '(')
			depth++;
		else if (m->t[i].op[0] == ')' && --depth == 0)
			return i + 1;
	}
	return m->n;
}

void
my_skip_parens(struct my *m)
{
	if (my_op_at(m, m->i, "("))
		m->i = my_close(m, m->i);
}

void
my_to_end(struct my *m)
{
	while (!my_done(m))
		m->i++;
}

struct action *
my_add(struct my *m, enum danger d, const char *kind, const char *why)
{
	return action_add(m->a, &m->actions, &m->nactions, d, kind, why);
}

struct action *
my_opaque(struct my *m, const char *kind, const char *why)
{
	return my_add(m, DANGER_OPAQUE, kind, why);
}

struct object *
my_object(struct my *m, const char *type, const char *schema, const char *name)
{
	struct object *o = action_object(m->a, &m->actions[m->nactions - 1], type, schema, name);

	if (o != NULL)
		o->is_unqualified = schema == NULL;
	return o;
}

size_t
my_objects(struct my *m, const char *type)
{
	const char *schema, *name;
	size_t n = 0;

	do {
		if (!my_qualified(m, &schema, &name)) {
			m->is_bad = 1;
			break;
		}
		my_object(m, type, schema, name);
		n++;
	} while (my_take_op(m, ","));
	return n;
}

void
my_read(struct my *m, const char *schema, const char *name)
{
	size_t i;

	if (name == NULL || (schema != NULL && my_is_system(schema)))
		return;
	for (i = 0; i < m->nctes; i++)
		if (schema == NULL && strcasecmp(m->ctes[i].name, name) == 0)
			return;
	if (action_reads(m->a, &m->reads, &m->nreads, "relation", schema, name) < 0)
		my_opaque(m, "unknown", "reads more relations than can be looked up");
}

int
my_is_system(const char *schema)
{
	return strcasecmp(schema, "mysql") == 0 || strcasecmp(schema, "information_schema") == 0 ||
	       strcasecmp(schema, "performance_schema") == 0 || strcasecmp(schema, "sys") == 0;
}
