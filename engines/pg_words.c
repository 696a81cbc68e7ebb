/*
 * The pieces every wording is built from: steps in waves, checks, quoting. Quoting is done here and
 * nowhere else in the wording. Must never talk to a server: what comes out is data.
 */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_words.h"
#include "banned.h"

/*
 * Each caller adds one node's steps at a time, but all nodes of a phase should act at once: a step
 * is put behind the last one of its wave, and the wave number carries the phase.
 */
struct step *
word_step(struct arena *a, struct plan *p, enum step_kind kind, const char *node, int wave,
    enum phase phase)
{
	int number = wave > 0 ? wave * 16 + (int)phase : 0;
	struct step *s = plan_add(a, p);
	size_t at = p->nsteps - 1;

	if (number > 0) {
		size_t i = at;

		while (i > 0 && p->steps[i - 1].wave != number)
			i--;
		if (i > 0 && i < at) {
			memmove(&p->steps[i + 1], &p->steps[i], (at - i) * sizeof(*s));
			at = i;
		}
	}
	s = &p->steps[at];
	memset(s, 0, sizeof(*s));
	s->kind = kind;
	s->node = arena_strdup(a, node); /* the topology does not live as long as the plan */
	s->wave = number;
	s->conn = CONN_CONTROL;
	s->timeout_ms = TIMEOUT_ASK;
	return s;
}

void
word_text(struct arena *a, struct step *s, const char *text)
{
	s->texts = arena_grow(a, s->texts, s->ntexts, sizeof(*s->texts));
	s->texts[s->ntexts++] = text;
}

void
word_keep(struct arena *a, struct step *s, int column, const char *name, enum value_type type)
{
	s->keeps = arena_grow(a, s->keeps, s->nkeeps, sizeof(*s->keeps));
	s->keeps[s->nkeeps++] = (struct keep){.column = column, .name = name, .type = type};
}

void
word_check(struct arena *a, struct step *s, int column, enum check_op op, enum value_type type,
    const char *value, const char *name, const char *field)
{
	s->checks = arena_grow(a, s->checks, s->nchecks, sizeof(*s->checks));
	s->checks[s->nchecks++] = (struct check){
	    .column = column,
	    .op = op,
	    .type = type,
	    .value = arena_strdup(a, value),
	    .name = name,
	    .field = field,
	};
}

const char *
word_system(const struct node *n)
{
	const char *colon = n->cluster == NULL ? NULL : strchr(n->cluster, ':');

	return colon == NULL ? "" : colon + 1;
}

/* Always in quotes: no table of reserved words can be out of date. */
char *
pg_quote_name(struct arena *a, const char *name)
{
	size_t len = strlen(name), i;
	char *out = arena_alloc(a, len * 2 + 3), *o = out;

	*o++ = '"';
	for (i = 0; i < len; i++) {
		if (name[i] == '"')
			*o++ = '"';
		*o++ = name[i];
	}
	*o++ = '"';
	*o = '\0';
	return out;
}

char *
pg_quote_literal(struct arena *a, const char *value)
{
	size_t len = strlen(value), i;
	char *out = arena_alloc(a, len * 2 + 4), *o = out;

	if (strchr(value, '\\') != NULL)
		*o++ = 'E';
	*o++ = '\'';
	for (i = 0; i < len; i++) {
		if (value[i] == '\'' || value[i] == '\\')
			*o++ = value[i];
		*o++ = value[i];
	}
	*o++ = '\'';
	*o = '\0';
	return out;
}

char *
pg_quote_object(struct arena *a, const struct object *o)
{
	if (o->schema == NULL || o->is_unqualified)
		return pg_quote_name(a, o->name);
	return pg_quote_full(a, o);
}

char *
pg_quote_full(struct arena *a, const struct object *o)
{
	return arena_printf(a, "%s.%s", pg_quote_name(a, o->schema), pg_quote_name(a, o->name));
}

int
pg_is_relation(const struct object *o)
{
	static const char *const types[] = {"table", "view", "materialized view", "matview",
	    "index", "sequence", "foreign table", "relation", "partition", NULL};
	size_t i;

	for (i = 0; types[i] != NULL && o->type != NULL; i++)
		if (strcmp(types[i], o->type) == 0)
			return 1;
	return 0;
}

char *
pg_quote_conninfo(struct arena *a, const char *value)
{
	char *out = arena_alloc(a, strlen(value) * 2 + 3), *o = out;

	*o++ = '\'';
	for (; *value != '\0'; value++) {
		if (*value == '\'' || *value == '\\')
			*o++ = '\\';
		*o++ = *value;
	}
	*o++ = '\'';
	*o = '\0';
	return out;
}
