/*
 * Statements of a text of MySQL or MariaDB: semicolons outside of bodies, \G and \g, DELIMITER, and
 * lines that are commands of the client. A text that changes how text is read (SET sql_mode, SET
 * NAMES) leaves a note for what follows it.
 */
#include <string.h>

#include "engines/my_lex.h"
#include "banned.h"

struct cut {
	size_t first, end; /* of the tokens */
	size_t next;	   /* where the next statement may start */
	int is_complete, is_g, has_tokens;
	char in;
};

static const char *
delimiter_of(const struct my_split *sp)
{
	return sp->delimiter[0] != '\0' ? sp->delimiter : NULL;
}

static size_t
line_end(const char *text, size_t len, size_t at)
{
	const char *p = memchr(text + at, '\n', len - at);

	return p != NULL ? (size_t)(p - text) : len;
}

/* Bytes of white space and comments in front of a statement. */
static size_t
blank(const char *text, size_t len, size_t at)
{
	const char *p;

	while (at < len) {
		if (my_is_space(text[at]))
			at++;
		else if (text[at] == '#' ||
			 (len - at > 1 && text[at] == '-' && text[at + 1] == '-' &&
			     (len - at == 2 || (unsigned char)text[at + 2] <= ' ')))
			at = line_end(text, len, at);
		else if (len - at > 2 && text[at] == '/' && text[at + 1] == '*' &&
			 text[at + 2] != '!' &&
			 !(text[at + 2] == 'M' && len - at > 3 && text[at + 3] == '!')) {
			if ((p = memmem(text + at + 2, len - at - 2, "*/", 2)) == NULL)
				return at;
			at = (size_t)(p - text) + 2;
		} else
			break;
	}
	return at;
}

/* DELIMITER x or \d x at the start of a line: its length, or 0. */
static size_t
delimiter_command(const char *p, size_t len)
{
	if (len > 9 && strncasecmp(p, "delimiter", 9) == 0 && (p[9] == ' ' || p[9] == '\t'))
		return 9;
	return len > 2 && p[0] == '\\' && p[1] == 'd' && (p[2] == ' ' || p[2] == '\t') ? 2 : 0;
}

/* 0 where it cannot be obeyed. */
static int
obey_delimiter(struct my_split *sp, const char *p, size_t len)
{
	size_t n;

	while (len > 0 && my_is_space(*p)) {
		p++;
		len--;
	}
	for (n = 0; n < len && !my_is_space(p[n]); n++)
		if (strchr("'\"`\\#", p[n]) != NULL)
			return 0;
	if (n == 0 || n > MY_DELIMITER_MAX || (n > 1 && memcmp(p, "/*", 2) == 0))
		return 0;
	memset(sp->delimiter, 0, sizeof(sp->delimiter));
	if (n != 1 || *p != ';')
		memcpy(sp->delimiter, p, n);
	return 1;
}

/* How the tokens of one statement end. */
static void
cut(const char *text, size_t len, size_t at, unsigned mode, const struct my_split *sp,
    struct cut *c)
{
	struct my_lexer x = {.p = text,
	    .len = len,
	    .i = at,
	    .mode = mode,
	    .reading = {.limit = UINT32_MAX},
	    .delimiter = delimiter_of(sp)};
	struct my_body b = {.state = BODY_FIRST};
	struct my_token t;
	int k;

	memset(c, 0, sizeof(*c));
	c->first = c->end = at;
	while ((k = my_token(&x, &t)) == 1) {
		c->is_g = t.type == MY_OP && t.op[0] == '\\'
			      ? (t.op[1] == 'G') * 2 + (t.op[1] == 'g')
			      : 0;
		if (c->is_g || (t.type == MY_OP && t.op[0] == ';' && my_body_step(&b, text, &t) &&
				   x.depth == 0 && x.delimiter == NULL)) {
			c->end = t.from;
			c->next = x.i;
			c->is_complete = 1;
			return;
		}
		if (t.type != MY_OP || t.op[0] != ';')
			my_body_step(&b, text, &t);
		c->has_tokens = 1;
		c->end = x.i;
	}
	c->next = c->end = x.i;
	if (k == 0 && x.delimiter != NULL && x.i < len) {
		c->next = x.i + strlen(x.delimiter);
		c->is_complete = 1;
	} else if (k < 0)
		c->in = x.in;
	else if (b.depth > 0)
		c->in = '(';
	c->has_tokens |= x.has_executable;
}

static int
is_any(const char *p, size_t n, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strlen(*words) == n && strncasecmp(*words, p, n) == 0)
			return 1;
	return 0;
}

/* A sql_mode that leaves quotes and operators as they are. */
int
my_is_plain_mode(const char *p, size_t n)
{
	static const char *const bad[] = {"ansi", "backslash", "pipes", "ignore_space", "oracle",
	    "mssql", "db2", "postgresql", "maxdb", "not_prec", NULL};
	size_t i, k;

	for (i = 0; i < n; i++)
		for (k = 0; bad[k] != NULL; k++)
			if (n - i >= strlen(bad[k]) &&
			    strncasecmp(p + i, bad[k], strlen(bad[k])) == 0)
				return 0;
	return 1;
}

/* A character set whose second bytes are never a backslash. */
int
my_is_plain_charset(const char *p, size_t n)
{
	static const char *const good[] = {"utf8", "utf8mb3", "utf8mb4", "latin1", "latin2",
	    "latin5", "latin7", "ascii", "binary", "default", "cp1250", "cp1251", "cp1256",
	    "cp1257", "koi8r", "koi8u", "greek", "hebrew", "euckr", "ujis", "eucjpms", "gb2312",
	    "tis620", NULL};

	if (n >= 2 && (*p == '\'' || *p == '"' || *p == '`')) {
		p++;
		n -= 2;
	}
	return is_any(p, n, good);
}

/* SET sql_mode, SET NAMES and their like, to something we do not follow. */
static int
changes_reading(const char *p, size_t len, unsigned mode)
{
	static const char *const charsets[] = {"names", "charset", "character_set_client", NULL},
				 *const modes[] = {"sql_mode", NULL}, *const set[] = {"set", NULL};
	struct my_lexer x = {.p = p, .len = len, .mode = mode, .reading = {.limit = UINT32_MAX}};
	struct my_token t, was = {0};
	int is_charset = 0, is_mode = 0, bad = 0;

	if (my_token(&x, &t) != 1 || !is_any(p + t.from, t.len, set))
		return 0;
	for (was = t; bad == 0 && my_token(&x, &t) == 1; was = t) {
		if (t.type == MY_OP && (t.op[0] == '=' || strcmp(t.op, ":=") == 0)) {
			is_charset = was.type != MY_VAR && is_any(p + was.from, was.len, charsets);
			is_mode = was.type != MY_VAR && is_any(p + was.from, was.len, modes);
			continue;
		}
		if (is_charset)
			bad = !my_is_plain_charset(p + t.from, t.len);
		if (is_mode)
			bad = t.type != MY_STRING || !my_is_plain_mode(p + t.from, t.len);
		is_mode = 0;
		is_charset =
		    was.type != MY_OP && (is_any(p + t.from, t.len, charsets) ||
					     (is_any(p + t.from, t.len, set) &&
						 is_any(p + was.from, was.len,
						     (const char *const[]){"character", NULL})));
	}
	return bad;
}

/* A line that begins with a backslash is a command of the client. */
static int
take_line(const char *text, size_t len, struct my_split *sp, size_t at, struct statement *s)
{
	size_t end = line_end(text, len, at);

	s->from = at;
	s->len = end - at;
	while (s->len > 0 && my_is_space(text[at + s->len - 1]))
		s->len--;
	sp->at = end;
	return 1;
}

/* 1 a statement, 2 one that does not end, 3 DELIMITER was obeyed, 0 the end. */
static int
split_step(const char *text, size_t len, unsigned mode, struct my_split *sp, struct statement *s,
    char *in, int *is_g)
{
	struct cut c;
	size_t at = blank(text, len, sp->at), n, end;

	memset(s, 0, sizeof(*s));
	*in = '-';
	*is_g = 0;
	sp->at = len;
	if (at >= len)
		return 0;
	if ((n = delimiter_command(text + at, len - at)) > 0) {
		end = line_end(text, len, at);
		if (!obey_delimiter(sp, text + at + n, end - at - n))
			return take_line(text, len, sp, at, s);
		sp->at = end;
		return 3;
	}
	if (text[at] == '\\' && len - at > 1 && text[at + 1] != 'g' && text[at + 1] != 'G')
		return take_line(text, len, sp, at, s);
	cut(text, len, at, mode, sp, &c);
	sp->at = c.next > at ? c.next : len;
	s->from = at;
	s->len = c.end > at ? c.end - at : 0;
	while (s->len > 0 && my_is_space(text[at + s->len - 1]))
		s->len--;
	*is_g = c.is_g;
	if (!c.is_complete && c.in != 0)
		*in = c.in;
	if (!c.has_tokens && c.in == 0)
		return c.is_complete ? 4 : 0;
	if (changes_reading(text + at, s->len, mode))
		sp->is_mode_unknown = 1;
	return c.is_complete ? 1 : 2;
}

int
my_split_next(
    const char *text, size_t len, unsigned mode, struct my_split *sp, struct statement *s, char *in)
{
	int k, is_g;

	do
		k = split_step(text, len, mode, sp, s, in, &is_g);
	while (k > 2);
	return k > 0;
}

void
my_scan(const char *text, size_t len, const struct lexical *lx, struct scan *out)
{
	struct my_split sp = {0};
	struct statement s;
	unsigned mode = lx != NULL ? lx->mode : 0;
	int k, is_g;

	memset(out, 0, sizeof(*out));
	/* From DELIMITER to DELIMITER ; is one piece: what is between has no meaning alone. */
	do
		k = split_step(text, len, mode, &sp, &s, &out->in, &is_g);
	while (k != 0 && sp.delimiter[0] != '\0');
	out->end = out->len = len;
	if (k == 0 && sp.delimiter[0] == '\0')
		out->state = SCAN_EMPTY;
	else if (k == 0 || k == 2)
		out->state = SCAN_INCOMPLETE;
	else {
		out->state = SCAN_COMPLETE;
		out->len = k == 3 ? sp.at : s.from + s.len;
		out->end = sp.at;
		out->is_g = is_g != 0;
		out->is_gx = is_g == 2;
	}
}
