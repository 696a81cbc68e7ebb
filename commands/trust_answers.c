/*
 * Which answers to believe: see trust.h. The signed text is built here from the filed plan; of the
 * answer only the approver's own choices go into it. Must never count what it could not verify.
 */
#include <string.h>

#include "arena.h"
#include "sshsig.h"
#include "text.h"
#include "trust.h"
#include "banned.h"

#define SKEW_S 120

static int
check_times(const struct request *r, const struct answer *s, int64_t now, struct err *e)
{
	int64_t at = rfc3339_parse(s->issued);

	if (at > now + SKEW_S)
		return err_set(e, ERR_SIGNATURE,
		    "it was issued in the future (%s): a clock is wrong", s->issued);
	if (at < rfc3339_parse(r->issued) - SKEW_S)
		return err_set(
		    e, ERR_SIGNATURE, "it was issued before the request (%s)", s->issued);
	if (rfc3339_parse(s->expires) > rfc3339_parse(r->expires))
		return err_set(e, ERR_SIGNATURE, "it claims to live longer than the request");
	return 0;
}

int
trust_answer(struct arena *a, const struct operators *o, const struct request *r,
    const struct answer *s, int64_t now, struct trusted *out, struct err *e)
{
	const struct operator_key *k;
	char *text;

	if (o == NULL)
		return err_set(e, ERR_CONFIG,
		    "no operators file is configured, so no signature can be trusted");
	if (strcmp(s->request, r->id) != 0)
		return err_set(e, ERR_SIGNATURE, "it answers another request");
	if (approval_statement(a, r, s->decision, s->approver, s->issued, s->expires, s->comment,
		&text, e) == -1 ||
	    check_times(r, s, now, e) == -1)
		return -1;
	if (sshsig_verify_person(
		a, o, s->sig, strlen(s->sig), NS_APPROVAL, text, strlen(text), now, &k, e) == -1)
		return -1;
	if (strcmp(k->person, s->approver) != 0)
		return err_set(e, ERR_SIGNATURE, "it claims to be by %s, the key is that of %s",
		    s->approver, k->person);
	*out = (struct trusted){.statement = text, .sig = s->sig};
	out->verified = (struct verified){
	    k->person, s->decision, s->issued, s->expires, k->fingerprint, s->comment};
	return 0;
}

void
trust_answers(struct arena *a, const struct operators *o, const struct request *r,
    const struct store_item *items, size_t n, int64_t now, struct trusted **out, size_t *nout,
    size_t *nbad, const char **bad)
{
	struct answer s;
	struct err why;
	size_t i;

	*out = arena_array(a, n + 1, sizeof(**out));
	*nout = *nbad = 0;
	*bad = NULL;
	for (i = 0; i < n; i++) {
		err_clear(&why);
		if (answer_decode(a, items[i].data, items[i].len, &s, &why) == 0 &&
		    trust_answer(a, o, r, &s, now, &(*out)[*nout], &why) == 0) {
			(*nout)++;
			continue;
		}
		if ((*nbad)++ == 0)
			*bad = arena_printf(a, "the answer in %s does not count: %s",
			    text_inert(a, items[i].name, strlen(items[i].name), 0), why.msg);
	}
}
