/* What a condition is worth: the parts of my_expr.c and my_where.c among themselves. */
#ifndef MY_EXPR_H
#define MY_EXPR_H

#include "engines/my_sql.h"

/* What a condition is worth for the target. */
enum my_worth {
	WORTH_TRUE,  /* always true */
	WORTH_FREE,  /* not known, but does not depend on the target's row */
	WORTH_FALSE, /* never true */
	WORTH_REAL,  /* restricts */
};

/* An expression, as far as it matters. */
struct my_value {
	enum my_worth yes, no; /* as a condition, and its negation */
	int needs;	       /* its value depends on the target's row */
	const char *column;    /* "alias.name" where it is that column and constants only */
	const char *table;     /* the relation of column */
	const char *loose;     /* a column of nobody in particular */
	int is_bool;	       /* the result of a comparison */
	int is_constant, is_number, is_null;
	double number;
	const char *text; /* of a literal string */
	int is_zeroed;	  /* needs the column and yet says nothing about it */
	int is_unsigned;  /* never negative: LENGTH(x) */
	int is_bits;	  /* x & 4: as a condition it tells rows apart */
	int is_odd;	  /* not to be trusted */
};

struct my_expr {
	struct my *m;
	struct my_scope *s;
	size_t i, end; /* cursor */
};

/* The cursor: at one of the words, at an operator, past a word that stands there. */
static inline int
my_expr_word(const struct my_expr *e, const char *words)
{
	return e->i < e->end && my_word_in(e->m, e->i, words);
}
static inline int
my_expr_op(const struct my_expr *e, const char *op)
{
	return e->i < e->end && my_op_at(e->m, e->i, op);
}
static inline int
my_expr_take(struct my_expr *e, const char *word)
{
	if (!my_expr_word(e, word))
		return 0;
	e->i++;
	return 1;
}

/* Values and arithmetic, then everything up to OR. */
void my_expr_operands(struct my_expr *e, struct my_value *v);
void my_as_condition(struct my_value *v);
int my_is_listed(const char *name, const char *const *list);
void my_expr_or(struct my_expr *e, struct my_value *v);
/* A parenthesis at the cursor that begins a query, compared with left (NULL: EXISTS). */
void my_expr_subquery(
    struct my_expr *e, const struct my_value *left, int is_exists, struct my_value *v);
enum my_worth my_worth_or(enum my_worth a, enum my_worth b);
enum my_worth my_worth_and(enum my_worth a, enum my_worth b);

#endif
