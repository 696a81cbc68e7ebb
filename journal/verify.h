/* The verifier's insides: verify.c (chain, verdict), check.c (records), trust.c (people). */
#ifndef JOURNAL_VERIFY_H
#define JOURNAL_VERIFY_H

#include <jansson.h>
#include <stdint.h>

#include "journal.h"
#include "line.h"

/* An approver signed that record `seq` had this leaf: a witness, once the file agrees. */
struct claim {
	uint64_t seq, at; /* record it is about; record it stands in */
	uint8_t leaf[SHA256_BYTES];
	const char *person, *issued;
	int is_met;
};

struct check {
	struct arena *a; /* the report's */
	const struct operators *operators;
	/* from open */
	const char *session, *key, *parent;
	const uint8_t *blob;
	size_t nblob;
	int64_t part;
	/* state */
	uint64_t next; /* seq of the record to come */
	int is_closed, has_cert;
	const char *person;   /* certified, in the operators file */
	const char *distrust; /* first reason why trust is not met; NULL none */
	json_t *begun;	      /* key -> count of begins without outcome */
	size_t nbegun;
	struct claim *claims;
	size_t nclaims;
	char last_t[JLINE_T_CHARS + 1];
	uint64_t signed_seq; /* the last record the session signed */
	uint8_t signed_leaf[SHA256_BYTES];
	char *last_signed; /* its line, arena memory; none where nlast_signed is 0 */
	size_t nlast_signed, last_room;
	int is_thorough;   /* every signature where it stands, not only the last */
	const char *wrong; /* what a record breaks, arena memory */
};

/* journal_verify without the quick way: the word that counts, and what tests compare with. */
int verify_in_order(struct arena *a, const char *file, const struct operators *operators,
    struct verify_report *out, struct err *e);

#define CLAIMS_MAX 4096
#define BEGUN_MAX 65536

/* One record after the chain held. 0, or -1 with c->wrong set: tampered. */
int check_record(
    struct check *c, const char *line, size_t len, const json_t *rec, const struct jhead *head);
/* After the last record: the signature that covers all before it holds, or there is none. */
int check_last_signature(struct check *c);
/* trust.c: what people signed. They note distrust, and return -1 with c->wrong only where the
 * record contradicts the file. */
int trust_cert(struct check *c, const json_t *rec);
int trust_approval(struct check *c, const json_t *rec, uint64_t seq);
int trust_handover(struct check *c, const json_t *rec, uint64_t seq);

#endif
