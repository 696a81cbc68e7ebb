/*
 * Blocks: BEGIN NOT ATOMIC, IF, loops, the body of an event. They are read flat: conditions are
 * scanned, words that only steer are skipped, and every statement inside is judged as if it ran.
 */
#include <string.h>

#include "arena.h"
#include "engines/my_sql.h"
#include "banned.h"

static void
to_semicolon(struct my *m)
{
	while (!my_done(m))
		m->i++;
}

static void
variable(struct my *m, const char *name)
{
	m->variables = arena_grow(m->a, m->variables, m->nvariables, sizeof(*m->variables));
	m->variables[m->nvariables++] = name;
}

/* A condition up to THEN or DO, and behind it. */
static void
steer(struct my *m, const char *stop)
{
	size_t from = m->i;

	while (!my_done(m) && !my_word_in(m, m->i, stop))
		m->i++;
	my_scan_tokens(m, from, m->i);
	if (!my_done(m))
		m->i++;
}

/* FOR x IN a .. b DO, FOR x IN (SELECT ...) DO */
static void
loop_for(struct my *m)
{
	if (m->i < m->n && m->t[m->i].type != MY_OP)
		variable(m, my_text(m, m->i++));
	while (!my_done(m) && !my_is(m, "in"))
		m->i++;
	my_take(m, "in");
	my_take(m, "reverse");
	while (!my_done(m) && !my_word_in(m, m->i, "do loop")) {
		if (my_op_at(m, m->i, "(")) {
			size_t close = my_close(m, m->i);

			my_scan_tokens(m, m->i, close);
			if (m->is_bad)
				return;
			m->i = close;
		} else
			m->i++;
	}
	if (!my_done(m))
		m->i++;
}

static void
declare(struct my *m)
{
	size_t from = m->i;

	if (my_match(m, "continue|exit|undo handler for")) {
		do {
			if (my_take(m, "sqlstate"))
				my_take(m, "value");
			my_take(m, "not");
			m->i++;
		} while (my_take_op(m, ","));
		return; /* the statement follows */
	}
	while (m->i < m->n && m->t[m->i].type == MY_WORD && !my_is_at(m, m->i + 1, "condition")) {
		variable(m, my_text(m, m->i++));
		if (!my_take_op(m, ","))
			break;
	}
	from = m->i;
	to_semicolon(m);
	for (; from < m->i; from++)
		if (my_word_in(m, from, "default for")) {
			my_scan_tokens(m, from + 1, m->i);
			return;
		}
}

/* A word that only steers; 0 where a statement stands here. */
static int
control(struct my *m)
{
	if (my_take(m, "end")) {
		to_semicolon(m);
		return 1;
	}
	if (my_match(m, "begin not atomic") || my_match(m, "else|loop|repeat"))
		return 1;
	if (my_is(m, "begin") && !my_is_at(m, m->i + 1, "work")) {
		m->i++;
		return 1;
	}
	if (my_match(m, "if|elseif|elsif|case|when")) {
		steer(m, "then");
		return 1;
	}
	if (my_take(m, "while")) {
		steer(m, "do loop");
		return 1;
	}
	if (my_take(m, "until")) {
		steer(m, "end");
		to_semicolon(m);
		return 1;
	}
	if (my_take(m, "for")) {
		loop_for(m);
		return 1;
	}
	if (my_take(m, "declare")) {
		declare(m);
		return 1;
	}
	if (m->i < m->n && m->t[m->i].type != MY_OP && my_op_at(m, m->i + 1, ":")) {
		m->i += 2;
		return 1;
	}
	if (my_match(m, "leave|iterate|open|fetch|close|signal|resignal|get") ||
	    (my_is(m, "return") && m->i++ > 0)) {
		size_t from = m->i;

		to_semicolon(m);
		(void)from;
		return 1;
	}
	return 0;
}

void
my_rule_block(struct my *m, const struct my_row *row)
{
	int was = m->is_body;

	(void)row;
	if (++m->nesting > MY_NESTING) {
		my_opaque(m, "too-deep", "nests statements deeper than the classifier follows");
		m->i = m->n;
	}
	m->is_body = 1;
	while (m->i < m->n && !m->is_bad) {
		size_t before = m->i;

		if (my_take_op(m, ";") || control(m))
			continue;
		my_statement(m);
		if (!my_done(m) || m->i == before)
			m->is_bad = 1;
	}
	m->is_body = was;
	m->nesting--;
}

/* The words were matched already: back to them, the block reads them itself. */
void
my_rule_compound(struct my *m, const struct my_row *row)
{
	struct my_body b = {.state = BODY_FIRST};
	size_t n = m->n, i;

	while (m->i > 0 && !my_op_at(m, m->i - 1, ";"))
		m->i--;
	for (i = m->i; i < n; i++)
		if (my_body_step(&b, m->p, &m->t[i]))
			break;
	my_add(m, row->danger, row->kind, row->why);
	m->n = i;
	my_rule_block(m, row);
	m->n = n;
}
