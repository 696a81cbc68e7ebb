/*
 * Reading a dump's script: see my_script.h. Statements end where the servers' own client ends them:
 * at the delimiter, outside of quotes and comments; executable comments are code. Must never take
 * the end of a cut file for the end of a statement.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "engines/my_script.h"
#include "banned.h"

#define ROOM ((size_t)1 << 20)
#define SLACK 4			   /* zeros behind what is there: bytes are looked at together */
#define ROOM_MAX ((size_t)1 << 30) /* max_allowed_packet goes no further */

void
my_script_init(struct my_script *s, const char *const *paths, size_t npaths, struct waiter *w)
{
	memset(s, 0, sizeof(*s));
	s->paths = paths;
	s->npaths = npaths;
	s->fd = -1;
	s->w = w;
	s->room = ROOM;
	s->delimiter[0] = ';';
	s->buf = calloc(1, s->room + SLACK);
	if (s->buf == NULL)
		abort();
}

void
my_script_free(struct my_script *s)
{
	if (s->buf != NULL && s->fd >= 0)
		close(s->fd);
	free(s->buf);
	s->buf = NULL;
	s->fd = -1;
}

static int
make_room(struct my_script *s, struct err *e)
{
	if (s->at > 0) {
		memmove(s->buf, s->buf + s->at, s->have - s->at);
		s->have -= s->at;
		s->at = 0;
	}
	if (s->have < s->room)
		return 0;
	if (s->room >= ROOM_MAX)
		return err_set(e, ERR_FAILED, "the dump has a statement of more than 1 GB");
	s->room *= 2;
	s->buf = realloc(s->buf, s->room + SLACK);
	if (s->buf == NULL)
		abort();
	return 0;
}

static int
next_path(struct my_script *s, struct err *e)
{
	if (s->path == s->npaths) {
		s->is_over = 1;
		return 0;
	}
	s->fd = open(s->paths[s->path], O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		return err_set(
		    e, ERR_FAILED, "could not read %s: %s", s->paths[s->path], strerror(errno));
	s->path++;
	return 0;
}

/* Some more bytes, unless nothing more comes. */
static int
fill(struct my_script *s, struct err *e)
{
	ssize_t n;

	if (make_room(s, e) < 0 || (s->fd < 0 && next_path(s, e) < 0))
		return -1;
	if (s->is_over)
		return 0;
	if (s->w->wait(s->w, -1, 0, now_ms()) < 0)
		return err_set(e, ERR_CANCELLED, "cancelled");
	do
		n = read(s->fd, s->buf + s->have, s->room - s->have);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(
		    e, ERR_FAILED, "could not read %s: %s", s->paths[s->path - 1], strerror(errno));
	if (n == 0) {
		close(s->fd);
		s->fd = -1;
		return next_path(s, e);
	}
	s->have += (size_t)n;
	s->taken += n;
	memset(s->buf + s->have, 0, SLACK);
	return 0;
}

/* At least n bytes from here on; 1 they are there, 0 the dump ends before. */
static int
look_ahead(struct my_script *s, size_t n, struct err *e)
{
	while (s->have - s->at < n && !s->is_over)
		if (fill(s, e) < 0)
			return -1;
	return s->have - s->at >= n;
}

/* The length of the line here, without its end. */
static int
line(struct my_script *s, size_t *len, struct err *e)
{
	const char *end;

	while ((end = memchr(s->buf + s->at, '\n', s->have - s->at)) == NULL && !s->is_over)
		if (fill(s, e) < 0)
			return -1;
	*len = end == NULL ? s->have - s->at : (size_t)(end - s->buf) - s->at;
	return 0;
}

/* "DELIMITER ;;": what ends statements from here on. */
static int
obey_delimiter(struct my_script *s, const char *p, size_t len, struct err *e)
{
	size_t n = 0;

	while (len > 0 && my_is_space(*p)) {
		p++;
		len--;
	}
	while (n < len && !my_is_space(p[n]))
		n++;
	if (n == 0 || n > MY_DELIMITER_MAX || memchr(p, '\\', n) != NULL)
		return err_set(e, ERR_FAILED, "the dump has a DELIMITER that is none");
	memset(s->delimiter, 0, sizeof(s->delimiter));
	memcpy(s->delimiter, p, n);
	return 0;
}

/* "M!999999\- enable the sandbox mode" as a comment is for the client, and no delimiter ends it. */
static int
is_sandbox(struct my_script *s, struct err *e)
{
	static const char word[] = "/*M!999999\\-";
	int rc = look_ahead(s, sizeof(word) - 1, e);

	return rc <= 0 ? rc : memcmp(s->buf + s->at, word, sizeof(word) - 1) == 0;
}

/* In front of a statement: blanks, comments' lines, DELIMITER. 1: a remark. */
static int
next_remark(struct my_script *s, char **text, size_t *len, struct err *e)
{
	char *p;
	int rc;

	for (;;) {
		if ((rc = look_ahead(s, 1, e)) <= 0)
			return rc;
		if (my_is_space(s->buf[s->at])) {
			s->at++;
			continue;
		}
		if (look_ahead(s, 10, e) < 0 || (rc = is_sandbox(s, e)) < 0)
			return -1;
		p = s->buf + s->at;
		if (rc == 1 || *p == '#' || (s->have - s->at > 1 && p[0] == '-' && p[1] == '-')) {
			if (line(s, len, e) < 0)
				return -1;
			*text = s->buf + s->at;
			s->at += *len;
			return 1;
		}
		if (s->have - s->at < 10 || strncasecmp(p, "delimiter", 9) != 0 ||
		    !my_is_space(p[9]))
			return 0;
		if (line(s, len, e) < 0 || obey_delimiter(s, s->buf + s->at + 9, *len - 9, e) < 0)
			return -1;
		s->at += *len;
	}
}

/* Where in a statement the scan stands. */
struct place {
	size_t i;
	char in; /* a quote; '*' a comment; '-' a line's; 0 none */
};

/* Goes on to the end of the statement, or of what there is. 1: the statement ends at p->i. */
static int
scan(const struct my_script *s, struct place *p)
{
	const char *b = s->buf + s->at;
	size_t have = s->have - s->at, n = strlen(s->delimiter);

	while (p->i + 3 < have || (s->is_over && p->i < have)) {
		char c = b[p->i], d = p->i + 1 < have ? b[p->i + 1] : '\0';

		if (p->in == '\'' || p->in == '"' || p->in == '`') {
			if (c == '\\' && p->in != '`')
				p->i++;
			else if (c == p->in)
				p->in = 0;
		} else if (p->in == '*') {
			if (c == '*' && d == '/') {
				p->in = 0;
				p->i++;
			}
		} else if (p->in == '-') {
			if (c == '\n')
				p->in = 0;
		} else if (c == s->delimiter[0]) {
			if (p->i + n > have && !s->is_over)
				return 0;
			if (p->i + n <= have && memcmp(b + p->i, s->delimiter, n) == 0)
				return 1;
		} else if (c == '\'' || c == '"' || c == '`')
			p->in = c;
		else if (c == '/' && d == '*' && b[p->i + 2] != '!' &&
			 !(b[p->i + 2] == 'M' && b[p->i + 3] == '!')) {
			p->in = '*';
			p->i++;
		} else if (c == '#' || (c == '-' && d == '-' && my_is_space(b[p->i + 2])))
			p->in = '-';
		p->i++;
	}
	return 0;
}

int
my_script_next(struct my_script *s, enum my_piece *what, char **text, size_t *len, struct err *e)
{
	struct place p = {0};
	int rc;

	if ((rc = next_remark(s, text, len, e)) != 0) {
		*what = MY_PIECE_REMARK;
		return rc < 0 ? -1 : 0;
	}
	*what = MY_PIECE_END;
	*text = NULL;
	*len = 0;
	if (s->at == s->have)
		return 0;
	while (scan(s, &p) == 0) {
		if (s->is_over)
			return err_set(e, ERR_FAILED,
			    "the dump ends in the middle of a statement: it was cut");
		if (fill(s, e) < 0)
			return -1;
	}
	*what = MY_PIECE_STATEMENT;
	*text = s->buf + s->at;
	*len = p.i;
	s->at += p.i + strlen(s->delimiter);
	return 0;
}

/* Behind one literal: a number, a string, NULL, hexadecimal, with a character set in front. */
static int
value(struct my_lexer *x, struct my_token *t)
{
	static const char *const words[] = {"null", "true", "false", "default", NULL};
	const char *p = x->p + t->from;
	size_t i;

	if (t->type == MY_STRING || t->type == MY_NUMBER)
		return my_token(x, t);
	if (t->type == MY_OP && (t->op[0] == '-' || t->op[0] == '+') && t->op[1] == '\0')
		return my_token(x, t) == 1 && t->type == MY_NUMBER ? my_token(x, t) : -1;
	if (t->type != MY_WORD)
		return -1;
	if (*p == '_')
		return my_token(x, t) == 1 && (t->type == MY_STRING || t->type == MY_NUMBER)
			   ? my_token(x, t)
			   : -1;
	for (i = 0; words[i] != NULL; i++)
		if (t->len == strlen(words[i]) && strncasecmp(p, words[i], t->len) == 0)
			return my_token(x, t);
	return -1;
}

static int
is_op(const struct my_token *t, char c)
{
	return t->type == MY_OP && t->op[0] == c && t->op[1] == '\0';
}

int
my_tuple(struct my_tuples *t, const char **row, size_t *len)
{
	struct my_lexer x = {.p = t->p, .len = t->len, .i = t->i, .reading = {.is_none = 1}};
	struct my_token k;
	int rc = my_token(&x, &k);

	if (rc <= 0)
		return rc < 0 || !t->is_started ? -1 : 0;
	if (t->is_started && (!is_op(&k, ',') || my_token(&x, &k) != 1))
		return -1;
	if (!is_op(&k, '('))
		return -1;
	*row = t->p + k.from;
	do {
		if (my_token(&x, &k) != 1 || value(&x, &k) != 1)
			return -1;
	} while (is_op(&k, ','));
	if (!is_op(&k, ')') || x.has_executable)
		return -1;
	*len = (size_t)(t->p + x.i - *row);
	t->i = x.i;
	t->is_started = 1;
	return 1;
}
