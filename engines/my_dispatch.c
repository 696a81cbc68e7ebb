/*
 * From the first words of a statement to the rule that decides it.
 */
#include <string.h>

#include "arena.h"
#include "engines/my_sql.h"
#include "banned.h"

static void
plain(struct my *m, const struct my_row *r)
{
	struct action *x = my_add(m, r->danger, r->kind, r->why);

	x->flags = r->flags;
	if (r->rest == 'o' || r->rest == 'r') {
		if (my_match(m, "if exists"))
			x->flags |= ACTION_IF_EXISTS;
		my_objects(m, r->type);
	}
	if (r->rest == '*' || r->rest == 'r')
		my_to_end(m);
}

static const struct my_row labelled = {
    .danger = DANGER_READ, .kind = "compound", .why = "runs the statements of a block"};

void
my_statement(struct my *m)
{
	size_t i, after, before = m->nactions;

	if (m->depth > 100) {
		my_opaque(m, "too-deep", "nests statements deeper than the classifier follows");
		m->i = m->n;
		return;
	}
	m->depth++;
	if (my_op_at(m, m->i, "("))
		my_rule_query(m, NULL);
	else if (m->t[m->i].type != MY_OP && my_op_at(m, m->i + 1, ":"))
		my_rule_compound(m, &labelled);
	else {
		for (i = 0; i < my_nrows; i++)
			if (my_match_at(m, m->i, my_rows[i].words, &after))
				break;
		if (i == my_nrows)
			m->is_bad = 1;
		else {
			m->i = after;
			if (my_rows[i].rule != NULL)
				my_rows[i].rule(m, &my_rows[i]);
			else
				plain(m, &my_rows[i]);
			if (my_rows[i].flags & ACTION_COMMITS)
				for (; before < m->nactions; before++)
					if (m->actions[before].nobjects == 0 ||
					    !m->actions[before].objects[0].is_temporary)
						m->actions[before].flags |= ACTION_COMMITS;
		}
	}
	m->depth--;
}
