/*
 * Whom to believe: see trust.h. Joins signatures (journal/) and what must have been signed
 * (policy/). Must never take a name from anything but the operators file.
 */
#include <string.h>

#include "arena.h"
#include "sshsig.h"
#include "text.h"
#include "trust.h"
#include "banned.h"

#define SKEW_S 120

/* The value of the next "name: value" line of a certificate, or NULL; *p goes past it. */
static char *
next_value(struct arena *a, const char **p, const char *name)
{
	size_t n = strlen(name), len;
	const char *from, *c;

	if (*p == NULL || strncmp(*p, name, n) != 0 || strncmp(*p + n, ": ", 2) != 0)
		return NULL;
	from = *p + n + 2;
	len = strcspn(from, "\n");
	for (c = from; c < from + len; c++)
		if (*c < ' ' || *c > '~')
			return NULL;
	if (len == 0 || from[len] != '\n')
		return NULL;
	*p = from + len + 1;
	return arena_strndup(a, from, len);
}

static int
check_cert(
    struct arena *a, const struct request *r, int64_t now, const char **person, struct err *e)
{
	static const char head[] = "holdfast-session-v1\n";
	const char *p = r->cert, *session, *key, *host, *issued;
	int64_t at;

	if (strncmp(p, head, strlen(head)) != 0)
		return err_set(e, ERR_SIGNATURE, "the session's certificate is of another kind");
	p += strlen(head);
	session = next_value(a, &p, "session");
	key = next_value(a, &p, "key");
	*person = next_value(a, &p, "person");
	host = next_value(a, &p, "host");
	issued = next_value(a, &p, "issued");
	if (session == NULL || key == NULL || *person == NULL || host == NULL || issued == NULL ||
	    *p != '\0')
		return err_set(e, ERR_SIGNATURE, "the session's certificate is malformed");
	if (strcmp(key, r->session_key) != 0)
		return err_set(e, ERR_SIGNATURE, "the session's certificate names another key");
	if (strcmp(*person, r->plan->requester) != 0)
		return err_set(e, ERR_SIGNATURE,
		    "the plan says %s asks, the session's certificate is of another person",
		    text_inert(a, r->plan->requester, strlen(r->plan->requester), 0));
	if (strncmp(r->journal, session, strlen(session)) != 0 ||
	    r->journal[strlen(session)] != ':')
		return err_set(
		    e, ERR_SIGNATURE, "the request and the certificate name different sessions");
	at = rfc3339_parse(issued);
	if (at == -1 || at > now + SKEW_S || at > rfc3339_parse(r->issued) + SKEW_S)
		return err_set(e, ERR_SIGNATURE,
		    "the session's certificate was issued after the request, or in the future");
	return 0;
}

/* The session key, and no other, signed the request. */
static int
check_request_sig(struct arena *a, const struct request *r, struct err *e)
{
	const char *text = request_statement(a, r);
	const uint8_t *blob;
	struct sshsig sig;
	size_t n;

	if (ssh_public_blob(a, r->session_key, &blob, &n, e) == -1) {
		if (e != NULL)
			e->code = ERR_SIGNATURE;
		return err_wrap(e, "the session key");
	}
	if (sshsig_verify(a, r->sig, strlen(r->sig), NS_REQUEST, text, strlen(text), &sig, e) == -1)
		return err_wrap(e, "the request");
	if (sig.nkey != n || memcmp(sig.key, blob, n) != 0)
		return err_set(
		    e, ERR_SIGNATURE, "the request was signed by another key than its session's");
	return 0;
}

int
trust_request(struct arena *a, const struct operators *o, const struct request *r, int64_t now,
    const char **person, struct err *e)
{
	const struct operator_key *k;

	*person = NULL;
	if (o == NULL)
		return err_set(e, ERR_CONFIG,
		    "no operators file is configured, so no signature can be trusted");
	if (rfc3339_parse(r->issued) > now + SKEW_S)
		return err_set(e, ERR_SIGNATURE,
		    "the request was issued in the future (%s): a clock is wrong", r->issued);
	if (check_cert(a, r, now, person, e) == -1)
		return -1;
	if (sshsig_verify_person(a, o, r->cert_sig, strlen(r->cert_sig), NS_SESSION, r->cert,
		strlen(r->cert), now, &k, e) == -1)
		return err_wrap(e, "the session's certificate");
	if (strcmp(k->person, *person) != 0)
		return err_set(e, ERR_SIGNATURE,
		    "the session's certificate says %s, the key is that of %s", *person, k->person);
	return check_request_sig(a, r, e);
}
