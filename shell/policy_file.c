/*
 * holdfast-policy(5): see policy_file.h. What the numbers and rules may be is policy_check()'s;
 * here is only how they are written. Must never let a mistake weaken a rule.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "engine.h"
#include "shell/conf.h"
#include "shell/policy_file.h"
#include "banned.h"

/* Minutes of "22:00-06:00"; -1 where it is anything else. */
static int
parse_hours(const char *s, int *from, int *to)
{
	unsigned h1, m1, h2, m2;
	int end = 0;

	if (strlen(s) != 11 || sscanf(s, "%2u:%2u-%2u:%2u%n", &h1, &m1, &h2, &m2, &end) != 4 ||
	    end != 11 || strspn(s, "0123456789:-") != 11)
		return -1;
	if (h1 > 23 || m1 > 59 || h2 > 24 || m2 > 59 || (h2 == 24 && m2 > 0))
		return -1;
	*from = (int)(h1 * 60 + m1);
	*to = (int)(h2 * 60 + m2);
	return *from == *to ? -1 : 0;
}

static const char *
hours_wrong(const char *s)
{
	int from, to;

	return parse_hours(s, &from, &to) == 0 ? NULL : "is no span of hours";
}

#define NEAREST 3

/* How many letters must change to make one word of the other; both are short. */
static size_t
distance(const char *x, const char *y)
{
	size_t row[65], nx = strlen(x), ny = strlen(y), i, k, diagonal, up;

	if (nx > 64 || ny > 64)
		return 64;
	for (k = 0; k <= ny; k++)
		row[k] = k;
	for (i = 1; i <= nx; i++) {
		diagonal = row[0];
		row[0] = i;
		for (k = 1; k <= ny; k++) {
			up = row[k];
			row[k] = diagonal + (x[i - 1] != y[k - 1]);
			if (up + 1 < row[k])
				row[k] = up + 1;
			if (row[k - 1] + 1 < row[k])
				row[k] = row[k - 1] + 1;
			diagonal = up;
		}
	}
	return row[ny];
}

/* The kinds that are written most like it, nearest first. */
static const char *
nearest(struct arena *a, const char *const *kinds, size_t n, const char *value)
{
	const char *best[NEAREST] = {NULL}, *out = "";
	size_t far[NEAREST], i, k, m, d;

	for (i = 0; i < n; i++) {
		d = distance(value, kinds[i]);
		for (k = 0; k < NEAREST && best[k] != NULL && far[k] <= d; k++)
			;
		for (m = NEAREST - 1; k < NEAREST && m > k; m--) {
			best[m] = best[m - 1];
			far[m] = far[m - 1];
		}
		if (k < NEAREST) {
			best[k] = kinds[i];
			far[k] = d;
		}
	}
	for (k = 0; k < NEAREST && best[k] != NULL; k++)
		out = arena_printf(a, "%s%s%s", out, k > 0 ? ", " : "", best[k]);
	return out;
}

/* A kind that no statement has would never match, and the rule would be there for nothing. */
static const char *
kind_wrong(struct arena *a, const char *value)
{
	const char **kinds;
	size_t n = engine_kinds(a, &kinds), i;

	for (i = 0; i < n; i++)
		if (fnmatch(value, kinds[i], 0) == 0)
			return NULL;
	return arena_printf(
	    a, "is no kind of statement (nearest: %s)", nearest(a, kinds, n, value));
}

static const char *
directory_wrong(const char *s)
{
	return s[0] != '/' || strlen(s) > 200 || strstr(s, "/../") != NULL ? "is no absolute path"
									   : NULL;
}

static const char *const holds[] = {"all", "one", "names", NULL};
static const char *const levels[] = {"confirm", "approve", "refuse", NULL};
static const char *const classes[] = {"read", "write", "dangerous", "opaque", "destructive", NULL};

#define MANY 4000000000000000000L

static const struct conf_option rule_options[] = {
    {.name = "kinds",
	.type = CONF_LIST,
	.explain = kind_wrong,
	.expected = "kinds as `classify` prints them, such as drop-table, with * wildcards"},
    {.name = "objects", .type = CONF_LIST, .expected = "names, SCHEMA.NAME, with * wildcards"},
    {.name = "min_class",
	.type = CONF_WORD,
	.words = classes,
	.expected = "read, write, dangerous, opaque or destructive"},
    {.name = "rows_over", .type = CONF_INT, .min = 0, .max = MANY, .expected = "rows"},
    {.name = "bytes_over", .type = CONF_INT, .min = 0, .max = MANY, .expected = "bytes"},
    {.name = "hours",
	.type = CONF_STRING,
	.wrong = hours_wrong,
	.expected = "UTC, as in \"22:00-06:00\""},
    {.name = "level",
	.type = CONF_WORD,
	.words = levels,
	.expected = "confirm, approve or refuse: a rule of the site can only raise"},
    {.name = "approvals", .type = CONF_INT, .min = 1, .max = 10, .expected = "persons"},
    {.name = "sentence", .type = CONF_STRING, .expected = "a sentence"},
    {.name = "learned", .type = CONF_STRING, .expected = "the incident it was learned from"},
    {.name = NULL},
};

static const struct conf_option options[] = {
    {.name = "hold", .type = CONF_WORD, .words = holds, .expected = "all, one or names"},
    {.name = "hold_names", .type = CONF_LIST, .expected = "names of nodes"},
    {.name = "lock_timeout",
	.type = CONF_INT,
	.min = 1,
	.max = 3600000,
	.expected = "milliseconds"},
    {.name = "statement_timeout",
	.type = CONF_INT,
	.min = 0,
	.max = 86400000,
	.expected = "milliseconds (0: none)"},
    {.name = "approvals", .type = CONF_INT, .min = 1, .max = 10, .expected = "persons; never 0"},
    {.name = "write_confirm_rows", .type = CONF_INT, .min = 0, .max = MANY, .expected = "rows"},
    {.name = "request_ttl", .type = CONF_INT, .min = 30, .max = 86400, .expected = "seconds"},
    {.name = "safety_copies",
	.type = CONF_STRING,
	.wrong = directory_wrong,
	.expected = "the absolute path of a directory"},
    {.name = "safety_days", .type = CONF_INT, .min = 1, .max = 3650, .expected = "days"},
    {.name = "quarantine", .type = CONF_STRING, .expected = "the name of a schema"},
    {.name = "rule", .type = CONF_SECTION, .of = rule_options},
    {.name = NULL},
};

static size_t
index_of(const char *const *words, const char *word)
{
	size_t i;

	for (i = 0; words[i] != NULL && strcmp(words[i], word) != 0; i++)
		;
	return i;
}

static int
fill_rule(struct arena *a, const char *file, cfg_t *c, struct site_rule *r, struct err *e)
{
	const char *level = cfg_getstr(c, "level"), *hours = cfg_getstr(c, "hours");
	long approvals = conf_int(c, "approvals", 0);

	r->id = arena_strdup(a, cfg_title(c));
	r->nkinds = conf_list(a, c, "kinds", &r->kinds);
	r->nobjects = conf_list(a, c, "objects", &r->objects);
	r->min_class = conf_string(a, c, "min_class");
	r->rows_over = conf_int(c, "rows_over", -1);
	r->bytes_over = conf_int(c, "bytes_over", -1);
	r->hours_from = r->hours_to = -1;
	r->sentence = conf_string(a, c, "sentence");
	r->learned = conf_string(a, c, "learned");
	if (level == NULL || r->sentence == NULL)
		return err_set(e, ERR_CONFIG,
		    "%s:%d: rule \"%s\" has no %s; expected both level and sentence", file,
		    conf_line(c), r->id, level == NULL ? "level" : "sentence");
	r->level = (enum level)(index_of(levels, level) + LEVEL_CONFIRM);
	if (r->level != LEVEL_APPROVE && approvals != 0)
		return err_set(e, ERR_CONFIG,
		    "%s:%d: rule \"%s\" asks for approvals at level %s; expected level = approve",
		    file, conf_line(c), r->id, level);
	r->approvals = r->level != LEVEL_APPROVE ? 0 : approvals == 0 ? 1 : (int)approvals;
	if (hours != NULL)
		parse_hours(hours, &r->hours_from, &r->hours_to);
	return 0;
}

static int
fill(struct arena *a, const char *file, cfg_t *c, struct site_policy *p, struct err *e)
{
	const char *hold = cfg_getstr(c, "hold"), *quarantine = conf_string(a, c, "quarantine");
	size_t i;

	if (hold != NULL)
		p->hold = index_of(holds, hold) == 0   ? HOLD_ALL
			  : index_of(holds, hold) == 1 ? HOLD_ONE
						       : HOLD_NAMES;
	p->nhold_names = conf_list(a, c, "hold_names", &p->hold_names);
	p->hold_names_line = conf_option_line(c, "hold_names");
	p->lock_timeout_ms = (int)conf_int(c, "lock_timeout", p->lock_timeout_ms);
	p->statement_timeout_ms = (int)conf_int(c, "statement_timeout", p->statement_timeout_ms);
	p->approvals = (int)conf_int(c, "approvals", p->approvals);
	p->write_confirm_rows = conf_int(c, "write_confirm_rows", p->write_confirm_rows);
	p->request_ttl_s = (int)conf_int(c, "request_ttl", p->request_ttl_s);
	p->safety_copies = conf_string(a, c, "safety_copies");
	p->safety_days = (int)conf_int(c, "safety_days", p->safety_days);
	if (quarantine != NULL)
		p->quarantine = quarantine;
	p->nrules = cfg_size(c, "rule");
	p->rules = arena_array(a, p->nrules, sizeof(*p->rules));
	for (i = 0; i < p->nrules; i++)
		if (fill_rule(a, file, cfg_getnsec(c, "rule", (unsigned int)i), &p->rules[i], e) !=
		    0)
			return -1;
	return policy_check(p, e);
}

int
policy_parse(struct arena *a, const char *file, const char *text, size_t len,
    struct site_policy *out, struct err *e)
{
	cfg_t *c;
	int rc;

	policy_defaults(a, out);
	out->file = arena_strdup(a, file);
	if (conf_parse(a, options, out->file, text, len, &c, e) != 0)
		return -1;
	rc = fill(a, out->file, c, out, e);
	cfg_free(c);
	if (rc == 0)
		policy_digest(a, out);
	return rc;
}

int
policy_load(struct arena *a, const char *file, struct site_policy *out, struct err *e)
{
	char *text;
	size_t len;

	if (file == NULL) {
		policy_defaults(a, out);
		return 0;
	}
	if (conf_read(a, file, &text, &len, e) != 0)
		return -1;
	return policy_parse(a, file, text, len, out, e);
}

static int
is_node(const struct config *c, const char *name)
{
	size_t i, k;

	for (i = 0; i < c->nclusters; i++)
		for (k = 0; k < c->clusters[i].nnodes; k++)
			if (strcmp(c->clusters[i].nodes[k].name, name) == 0)
				return 1;
	return 0;
}

int
policy_fits(const struct site_policy *p, const struct config *c, struct err *e)
{
	size_t i;

	/* A URL's nodes are found by looking: nothing is known of their names yet. */
	if (c->file == NULL || c->nclusters == 0)
		return 0;
	for (i = 0; i < p->nhold_names; i++)
		if (!is_node(c, p->hold_names[i]))
			return err_set(e, ERR_CONFIG,
			    "%s:%d: hold_names = \"%.100s\" is no node; expected names of nodes of "
			    "%s",
			    p->file, p->hold_names_line, p->hold_names[i], c->file);
	return 0;
}
