/*
 * Whom to believe: signatures of requests and answers, checked against the operators file. Joins
 * journal/ (signatures) and policy/ (what must have been signed).
 */
#ifndef TRUST_H
#define TRUST_H

#include <stddef.h>
#include <stdint.h>

#include "approval.h"
#include "operators.h"
#include "store.h"

/* An answer whose signature held, over the statement rebuilt from the filed plan. */
struct trusted {
	struct verified verified;
	const char *statement; /* the signed text */
	const char *sig;       /* base64 SSHSIG */
};

/*
 * The request's certificate is signed by the requester's own key (session@holdfast) and names the
 * session key; the session key signed the request; times are sane. *person is the requester.
 */
int trust_request(struct arena *a, const struct operators *o, const struct request *r, int64_t now,
    const char **person, struct err *e);
/* One answer: the statement is built from the filed request, the key is that of the approver it
 * claims, the times are sane. ERR_SIGNATURE. */
int trust_answer(struct arena *a, const struct operators *o, const struct request *r,
    const struct answer *s, int64_t now, struct trusted *out, struct err *e);
/* Good answers of items into *out; bad ones are counted in *nbad, the first with its sentence.
 * Never fails: what cannot be believed does not count. */
void trust_answers(struct arena *a, const struct operators *o, const struct request *r,
    const struct store_item *items, size_t n, int64_t now, struct trusted **out, size_t *nout,
    size_t *nbad, const char **bad);

#endif
