/*
 * Secrets out of texts: see redact.h. Spans are collected first, then cut out. Every search for an
 * end either ends close by, is remembered, or takes the whole rest out: so the time stays linear.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "buf.h"
#include "redact.h"
#include "redact_value.h"
#include "banned.h"

#define TOKENS_MAX 24 /* after IDENTIFIED */

/* --- what announces a secret ----------------------------------------------------------------- */

static int
is_secret_name(const struct lexer *x, size_t from, size_t to)
{
	static const char *const suffixes[] = {"password", "passwd", "passphrase", "_pwd",
	    "secret_access_key", "secret_key", "client_secret", "api_key"};
	size_t i;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (lex_ends(x, from, to, suffixes[i]))
			return 1;
	return lex_is(x, from, to, "pwd") || lex_is(x, from, to, "authentication_string");
}

/* SET PASSWORD FOR 'who'@'where' = ...: to the sign; 0 where there is none. */
static size_t
skip_for(const struct lexer *x, size_t i)
{
	size_t end = i + 512 < x->len ? i + 512 : x->len;

	for (; i < end && x->s[i] != ';'; i++)
		if (x->s[i] == '=')
			return i;
	return 0;
}

static void
after_name(struct lexer *x, size_t from, size_t to)
{
	size_t i = to, end, k, p;
	int c = lex_at(x, i), signs = 0, bare = 0;

	if (c == '\\' && lex_is_quote(lex_at(x, i + 1)))
		i += 2, c = '\0';
	else if (lex_is_quote(c) && from > 0 && x->s[from - 1] == c)
		i++, c = '\0';
	else if (lex_is_quote(c) && x->quote == c && lex_at(x, i + 1) != c)
		return; /* the end of the literal it stands in */
	for (k = 0, p = lex_skip(x, i); k < 4; k++, p = lex_skip(x, p)) {
		end = lex_word_end(x, p);
		if (lex_at(x, p) == '=' || (lex_at(x, p) == ':' && lex_at(x, p + 1) != ':') ||
		    lex_at(x, p) == '(' || lex_at(x, p) == '>') {
			signs++;
			bare = lex_at(x, p) == ':' ||
			       ((lex_at(x, p) == '=') &&
				   (!lex_is_space(lex_at(x, p + 1)) || x->quote));
			p++;
		} else if (lex_is(x, p, end, "to") || lex_is(x, p, end, "by") ||
			   lex_is(x, p, end, "as")) {
			signs++;
			p = end;
		} else if (lex_is(x, p, end, "for")) {
			if ((p = skip_for(x, p)) == 0)
				return;
		} else {
			break;
		}
	}
	if (c == '\0' && signs == 0)
		return; /* a quoted name, and nothing is given to it */
	/* A call is looked into however it stands; a bare word is a secret only where it cannot be
	 * a column: `password=x`, not `password = x`. */
	end = lex_word_end(x, p);
	if (signs > 0 && end > p && lex_at(x, end) == '(')
		bare = 1;
	end = lex_cut_value(x, p, bare);
	if (end > p && (lex_is_quote(lex_at(x, end - 1)) || lex_at(x, end - 1) == '$'))
		lex_cut_more(x, end);
}

static void
after_identified(struct lexer *x, size_t to)
{
	size_t i = lex_skip(x, to), end = lex_word_end(x, i), k;
	int c;

	if (!lex_is(x, i, end, "by") && !lex_is(x, i, end, "with") && !lex_is(x, i, end, "via") &&
	    !lex_is(x, i, end, "as"))
		return;
	for (k = 0; k < TOKENS_MAX; k++) {
		i = lex_skip(x, i);
		c = lex_at(x, i);
		end = lex_word_end(x, i);
		if (c < 0 || c == ';' || c == ',' || lex_is(x, i, end, "require") ||
		    lex_is(x, i, end, "account"))
			break;
		if (c == '0' && (lex_at(x, i + 1) | 0x20) == 'x')
			lex_cut(x, i, end);
		else if (lex_is_quote(c) || c == '$')
			x->done = end = lex_cut_value(x, i, 0);
		i = end > i ? end : i + 1;
	}
}

/* INSERT, UPDATE, REPLACE of mysql.user: nobody rewrites those. */
static void
after_user_table(struct lexer *x, size_t from, size_t to)
{
	size_t i = from;

	while (i > 0 && (x->s[i - 1] == '`' || x->s[i - 1] == '.' || lex_is_space(x->s[i - 1])))
		i--;
	if (!x->is_dml || i < 5 || i == from || strncasecmp(x->s + i - 5, "mysql", 5) != 0)
		return;
	i = to + (lex_at(x, to) == '`');
	for (; i < x->len && x->s[i] != ';'; i++) {
		if (!lex_is_quote(x->s[i]))
			continue;
		to = lex_quoted_end(x, i);
		lex_cut(x, i, to);
		i = to - 1;
	}
	x->done = i;
}

static void
on_word(struct lexer *x, size_t from, size_t to)
{
	size_t end;

	if (is_secret_name(x, from, to)) {
		after_name(x, from, to);
	} else if (lex_is(x, from, to, "identified")) {
		after_identified(x, to);
	} else if (lex_is(x, from, to, "user") || lex_is(x, from, to, "global_priv")) {
		after_user_table(x, from, to);
	} else if (lex_is(x, from, to, "bearer") && lex_is_space(lex_at(x, to))) {
		end = lex_bare_end(x, to + 1);
		if (end > to + 8)
			lex_cut(x, to + 1, x->done = end);
	} else if (lex_is(x, from, to, "insert") || lex_is(x, from, to, "update") ||
		   lex_is(x, from, to, "replace")) {
		x->is_dml = 1;
	} else if (to - from >= 5 && (strncasecmp(x->s + from, "mysql", 5) == 0 ||
					 strncasecmp(x->s + from, "maria", 5) == 0)) {
		x->has_client = 1;
	}
}

/* scheme://user:secret@host. One look at a run without white space. Returns its end. */
static size_t
on_url(struct lexer *x, size_t i)
{
	size_t colon = 0, last = 0, from = i + 3;

	for (i = from; i < x->len && !lex_is_space(x->s[i]) && !lex_is_quote(x->s[i]); i++) {
		if (x->s[i] == ':' && colon == 0)
			colon = i;
		if (x->s[i] == '@')
			last = i;
	}
	if (colon > 0 && colon < last)
		lex_cut(x, colon + 1, last);
	return i;
}

/* A PEM block of a private key; whole, or to the end. */
static void
on_dashes(struct lexer *x, size_t i)
{
	static const char begin[] = "-----BEGIN ", end[] = "-----END ";
	size_t room = x->len - i < 80 ? x->len - i : 80;
	const char *p;

	if (room < sizeof(begin) || memcmp(x->s + i, begin, sizeof(begin) - 1) != 0 ||
	    memmem(x->s + i, room, "PRIVATE KEY", 11) == NULL)
		return;
	p = memmem(x->s + i, x->len - i, end, sizeof(end) - 1);
	x->done = p == NULL ? x->len : (size_t)(p - x->s) + sizeof(end) - 1;
	while (x->done < x->len && x->s[x->done] != '\n')
		x->done++;
	lex_cut(x, i, x->done);
}

/* Where literals begin and end, as far as that can be told from here. */
static void
on_quote(struct lexer *x, size_t i)
{
	int is_apostrophe = i > 0 && lex_is_word(lex_at(x, i - 1)) && lex_is_word(lex_at(x, i + 1));

	if (x->quote == x->s[i])
		x->quote = 0;
	else if (x->quote == 0 && !is_apostrophe)
		x->quote = x->s[i];
}

static void
scan(struct lexer *x)
{
	size_t i = 0, end, url = 0;
	int c;

	while (i < x->len) {
		c = lex_at(x, i);
		end = i + 1;
		if (lex_is_word(c)) {
			end = lex_word_end(x, i);
			on_word(x, i, end);
		} else if (lex_is_quote(c)) {
			on_quote(x, i);
		} else if (c == '\n') {
			x->has_client = 0;
		} else if (c == ';') {
			x->is_dml = 0;
		} else if (c == ':' && i >= url && lex_at(x, i + 1) == '/' &&
			   lex_at(x, i + 2) == '/') {
			url = on_url(x, i);
		} else if (c == '-' && lex_at(x, i + 1) == '-') {
			on_dashes(x, i);
		} else if (c == '-' && x->has_client && lex_at(x, i + 1) == 'p' &&
			   (lex_is_space(lex_at(x, i - 1)) || lex_is_quote(lex_at(x, i - 1)))) {
			lex_cut(x, i + 2, x->done = lex_bare_end(x, i + 2));
		}
		i = x->done > end ? x->done : end;
	}
}

static int
by_from(const void *p, const void *q)
{
	const struct span *s = p, *t = q;

	return s->from < t->from ? -1 : s->from > t->from;
}

char *
redact(struct arena *a, const char *s, size_t len, size_t *out_len, size_t *n)
{
	struct lexer x = {.a = a, .s = s, .len = len};
	struct buf b;
	size_t i, kept = 0;
	char *out;

	*n = 0;
	scan(&x);
	if (x.n == 0)
		return NULL;
	qsort(x.spans, x.n, sizeof(*x.spans), by_from);
	buf_init(&b, len + x.n * sizeof(REDACTED) + 1);
	for (i = 0; i < x.n; i++) {
		if (i == 0 || x.spans[i].from > kept) {
			buf_add(&b, s + kept, x.spans[i].from - kept);
			buf_puts(&b, REDACTED);
			++*n;
		}
		if (x.spans[i].to > kept)
			kept = x.spans[i].to;
	}
	buf_add(&b, s + kept, len - kept);
	out = arena_strndup(a, buf_str(&b), b.len);
	*out_len = b.len;
	buf_free(&b);
	return out;
}
