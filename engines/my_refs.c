/*
 * The relations of a DELETE or UPDATE, and which of them its WHERE restricts. A joined table's
 * columns count where its join condition ties it to the target.
 */
#include <string.h>

#include "arena.h"
#include "engines/my_refs.h"
#include "banned.h"

static const char no_alias[] =
    "where set order limit using on join inner cross left right natural straight_join outer "
    "returning for partition use force ignore group having";

static struct my_table *
add(struct my *m, struct my_scope *s)
{
	struct my_table *t;

	s->tables = arena_grow(m->a, s->tables, s->ntables, sizeof(*t));
	t = &s->tables[s->ntables++];
	memset(t, 0, sizeof(*t));
	return t;
}

static void
alias(struct my *m, struct my_table *t)
{
	if (my_take(m, "as") ||
	    (m->i < m->n && (m->t[m->i].type == MY_WORD || m->t[m->i].type == MY_NAME) &&
		!my_word_in(m, m->i, no_alias)))
		t->alias = m->i < m->n ? my_text(m, m->i++) : "";
}

/* USE INDEX (...), PARTITION (...). */
static void
decorations(struct my *m)
{
	size_t after;

	while (my_match_at(m, m->i, "use|force|ignore index|key", &after)) {
		m->i = after;
		my_match(m, "for join|order|group by?");
		my_skip_parens(m);
		my_take_op(m, ",");
	}
}

static int
one(struct my *m, struct my_scope *s)
{
	struct my_table *t = add(m, s);

	if (my_match(m, "lateral?") && my_op_at(m, m->i, "(")) {
		t->is_derived = 1;
		t->name = NULL;
		t->alias = "";
		my_skip_parens(m);
		alias(m, t);
		my_skip_parens(m);
		return 1;
	}
	if (!my_qualified(m, &t->schema, &t->name))
		return 0;
	t->alias = t->name;
	if (my_op_at(m, m->i, "(")) { /* JSON_TABLE(...) */
		my_skip_parens(m);
		t->is_derived = 1;
	}
	if (my_take(m, "partition"))
		my_skip_parens(m);
	alias(m, t);
	decorations(m);
	return 1;
}

/* Where the join condition at the cursor ends. */
static void
condition(struct my *m, struct my_table *t, const char *stop)
{
	size_t depth = 0;

	t->on = m->i;
	for (; !my_done(m); m->i++) {
		if (my_op_at(m, m->i, "("))
			depth++;
		else if (my_op_at(m, m->i, ")")) {
			if (depth-- == 0)
				break;
		} else if (depth == 0 &&
			   (my_op_at(m, m->i, ",") || my_word_in(m, m->i, stop) ||
			       my_word_in(
				   m, m->i, "join inner cross natural straight_join on using") ||
			       (my_word_in(m, m->i, "left right") &&
				   my_word_in(m, m->i + 1, "join outer"))))
			break;
	}
	t->on_end = m->i;
}

static int
join_word(struct my *m, int *is_natural)
{
	size_t was = m->i;

	*is_natural = my_take(m, "natural");
	my_match(m, "inner|cross?");
	if (my_match(m, "left|right? outer? join") || my_take(m, "straight_join"))
		return 1;
	m->i = was;
	return 0;
}

int
my_refs(struct my *m, struct my_scope *s, const char *stop)
{
	int parens = 0, is_natural = 0;

	for (;;) {
		while (my_op_at(m, m->i, "(") && !my_word_in(m, m->i + 1, "select with values")) {
			m->i++;
			parens++;
		}
		if (!one(m, s))
			return 0;
		s->tables[s->ntables - 1].is_using = is_natural;
		for (;;) {
			if (parens > 0 && my_take_op(m, ")"))
				parens--;
			else if (my_take(m, "on"))
				condition(m, &s->tables[s->ntables - 1], stop);
			else if (my_take(m, "using")) {
				s->tables[s->ntables - 1].is_using = 1;
				my_skip_parens(m);
			} else
				break;
		}
		is_natural = 0;
		if (!my_take_op(m, ",") && !join_word(m, &is_natural))
			return parens == 0;
	}
}

static int
is_mentioned(const struct my *m, const struct my_table *t, size_t from, size_t end)
{
	for (; from + 1 < end; from++)
		if (my_op_at(m, from + 1, ".") &&
		    (m->t[from].type == MY_WORD || m->t[from].type == MY_NAME) &&
		    strcasecmp(my_text(m, from), t->alias) == 0)
			return 1;
	return 0;
}

/* Ties what the target's joins reach. */
static void
tie(struct my *m, struct my_scope *s)
{
	size_t i, k, rounds;
	int is_new = 1;

	for (rounds = 0; is_new && rounds < 16; rounds++)
		for (is_new = 0, i = 0; i < s->ntables; i++) {
			struct my_table *t = &s->tables[i];

			if (t->is_using && !t->is_tied) {
				for (k = 0; k < i; k++)
					is_new |= t->is_tied |= s->tables[k].is_tied;
				continue;
			}
			if (t->on == 0 || !my_restricts(m, s, t->on, t->on_end))
				continue;
			for (k = 0; k < s->ntables; k++)
				if (!s->tables[k].is_tied &&
				    is_mentioned(m, &s->tables[k], t->on, t->on_end))
					is_new = s->tables[k].is_tied = 1;
		}
}

int
my_refs_restricted(struct my *m, struct my_scope *s, size_t target, size_t from, size_t end)
{
	size_t i, tied = 0;

	if (s->ntables > 256)
		return 0;
	for (i = 0; i < s->ntables; i++)
		s->tables[i].is_tied = i == target;
	s->is_alone = s->ntables == 1;
	tie(m, s);
	for (i = 0; i < s->ntables; i++)
		tied += (size_t)s->tables[i].is_tied;
	s->is_alone = tied == s->ntables;
	return my_restricts(m, s, from, end);
}
