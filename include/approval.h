/*
 * Requests and approvals: the signed text, the life of a request, who counts. Pure; implemented in
 * policy/approval.c and policy/request.c.
 */
#ifndef APPROVAL_H
#define APPROVAL_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "hash.h"
#include "operators.h"
#include "plan.h"

#define APPROVAL_MAX_BYTES 2048	    /* of the signed statement */
#define REQUEST_TTL_S 900	    /* default life of a request */
#define REQUEST_MAX_BYTES (1 << 20) /* of an encoded request */
#define ANSWER_MAX_BYTES 16384

enum request_state {
	REQUEST_OPEN,
	REQUEST_APPROVED,
	REQUEST_DENIED,
	REQUEST_EXPIRED,
	REQUEST_CONSUMED, /* claimed: began to run, at most once */
	REQUEST_WITHDRAWN,
	REQUEST_DEAD, /* its session ended without a word */
};

/* A request as filed. */
struct request {
	char id[ID_CHARS + 1]; /* the plan's id */
	const char *plan_json; /* canonical bytes, as filed */
	size_t plan_len;
	const struct plan *plan; /* decoded */
	const char *cert;	 /* the session certificate's statement (cert_statement) */
	const char *cert_sig;	 /* base64 SSHSIG of it by the requester's key, session@holdfast */
	const char *session_key; /* "ssh-ed25519 AAAA" of the session */
	const char *journal;	 /* "<session>:<seq>:<hex>": head at filing */
	const char *issued, *expires; /* RFC 3339, Z, whole seconds */
	const char *sig;	      /* base64 SSHSIG by the session key over request_statement(),
					 request@holdfast */
};

/* An answer as it came back. */
struct answer {
	const char *decision; /* "approve" or "deny" */
	const char *request;  /* id */
	const char *approver; /* claimed person: hint only until the signature is verified */
	const char *issued, *expires;
	const char *comment; /* deny: why; printable ASCII, at most 200; in the statement as hex */
	const char *sig;     /* base64 SSHSIG over approval_statement(), approval@holdfast */
};

/* The text a session certificate signs: session id, session key, person, host, boot, issued. */
char *cert_statement(struct arena *a, const char *session, const char *session_key,
    const char *person, const char *host, const char *issued);
/* The small fixed-order ASCII statement an approver signs (design: section 8). Built from the filed
 * plan and the approver's own choices; the same function at the reviewer and at the door. */
int approval_statement(struct arena *a, const struct request *r, const char *decision,
    const char *approver, const char *issued, const char *expires, const char *comment, char **out,
    struct err *e);
char *request_statement(struct arena *a, const struct request *r);

/* One line of armor-safe JSON each, as kept in the store and as pasted. Strict inverses. */
int request_encode(
    struct arena *a, const struct request *r, char **json, size_t *len, struct err *e);
int request_decode(
    struct arena *a, const char *json, size_t len, struct request *out, struct err *e);
int answer_encode(struct arena *a, const struct answer *s, char **json, size_t *len, struct err *e);
int answer_decode(struct arena *a, const char *json, size_t len, struct answer *out, struct err *e);
/* What travels through chat: "-----BEGIN HOLDFAST REQUEST-----", base64 lines of 64, END; and
 * ANSWER. Tolerant armor reader, strict decoder. */
char *paste_armor(struct arena *a, const char *what, const void *p, size_t n);
int paste_dearmor(struct arena *a, const char *what, const char *text, size_t len, uint8_t **out,
    size_t *n, struct err *e);

/* One verified answer: the signature held, the person is named by the operators file. */
struct verified {
	const char *person;
	const char *decision;
	const char *issued, *expires;
	const char *fingerprint;
	const char *comment;
};

/*
 * What the verified answers amount to at `now` (epoch seconds): persons are counted, not keys; the
 * requester never counts; any deny blocks; expired ones do not count. *sentence says what is
 * missing ("1 of 2 approvals; may still approve: bob, carol").
 */
enum request_state request_judge(struct arena *a, const struct request *r, const struct verified *v,
    size_t nv, const struct operators *o, int64_t now, const char **sentence);
/* True where the person has a key that may approve now, and did not file the request. */
int approval_may(
    const struct request *r, const struct operators *o, const char *person, int64_t now);
const char *request_state_name(enum request_state s);

/* RFC 3339 with Z and whole seconds. rfc3339_parse: -1 where it is anything else. */
char *rfc3339(struct arena *a, int64_t epoch);
int64_t rfc3339_parse(const char *s);

#endif
