/*
 * Comparisons, AND, OR and NOT: what a condition is worth. A comparison counts where it needs a
 * column of the target, and not only against itself or a pattern that everything matches.
 */
#include <string.h>

#include "arena.h"
#include "engines/my_expr.h"
#include "banned.h"

#define DEPTH_MAX 200

static void
condition(struct my_value *v, enum my_worth yes, enum my_worth no)
{
	memset(v, 0, sizeof(*v));
	v->yes = yes;
	v->no = no;
	v->is_bool = 1;
}

static void
swap(struct my_value *v)
{
	condition(v, v->no, v->yes);
}

/* The same column, of the same relation or of a second copy of it. */
static int
is_same(const struct my_value *a, const struct my_value *b)
{
	const char *x, *y;

	if (a->column == NULL || b->column == NULL)
		return 0;
	if (strcasecmp(a->column, b->column) == 0)
		return 1;
	x = strrchr(a->column, '.');
	y = strrchr(b->column, '.');
	return x != NULL && y != NULL && strcasecmp(x, y) == 0 && a->table != NULL &&
	       b->table != NULL && strcasecmp(a->table, b->table) == 0;
}

/* Own column against a column that nobody says whose it is: perhaps the very same. */
static int
is_perhaps_same(const struct my_value *a, const struct my_value *b)
{
	const char *x = a->column != NULL ? strrchr(a->column, '.') : NULL;

	return x != NULL && b->loose != NULL && strcasecmp(x + 1, b->loose) == 0;
}

static void
of_constants(const char *op, const struct my_value *a, const struct my_value *b, struct my_value *v)
{
	int is_equal;

	condition(v, WORTH_FREE, WORTH_FREE);
	if (!a->is_number || !b->is_number || a->is_null || b->is_null)
		return;
	is_equal = a->number == b->number;
	if (strcmp(op, "=") == 0 || strcmp(op, "<=>") == 0)
		condition(
		    v, is_equal ? WORTH_TRUE : WORTH_FALSE, is_equal ? WORTH_FALSE : WORTH_TRUE);
}

/* (x = 1) = 1, (x = 1) <> 0 and their like. */
static void
of_bool(const char *op, struct my_value *a, const struct my_value *b)
{
	int is_equal = strcmp(op, "=") == 0 || strcmp(op, "<=>") == 0,
	    is_unequal = strcmp(op, "<>") == 0 || strcmp(op, "!=") == 0;

	if (!b->is_number || b->is_null || (b->number != 0 && b->number != 1) ||
	    (!is_equal && !is_unequal))
		condition(a, WORTH_FREE, WORTH_FREE);
	else if ((b->number == 1) != is_equal)
		swap(a);
}

static int
is_always(const char *op, const struct my_value *a, const struct my_value *b)
{
	return a->is_unsigned && b->is_number &&
	       ((strcmp(op, ">=") == 0 && b->number <= 0) ||
		   (strcmp(op, ">") == 0 && b->number < 0) ||
		   ((strcmp(op, "<>") == 0 || strcmp(op, "!=") == 0) && b->number < 0));
}

static void
compare(const char *op, struct my_value *a, const struct my_value *b)
{
	if (a->is_bool) {
		of_bool(op, a, b);
		return;
	}
	if (a->is_constant && b->is_constant) {
		struct my_value x = *a;

		of_constants(op, &x, b, a);
		return;
	}
	if (a->is_odd || b->is_odd || a->is_zeroed || b->is_zeroed || b->is_bool ||
	    (!a->needs && !b->needs) || is_same(a, b) || is_perhaps_same(a, b) ||
	    is_perhaps_same(b, a) || (a->is_constant && a->is_null) ||
	    (b->is_constant && b->is_null && strcmp(op, "<=>") != 0) || is_always(op, a, b))
		condition(a, WORTH_FREE, WORTH_FREE);
	else
		condition(a, WORTH_REAL, WORTH_REAL);
}

static int
matches_all(const char *kind, const char *pattern)
{
	static const char *const expressions[] = {"", ".", ".*", ".+", "^", "$", "^.*", ".*$",
	    "^.*$", "^.", "^.+$", "^.+", ".*.*", "()", NULL};

	if (strcmp(kind, "like") == 0)
		return strspn(pattern, "%") == strlen(pattern) ||
		       (strspn(pattern, "%_") == strlen(pattern) && strchr(pattern, '%') != NULL);
	return my_is_listed(pattern, expressions);
}

/* LIKE and REGEXP. */
static void
like(struct my_expr *e, struct my_value *a, const char *kind)
{
	struct my_value b;

	my_expr_operands(e, &b);
	if (my_expr_take(e, "escape"))
		e->i++;
	if (b.text != NULL && matches_all(kind, b.text))
		condition(a, WORTH_FREE, WORTH_FREE);
	else
		compare(kind, a, &b);
}

static void
between(struct my_expr *e, struct my_value *a)
{
	struct my_value low, high;

	my_expr_operands(e, &low);
	if (!my_expr_take(e, "and")) {
		condition(a, WORTH_FREE, WORTH_FREE);
		return;
	}
	my_expr_operands(e, &high);
	if (a->is_bool || a->is_odd || a->is_zeroed || low.is_odd || high.is_odd ||
	    (!a->needs && !low.needs && !high.needs) ||
	    (is_same(a, &low) && (is_same(a, &high) || !high.needs)) || is_same(a, &high))
		condition(a, WORTH_FREE, WORTH_FREE);
	else
		condition(a, WORTH_REAL, WORTH_REAL);
}

static void
in_list(struct my_expr *e, struct my_value *a)
{
	size_t close = my_close(e->m, e->i), was = e->end;
	struct my_value x, left = *a;
	enum my_worth sum = WORTH_FALSE;

	if (!my_expr_op(e, "(") || close > was) {
		condition(a, WORTH_FREE, WORTH_FREE);
		e->i = was;
		return;
	}
	if (my_word_in(e->m, e->i + 1, "select with values table") ||
	    (my_op_at(e->m, e->i + 1, "(") && my_word_in(e->m, e->i + 2, "select with"))) {
		my_expr_subquery(e, &left, 0, a);
		return;
	}
	e->end = close - 1;
	e->i++;
	while (e->i < e->end) {
		struct my_value one = left;

		my_expr_or(e, &x);
		compare("=", &one, &x);
		sum = my_worth_or(sum, one.yes);
		if (!my_expr_op(e, ",") && e->i < e->end) {
			sum = WORTH_FREE;
			break;
		}
		e->i++;
	}
	e->end = was;
	e->i = close;
	condition(a, sum, sum);
}

static void
is_what(struct my_expr *e, struct my_value *a)
{
	int is_not = my_expr_take(e, "not");

	if (my_expr_take(e, "null")) {
		int counts = !a->is_bool && a->needs && !a->is_odd;

		condition(a, counts ? WORTH_REAL : WORTH_FREE, WORTH_FREE);
	} else if (my_expr_take(e, "unknown"))
		condition(a, a->needs ? WORTH_REAL : WORTH_FREE, WORTH_FREE);
	else if (my_expr_word(e, "true false")) {
		my_as_condition(a);
		if (my_expr_word(e, "false"))
			swap(a);
		e->i++;
	} else
		condition(a, WORTH_FREE, WORTH_FREE);
	a->is_bool = 1;
	if (is_not)
		swap(a);
}

static int
comparison_op(struct my_expr *e, const char **op)
{
	static const char *const ops[] = {"=", "<=>", "<>", "!=", "<", "<=", ">", ">=", NULL};
	size_t i;

	for (i = 0; ops[i] != NULL; i++)
		if (my_expr_op(e, ops[i])) {
			*op = ops[i];
			e->i++;
			return 1;
		}
	return 0;
}

/* x op ANY (SELECT ...) */
static void
quantified(struct my_expr *e, const char *op, struct my_value *a)
{
	struct my_value left = *a;
	int is_any = !my_expr_word(e, "all");

	e->i++;
	if (is_any && strcmp(op, "=") == 0)
		in_list(e, a);
	else if (my_expr_op(e, "(")) {
		my_expr_subquery(e, NULL, 0, a);
		condition(a, left.needs && !left.is_odd ? WORTH_REAL : WORTH_FREE,
		    left.needs && !left.is_odd ? WORTH_REAL : WORTH_FREE);
	}
}

static int
predicate(struct my_expr *e, struct my_value *v)
{
	int is_not =
	    my_expr_word(e, "not") && my_word_in(e->m, e->i + 1, "like regexp rlike between in");

	e->i += (size_t)is_not;
	if (my_expr_take(e, "like"))
		like(e, v, "like");
	else if (my_expr_word(e, "regexp rlike")) {
		e->i++;
		like(e, v, "regexp");
	} else if (my_expr_word(e, "sounds")) {
		e->i += 2;
		like(e, v, "sounds");
	} else if (my_expr_take(e, "between"))
		between(e, v);
	else if (my_expr_take(e, "in"))
		in_list(e, v);
	else if (my_expr_take(e, "member")) {
		my_expr_take(e, "of");
		if (my_expr_op(e, "("))
			e->i = my_close(e->m, e->i);
		condition(
		    v, v->needs ? WORTH_REAL : WORTH_FREE, v->needs ? WORTH_REAL : WORTH_FREE);
	} else
		return 0;
	if (is_not)
		swap(v);
	return 1;
}

static void
comparison(struct my_expr *e, struct my_value *v)
{
	struct my_value x;
	const char *op;

	my_expr_operands(e, v);
	while (e->i < e->end) {
		if (comparison_op(e, &op)) {
			if (my_expr_word(e, "any all some") && my_op_at(e->m, e->i + 1, "("))
				quantified(e, op, v);
			else {
				my_expr_operands(e, &x);
				predicate(e, &x);
				compare(op, v, &x);
			}
		} else if (my_expr_take(e, "is"))
			is_what(e, v);
		else if (!predicate(e, v))
			break;
	}
	my_as_condition(v);
}

static void
negation(struct my_expr *e, struct my_value *v)
{
	int n = 0;

	while (my_expr_take(e, "not"))
		n++;
	if (n > 0 && my_expr_word(e, "exists") && n % 2 == 1) {
		comparison(e, v);
		swap(v);
		return;
	}
	comparison(e, v);
	if (n % 2 == 1)
		swap(v);
	else if (n > 0)
		condition(v, v->yes, v->no);
}

static void
conjunction(struct my_expr *e, struct my_value *v)
{
	struct my_value x;

	negation(e, v);
	while (my_expr_word(e, "and") || my_expr_op(e, "&&")) {
		e->i++;
		negation(e, &x);
		condition(v, my_worth_and(v->yes, x.yes), my_worth_or(v->no, x.no));
	}
}

static int
is_or(const struct my_expr *e)
{
	return my_expr_word(e, "or") ||
	       (my_expr_op(e, "||") && !(e->m->mode & LEXICAL_PIPES_CONCAT));
}

/* One of two operators that say the opposite of each other. */
static int
is_opposite(const struct my *m, size_t a, size_t b)
{
	static const char *const pairs[][2] = {{"=", "<>"}, {"=", "!="}, {"<", ">="}, {">", "<="}};
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if ((my_op_at(m, a, pairs[i][0]) && my_op_at(m, b, pairs[i][1])) ||
		    (my_op_at(m, a, pairs[i][1]) && my_op_at(m, b, pairs[i][0])))
			return 1;
	return 0;
}

/* x = 5 OR x <> 5: the same tokens but for one operator. Whatever the row, one of them holds. */
static int
is_complement(const struct my_expr *e, size_t a, size_t b, size_t n)
{
	const struct my_token *s, *t;
	size_t i, opposites = 0;

	for (i = 0; i < n; i++) {
		s = &e->m->t[a + i];
		t = &e->m->t[b + i];
		if (my_word_in(e->m, a + i, "and") || my_op_at(e->m, a + i, "&&"))
			return 0;
		if (s->type == t->type && s->len == t->len &&
		    strncasecmp(e->m->p + s->from, e->m->p + t->from, s->len) == 0)
			continue;
		if (!is_opposite(e->m, a + i, b + i))
			return 0;
		opposites++;
	}
	return opposites == 1;
}

#define MAX_BRANCHES 16

void
my_expr_or(struct my_expr *e, struct my_value *v)
{
	size_t from[MAX_BRANCHES], len[MAX_BRANCHES], n = 0, i;
	struct my_value x;

	if (e->m->depth >= DEPTH_MAX) {
		condition(v, WORTH_FREE, WORTH_FREE);
		v->is_odd = 1;
		e->i = e->end;
		return;
	}
	e->m->depth++;
	from[0] = e->i;
	conjunction(e, v);
	len[n++] = e->i - from[0];
	while (is_or(e) || my_expr_word(e, "xor")) {
		int is_xor = my_expr_word(e, "xor");

		e->i++;
		from[n % MAX_BRANCHES] = e->i;
		conjunction(e, &x);
		len[n % MAX_BRANCHES] = e->i - from[n % MAX_BRANCHES];
		for (i = 0; i < n && n < MAX_BRANCHES; i++)
			if (len[i] == len[n] && is_complement(e, from[i], from[n], len[n]))
				x.yes = WORTH_TRUE;
		n += n < MAX_BRANCHES;
		if (is_xor)
			condition(v, WORTH_FREE, WORTH_FREE);
		else
			condition(v, my_worth_or(v->yes, x.yes), my_worth_and(v->no, x.no));
	}
	e->m->depth--;
}
