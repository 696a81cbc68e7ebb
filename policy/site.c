/*
 * The site's policy: defaults, check, digest, and whether a rule of the site speaks of an action.
 * A site can only raise: what would lower anything does not load.
 */
#include <fnmatch.h>
#include <string.h>

#include "buf.h"
#include "policy/inside.h"
#include "policy/site.h"
#include "banned.h"

#define APPROVALS_MAX 10
#define DAY_MIN 1440

void
policy_defaults(struct arena *a, struct site_policy *p)
{
	memset(p, 0, sizeof(*p));
	p->hold = HOLD_ALL;
	p->write_confirm_rows = 1000;
	p->lock_timeout_ms = 2000;
	p->approvals = 1;
	p->request_ttl_s = 900;
	p->quarantine = "holdfast_quarantine";
	p->safety_days = 7;
	policy_digest(a, p);
}

static void
add_text(struct buf *b, const char *name, const char *value)
{
	if (value == NULL)
		buf_printf(b, "%s -\n", name);
	else
		buf_printf(b, "%s %zu %s\n", name, strlen(value), value);
}

static void
add_texts(struct buf *b, const char *name, const char *const *values, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		add_text(b, name, values[i]);
}

static void
add_rule(struct buf *b, const struct site_rule *r)
{
	add_text(b, "rule", r->id);
	add_texts(b, "kind", r->kinds, r->nkinds);
	add_texts(b, "object", r->objects, r->nobjects);
	add_text(b, "min_class", r->min_class);
	buf_printf(b, "over %lld %lld hours %d %d level %s approvals %d\n", (long long)r->rows_over,
	    (long long)r->bytes_over, r->hours_from, r->hours_to, level_name(r->level),
	    r->approvals);
	add_text(b, "sentence", r->sentence);
	add_text(b, "learned", r->learned);
}

/* The built-in rules count with their meaning: a program with other rules has another digest. */
static void
add_built_in(struct buf *b)
{
	const struct rule *r;
	size_t i;

	buf_puts(b, POLICY_RULES_VERSION "\n");
	for (i = 0; i < policy_nrules; i++) {
		r = &policy_rules[i];
		buf_printf(
		    b, "%s %u %u %d %u\n", r->id, r->classes, r->flags, (int)r->level, r->guards);
	}
}

void
policy_digest(struct arena *a, struct site_policy *p)
{
	static const char prefix[] = "holdfast-policy-v1";
	uint8_t digest[SHA256_BYTES];
	struct buf b;
	size_t i;

	(void)a;
	buf_init(&b, SIZE_MAX / 4);
	add_built_in(&b);
	buf_printf(&b, "hold %d confirm %lld lock %d statement %d approvals %d ttl %d\n",
	    (int)p->hold, (long long)p->write_confirm_rows, p->lock_timeout_ms,
	    p->statement_timeout_ms, p->approvals, p->request_ttl_s);
	add_texts(&b, "hold_name", p->hold_names, p->nhold_names);
	add_text(&b, "quarantine", p->quarantine);
	add_text(&b, "safety_copies", p->safety_copies);
	buf_printf(&b, "safety_days %d\n", p->safety_days);
	for (i = 0; i < p->nrules; i++)
		add_rule(&b, &p->rules[i]);
	sha256(prefix, sizeof(prefix), buf_str(&b), b.len, digest);
	hex_encode(digest, sizeof(digest), p->digest);
	buf_free(&b);
}

static const char *
where(const struct site_policy *p)
{
	return p->file == NULL ? "the policy" : p->file;
}

static int
check_rule(const struct site_policy *p, const struct site_rule *r, struct err *e)
{
	if (r->level == LEVEL_ALLOW)
		return err_set(e, ERR_CONFIG,
		    "%s: rule \"%s\" has level allow, and a rule of the site can only raise: "
		    "confirm, "
		    "approve or refuse was expected",
		    where(p), r->id);
	if (r->level == LEVEL_APPROVE && (r->approvals < 1 || r->approvals > APPROVALS_MAX))
		return err_set(e, ERR_CONFIG,
		    "%s: rule \"%s\" asks for %d approvals; 1 to %d were expected", where(p), r->id,
		    r->approvals, APPROVALS_MAX);
	if (r->sentence == NULL || r->sentence[0] == '\0')
		return err_set(e, ERR_CONFIG,
		    "%s: rule \"%s\" has no sentence; one that says what to do was expected",
		    where(p), r->id);
	if (r->min_class != NULL && danger_parse(r->min_class) < 0)
		return err_set(e, ERR_CONFIG,
		    "%s: rule \"%s\" has min_class \"%s\"; read, write, dangerous, opaque or "
		    "destructive was expected",
		    where(p), r->id, r->min_class);
	if ((r->hours_from < 0) != (r->hours_to < 0) || r->hours_from >= DAY_MIN ||
	    r->hours_to > DAY_MIN || (r->hours_from >= 0 && r->hours_from == r->hours_to))
		return err_set(e, ERR_CONFIG,
		    "%s: rule \"%s\" has hours that are no time of day; \"22:00-06:00\" was "
		    "expected",
		    where(p), r->id);
	return 0;
}

static int
is_plain_name(const char *s)
{
	size_t n = s == NULL ? 0 : strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n > 0 && n <= 63 && s[n] == '\0' && (s[0] < '0' || s[0] > '9') &&
	       strncmp(s, "pg_", 3) != 0;
}

static int
check_numbers(const struct site_policy *p, struct err *e)
{
	if (p->approvals < 1 || p->approvals > APPROVALS_MAX)
		return err_set(e, ERR_CONFIG,
		    "%s: approvals = %d; 1 to %d were expected: what destroys data is never run by "
		    "one "
		    "person alone",
		    where(p), p->approvals, APPROVALS_MAX);
	if (p->lock_timeout_ms < 1 || p->lock_timeout_ms > 3600000)
		return err_set(e, ERR_CONFIG,
		    "%s: lock_timeout = %d; 1 to 3600000 milliseconds were expected", where(p),
		    p->lock_timeout_ms);
	if (p->statement_timeout_ms < 0)
		return err_set(e, ERR_CONFIG,
		    "%s: statement_timeout = %d; 0 (none) or more milliseconds were expected",
		    where(p), p->statement_timeout_ms);
	if (p->write_confirm_rows < 0)
		return err_set(e, ERR_CONFIG,
		    "%s: write_confirm_rows = %lld; 0 or more rows were expected", where(p),
		    (long long)p->write_confirm_rows);
	if (p->request_ttl_s < 30 || p->request_ttl_s > 86400)
		return err_set(e, ERR_CONFIG,
		    "%s: request_ttl = %d; 30 to 86400 seconds were expected", where(p),
		    p->request_ttl_s);
	return 0;
}

int
policy_check(const struct site_policy *p, struct err *e)
{
	size_t i, k;

	if (check_numbers(p, e) != 0)
		return -1;
	if (!is_plain_name(p->quarantine))
		return err_set(e, ERR_CONFIG,
		    "%s: quarantine is no plain schema name; lower-case letters, digits and _ were "
		    "expected",
		    where(p));
	if ((p->hold == HOLD_NAMES) != (p->nhold_names > 0))
		return err_set(e, ERR_CONFIG,
		    "%s: hold = names and hold_names go together; both or none were expected",
		    where(p));
	for (i = 0; i < p->nrules; i++) {
		if (check_rule(p, &p->rules[i], e) != 0)
			return -1;
		for (k = 0; k < i; k++)
			if (strcmp(p->rules[k].id, p->rules[i].id) == 0)
				return err_set(e, ERR_CONFIG,
				    "%s: rule \"%s\" is there twice; each id once was expected",
				    where(p), p->rules[i].id);
	}
	return 0;
}

static int
is_in_hours(const struct site_rule *r, int64_t now)
{
	int minute = (int)(((now % 86400) + 86400) % 86400 / 60);

	if (r->hours_from < 0)
		return 1;
	if (r->hours_from < r->hours_to)
		return minute >= r->hours_from && minute < r->hours_to;
	return minute >= r->hours_from || minute < r->hours_to;
}

/* A name without a schema may be of any schema. */
static int
is_object(const char *pattern, const struct object *o)
{
	const char *dot = strchr(pattern, '.');
	char schema[256];
	size_t n;

	if (dot == NULL)
		return fnmatch(pattern, o->name, 0) == 0;
	if (fnmatch(dot + 1, o->name, 0) != 0)
		return 0;
	if (o->schema == NULL)
		return 1;
	n = (size_t)(dot - pattern);
	if (n >= sizeof(schema))
		return 1;
	memcpy(schema, pattern, n);
	schema[n] = '\0';
	return fnmatch(schema, o->schema, 0) == 0;
}

static int
names_object(const struct site_rule *r, const struct action *x)
{
	size_t i, k;

	if (r->nobjects == 0 || x->danger == DANGER_OPAQUE)
		return 1;
	for (i = 0; i < r->nobjects; i++)
		for (k = 0; k < x->nobjects; k++)
			if (is_object(r->objects[i], &x->objects[k]))
				return 1;
	return 0;
}

static int
names_kind(const struct site_rule *r, const struct action *x)
{
	size_t i;

	if (r->nkinds == 0)
		return 1;
	for (i = 0; i < r->nkinds; i++)
		if (fnmatch(r->kinds[i], x->kind, 0) == 0)
			return 1;
	return 0;
}

/* -1 is "not known", and that counts as over. */
static int
is_over(int64_t v, int64_t limit)
{
	return v < 0 || v > limit;
}

static int
is_large(const struct site_rule *r, const struct action *x, int64_t estimate)
{
	size_t i;

	if (r->rows_over < 0 && r->bytes_over < 0)
		return 1;
	if (x->nobjects == 0 || x->danger == DANGER_OPAQUE)
		return 1;
	if (r->rows_over >= 0 && (x->flags & ACTION_DML) && !(x->flags & ACTION_UNBOUNDED) &&
	    estimate != 0)
		return is_over(estimate, r->rows_over);
	for (i = 0; i < x->nobjects; i++)
		if ((r->rows_over >= 0 && is_over(x->objects[i].rows, r->rows_over)) ||
		    (r->bytes_over >= 0 && is_over(x->objects[i].bytes, r->bytes_over)))
			return 1;
	return 0;
}

int
site_rule_matches(const struct site_rule *r, const struct action *x, int64_t estimate, int64_t now)
{
	if (r->min_class != NULL && (int)x->danger < danger_parse(r->min_class))
		return 0;
	return is_in_hours(r, now) && names_kind(r, x) && names_object(r, x) &&
	       is_large(r, x, estimate);
}
