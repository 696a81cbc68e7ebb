/*
 * Bodies of stored programs and compound statements: follows BEGIN, CASE, IF and loops, so that a
 * semicolon inside of them does not end the statement around them.
 */
#include <string.h>

#include "engines/my_lex.h"
#include "banned.h"

static int
is_in(const char *p, size_t n, const char *words)
{
	size_t k;

	while (*words != '\0') {
		k = strcspn(words, " ");
		if (k == n && strncasecmp(words, p, n) == 0)
			return 1;
		words += k;
		words += *words == ' ';
	}
	return 0;
}

static void
down(struct my_body *b, int is_expression)
{
	b->kinds = b->kinds << 1 | (uint64_t)is_expression;
	b->depth++;
	b->state = BODY_INSIDE;
}

/* CREATE ... : does it make a stored program? */
static void
step_create(struct my_body *b, const char *p, size_t n)
{
	if (is_in(p, n, "procedure function trigger event package"))
		b->state = BODY_HEAD;
	else if (is_in(p, n,
		     "table view index database schema user role server tablespace sequence unique "
		     "fulltext spatial logfile resource undo temporary vector"))
		b->state = BODY_NONE;
}

/* Words between a routine's parameters and its body change nothing here. */
static void
step_head(struct my_body *b, const char *p, size_t n)
{
	if (is_in(p, n, "row do as is"))
		b->has_list = b->may_start = 1;
	else if (is_in(p, n, "begin")) {
		down(b, 0);
		b->may_start = 1;
	} else if (!b->has_list)
		return;
	else if (is_in(p, n, "if case loop repeat while for")) {
		down(b, 0);
		b->may_start = is_in(p, n, "loop repeat");
	} else if (is_in(p, n,
		       "select insert update delete replace set call return do with signal values "
		       "truncate drop alter create"))
		b->state = BODY_NONE;
}

static void
step_inside(struct my_body *b, const char *p, size_t n)
{
	int may_start = b->may_start, is_closing = b->is_after_end;

	b->may_start = b->is_after_end = 0;
	if (is_closing && is_in(p, n, "if case loop repeat while for"))
		return;
	if (is_in(p, n, "begin")) {
		down(b, 0);
		b->may_start = 1;
	} else if (is_in(p, n, "case"))
		down(b, !may_start);
	else if (may_start && is_in(p, n, "if while for"))
		down(b, 0);
	else if (may_start && is_in(p, n, "loop repeat")) {
		down(b, 0);
		b->may_start = 1;
	} else if (is_in(p, n, "then else"))
		b->may_start = (b->kinds & 1) == 0;
	else if (is_in(p, n, "do loop atomic"))
		b->may_start = 1;
	else if (is_in(p, n, "end") && b->depth > 0) {
		b->depth--;
		b->is_after_end = (b->kinds & 1) == 0;
		b->kinds >>= 1;
		if (b->depth == 0)
			b->state = BODY_NONE;
	}
}

static void
step_first(struct my_body *b, const char *p, size_t n)
{
	if (b->words == 1) {
		if (is_in(p, n, "create"))
			b->state = BODY_CREATE;
		else if (is_in(p, n, "begin"))
			b->was_begin = 1;
		else if (is_in(p, n, "if case loop repeat while for")) {
			down(b, 0);
			b->may_start = is_in(p, n, "loop repeat");
		} else
			b->is_label = 1;
		return;
	}
	if (b->was_begin && is_in(p, n, "not")) {
		down(b, 0);
		b->was_begin = 0;
	} else
		b->state = BODY_NONE;
}

/* name: BEGIN, name: LOOP, ... */
static void
step_label(struct my_body *b, const struct my_token *t, const char *p)
{
	if (b->is_label == 1)
		b->is_label = t->type == MY_OP && t->op[0] == ':' && t->op[1] == '\0' ? 2 : 0;
	else if (b->is_label == 2 && t->type == MY_WORD &&
		 is_in(p, t->len, "begin loop repeat while for")) {
		down(b, 0);
		b->may_start = 1;
		return;
	} else
		b->is_label = 0;
	if (b->is_label == 0)
		b->state = BODY_NONE;
}

int
my_body_step(struct my_body *b, const char *text, const struct my_token *t)
{
	const char *p = text + t->from;

	if (t->type == MY_OP && t->op[0] == ';') {
		b->may_start = 1;
		b->is_after_end = 0;
		return b->depth == 0;
	}
	b->words++;
	if (b->state == BODY_FIRST && b->is_label > 0) {
		step_label(b, t, p);
		return 0;
	}
	if (t->type == MY_OP) {
		b->parens += t->op[0] == '(' ? 1 : t->op[0] == ')' ? -1 : 0;
		if (b->state == BODY_HEAD && t->op[0] == ')' && b->parens == 0)
			b->has_list = 1;
		b->may_start = t->op[0] == ':' && t->op[1] == '\0';
		b->is_after_end = 0;
		return 0;
	}
	if (t->type != MY_WORD) {
		b->may_start = b->is_after_end = 0;
		if (b->state == BODY_FIRST)
			b->is_label = b->words == 1 && t->type == MY_NAME;
		if (b->state == BODY_FIRST && !b->is_label)
			b->state = BODY_NONE;
		return 0;
	}
	if (b->state == BODY_FIRST)
		step_first(b, p, t->len);
	else if (b->state == BODY_CREATE)
		step_create(b, p, t->len);
	else if (b->state == BODY_HEAD)
		step_head(b, p, t->len);
	else if (b->state == BODY_INSIDE)
		step_inside(b, p, t->len);
	return 0;
}
