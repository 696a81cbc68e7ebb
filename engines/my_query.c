/*
 * Queries: a SELECT in MySQL changes nothing but by the functions it calls, its INTO and its row
 * locks, so its tokens are scanned, not parsed. A verb where no verb can stand makes it opaque.
 */
#include <string.h>

#include "arena.h"
#include "engines/my_sql.h"
#include "banned.h"

#define LEVELS 64

struct scan_at {
	size_t i, end;
	uint64_t in_from; /* one bit a level of parentheses: a comma means another relation */
	int level;
	int is_view_or_plan;
};

/* Words that may stand before a parenthesis and are no functions. */
static const char no_calls[] =
    "in and or not xor on using over as from select where having by when then else exists any some "
    "all values value join set key index unique primary references check partition row union "
    "except "
    "intersect distinct between like rlike regexp is null case end interval div mod binary limit "
    "offset with recursive window lateral use force ignore into table against of returning char "
    "varchar varbinary decimal dec numeric float double bit int integer bigint smallint tinyint "
    "mediumint time timestamp datetime year blob text character nchar nvarchar unsigned signed "
    "generated always as enum fulltext spatial sounds escape rollup minus order group do return "
    "columns path nested ordinality period for straight_join cross inner default if";

/* Reserved words that begin statements: never an identifier, so never inside a query. */
static const char verbs[] =
    "drop delete alter create grant revoke call load rename optimize purge kill unlock analyze "
    "release change show describe explain use";

static void
into(struct my *m, size_t i)
{
	size_t k = i + 1;

	if (my_word_in(m, k, "outfile dumpfile")) {
		my_add(m, DANGER_DANGEROUS, "select-into-file", "writes a file of the server");
		if (k + 1 < m->n)
			my_object(m, "file", NULL, my_text(m, k + 1));
		return;
	}
	if (k < m->n && m->t[k].type == MY_VAR)
		return;
	if (m->is_body && k < m->n && (m->t[k].type == MY_WORD || m->t[k].type == MY_NAME))
		return;
	my_opaque(m, "select-into", "puts what it reads where the classifier does not know");
}

/* FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE. */
static int
locks_rows(const struct my *m, size_t i)
{
	size_t after;

	return my_match_at(m, i, "for update|share", &after) ||
	       my_match_at(m, i, "lock in share mode", &after);
}

/* NEXT VALUE FOR s; FOR SYSTEM_TIME and index hints are plain words. */
static int
sequence(struct my *m, size_t i)
{
	size_t after, was = m->i;
	const char *schema, *name;

	if (!my_match_at(m, i, "next value for", &after))
		return 0;
	my_add(m, DANGER_WRITE, "nextval", "advances a sequence");
	m->i = after;
	if (my_qualified(m, &schema, &name))
		my_object(m, "sequence", schema, name);
	m->i = was;
	return 1;
}

/* A name behind FROM, JOIN or a comma of a FROM. */
static void
relation(struct my *m, size_t i)
{
	size_t was = m->i;
	const char *schema, *name;

	m->i = i;
	if (i < m->n && (m->t[i].type == MY_NAME || m->t[i].type == MY_WORD) &&
	    !my_word_in(m, i, "select lateral dual json_table") &&
	    my_qualified(m, &schema, &name) && !my_op_at(m, m->i, "("))
		my_read(m, schema, name);
	m->i = was;
}

static void
follow_from(struct my *m, struct scan_at *s)
{
	uint64_t bit = s->level < LEVELS ? (uint64_t)1 << s->level : 0;
	size_t i = s->i;

	if (my_op_at(m, i, "(")) {
		s->level++;
		if (s->level < LEVELS) {
			s->in_from &= ~((uint64_t)1 << s->level);
			/* FROM (a, b): still relations. */
			if (s->in_from & bit && !my_word_in(m, i + 1, "select with values")) {
				s->in_from |= (uint64_t)1 << s->level;
				relation(m, i + 1);
			}
		}
	} else if (my_op_at(m, i, ")"))
		s->level -= s->level > 0;
	else if (my_op_at(m, i, ",") && (s->in_from & bit))
		relation(m, i + 1);
	else if (my_word_in(m, i, "from join straight_join table") &&
		 !(i > 0 && my_op_at(m, i - 1, "."))) {
		s->in_from |= bit;
		relation(m, i + 1);
	} else if (my_word_in(
		       m, i, "where on using group having order limit set select window use force"))
		s->in_from &= ~bit;
}

/* A word; 0 where it makes no sense in a query. */
static int
word(struct my *m, struct scan_at *s)
{
	size_t i = s->i;
	int is_dotted = i > 0 && my_op_at(m, i - 1, "."), is_call = my_op_at(m, i + 1, "(");

	if (is_dotted) {
		if (is_call)
			my_call(m, i, i > 1 ? my_text(m, i - 2) : "");
		return 1;
	}
	if (my_is_at(m, i, "into"))
		into(m, i);
	else if (locks_rows(m, i))
		my_add(m, DANGER_WRITE, "row-lock", "locks the rows it reads");
	else if (sequence(m, i))
		return 1;
	else if (is_call && (m->t[i].type == MY_NAME || !my_word_in(m, i, no_calls)))
		my_call(m, i, NULL);
	else if (m->t[i].type == MY_WORD && my_word_in(m, i, verbs) && !my_is_at(m, i, "use"))
		return 0;
	else if (my_is_at(m, i, "procedure") ||
		 (my_word_in(m, i, "insert replace update lock") && !is_call &&
		     !(i > 0 && my_word_in(m, i - 1, "for on key"))))
		return my_is_at(m, i, "lock") && my_is_at(m, i + 1, "in");
	return 1;
}

static int
is_known_op(const char *op)
{
	return strchr("()+-*/%,.=<>!|&^~?{}:", op[0]) != NULL || strcmp(op, "\\N") == 0 ||
	       strcmp(op, "@@") == 0;
}

void
my_scan_tokens(struct my *m, size_t from, size_t end)
{
	struct scan_at s = {.i = from, .end = end};
	long parens = 0;

	for (; s.i < end; s.i++) {
		const struct my_token *t = &m->t[s.i];

		follow_from(m, &s);
		if (t->type == MY_OP) {
			parens += t->op[0] == '(' ? 1 : t->op[0] == ')' ? -1 : 0;
			if (parens < 0 || !is_known_op(t->op) ||
			    (t->op[0] == ':' && t->op[1] == '\0'))
				break;
		} else if ((t->type == MY_WORD || t->type == MY_NAME) && !word(m, &s))
			break;
	}
	if (s.i < end || parens != 0) {
		m->i = s.i;
		m->is_bad = 1;
	}
}

/* SELECT, TABLE, VALUES, a parenthesis: to the end of the statement. */
void
my_rule_query(struct my *m, const struct my_row *row)
{
	size_t from = m->i;

	(void)row;
	if (from > 0 && !my_op_at(m, from - 1, ";"))
		from--; /* TABLE t: the word belongs to what is scanned */
	my_add(m, DANGER_READ, "select", "reads")->flags = ACTION_SELECT;
	my_to_end(m);
	my_scan_tokens(m, from, m->i);
}

/* WITH name [(columns)] AS (query), ... and then a query or a change. */
void
my_rule_with(struct my *m, const struct my_row *row)
{
	const char *schema, *name;
	struct my_cte *c;

	(void)row;
	my_take(m, "recursive");
	do {
		if (!my_qualified(m, &schema, &name)) {
			m->is_bad = 1;
			return;
		}
		my_skip_parens(m);
		if (!my_take(m, "as") || !my_op_at(m, m->i, "(")) {
			m->is_bad = 1;
			return;
		}
		m->ctes = arena_grow(m->a, m->ctes, m->nctes, sizeof(*m->ctes));
		c = &m->ctes[m->nctes++];
		c->name = name;
		c->from = m->i + 1;
		my_skip_parens(m);
		c->end = m->i - 1;
		my_scan_tokens(m, c->from, c->end);
		if (m->is_bad)
			return;
		if (my_take(m, "cycle"))
			my_match(m, "restrict");
	} while (my_take_op(m, ","));
	if (my_op_at(m, m->i, "(") || my_word_in(m, m->i, "select table values update delete"))
		my_statement(m);
	else
		m->is_bad = 1;
}

void
my_rule_do(struct my *m, const struct my_row *row)
{
	size_t from = m->i;

	my_add(m, row->danger, row->kind, row->why)->flags = ACTION_SELECT;
	my_to_end(m);
	my_scan_tokens(m, from, m->i);
}

/* SHOW changes nothing; a WHERE of it can call functions. */
void
my_rule_show(struct my *m, const struct my_row *row)
{
	size_t from = m->i;

	my_add(m, row->danger, row->kind, row->why)->flags = ACTION_SELECT;
	my_to_end(m);
	for (; from < m->i; from++)
		if (my_is_at(m, from, "where"))
			my_scan_tokens(m, from, m->i);
		else if (my_is_at(m, from, "into"))
			m->is_bad = 1;
}

/* The statement behind EXPLAIN is planned, not run; only its sub-queries may be run to plan it. */
static void
planned(struct my *m)
{
	struct my inner = *m;
	size_t i, k;

	inner.actions = NULL;
	inner.nactions = 0;
	inner.reads = NULL;
	inner.nreads = 0;
	my_statement(&inner);
	m->is_bad |= inner.is_bad || !my_done(&inner);
	m->i = inner.i;
	for (i = 0; i < inner.nactions; i++)
		for (k = 0; k < inner.actions[i].nfunctions; k++)
			m->effort++;
}

static int
has_subquery(const struct my *m, size_t from)
{
	for (; from < m->n && !my_op_at(m, from, ";"); from++)
		if (my_op_at(m, from, "(") && my_word_in(m, from + 1, "select with"))
			return 1;
	return 0;
}

void
my_rule_explain(struct my *m, const struct my_row *row)
{
	size_t from, effort;
	int runs = 0, is_plain = 0;
	struct action *x;

	while (m->i < m->n && my_word_in(m, m->i, "extended partitions format analyze into")) {
		runs |= my_is(m, "analyze");
		if (my_is(m, "into"))
			m->i++;
		else if (my_take(m, "format"))
			my_take_op(m, "=");
		m->i++;
	}
	my_match(m, "for schema|database") ? (void)m->i++ : (void)0;
	if (my_match(m, "for connection")) {
		my_add(m, row->danger, row->kind, row->why)->flags = ACTION_SELECT;
		m->i++;
		return;
	}
	if (!my_op_at(m, m->i, "(") &&
	    !my_word_in(m, m->i, "select with table values insert replace update delete")) {
		my_rule_describe(m, row);
		is_plain = 1;
	}
	if (is_plain)
		return;
	x = my_add(m, DANGER_READ, runs ? "explain-analyze" : "explain",
	    runs ? "runs the statement and shows its plan" : "shows a plan, runs nothing");
	x->flags = ACTION_SELECT;
	if (runs) {
		my_statement(m);
		return;
	}
	from = m->i;
	effort = m->effort;
	planned(m);
	if (m->effort > effort && has_subquery(m, from))
		my_opaque(m, "explain",
		    "a sub-query may be run to make the plan, and calls a function that is not "
		    "known")
		    ->flags = ACTION_SELECT;
}

/* DESC t [column] */
void
my_rule_describe(struct my *m, const struct my_row *row)
{
	const char *schema, *name;

	my_add(m, DANGER_READ, row->kind, row->why)->flags = ACTION_SELECT;
	if (!my_qualified(m, &schema, &name)) {
		m->is_bad = 1;
		return;
	}
	my_read(m, schema, name);
	if (!my_done(m) && (m->t[m->i].type != MY_OP))
		m->i++;
}

/* ANALYZE [LOCAL] TABLE refreshes statistics; ANALYZE of a statement runs it (MariaDB). */
void
my_rule_analyze(struct my *m, const struct my_row *row)
{
	if (my_match(m, "local|no_write_to_binlog? table|tables")) {
		my_add(m, row->danger, row->kind, row->why)->flags = row->flags;
		my_objects(m, "table");
		my_to_end(m);
		return;
	}
	if (my_take(m, "format") && my_take_op(m, "="))
		m->i++;
	my_add(m, DANGER_READ, "explain-analyze", "runs the statement and shows its plan")->flags =
	    ACTION_SELECT;
	if (my_op_at(m, m->i, "(") ||
	    my_word_in(m, m->i, "select with table values insert replace update delete"))
		my_statement(m);
	else
		m->is_bad = 1;
}
