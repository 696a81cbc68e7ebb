/*
 * The judge: actions, session, topology and rules in; a verdict with every reason out. Pure, and
 * it cannot fail: what matches no rule is refused. Must never lower a level.
 */
#include <string.h>

#include "policy/inside.h"
#include "policy/site.h"
#include "text.h"
#include "banned.h"

/* The rule's sentence with what it is about in place of {}. */
static const char *
say(const struct rule *r, const struct scene *s)
{
	const char *hole = strstr(r->sentence, "{}");

	if (hole == NULL || r->about == NULL)
		return r->sentence;
	return arena_printf(
	    s->arena, "%.*s%s%s", (int)(hole - r->sentence), r->sentence, r->about(s), hole + 2);
}

static int
has_reason(const struct verdict *v, const char *rule)
{
	size_t i;

	for (i = 0; i < v->nreasons; i++)
		if (strcmp(v->reasons[i].rule, rule) == 0)
			return 1;
	return 0;
}

static void
add_reason(struct arena *a, struct verdict *v, const struct reason *r)
{
	v->reasons = arena_grow(a, v->reasons, v->nreasons, sizeof(*v->reasons));
	v->reasons[v->nreasons++] = *r;
	if (r->level > v->level)
		v->level = r->level;
}

static void
fire(const struct rule *r, const struct scene *s, struct verdict *v)
{
	struct reason why = {r->id, NULL, r->learned, r->level};

	v->guards |= r->guards;
	if (has_reason(v, r->id))
		return;
	why.sentence = say(r, s);
	add_reason(s->arena, v, &why);
}

static int
speaks_of(const struct rule *r, const struct scene *s)
{
	const struct action *x = s->action;

	if (r->classes != 0 && ((unsigned)x->danger > 31 || !(r->classes & CLASS(x->danger))))
		return 0;
	if ((x->flags & r->flags) != r->flags)
		return 0;
	return r->match == NULL || r->match(s);
}

static void
judge_action(struct scene *s, struct verdict *v)
{
	static const struct rule none = {.id = "no-rule",
	    .level = LEVEL_REFUSE,
	    .about = about_kind,
	    .sentence =
		"No rule speaks of this ({}), so it is refused and nothing was sent. Report the "
		"statement, and write it in another form."};
	int is_known = 0;
	size_t i;

	for (i = 0; i < policy_nrules; i++) {
		if (policy_rules[i].about_text || !speaks_of(&policy_rules[i], s))
			continue;
		fire(&policy_rules[i], s, v);
		is_known |= policy_rules[i].is_base;
	}
	if (!is_known)
		fire(&none, s, v);
}

static void
judge_site(const struct scene *s, struct verdict *v, int *approvals)
{
	const struct site_policy *p = s->in->policy;
	struct reason why;
	size_t i;

	for (i = 0; i < p->nrules; i++) {
		if (!site_rule_matches(&p->rules[i], s->action, s->in->estimate, s->in->now))
			continue;
		if (p->rules[i].level == LEVEL_APPROVE && p->rules[i].approvals > *approvals)
			*approvals = p->rules[i].approvals;
		why.rule = arena_printf(s->arena, "site:%s", p->rules[i].id);
		why.sentence = p->rules[i].sentence;
		why.learned = p->rules[i].learned;
		why.level = p->rules[i].level;
		if (!has_reason(v, why.rule))
			add_reason(s->arena, v, &why);
		/* What the site wants another person for gets a way back, too. */
		if (why.level == LEVEL_APPROVE && s->action->danger > DANGER_READ &&
		    !look_is_scratch(s->in->cluster, s->in->topology))
			v->guards |= GUARD_HOLD | GUARD_LIMITS | GUARD_OBJECTS;
	}
}

static void
judge_text(struct scene *s, struct verdict *v)
{
	const struct rule *r;
	size_t i;

	s->statement = NULL;
	s->action = NULL;
	s->level = v->level;
	s->guards = v->guards;
	for (i = 0; i < policy_nrules; i++) {
		r = &policy_rules[i];
		if (r->about_text && s->level >= r->from && (r->match == NULL || r->match(s)))
			fire(r, s, v);
	}
}

/* The deciding reason first: a stable sort by falling level. */
static void
sort_reasons(struct verdict *v)
{
	struct reason r;
	size_t i, k;

	for (i = 1; i < v->nreasons; i++) {
		r = v->reasons[i];
		for (k = i; k > 0 && v->reasons[k - 1].level < r.level; k--)
			v->reasons[k] = v->reasons[k - 1];
		v->reasons[k] = r;
	}
}

static void
refuse_empty(struct arena *a, struct verdict *v)
{
	static const struct reason why = {"no-statement",
	    "There is no statement in this text, so there is nothing to judge; nothing was sent. "
	    "Type "
	    "one.",
	    NULL, LEVEL_REFUSE};

	add_reason(a, v, &why);
}

void
policy_judge(struct arena *a, const struct judge_input *in, struct verdict *out)
{
	struct scene s = {.arena = a, .in = in};
	int approvals = in->policy->approvals < 1 ? 1 : in->policy->approvals;
	size_t i, k, seen = 0;

	memset(out, 0, sizeof(*out));
	if (in->topology != NULL && in->session != NULL)
		s.node = topology_find(in->topology, in->session->node);
	for (i = 0; i < in->nstatements; i++) {
		s.statement = &in->statements[i];
		for (k = 0; k < s.statement->nactions; k++, seen++) {
			s.action = &s.statement->actions[k];
			judge_action(&s, out);
			judge_site(&s, out, &approvals);
		}
		if (s.statement->nactions == 0)
			refuse_empty(a, out);
	}
	if (seen == 0 && out->nreasons == 0)
		refuse_empty(a, out);
	judge_text(&s, out);
	sort_reasons(out);
	if (out->level == LEVEL_APPROVE)
		out->approvals = approvals;
	/* READ ONLY would break what is no query; then the query was judged as opaque anyway. */
	if (!look_is_query(in->statements, in->nstatements))
		out->guards &= ~(unsigned)GUARD_READ_ONLY;
}
