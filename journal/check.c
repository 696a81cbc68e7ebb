/*
 * What every record must be where it stands: one open first, nothing after close, signatures of
 * the session key where they belong, no outcome without a begin. Judges one record at a time.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "verify.h"
#include "writer.h"
#include "banned.h"

static int
wrong(struct check *c, const char *what)
{
	c->wrong = arena_strdup(c->a, what);
	return -1;
}

static int
check_open(struct check *c, const json_t *rec)
{
	const json_t *format = json_object_get(rec, "format");
	const json_t *parent = json_object_get(rec, "parent");
	struct err e;

	if (!json_is_integer(format) || json_integer_value(format) != 1)
		return wrong(c, "is of a format this version does not know");
	c->session = arena_strdup(c->a, json_text_of(rec, "session"));
	c->key = arena_strdup(c->a, json_text_of(rec, "key"));
	c->part = json_integer_value(json_object_get(rec, "part"));
	if (json_is_object(parent))
		c->parent = arena_printf(c->a, "%s:%lld:%s", json_text_of(parent, "session"),
		    (long long)json_integer_value(json_object_get(parent, "seq")),
		    json_text_of(parent, "leaf"));
	if (!id_is_valid(c->session))
		return wrong(c, "has no valid session id");
	if (ssh_public_blob(c->a, c->key, &c->blob, &c->nblob, &e) != 0)
		return wrong(c, "has no valid session key");
	return 0;
}

/* A continuing file names the begins of the file before it that are still open. */
static int
check_degraded(struct check *c, const json_t *rec)
{
	const json_t *list = json_object_get(rec, "begun");
	char *key;
	size_t i;

	if (c->part <= 0)
		return wrong(c, "says degraded, but its file continues none");
	for (i = 0; i < json_array_size(list); i++) {
		key = json_dumps(
		    json_array_get(list, i), JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
		if (key == NULL || c->nbegun >= BEGUN_MAX) {
			free(key);
			return wrong(c, "names too many begins");
		}
		json_object_set_new(c->begun, key,
		    json_integer(json_integer_value(json_object_get(c->begun, key)) + 1));
		c->nbegun++;
		free(key);
	}
	return 0;
}

static int
check_begin(struct check *c, const json_t *rec)
{
	char *key = begun_key(rec);

	if (c->nbegun < BEGUN_MAX) {
		json_object_set_new(c->begun, key,
		    json_integer(json_integer_value(json_object_get(c->begun, key)) + 1));
		c->nbegun++;
	}
	free(key);
	return c->nbegun < BEGUN_MAX ? 0 : wrong(c, "begins while too many outcomes are open");
}

static int
check_outcome(struct check *c, const json_t *rec)
{
	char *key = begun_key(rec);
	json_int_t n = json_integer_value(json_object_get(c->begun, key));

	if (n <= 0) {
		free(key);
		return wrong(c, "is an outcome without a begin");
	}
	if (n == 1)
		json_object_del(c->begun, key);
	else
		json_object_set_new(c->begun, key, json_integer(n - 1));
	c->nbegun--;
	free(key);
	return 0;
}

static int
is_signed(struct check *c, const char *line, size_t len)
{
	struct arena *a = arena_new();
	size_t signed_len, nsig;
	struct sshsig sig;
	const char *text;
	struct err e;
	int ok;

	ok = jline_signature(line, len, &signed_len, &text, &nsig) == 0 &&
	     sshsig_verify(a, text, nsig, NS_CHECKPOINT, line, signed_len, &sig, &e) == 0 &&
	     sig.nkey == c->nblob && memcmp(sig.key, c->blob, c->nblob) == 0;
	arena_free(a);
	return ok;
}

/*
 * The last signature of the file covers, through the chain, every byte before it, signatures too:
 * who could make it could have made those. So only that one is checked, at the end; where it does
 * not hold, all are in turn, to say from where on.
 */
static int
check_signed(struct check *c, const char *line, size_t len)
{
	size_t signed_len, nsig;
	const char *text;

	if (jline_signature(line, len, &signed_len, &text, &nsig) != 0 ||
	    (c->is_thorough && !is_signed(c, line, len)))
		return wrong(c, "is not signed by the session's key as it stands");
	if (len > c->last_room) {
		c->last_room = 2 * len;
		c->last_signed = arena_alloc(c->a, c->last_room);
	}
	memcpy(c->last_signed, line, len);
	c->nlast_signed = len;
	c->signed_seq = c->next - 1;
	jline_leaf(line, len, c->signed_leaf);
	return 0;
}

int
check_last_signature(struct check *c)
{
	return c->nlast_signed == 0 || is_signed(c, c->last_signed, c->nlast_signed);
}

int
check_record(
    struct check *c, const char *line, size_t len, const json_t *rec, const struct jhead *head)
{
	int is_open = jline_is_type(head, "open");
	uint64_t seq = c->next++;

	if (c->is_closed)
		return wrong(c, "stands after the close");
	if (is_open != (seq == 0))
		return wrong(c, is_open ? "opens the session again" : "is not an open");
	memcpy(c->last_t, head->t, JLINE_T_CHARS);
	if (is_open)
		return check_open(c, rec);
	if (jline_is_type(head, "cert"))
		return trust_cert(c, rec);
	if (jline_is_type(head, "approval") || jline_is_type(head, "denial"))
		return trust_approval(c, rec, seq);
	if (jline_is_type(head, "incident") && json_object_get(rec, "sig") == NULL &&
	    strcmp(json_text_of(rec, "action"), "handover") == 0)
		return trust_handover(c, rec, seq);
	c->is_closed = jline_is_type(head, "close");
	/* Whatever else is signed is signed by the session, types of later versions too: else one
	 * changed letter would turn a close into something that needs no signature. */
	if (c->is_closed || jline_is_type(head, "checkpoint") ||
	    json_object_get(rec, "sig") != NULL)
		return check_signed(c, line, len);
	if (jline_is_type(head, "begin"))
		return check_begin(c, rec);
	if (jline_is_type(head, "outcome"))
		return check_outcome(c, rec);
	if (jline_is_type(head, "degraded"))
		return check_degraded(c, rec);
	return 0;
}
