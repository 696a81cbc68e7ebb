/*
 * Signatures, against the real ssh-keygen in both directions: what it signs we take, what the
 * session key signs it takes; what is changed by one bit, nobody takes.
 */
#include "sshsig_lab.h"

static void
test_keygen_signs(void **state)
{
	static const char *const kinds[] = {"-t ed25519", "-t ecdsa -b 256", "-t ecdsa -b 384",
	    "-t ecdsa -b 521", "-t rsa -b 3072"};
	struct lab *l = *state;
	char *base64, *text, *raw;
	const uint8_t *blob;
	struct sshsig s;
	struct err e = {0};
	size_t i, n, nblob;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		assert_int_equal(
		    sh(l, arena_printf(l->a,
			      "rm -f k k.pub msg.sig; ssh-keygen -q -N '' %s -f k && "
			      "ssh-keygen -q -Y sign -f k -n " NS_APPROVAL " msg 2>/dev/null",
			      kinds[i])),
		    0);
		raw = get(l, "msg.sig", &n);
		assert_int_equal(sshsig_dearmor(l->a, raw, n, &base64, &e), 0);
		assert_string_equal(sshsig_armor(l->a, base64), raw);
		assert_int_equal(sshsig_verify(l->a, base64, strlen(base64), NS_APPROVAL, MSG,
				     strlen(MSG), &s, &e),
		    0);
		text = get(l, "k.pub", &n);
		assert_int_equal(ssh_public_blob(l->a, text, &blob, &nblob, &e), 0);
		assert_int_equal(nblob, s.nkey);
		assert_memory_equal(blob, s.key, nblob);
		assert_false(holds(l->a, base64, strlen(base64), NS_REQUEST, MSG));
		assert_false(holds(l->a, base64, strlen(base64), NS_APPROVAL, MSG " "));
		assert_every_bit_counts(l->a, base64);
	}
}

static void
test_short_rsa_and_dsa_refused(void **state)
{
	struct lab *l = *state;
	struct err e = {0};
	char *base64, *raw;
	size_t n;

	assert_int_equal(
	    sh(l, "ssh-keygen -q -N '' -t rsa -b 2048 -f k && ssh-keygen -q -Y sign -f k "
		  "-n " NS_APPROVAL " msg 2>/dev/null"),
	    0);
	raw = get(l, "msg.sig", &n);
	assert_int_equal(sshsig_dearmor(l->a, raw, n, &base64, &e), 0);
	assert_false(holds(l->a, base64, strlen(base64), NS_APPROVAL, MSG));
	assert_int_equal(sshsig_sign_file(l->a, arena_printf(l->a, "%s/k", l->dir), NS_APPROVAL,
			     MSG, strlen(MSG), &base64, &e),
	    -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_non_null(strstr(e.msg, "2048"));
}

static void
test_sha256_hash_refused(void **state)
{
	struct lab *l = *state;
	struct err e = {0};
	char *base64, *raw;
	size_t n;

	assert_int_equal(sh(l, "ssh-keygen -q -N '' -t ed25519 -f k && ssh-keygen -q -Y sign -O "
			       "hashalg=sha256 -f k -n " NS_APPROVAL " msg 2>/dev/null"),
	    0);
	raw = get(l, "msg.sig", &n);
	assert_int_equal(sshsig_dearmor(l->a, raw, n, &base64, &e), 0);
	assert_false(holds(l->a, base64, strlen(base64), NS_APPROVAL, MSG));
}

static void
test_session_key_signs(void **state)
{
	struct lab *l = *state;
	struct session_key *k;
	struct err e = {0};
	const uint8_t *blob;
	char *base64, *armor, *allowed;
	size_t n;

	assert_int_equal(session_key_new(&k, &e), 0);
	assert_int_equal(sshsig_sign(l->a, k, NS_APPROVAL, MSG, strlen(MSG), &base64, &e), 0);
	assert_true(holds(l->a, base64, strlen(base64), NS_APPROVAL, MSG));
	armor = sshsig_armor(l->a, base64);
	put(l, "msg.sig", armor, strlen(armor));
	allowed =
	    arena_printf(l->a, "s namespaces=\"%s\" %s\n", NS_APPROVAL, session_key_public(k));
	put(l, "allowed", allowed, strlen(allowed));
	assert_int_equal(sh(l, "ssh-keygen -q -Y verify -f allowed -I s -n " NS_APPROVAL
			       " -s msg.sig < msg >/dev/null 2>&1"),
	    0);
	assert_int_not_equal(sh(l, "ssh-keygen -q -Y verify -f allowed -I s -n " NS_APPROVAL
				   " -s msg.sig < allowed >/dev/null 2>&1"),
	    0);
	blob = session_key_blob(k, &n);
	assert_int_equal(n, 51);
	assert_memory_equal(blob + 4, "ssh-ed25519", 11);
	assert_every_bit_counts(l->a, base64);
	session_key_free(k);
	session_key_free(NULL);
}

static void
test_sign_file(void **state)
{
	struct lab *l = *state;
	struct err e = {0};
	char *base64, *file = arena_printf(l->a, "%s/k", l->dir);
	const struct operator_key *who;
	struct operators o;
	char *text;
	size_t n;

	assert_int_equal(sh(l, "ssh-keygen -q -N '' -t ed25519 -f k"), 0);
	assert_int_equal(
	    sshsig_sign_file(l->a, file, NS_APPROVAL, MSG, strlen(MSG), &base64, &e), 0);
	assert_true(holds(l->a, base64, strlen(base64), NS_APPROVAL, MSG));
	text = arena_printf(l->a,
	    "bob "
	    "namespaces=\"approval@holdfast\",valid-after=\"20260101Z\",valid-before=\"20270101Z\" "
	    "%s",
	    get(l, "k.pub", &n));
	assert_int_equal(operators_parse(l->a, "operators", text, strlen(text), &o, &e), 0);
	assert_int_equal(sshsig_verify_person(l->a, &o, base64, strlen(base64), NS_APPROVAL, MSG,
			     strlen(MSG), 1780000000, &who, &e),
	    0);
	assert_string_equal(who->person, "bob");
	/* What we take as an operators file, ssh-keygen takes too. */
	put(l, "allowed", text, strlen(text));
	put(l, "msg.sig", sshsig_armor(l->a, base64), strlen(sshsig_armor(l->a, base64)));
	assert_int_equal(sh(l, "ssh-keygen -q -Y verify -Overify-time=20260601Z -f allowed -I bob "
			       "-n " NS_APPROVAL " -s msg.sig < msg >/dev/null 2>&1"),
	    0);
	assert_int_equal(sshsig_verify_person(l->a, &o, base64, strlen(base64), NS_APPROVAL, MSG,
			     strlen(MSG), 1900000000, &who, &e),
	    -1);
	assert_non_null(strstr(e.msg, "not valid at this time"));
	o.keys[0].namespaces[0] = NS_REQUEST;
	assert_int_equal(sshsig_verify_person(l->a, &o, base64, strlen(base64), NS_APPROVAL, MSG,
			     strlen(MSG), 1780000000, &who, &e),
	    -1);
	assert_int_equal(e.code, ERR_SIGNATURE);
	o.nkeys = 0;
	assert_int_equal(sshsig_verify_person(l->a, &o, base64, strlen(base64), NS_APPROVAL, MSG,
			     strlen(MSG), 1780000000, &who, &e),
	    -1);
	assert_non_null(strstr(e.msg, "does not name"));
	assert_int_equal(
	    sshsig_sign_file(l->a, "/nonexistent/key", NS_APPROVAL, MSG, strlen(MSG), &base64, &e),
	    -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_non_null(strstr(e.msg, "/nonexistent/key"));
}

/* --- form --------------------------------------------------------------------------------- */

/* Puts bytes into the blob at the reserved field or the end. */
static void
test_strict_form(void **state)
{
	struct lab *l = *state;
	struct session_key *k;
	struct err e = {0};
	char *base64, *more;
	uint8_t *blob, *big;
	size_t n;

	assert_int_equal(session_key_new(&k, &e), 0);
	assert_int_equal(sshsig_sign(l->a, k, NS_APPROVAL, MSG, strlen(MSG), &base64, &e), 0);
	blob = base64_decode(l->a, base64, strlen(base64), &n);
	big = arena_alloc(l->a, n + 16);
	memcpy(big, blob, n);
	more = base64_encode(l->a, big, n + 1);
	assert_false(holds(l->a, more, strlen(more), NS_APPROVAL, MSG));
	/* reserved: 6 magic + 4 version + 4+51 key + 4+17 namespace */
	memcpy(big, blob, 86);
	memcpy(big + 86, "\0\0\0\1x", 5);
	memcpy(big + 91, blob + 90, n - 90);
	more = base64_encode(l->a, big, n + 1);
	assert_false(holds(l->a, more, strlen(more), NS_APPROVAL, MSG));
	more = arena_printf(l->a, "%s\n", base64);
	assert_false(holds(l->a, more, strlen(more), NS_APPROVAL, MSG));
	more = arena_printf(l->a, " %s", base64);
	assert_false(holds(l->a, more, strlen(more), NS_APPROVAL, MSG));
	assert_false(holds(l->a, base64, 0, NS_APPROVAL, MSG));
	more = arena_alloc(l->a, 100000);
	memset(more, 'A', 100000);
	assert_false(holds(l->a, more, 100000, NS_APPROVAL, MSG));
	session_key_free(k);
}

static void
test_every_prefix(void **state)
{
	struct lab *l = *state;
	struct session_key *k;
	struct err e = {0};
	char *base64, *cut;
	uint8_t *blob;
	size_t n, i;

	assert_int_equal(session_key_new(&k, &e), 0);
	assert_int_equal(sshsig_sign(l->a, k, NS_APPROVAL, MSG, strlen(MSG), &base64, &e), 0);
	blob = base64_decode(l->a, base64, strlen(base64), &n);
	for (i = 1; i < n; i++) {
		cut = base64_encode(l->a, blob, i);
		assert_false(holds(l->a, cut, strlen(cut), NS_APPROVAL, MSG));
	}
	session_key_free(k);
}

static void
test_dearmor_tolerates_chat(void **state)
{
	struct lab *l = *state;
	struct session_key *k;
	struct err e = {0};
	char *base64, *armor, *out, *text;

	assert_int_equal(session_key_new(&k, &e), 0);
	assert_int_equal(sshsig_sign(l->a, k, NS_APPROVAL, MSG, strlen(MSG), &base64, &e), 0);
	armor = sshsig_armor(l->a, base64);
	text = arena_printf(l->a, "```\r\n%s\r\n```\r\nthanks!", armor);
	assert_int_equal(sshsig_dearmor(l->a, text, strlen(text), &out, &e), 0);
	assert_string_equal(out, base64);
	text = arena_printf(l->a, "%s%s", armor, armor);
	assert_int_equal(sshsig_dearmor(l->a, text, strlen(text), &out, &e), -1);
	assert_int_equal(e.code, ERR_SIGNATURE);
	text =
	    arena_strdup(l->a, "-----BEGIN SSH SIGNATURE-----\nAA?A\n-----END SSH SIGNATURE-----");
	assert_int_equal(sshsig_dearmor(l->a, text, strlen(text), &out, &e), -1);
	session_key_free(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_keygen_signs, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_short_rsa_and_dsa_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_sha256_hash_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_session_key_signs, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_sign_file, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_strict_form, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_every_prefix, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_dearmor_tolerates_chat, setup, teardown),
	};

	return cmocka_run_group_tests_name("sshsig", tests, NULL, NULL);
}
