/*
 * What people signed: the certificate of the session key, and approvals and handovers, whose
 * signers are witnesses of the journal's head. Trust comes from the operators file alone; a
 * statement is read line by line and believed only after its signature held.
 */
#include <string.h>

#include "arena.h"
#include "verify.h"
#include "banned.h"

static void
distrust(struct check *c, const char *fmt, const char *detail)
{
	if (c->distrust == NULL)
		c->distrust =
		    arena_printf(c->a, "%s%s%s", fmt, *detail == '\0' ? "" : ": ", detail);
}

/* The value of "name: value" in a statement of LF-ended lines; NULL unless there exactly once. */
static char *
statement_value(struct arena *a, const char *text, const char *name)
{
	size_t n = strlen(name);
	const char *p, *lf;
	char *found = NULL;

	for (p = text; (lf = strchr(p, '\n')) != NULL; p = lf + 1) {
		if ((size_t)(lf - p) < n + 2 || memcmp(p, name, n) != 0 ||
		    memcmp(p + n, ": ", 2) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = arena_strndup(a, p + n + 2, (size_t)(lf - p) - n - 2);
	}
	return found;
}

/* The certificate's six lines, exactly; out: session, key, person, host, issued. */
static int
parse_cert(struct arena *a, const char *text, char *out[5])
{
	static const char *const names[] = {"session: ", "key: ", "person: ", "host: ", "issued: "};
	static const char first[] = "holdfast-session-v1\n";
	const char *p = text, *lf;
	size_t i, n;

	if (strncmp(p, first, sizeof(first) - 1) != 0)
		return -1;
	p += sizeof(first) - 1;
	for (i = 0; i < 5; i++) {
		n = strlen(names[i]);
		if (strncmp(p, names[i], n) != 0 || (lf = strchr(p, '\n')) == NULL)
			return -1;
		out[i] = arena_strndup(a, p + n, (size_t)(lf - p) - n);
		p = lf + 1;
	}
	return *p == '\0' ? 0 : -1;
}

int
trust_cert(struct check *c, const json_t *rec)
{
	const char *statement = json_text_of(rec, "statement"), *sig = json_text_of(rec, "sig");
	const struct operator_key *key;
	int64_t issued;
	char *f[5];
	struct err e;

	c->has_cert = 1;
	if (parse_cert(c->a, statement, f) != 0 || (issued = jtime_parse(f[4])) < 0) {
		distrust(c, "the session's certificate is not one", "");
		return 0;
	}
	if (strcmp(f[0], c->session) != 0 || strcmp(f[1], c->key) != 0) {
		distrust(c, "the certificate is of another session or key", "");
		return 0;
	}
	if (c->operators == NULL)
		return 0;
	if (sshsig_verify_person(c->a, c->operators, sig, strlen(sig), NS_SESSION, statement,
		strlen(statement), issued, &key, &e) != 0)
		distrust(c, "the session's certificate does not hold", e.msg);
	else if (strcmp(key->person, f[2]) != 0)
		distrust(
		    c, "the session's certificate is signed by another person than it names", "");
	else
		c->person = arena_strdup(c->a, key->person);
	return 0;
}

/* "<session>:<seq>:<hex>": notes the claim. -1 where it is of another form or session. */
static int
note_claim(struct check *c, const char *head, const char *person, const char *issued, uint64_t at)
{
	const char *p = head + ID_CHARS + 1;
	struct claim claim = {.at = at};
	size_t i, n = strlen(c->session);

	if (strlen(head) < ID_CHARS + 3 || strncmp(head, c->session, n) != 0 || head[n] != ':')
		return -1;
	for (i = 0; p[i] >= '0' && p[i] <= '9' && i < 16; i++)
		claim.seq = claim.seq * 10 + (uint64_t)(p[i] - '0');
	if (i == 0 || p[i] != ':' || strlen(p + i + 1) != SHA256_HEX - 1 ||
	    hex_decode(p + i + 1, claim.leaf, SHA256_BYTES) != 0)
		return -1;
	if (c->nclaims >= CLAIMS_MAX)
		return 0;
	claim.person = arena_strdup(c->a, person);
	claim.issued = arena_strdup(c->a, issued);
	c->claims = arena_grow(c->a, c->claims, c->nclaims, sizeof(claim));
	c->claims[c->nclaims++] = claim;
	return 0;
}

int
trust_approval(struct check *c, const json_t *rec, uint64_t seq)
{
	const char *statement = json_text_of(rec, "statement"), *sig = json_text_of(rec, "sig");
	const char *person = json_text_of(rec, "person");
	const struct operator_key *key;
	char *issued, *head, *approver;
	struct err e;

	if (*statement == '\0' || *sig == '\0' || c->operators == NULL)
		return 0;
	issued = statement_value(c->a, statement, "issued");
	head = statement_value(c->a, statement, "journal");
	approver = statement_value(c->a, statement, "approver");
	if (issued == NULL || head == NULL || approver == NULL || jtime_parse(issued) < 0) {
		distrust(c, "an answer's statement is not one", "");
		return 0;
	}
	if (sshsig_verify_person(c->a, c->operators, sig, strlen(sig), NS_APPROVAL, statement,
		strlen(statement), jtime_parse(issued), &key, &e) != 0) {
		distrust(c, "an answer does not hold", e.msg);
		return 0;
	}
	if (strcmp(key->person, approver) != 0 || strcmp(person, approver) != 0) {
		distrust(c, "an answer is signed by another person than it names", "");
		return 0;
	}
	if (c->person != NULL && strcmp(c->person, approver) == 0) {
		distrust(c, "an answer is signed by the person who ran the session", "");
		return 0;
	}
	if (note_claim(c, head, approver, issued, seq) != 0) {
		c->wrong = arena_printf(c->a, "holds an answer by %s to another journal", approver);
		return -1;
	}
	return 0;
}

/* The record says what its statement says, and the statement is of this session. */
static int
is_same_handover(struct check *c, const json_t *rec)
{
	static const char *const names[][2] = {
	    {"incident", "name"}, {"from", "person"}, {"to", "to"}, {"held", "held"}};
	const char *statement = json_text_of(rec, "statement"), *value;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = statement_value(c->a, statement, names[i][0]);
		if (value == NULL || strcmp(value, json_text_of(rec, names[i][1])) != 0)
			return 0;
	}
	return strncmp(statement, "holdfast-handover-v1\n", 21) == 0;
}

int
trust_handover(struct check *c, const json_t *rec, uint64_t seq)
{
	const char *statement = json_text_of(rec, "statement");
	const char *sig = json_text_of(rec, "signature"), *to = json_text_of(rec, "to");
	char *issued = statement_value(c->a, statement, "issued");
	char *head = statement_value(c->a, statement, "journal");
	const struct operator_key *key;
	struct err e;

	if (c->operators == NULL)
		return 0;
	if (issued == NULL || head == NULL || jtime_parse(issued) < 0 ||
	    !is_same_handover(c, rec)) {
		distrust(c, "a handover's statement is not what its record says", "");
		return 0;
	}
	if (sshsig_verify_person(c->a, c->operators, sig, strlen(sig), NS_HANDOVER, statement,
		strlen(statement), jtime_parse(issued), &key, &e) != 0) {
		distrust(c, "a handover does not hold", e.msg);
		return 0;
	}
	if (strcmp(key->person, to) != 0) {
		distrust(c, "a handover is signed by another person than took over", "");
		return 0;
	}
	if (c->person != NULL && strcmp(c->person, to) == 0) {
		distrust(c, "a handover is signed by the person who ran the session", "");
		return 0;
	}
	if (note_claim(c, head, to, issued, seq) != 0) {
		c->wrong = arena_printf(c->a, "holds a handover to %s of another journal", to);
		return -1;
	}
	return 0;
}
