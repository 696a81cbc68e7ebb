/*
 * One table out of a whole dump: see pg_pick.h. Only what a word stands for is compared, so quoted
 * names and names in strings are found, and a text that merely looks like one is not. What is not
 * recognised is about something else: the rows' count and the server say when that was wrong.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "buf.h"
#include "engines/pg_pick.h"
#include "engines/pg_words.h"
#include "banned.h"

#define WORDS_MAX 100000

/* 'w' a word or quoted name, 's' a string, 'p' one other character. */
struct word {
	const char *at;
	size_t len;
	char kind;
	const char *value; /* of a name or string: what it stands for */
};

struct words {
	struct word *w;
	size_t n;
};

static int
is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$' || (c & 0x80) != 0;
}

/* Length of what is quoted, with its quotes; a doubled one stands for itself. */
static size_t
quoted(const char *p, size_t len, int has_backslash)
{
	size_t i;

	for (i = 1; i < len; i++) {
		if (has_backslash && p[i] == '\\' && i + 1 < len)
			i++;
		else if (p[i] == p[0] && i + 1 < len && p[i + 1] == p[0])
			i++;
		else if (p[i] == p[0])
			return i + 1;
	}
	return len;
}

static const char *
unquoted(struct arena *a, const char *p, size_t len)
{
	char *out = arena_alloc(a, len + 1), *to = out;
	size_t i;

	for (i = 1; i + 1 < len; i++) {
		*to++ = p[i];
		if (p[i] == p[0])
			i++;
	}
	*to = '\0';
	return out;
}

/* "$body$ ... $body$"; 0 where it is none. */
static size_t
dollar(const char *p, size_t len)
{
	size_t n = 1;
	const char *end;

	while (n < len && is_word_char(p[n]) && p[n] != '$')
		n++;
	if (n >= len || p[n] != '$')
		return 0;
	n++;
	end = memmem(p + n, len - n, p, n);
	return end == NULL ? 0 : (size_t)(end - p) + n;
}

static size_t
one_word(struct arena *a, const char *p, size_t len, struct word *w)
{
	int is_escape = (*p == 'E' || *p == 'e') && len > 1 && p[1] == '\'';
	size_t n = 1, i;
	char *lower;

	w->at = p;
	w->kind = 'p';
	w->value = "";
	if (*p == '"' || *p == '\'' || is_escape) {
		n = (size_t)is_escape + quoted(p + is_escape, len - (size_t)is_escape, is_escape);
		w->kind = *p == '"' ? 'w' : 's';
		w->value = unquoted(a, p + is_escape, n - (size_t)is_escape);
	} else if (*p == '$' && (i = dollar(p, len)) > 0) {
		n = i;
	} else if (is_word_char(*p)) {
		while (n < len && is_word_char(p[n]))
			n++;
		lower = arena_strndup(a, p, n);
		for (i = 0; i < n; i++)
			if (lower[i] >= 'A' && lower[i] <= 'Z')
				lower[i] = (char)(lower[i] + 32);
		w->kind = 'w';
		w->value = lower;
	}
	w->len = n;
	return n;
}

static void
split(struct arena *a, const char *text, size_t len, struct words *out)
{
	size_t i = 0;

	out->w = NULL;
	out->n = 0;
	while (i < len && out->n < WORDS_MAX) {
		if (strchr(" \t\r\n", text[i]) != NULL) {
			i++;
			continue;
		}
		out->w = arena_grow(a, out->w, out->n, sizeof(*out->w));
		i += one_word(a, text + i, len - i, &out->w[out->n++]);
	}
}

/* A word in the text as it stands, no quoted name. */
static int
is(const struct words *x, size_t i, const char *word)
{
	return i < x->n && x->w[i].kind == 'w' && x->w[i].at[0] != '"' &&
	       strcmp(x->w[i].value, word) == 0;
}

static int
is_char(const struct words *x, size_t i, char c)
{
	return i < x->n && x->w[i].kind == 'p' && x->w[i].at[0] == c;
}

/* "alter table only": all of them from i on; the number of words, or 0. */
static size_t
begins(const struct words *x, size_t i, const char *phrase)
{
	const char *p = phrase;
	char one[32];
	size_t n = 0, k;

	while (*p != '\0') {
		k = strcspn(p, " ");
		memcpy(one, p, k);
		one[k] = '\0';
		if (!is(x, i + n, one))
			return 0;
		n++;
		p += k + (p[k] == ' ');
	}
	return n;
}

static size_t
find(const struct words *x, size_t from, const char *word)
{
	while (from < x->n && !is(x, from, word))
		from++;
	return from;
}

static int
is_own(const struct pick *x, const char *name)
{
	size_t i;

	for (i = 0; i < x->nown; i++)
		if (strcmp(x->own[i], name) == 0)
			return 1;
	return 0;
}

/* schema.name at i, both as they are meant. */
static int
is_name(const struct pick *x, const struct words *s, size_t i, const char *name)
{
	return i + 2 < s->n && s->w[i].kind == 'w' && s->w[i + 2].kind == 'w' &&
	       is_char(s, i + 1, '.') && strcmp(s->w[i].value, x->schema) == 0 &&
	       (name != NULL ? strcmp(s->w[i + 2].value, name) == 0 : is_own(x, s->w[i + 2].value));
}

static void
add(struct arena *a, const char ***list, size_t *n, const char *name)
{
	size_t i;

	for (i = 0; i < *n; i++)
		if (strcmp((*list)[i], name) == 0)
			return;
	*list = arena_grow(a, *list, *n, sizeof(**list));
	(*list)[(*n)++] = arena_strdup(a, name);
}

/* Where a statement names what it is about: behind these words, or behind the n-th `until`. */
static const struct form {
	const char *words, *until;
	int nth;
	enum pick_part part;
} forms[] = {
    {"create table", NULL, 0, PICK_BEFORE},
    {"create unlogged table", NULL, 0, PICK_BEFORE},
    {"create sequence", NULL, 0, PICK_BEFORE},
    {"create statistics", "from", 1, PICK_LEFT},
    {"create index", "on", 1, PICK_AFTER},
    {"create unique index", "on", 1, PICK_AFTER},
    {"create trigger", "on", 1, PICK_AFTER},
    {"create constraint trigger", "on", 1, PICK_AFTER},
    {"create policy", "on", 1, PICK_AFTER},
    {"create rule", "to", 1, PICK_AFTER},
    {"alter table only", NULL, 0, PICK_BEFORE},
    {"alter table", NULL, 0, PICK_BEFORE},
    {"alter sequence", NULL, 0, PICK_BEFORE},
    {"alter index", NULL, 0, PICK_AFTER},
    {"comment on table", NULL, 0, PICK_BEFORE},
    {"comment on column", NULL, 0, PICK_BEFORE},
    {"comment on sequence", NULL, 0, PICK_BEFORE},
    {"comment on index", NULL, 0, PICK_AFTER},
    {"comment on constraint", "on", 2, PICK_AFTER},
    {"comment on trigger", "on", 2, PICK_AFTER},
    {"comment on policy", "on", 2, PICK_AFTER},
    {"comment on rule", "on", 2, PICK_AFTER},
    {"security label", "on", 1, PICK_LEFT},
    {"grant", "on", 1, PICK_BEFORE},
    {"revoke", "on", 1, PICK_BEFORE},
};

/* Words that may stand between. */
static const char *const fillers[] = {
    "if", "not", "exists", "only", "table", "sequence", "column", NULL};

static const struct form *
form_of(const struct words *s, size_t *at)
{
	size_t i, k, n;
	int nth;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if ((n = begins(s, 0, forms[i].words)) == 0)
			continue;
		if (forms[i].until != NULL) {
			for (n = 0, nth = 0; nth < forms[i].nth; nth++)
				n = find(s, n, forms[i].until) + 1;
		}
		for (k = 0; fillers[k] != NULL; k++)
			if (is(s, n, fillers[k])) {
				n++;
				k = (size_t)-1;
			}
		*at = n;
		return &forms[i];
	}
	return NULL;
}

/* What of an ALTER TABLE comes after the rows. */
static int
is_late(const struct words *s, size_t i)
{
	return begins(s, i, "add constraint") || begins(s, i, "cluster on") ||
	       begins(s, i, "replica identity") || is(s, i, "enable") || is(s, i, "disable") ||
	       is(s, i, "force");
}

static int
refuse(const struct pick *x, const char *why, struct err *e)
{
	err_set(e, ERR_REFUSED, "%s.%s in the dump is %s: one table of it is not the whole",
	    x->schema, x->table, why);
	return err_hint(e, "restore the table it belongs to with pg_restore, beside this one");
}

int
pick_learn(struct pick *x, const char *text, size_t len, struct err *e)
{
	const struct form *f;
	struct words s;
	size_t at, i;

	/* Other tables' statements are many and long; this one's name stands in its own. */
	if (memmem(text, len, x->table, strlen(x->table)) == NULL)
		return 0;
	split(x->a, text, len, &s);
	if (x->nown == 0)
		add(x->a, &x->own, &x->nown, x->table);
	if ((f = form_of(&s, &at)) == NULL)
		return 0;
	i = find(&s, at, "partition");
	if (begins(&s, 0, "alter table") && i > 0 && is(&s, i - 1, "attach") &&
	    is_name(x, &s, i + 1, x->table))
		return refuse(x, "a partition", e);
	if (begins(&s, 0, "alter sequence") && at + 6 < s.n && is_char(&s, at + 1, '.') &&
	    begins(&s, at + 3, "owned by") && is_name(x, &s, at + 5, x->table) &&
	    strcmp(s.w[at].value, x->schema) == 0)
		add(x->a, &x->own, &x->nown, s.w[at + 2].value);
	if (!is_name(x, &s, at, x->table))
		return 0;
	if (begins(&s, 0, "create table") || begins(&s, 0, "create unlogged table")) {
		if (begins(&s, i, "partition by"))
			return refuse(x, "divided into partitions", e);
		if (find(&s, at, "inherits") < s.n)
			return refuse(x, "a child of another table", e);
	}
	if (strcmp(f->words, "create index") == 0 || strcmp(f->words, "create unique index") == 0) {
		i = is(&s, 1, "unique") ? 3 : 2;
		if (i < s.n && s.w[i].kind == 'w')
			add(x->a, &x->own, &x->nown, s.w[i].value);
	}
	for (i = at; begins(&s, 0, "alter table") && i + 5 < s.n; i++)
		if (begins(&s, i, "add constraint"))
			add(x->a, &x->own, &x->nown, s.w[i + 2].value);
		else if (begins(&s, i, "sequence name") && is_char(&s, i + 3, '.') &&
			 strcmp(s.w[i + 2].value, x->schema) == 0)
			add(x->a, &x->own, &x->nown, s.w[i + 4].value);
	return 0;
}

static void
note_roles(struct pick *x, const struct words *s)
{
	size_t i;

	if (is(s, 0, "grant"))
		i = find(s, 1, "to");
	else if (is(s, 0, "revoke"))
		i = find(s, 1, "from");
	else if ((i = find(s, 1, "owner")) < s->n && is(s, i + 1, "to"))
		i++;
	else
		return;
	if (i + 1 < s->n && s->w[i + 1].kind == 'w' && !is(s, i + 1, "public"))
		add(x->a, &x->roles, &x->nroles, s->w[i + 1].value);
}

/* "shop.orders_id_seq" in a string, of what is its own: ".orders_id_seq"; else NULL. */
static const char *
own_text(struct pick *x, const char *value)
{
	struct words s;

	split(x->a, value, strlen(value), &s);
	return s.n == 3 && is_name(x, &s, 0, NULL) ? s.w[1].at : NULL;
}

/* Most statements of a whole dump name nothing of this table. */
static int
may_be_about(const struct pick *x, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < x->nown; i++)
		if (memmem(text, len, x->own[i], strlen(x->own[i])) != NULL)
			return 1;
	return 0;
}

enum pick_part
pick_judge(struct pick *x, const char *text, size_t len)
{
	const struct form *f;
	struct words s;
	size_t at;

	if (!may_be_about(x, text, len))
		return PICK_NOT;
	split(x->a, text, len, &s);
	if (is(&s, 0, "select") && is(&s, 3, "setval") && s.n > 5 && s.w[5].kind == 's')
		return own_text(x, s.w[5].value) != NULL ? PICK_AFTER : PICK_NOT;
	if ((f = form_of(&s, &at)) == NULL || !is_name(x, &s, at, NULL))
		return PICK_NOT;
	note_roles(x, &s);
	if (begins(&s, 0, "alter table") && is_late(&s, at + 3))
		return PICK_AFTER;
	return f->part;
}

/* A string that is a relation's name, 'public.t_id_seq'::regclass, and no text that looks so. */
static int
names_relation(const struct words *s, size_t i)
{
	return s->w[i].kind == 's' &&
	       ((is_char(s, i + 1, ':') && is_char(s, i + 2, ':') && is(s, i + 3, "regclass")) ||
		   (i > 1 && is_char(s, i - 1, '(') && is(s, i - 2, "setval")));
}

char *
pick_move(struct pick *x, const char *text, size_t len, const char *side)
{
	const char *to = pg_quote_name(x->a, side), *done = text;
	struct words s;
	struct buf b;
	char *out;
	size_t i;

	split(x->a, text, len, &s);
	buf_init(&b, (size_t)1 << 30);
	for (i = 0; i < s.n; i++) {
		const char *of = names_relation(&s, i) ? own_text(x, s.w[i].value) : NULL;
		int is_call = i + 3 < s.n && is_char(&s, i + 3, '(') &&
			      s.w[i + 3].at == s.w[i + 2].at + s.w[i + 2].len;

		if (of == NULL &&
		    (!is_name(x, &s, i, NULL) || is_call || (i > 0 && is_char(&s, i - 1, '.'))))
			continue;
		buf_add(&b, done, (size_t)(s.w[i].at - done));
		done = s.w[i].at + s.w[i].len;
		if (of != NULL)
			buf_puts(&b, pg_quote_literal(x->a, arena_printf(x->a, "%s%s", to, of)));
		else
			buf_puts(&b, to);
	}
	buf_add(&b, done, (size_t)(text + len - done));
	out = arena_strndup(x->a, buf_str(&b), b.len);
	buf_free(&b);
	return out;
}

int
pick_is_copy(struct pick *x, const char *text, size_t len, const char **columns)
{
	struct words s;
	const char *from, *to;

	split(x->a, text, len, &s);
	if (!is(&s, 0, "copy") || !is_name(x, &s, 1, x->table))
		return 0;
	*columns = "";
	from = memchr(s.w[3].at + s.w[3].len, '(', (size_t)(text + len - s.w[3].at) - s.w[3].len);
	if (from == NULL || !is_char(&s, 4, '('))
		return 1;
	to = text + len - 1;
	while (to > from && *to != ')')
		to--;
	if (to == from)
		return 1;
	*columns = arena_strndup(x->a, from + 1, (size_t)(to - from) - 1);
	return 1;
}
