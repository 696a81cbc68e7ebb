/*
 * Conditions by MySQL's precedences. Values are followed only as far as a WHERE needs: is it the
 * target's own column, does it depend on the row, is it a constant. What is not understood is worth
 * nothing. Recursion is bounded.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/my_expr.h"
#include "banned.h"

#define DEPTH_MAX 200
#define EFFORT_MAX ((size_t)8 << 20)

enum my_worth
my_worth_and(enum my_worth a, enum my_worth b)
{
	return a > b ? a : b;
}

enum my_worth
my_worth_or(enum my_worth a, enum my_worth b)
{
	if (a == WORTH_FALSE)
		return b;
	return b == WORTH_FALSE || a < b ? a : b;
}

/* A value that tells nothing. */
static void
nothing(struct my_value *v)
{
	memset(v, 0, sizeof(*v));
	v->yes = v->no = WORTH_FREE;
}

/* A bare value as a condition: true wherever it is not zero. */
void
my_as_condition(struct my_value *v)
{
	int is_true;

	if (v->is_bool)
		return;
	v->yes = v->no = WORTH_FREE;
	if (v->is_constant && v->is_null)
		v->yes = v->no = WORTH_FALSE;
	else if (v->is_constant && v->is_number) {
		is_true = v->number != 0;
		v->yes = is_true ? WORTH_TRUE : WORTH_FALSE;
		v->no = is_true ? WORTH_FALSE : WORTH_TRUE;
	} else if (v->needs && !v->is_zeroed && !v->is_odd) {
		v->yes = v->is_bits ? WORTH_REAL : WORTH_FREE;
		v->no = WORTH_REAL;
	}
}

static void
negate(struct my_value *v)
{
	enum my_worth yes = v->yes;

	v->yes = v->no;
	v->no = yes;
	v->is_bool = 1;
}

static void
of_number(struct my_expr *e, struct my_value *v)
{
	v->is_constant = v->is_number = 1;
	v->number = strtod(my_text(e->m, e->i), NULL);
}

/* A column's relation: own, somebody else's, or not said. */
static void
column(struct my_expr *e, struct my_value *v)
{
	const char *part[3] = {NULL, NULL, NULL}, *name;
	struct my *m = e->m;
	size_t k;
	int own = -1;

	for (;;) {
		part[0] = part[1];
		part[1] = part[2];
		part[2] = my_text(m, e->i++);
		if (!my_expr_op(e, ".") || e->i + 1 >= e->end)
			break;
		e->i++;
	}
	name = part[2];
	for (k = 0; part[1] == NULL && k < m->nvariables; k++)
		if (strcasecmp(m->variables[k], name) == 0)
			return;
	for (k = 0; k < e->s->ntables && part[1] != NULL; k++)
		if (strcasecmp(e->s->tables[k].alias, part[1]) == 0)
			own = (int)k;
	if (part[1] == NULL && e->s->is_alone && e->s->level == 0 && e->s->ntables > 0)
		own = 0;
	if (own < 0) {
		v->loose = part[1] == NULL ? name : NULL;
		return;
	}
	if (!e->s->tables[own].is_tied)
		return;
	v->needs = 1;
	v->table = e->s->tables[own].name;
	v->column = arena_printf(m->a, "%s.%s", e->s->tables[own].alias, name);
}

/* Behind the arguments of a call; what they need goes into v. */
static void
arguments(struct my_expr *e, struct my_value *v, const char *name)
{
	size_t close = my_close(e->m, e->i), was = e->end;
	struct my_value x;
	int n = 0, is_first_constant = 0;

	if (close > was) {
		e->i = was;
		v->is_odd = 1;
		return;
	}
	e->end = close - 1;
	e->i++;
	while (e->i < e->end) {
		if (my_expr_op(e, "(") && my_word_in(e->m, e->i + 1, "select with"))
			my_expr_subquery(e, NULL, 0, &x);
		else
			my_expr_or(e, &x);
		if (n++ == 0)
			is_first_constant = x.is_constant && !x.is_null;
		v->needs |= x.needs && !x.is_zeroed && !x.is_odd;
		/* Commas, and words inside of calls: FROM, USING, AS type, SEPARATOR ... */
		while (e->i < e->end && !my_expr_op(e, ",") &&
		       !my_expr_word(e, "from using separator in for order against"))
			e->i++;
		e->i += e->i < e->end;
		while (my_expr_word(e, "both leading trailing distinct by"))
			e->i++;
	}
	e->end = was;
	e->i = close;
	if (is_first_constant &&
	    (strcasecmp(name, "coalesce") == 0 || strcasecmp(name, "ifnull") == 0 ||
		strcasecmp(name, "nvl") == 0 || strcasecmp(name, "if") == 0))
		v->needs = 0;
}

int
my_is_listed(const char *name, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcasecmp(*list, name) == 0)
			return 1;
	return 0;
}

static void
call(struct my_expr *e, struct my_value *v)
{
	static const char *const never_negative[] = {"length", "char_length", "character_length",
	    "octet_length", "bit_length", "abs", "bit_count", "ascii", "ord", "crc32", "field",
	    "locate", "instr", "find_in_set", "year", "month", "day", "hour", "minute", "second",
	    NULL},
				 *const conditions[] = {"isnull", "find_in_set", "instr", "locate",
				     "json_contains", "json_contains_path", "json_overlaps",
				     "regexp_like", "st_contains", "st_within", "st_intersects",
				     "mbrcontains", "mbrwithin", "match", "mod", "strcmp", NULL};
	char *name = my_text(e->m, e->i++);

	arguments(e, v, name);
	if (my_expr_take(e, "against") && my_expr_op(e, "("))
		e->i = my_close(e->m, e->i);
	if (my_expr_take(e, "over") && my_expr_op(e, "("))
		e->i = my_close(e->m, e->i);
	v->is_unsigned = my_is_listed(name, never_negative);
	v->is_bits = my_is_listed(name, conditions);
}

/* CASE ... END: worth nothing as a condition. */
static void
of_case(struct my_expr *e, struct my_value *v)
{
	struct my_value x;

	e->i++;
	while (e->i < e->end && !my_expr_word(e, "end")) {
		if (my_expr_word(e, "when then else")) {
			e->i++;
			continue;
		}
		if (e->m->depth >= DEPTH_MAX)
			break;
		size_t before = e->i;
		my_expr_or(e, &x);
		v->needs |= x.needs;
		if (e->i == before)
			e->i++;
	}
	my_expr_take(e, "end");
}

static void
parenthesis(struct my_expr *e, struct my_value *v)
{
	size_t close = my_close(e->m, e->i), was = e->end;
	struct my_value x;

	if (my_word_in(e->m, e->i + 1, "select with values table")) {
		my_expr_subquery(e, NULL, 0, v);
		return;
	}
	if (close > was) {
		v->is_odd = 1;
		e->i = was;
		return;
	}
	e->end = close - 1;
	e->i++;
	my_expr_or(e, v);
	/* (a, b): a row. */
	while (my_expr_op(e, ",")) {
		e->i++;
		my_expr_or(e, &x);
		if (v->column == NULL || x.column == NULL)
			v->column = NULL;
		v->needs |= x.needs;
		v->is_constant &= x.is_constant;
		v->is_bool = v->is_number = 0;
		v->text = NULL;
		v->column =
		    v->column != NULL ? arena_printf(e->m->a, "%s,%s", v->column, x.column) : NULL;
	}
	if (e->i < e->end)
		v->is_odd = 1;
	e->end = was;
	e->i = close;
}

static void
word(struct my_expr *e, struct my_value *v)
{
	if (my_expr_word(e, "true false null unknown")) {
		v->is_constant = v->is_number = 1;
		v->is_null = my_expr_word(e, "null unknown");
		v->number = my_expr_word(e, "true");
		e->i++;
	} else if (my_expr_word(e, "case"))
		of_case(e, v);
	else if (my_expr_word(e, "exists") && my_op_at(e->m, e->i + 1, "(")) {
		e->i++;
		my_expr_subquery(e, NULL, 1, v);
	} else if (my_expr_word(e, "interval") && !my_op_at(e->m, e->i + 1, "(")) {
		e->i++;
		my_expr_or(e, v); /* the unit is a word behind it */
		v->is_bool = 0;
		e->i += e->i < e->end && e->m->t[e->i].type == MY_WORD;
	} else if (my_op_at(e->m, e->i + 1, "("))
		call(e, v);
	else if (my_expr_word(e,
		     "current_date current_time current_timestamp localtime localtimestamp "
		     "utc_date utc_time utc_timestamp current_user current_role sysdate default"))
		e->i++;
	else if (e->m->p[e->m->t[e->i].from] == '_' && e->i + 1 < e->end &&
		 e->m->t[e->i + 1].type == MY_STRING) {
		e->i++; /* a character set's name in front of a literal */
		v->is_constant = 1;
		v->text = my_literal(e->m, e->i);
		while (e->i < e->end && e->m->t[e->i].type == MY_STRING)
			e->i++;
	} else if (my_expr_word(e, "date time timestamp n") && e->i + 1 < e->end &&
		   e->m->t[e->i + 1].type == MY_STRING) {
		e->i += 2;
		v->is_constant = 1;
	} else
		column(e, v);
}

/* A literal, a column, a call, a parenthesis, with its prefixes. */
static void
primary(struct my_expr *e, struct my_value *v)
{
	const struct my_token *t;
	int sign = 1, is_inverted = 0;

	nothing(v);
	while (my_expr_op(e, "-") || my_expr_op(e, "+") || my_expr_op(e, "~") ||
	       my_expr_word(e, "binary")) {
		sign = my_expr_op(e, "-") ? -sign : sign;
		is_inverted |= my_expr_op(e, "~");
		e->i++;
	}
	if (my_expr_op(e, "!")) {
		e->i++;
		primary(e, v);
		my_as_condition(v);
		negate(v);
		return;
	}
	if (e->i >= e->end || e->m->depth >= DEPTH_MAX || e->m->effort++ > EFFORT_MAX) {
		v->is_odd = 1;
		e->i = e->end;
		return;
	}
	t = &e->m->t[e->i];
	if (t->type == MY_NUMBER) {
		of_number(e, v);
		v->number *= sign;
		e->i++;
	} else if (t->type == MY_STRING) {
		v->is_constant = 1;
		v->text = my_literal(e->m, e->i);
		while (e->i < e->end && e->m->t[e->i].type == MY_STRING)
			e->i++;
	} else if (t->type == MY_WORD)
		word(e, v);
	else if (t->type == MY_NAME && !my_op_at(e->m, e->i + 1, "("))
		column(e, v);
	else if (t->type == MY_NAME)
		call(e, v);
	else if (my_expr_op(e, "("))
		parenthesis(e, v);
	else if (my_expr_op(e, "@@")) {
		e->i += 2;
		while (my_expr_op(e, "."))
			e->i += 2;
	} else if (my_expr_op(e, "\\N")) {
		v->is_constant = v->is_null = 1;
		e->i++;
	} else if (my_expr_op(e, "{"))
		v->is_odd = 1;
	else
		e->i++; /* a variable, a parameter */
	/* All bits turned over: nearly always true, whatever it was. */
	if (is_inverted)
		v->is_number = v->is_bool = 0;
	if (my_expr_op(e, "."))
		e->i += 2; /* a call of another schema: the arguments follow */
	if (my_expr_word(e, "collate"))
		e->i += 2;
}

static int
is_arithmetic(const struct my_expr *e)
{
	static const char *const ops[] = {
	    "+", "-", "*", "/", "%", "^", "|", "&", "<<", ">>", "->", "->>", NULL};
	size_t i;

	if ((e->m->mode & LEXICAL_PIPES_CONCAT) && my_expr_op(e, "||"))
		return 1;
	for (i = 0; ops[i] != NULL; i++)
		if (my_expr_op(e, ops[i]))
			return 1;
	return my_expr_word(e, "div mod");
}

/* Arithmetic: all operators alike, for only what they need matters. */
void
my_expr_operands(struct my_expr *e, struct my_value *v)
{
	struct my_value x;
	int is_mask, is_times;

	primary(e, v);
	while (is_arithmetic(e)) {
		is_mask = my_expr_op(e, "&") || my_expr_op(e, "%") || my_expr_word(e, "mod");
		is_times = my_expr_op(e, "*") || my_expr_op(e, "&") || my_expr_op(e, "/") ||
			   my_expr_word(e, "div");
		e->i++;
		primary(e, &x);
		v->is_zeroed |= x.is_zeroed || (is_times && ((x.is_number && x.number == 0) ||
								(v->is_number && v->number == 0)));
		if (v->column == NULL && v->is_constant) {
			v->column = x.column;
			v->table = x.table;
		} else if (!x.is_constant)
			v->column = NULL;
		v->is_bits = is_mask && (v->needs || x.needs) && x.is_constant;
		v->needs |= x.needs;
		v->is_odd |= x.is_odd;
		v->is_constant &= x.is_constant;
		v->is_bool = v->is_number = v->is_unsigned = 0;
		v->text = v->loose = NULL;
	}
	if (my_expr_op(e, ":=")) {
		e->i++;
		my_expr_or(e, v);
		v->is_odd = 1;
		v->column = NULL;
	}
}
