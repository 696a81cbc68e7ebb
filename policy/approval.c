/*
 * The texts that are signed, and what signed answers amount to. Every text is built here, field by
 * field in a fixed order, by the one who signs and again by the one who verifies; nothing is ever
 * parsed out of what came back. Must never count a key: persons are counted.
 */
#include <string.h>
#include <time.h>

#include "approval.h"
#include "arena.h"
#include "buf.h"
#include "sshsig.h"
#include "text.h"
#include "banned.h"

#define NAME_MAX_BYTES 64
#define COMMENT_MAX 200

static char *
hex_text(struct arena *a, const char *s)
{
	size_t n = strlen(s);
	char *out = arena_alloc(a, 2 * n + 1);

	hex_encode(s, n, out);
	return out;
}

/* A value as it stands where it is plain, else hex: and its bytes, so that no value can hold a line
 * end or pass for another. */
static const char *
plain(struct arena *a, const char *s)
{
	const char *p;

	if (s == NULL || s[0] == '\0')
		return "-";
	for (p = s; *p > ' ' && *p < 0x7f; p++)
		;
	if (*p == '\0' && strcmp(s, "-") != 0 && strncmp(s, "hex:", 4) != 0)
		return s;
	return arena_printf(a, "hex:%s", hex_text(a, s));
}

char *
cert_statement(struct arena *a, const char *session, const char *session_key, const char *person,
    const char *host, const char *issued)
{
	return arena_printf(a,
	    "holdfast-session-v1\nsession: %s\nkey: %s\nperson: %s\nhost: %s\nissued: %s\n",
	    plain(a, session), session_key, plain(a, person), plain(a, host), plain(a, issued));
}

/* What request and approval have in common: the plan, and where it was made. */
static void
add_plan(struct arena *a, struct buf *b, const struct request *r)
{
	const struct plan *p = r->plan;
	char objects[SHA256_HEX];

	plan_objects_digest(p, objects);
	buf_printf(b, "request: %s\n", r->id);
	buf_printf(b, "plan: sha256:%s\n", p->digest);
	buf_printf(b, "policy: sha256:%s\n", p->policy);
	buf_printf(b, "cluster: %s\n", plain(a, p->session.cluster));
	buf_printf(b, "node: %s\n", plain(a, plan_target_identity(p)));
	buf_printf(b, "role: %s\n", role_name(p->session.role));
	buf_printf(b, "database: %s\n",
	    p->session.database == NULL || p->session.database[0] == '\0'
		? "-"
		: hex_text(a, p->session.database));
	buf_printf(b, "objects: sha256:%s\n", objects);
	buf_printf(b, "topology: sha256:%s\n", p->topology);
	buf_printf(b, "journal: %s\n", plain(a, r->journal));
	buf_printf(b, "requester: %s\n", plain(a, p->requester));
}

char *
request_statement(struct arena *a, const struct request *r)
{
	char cert[SHA256_HEX], *out;
	struct buf b;

	sha256_hex(r->cert, strlen(r->cert), cert);
	buf_init(&b, 1 << 20);
	buf_puts(&b, "holdfast-request-v1\n");
	add_plan(a, &b, r);
	buf_printf(&b, "cert: sha256:%s\n", cert);
	buf_printf(&b, "issued: %s\n", plain(a, r->issued));
	buf_printf(&b, "expires: %s\n", plain(a, r->expires));
	out = arena_strndup(a, buf_str(&b), b.len);
	buf_free(&b);
	return out;
}

static int
is_printable(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			return 0;
	return 1;
}

/* What the approver chose, before it is put into the text. */
static int
check_choices(const char *decision, const char *approver, const char *issued, const char *expires,
    const char *comment, struct err *e)
{
	int64_t from = rfc3339_parse(issued), to = rfc3339_parse(expires);
	int has_comment = comment != NULL && comment[0] != '\0';

	if (strcmp(decision, "approve") != 0 && strcmp(decision, "deny") != 0)
		return err_set(e, ERR_FAILED, "the decision is neither approve nor deny");
	if (!text_is_name(approver, NAME_MAX_BYTES))
		return err_set(e, ERR_FAILED, "the approver's name is not a name");
	if (from == -1 || to == -1 || to <= from)
		return err_set(
		    e, ERR_FAILED, "the answer's times are not two RFC 3339 times in order");
	if (has_comment && strcmp(decision, "deny") != 0)
		return err_set(
		    e, ERR_FAILED, "an approval has no comment: its terms are the plan's");
	if (has_comment && (strlen(comment) > COMMENT_MAX || !is_printable(comment)))
		return err_set(e, ERR_FAILED,
		    "the comment is longer than %d characters or not printable ASCII", COMMENT_MAX);
	return 0;
}

int
approval_statement(struct arena *a, const struct request *r, const char *decision,
    const char *approver, const char *issued, const char *expires, const char *comment, char **out,
    struct err *e)
{
	struct buf b;

	if (check_choices(decision, approver, issued, expires, comment, e) == -1)
		return -1;
	buf_init(&b, APPROVAL_MAX_BYTES);
	buf_printf(&b, "holdfast-approval-v1\ndecision: %s\n", decision);
	add_plan(a, &b, r);
	buf_printf(&b, "approver: %s\nissued: %s\nexpires: %s\n", approver, issued, expires);
	if (comment != NULL && comment[0] != '\0')
		buf_printf(&b, "comment: %s\n", hex_text(a, comment));
	*out = arena_strndup(a, buf_str(&b), b.len);
	if (b.overflow) {
		buf_free(&b);
		return err_set(e, ERR_REFUSED,
		    "the text to be signed would have more than %d bytes: the names in it are too "
		    "long",
		    APPROVAL_MAX_BYTES);
	}
	buf_free(&b);
	return 0;
}

/* --- who counts ---------------------------------------------------------------------------- */

/* now -1: at whatever time. */
static int
has_key(const struct operators *o, const char *person, int64_t now)
{
	const struct operator_key *k;
	size_t i, n;

	for (i = 0; i < o->nkeys; i++) {
		k = &o->keys[i];
		if (strcmp(k->person, person) != 0 ||
		    (now != -1 && (now < k->valid_after || now >= k->valid_before)))
			continue;
		for (n = 0; n < k->nnamespaces; n++)
			if (strcmp(k->namespaces[n], NS_APPROVAL) == 0)
				return 1;
	}
	return 0;
}

int
approval_may(const struct request *r, const struct operators *o, const char *person, int64_t now)
{
	return o != NULL && strcmp(person, r->plan->requester) != 0 && has_key(o, person, now);
}

static int
approved(const struct verified *v, size_t nv, const char *person, int64_t now)
{
	size_t i;

	for (i = 0; i < nv; i++)
		if (strcmp(v[i].person, person) == 0 && strcmp(v[i].decision, "approve") == 0 &&
		    now < rfc3339_parse(v[i].expires))
			return 1;
	return 0;
}

/* Distinct persons by whether they approved; names joined by commas. */
static size_t
persons(struct arena *a, const struct request *r, const struct verified *v, size_t nv,
    const struct operators *o, int64_t now, int want, const char **names)
{
	size_t i, k, n = 0;
	const char *who;

	*names = "";
	for (i = 0; o != NULL && i < o->nkeys; i++) {
		who = o->keys[i].person;
		for (k = 0; k < i && strcmp(o->keys[k].person, who) != 0; k++)
			;
		if (k < i || !approval_may(r, o, who, now) || approved(v, nv, who, now) != want)
			continue;
		*names = arena_printf(a, "%s%s%s", *names, n++ > 0 ? ", " : "", who);
	}
	return n;
}

/* A denial stays: neither its own expiry nor that of the key takes it back. */
static const struct verified *
find_deny(const struct request *r, const struct verified *v, size_t nv, const struct operators *o)
{
	size_t i;

	for (i = 0; i < nv; i++)
		if (strcmp(v[i].decision, "deny") == 0 && approval_may(r, o, v[i].person, -1))
			return &v[i];
	return NULL;
}

enum request_state
request_judge(struct arena *a, const struct request *r, const struct verified *v, size_t nv,
    const struct operators *o, int64_t now, const char **sentence)
{
	const struct verified *no = find_deny(r, v, nv, o);
	size_t need = r->plan->verdict.approvals > 1 ? (size_t)r->plan->verdict.approvals : 1;
	const char *by, *open;
	size_t have = persons(a, r, v, nv, o, now, 1, &by);
	size_t left = persons(a, r, v, nv, o, now, 0, &open);

	if (no != NULL) {
		*sentence = arena_printf(a, "denied by %s%s%s", no->person,
		    no->comment == NULL || no->comment[0] == '\0' ? "" : ": ",
		    no->comment == NULL ? "" : text_inert(a, no->comment, strlen(no->comment), 0));
		return REQUEST_DENIED;
	}
	if (now >= rfc3339_parse(r->expires)) {
		*sentence = arena_printf(
		    a, "expired at %s with %zu of %zu approvals", r->expires, have, need);
		return REQUEST_EXPIRED;
	}
	if (have >= need) {
		*sentence = arena_printf(a, "approved by %s", by);
		return REQUEST_APPROVED;
	}
	if (have + left < need)
		*sentence = arena_printf(a,
		    "%zu of %zu approvals; the operators file names too few persons who may "
		    "approve (%s)",
		    have, need, left == 0 ? "nobody else" : open);
	else
		*sentence = arena_printf(a, "%zu of %zu approvals%s%s; may still approve: %s", have,
		    need, have > 0 ? ", by " : "", by, open);
	return REQUEST_OPEN;
}

const char *
request_state_name(enum request_state s)
{
	static const char *const names[] = {
	    [REQUEST_OPEN] = "open",
	    [REQUEST_APPROVED] = "approved",
	    [REQUEST_DENIED] = "denied",
	    [REQUEST_EXPIRED] = "expired",
	    [REQUEST_CONSUMED] = "consumed",
	    [REQUEST_WITHDRAWN] = "withdrawn",
	    [REQUEST_DEAD] = "dead",
	};

	return names[s];
}

/* --- time ---------------------------------------------------------------------------------- */

char *
rfc3339(struct arena *a, int64_t epoch)
{
	time_t t = (time_t)epoch;
	struct tm tm;
	char text[32] = "";

	if (epoch < 0 || epoch > 253402300799 || gmtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return arena_strdup(a, "1970-01-01T00:00:00Z");
	return arena_strdup(a, text);
}

static int
number(const char *s, size_t n)
{
	int v = 0;

	while (n-- > 0)
		v = v * 10 + (*s++ - '0');
	return v;
}

int64_t
rfc3339_parse(const char *s)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
	char again[32];
	struct tm tm = {0}, back;
	time_t t;
	size_t i;

	if (s == NULL || strlen(s) != sizeof(form) - 1)
		return -1;
	for (i = 0; form[i] != '\0'; i++)
		if (form[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
			return -1;
	tm.tm_year = number(s, 4) - 1900;
	tm.tm_mon = number(s + 5, 2) - 1;
	tm.tm_mday = number(s + 8, 2);
	tm.tm_hour = number(s + 11, 2);
	tm.tm_min = number(s + 14, 2);
	tm.tm_sec = number(s + 17, 2);
	t = timegm(&tm);
	/* A day or a second that does not exist comes out as another one. */
	if (t < 0 || gmtime_r(&t, &back) == NULL ||
	    strftime(again, sizeof(again), "%Y-%m-%dT%H:%M:%SZ", &back) == 0 ||
	    strcmp(again, s) != 0)
		return -1;
	return t;
}
