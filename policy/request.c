/*
 * Requests and answers as bytes, and back: see approval.h. There is one encoding of each, and what
 * does not encode to itself is not decoded. Must never repair.
 */
#include <string.h>

#include "approval.h"
#include "arena.h"
#include "shape.h"
#include "sshsig.h"
#include "text.h"
#include "banned.h"

#define REQUEST_TYPE "holdfast-request-v1"
#define ANSWER_TYPE "holdfast-answer-v1"
#define LIFE_MAX_S (7 * 86400)

/* What stands in the document; the plan is a string, so that its very bytes travel. */
struct request_doc {
	const char *type, *plan, *cert, *cert_sig, *session_key, *journal, *issued, *expires, *sig;
	char id[ID_CHARS + 1];
};

struct answer_doc {
	const char *type;
	struct answer answer;
};

#define TEXT(s, member, most)                                                                      \
	{                                                                                          \
#member, SHAPE_STRING, offsetof(struct s, member), 0, NULL, NULL, most             \
	}
#define PART(member, most)                                                                         \
	{                                                                                          \
#member, SHAPE_STRING, offsetof(struct answer_doc, answer.member), 0, NULL, NULL,  \
		    most                                                                           \
	}

static const struct shape_field request_fields[] = {
    {"id", SHAPE_ID, offsetof(struct request_doc, id), 0, NULL, NULL, 0},
    TEXT(request_doc, type, 32),
    TEXT(request_doc, plan, REQUEST_MAX_BYTES),
    TEXT(request_doc, cert, 4096),
    TEXT(request_doc, cert_sig, SSHSIG_MAX_BYTES),
    TEXT(request_doc, session_key, 128),
    TEXT(request_doc, journal, 160),
    TEXT(request_doc, issued, 32),
    TEXT(request_doc, expires, 32),
    TEXT(request_doc, sig, SSHSIG_MAX_BYTES),
};
static const struct shape_field answer_fields[] = {
    TEXT(answer_doc, type, 32),
    PART(decision, 16),
    PART(request, ID_CHARS),
    PART(approver, 64),
    PART(issued, 32),
    PART(expires, 32),
    PART(comment, 200),
    PART(sig, SSHSIG_MAX_BYTES),
};
static const struct shape request_shape = {
    sizeof(struct request_doc), request_fields, sizeof(request_fields) / sizeof(request_fields[0])};
static const struct shape answer_shape = {
    sizeof(struct answer_doc), answer_fields, sizeof(answer_fields) / sizeof(answer_fields[0])};

static int
bytes_of(struct arena *a, const struct shape *s, const void *doc, size_t max, char **json,
    size_t *len, struct err *e)
{
	json_t *j = shape_encode(s, doc, e);

	if (j == NULL)
		return -1;
	*json = shape_dump(a, j, len);
	json_decref(j);
	if (*len > max)
		return err_set(e, ERR_REFUSED, "it would have %zu bytes, more than %zu", *len, max);
	return 0;
}

/* Reads the document and demands that writing it gives the same bytes. */
static int
read_doc(struct arena *a, const struct shape *s, const char *json, size_t len, size_t max,
    void *doc, struct err *e)
{
	json_t *j = shape_parse(json, len, max, e);
	char *again;
	size_t nagain;
	int rc;

	rc = j == NULL ? -1 : shape_decode(a, s, j, doc, e);
	json_decref(j);
	if (rc == -1 || bytes_of(a, s, doc, max, &again, &nagain, e) == -1)
		return -1;
	if (nagain != len || memcmp(again, json, len) != 0)
		return err_set(e, ERR_FAILED, "it is not in its canonical form");
	return 0;
}

int
request_encode(struct arena *a, const struct request *r, char **json, size_t *len, struct err *e)
{
	struct request_doc d = {REQUEST_TYPE, NULL, r->cert, r->cert_sig, r->session_key,
	    r->journal, r->issued, r->expires, r->sig, ""};

	if (r->plan_len > REQUEST_MAX_BYTES)
		return err_set(e, ERR_REFUSED,
		    "could not encode the request: its plan has %zu bytes, more than %d",
		    r->plan_len, REQUEST_MAX_BYTES);
	d.plan = arena_strndup(a, r->plan_json, r->plan_len);
	text_copy(d.id, sizeof(d.id), r->id);
	if (bytes_of(a, &request_shape, &d, REQUEST_MAX_BYTES, json, len, e) == -1)
		return err_wrap(e, "could not encode the request");
	return 0;
}

/* "<session>:<seq>:<64 hex>". */
static int
is_head(const char *s)
{
	uint8_t raw[SHA256_BYTES];
	char id[ID_CHARS + 1];
	size_t n;

	if (strlen(s) < ID_CHARS + 2 || s[ID_CHARS] != ':')
		return 0;
	text_copy(id, sizeof(id), s);
	s += ID_CHARS + 1;
	n = strspn(s, "0123456789");
	return id_is_valid(id) && n > 0 && n <= 19 && s[n] == ':' &&
	       hex_decode(s + n + 1, raw, sizeof(raw)) == 0;
}

static int
check_life(const char *issued, const char *expires, struct err *e)
{
	int64_t from = rfc3339_parse(issued), to = rfc3339_parse(expires);

	if (from == -1)
		return err_set(e, ERR_FAILED, "issued is no RFC 3339 time with Z");
	if (to == -1)
		return err_set(e, ERR_FAILED, "expires is no RFC 3339 time with Z");
	if (to <= from || to - from > LIFE_MAX_S)
		return err_set(e, ERR_FAILED, "it lives less than a second or more than a week");
	return 0;
}

static int
check_request(const struct request *r, struct err *e)
{
	if (check_life(r->issued, r->expires, e) == -1)
		return -1;
	if (strcmp(r->plan->id, r->id) != 0)
		return err_set(e, ERR_FAILED, "its plan has another id");
	if (!text_is_name(r->plan->requester, 64))
		return err_set(e, ERR_FAILED, "its plan names no requester");
	if (!is_head(r->journal))
		return err_set(e, ERR_FAILED, "journal is no <session>:<number>:<sha256>");
	if (strncmp(r->session_key, "ssh-ed25519 ", 12) != 0)
		return err_set(e, ERR_FAILED, "session_key is no ssh-ed25519 key");
	return 0;
}

int
request_decode(struct arena *a, const char *json, size_t len, struct request *out, struct err *e)
{
	struct request_doc d = {0};
	const struct plan *p;

	memset(out, 0, sizeof(*out));
	if (read_doc(a, &request_shape, json, len, REQUEST_MAX_BYTES, &d, e) == -1)
		return err_wrap(e, "could not read the request");
	if (strcmp(d.type, REQUEST_TYPE) != 0)
		return err_set(
		    e, ERR_FAILED, "could not read the request: its type is not " REQUEST_TYPE);
	/* plan_decode encodes what it read and demands equal bytes. */
	p = plan_decode(a, d.plan, strlen(d.plan), e);
	if (p == NULL)
		return err_wrap(e, "could not read the request");
	*out = (struct request){.plan_json = d.plan,
	    .plan_len = strlen(d.plan),
	    .plan = p,
	    .cert = d.cert,
	    .cert_sig = d.cert_sig,
	    .session_key = d.session_key,
	    .journal = d.journal,
	    .issued = d.issued,
	    .expires = d.expires,
	    .sig = d.sig};
	text_copy(out->id, sizeof(out->id), d.id);
	if (check_request(out, e) == -1)
		return err_wrap(e, "could not read the request");
	return 0;
}

int
answer_encode(struct arena *a, const struct answer *s, char **json, size_t *len, struct err *e)
{
	struct answer_doc d = {ANSWER_TYPE, *s};

	if (bytes_of(a, &answer_shape, &d, ANSWER_MAX_BYTES, json, len, e) == -1)
		return err_wrap(e, "could not encode the answer");
	return 0;
}

int
answer_decode(struct arena *a, const char *json, size_t len, struct answer *out, struct err *e)
{
	struct answer_doc d = {0};

	memset(out, 0, sizeof(*out));
	if (read_doc(a, &answer_shape, json, len, ANSWER_MAX_BYTES, &d, e) == -1)
		return err_wrap(e, "could not read the answer");
	if (strcmp(d.type, ANSWER_TYPE) != 0)
		return err_set(
		    e, ERR_FAILED, "could not read the answer: its type is not " ANSWER_TYPE);
	if (!id_is_valid(d.answer.request))
		return err_set(e, ERR_FAILED, "could not read the answer: request is no id");
	if (check_life(d.answer.issued, d.answer.expires, e) == -1)
		return err_wrap(e, "could not read the answer");
	*out = d.answer;
	return 0;
}
