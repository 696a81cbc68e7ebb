/*
 * Signatures, against the real ssh-keygen in both directions: what it signs we take, what the
 * session key signs it takes; what is changed by one bit, nobody takes. Security keys are played
 * with libcrypto, because their flags are what ssh-keygen does not look at.
 */
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "arena.h"
#include "hash.h"
#include "journal/sshsig_key.h"
#include "sshsig.h"

#define MSG "holdfast-approval-v1\ndecision: approve\n"

struct lab {
	struct arena *a;
	char dir[64];
};

static int
sh(const struct lab *l, const char *command)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (chdir(l->dir) == -1)
			_exit(125);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(126);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
put(const struct lab *l, const char *name, const void *p, size_t n)
{
	FILE *f = fopen(arena_printf(l->a, "%s/%s", l->dir, name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	fclose(f);
}

static char *
get(const struct lab *l, const char *name, size_t *n)
{
	FILE *f = fopen(arena_printf(l->a, "%s/%s", l->dir, name), "r");
	char *p = arena_alloc(l->a, 65536);

	assert_non_null(f);
	*n = fread(p, 1, 65535, f);
	fclose(f);
	return p;
}

static int
setup(void **state)
{
	struct lab *l = calloc(1, sizeof(*l));

	l->a = arena_new();
	snprintf(l->dir, sizeof(l->dir), "/tmp/sshsig.XXXXXX");
	assert_non_null(mkdtemp(l->dir));
	put(l, "msg", MSG, strlen(MSG));
	*state = l;
	return 0;
}

static int
teardown(void **state)
{
	struct lab *l = *state;

	sh(l, "rm -rf \"$PWD\"");
	arena_free(l->a);
	free(l);
	return 0;
}

static int
holds(struct arena *a, const char *base64, size_t len, const char *ns, const char *msg)
{
	struct sshsig s;
	struct err e = {0};
	int rc = sshsig_verify(a, base64, len, ns, msg, strlen(msg), &s, &e);

	if (rc == -1)
		assert_int_equal(e.code, ERR_SIGNATURE);
	return rc == 0;
}

/* Every bit of the blob, flipped on its own, must break it. */
static void
assert_every_bit_counts(struct arena *a, const char *base64)
{
	size_t n, i;
	uint8_t *blob = base64_decode(a, base64, strlen(base64), &n);
	struct arena *tmp;
	char *mutant;

	assert_non_null(blob);
	for (i = 0; i < n * 8; i++) {
		blob[i / 8] ^= (uint8_t)(1 << i % 8);
		tmp = arena_new();
		mutant = base64_encode(tmp, blob, n);
		if (holds(tmp, mutant, strlen(mutant), NS_APPROVAL, MSG))
			fail_msg("bit %zu of %zu does not count", i, n * 8);
		arena_free(tmp);
		blob[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

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

/* --- security keys, played ----------------------------------------------------------------- */

#define SK_ED25519 "sk-ssh-ed25519@openssh.com"
#define SK_ECDSA "sk-ecdsa-sha2-nistp256@openssh.com"

static void
put_number(struct buf *b, const BIGNUM *v)
{
	uint8_t raw[40] = {0};
	int n = BN_bn2bin(v, raw + 1);

	/* A leading zero keeps it positive. */
	if (raw[1] & 0x80)
		sshwire_put(b, raw, (size_t)n + 1);
	else
		sshwire_put(b, raw + 1, (size_t)n);
}

/* The public part as SSH writes it, without the application. */
static void
put_public(struct buf *key, EVP_PKEY *k, int is_ec)
{
	uint8_t raw[65];
	size_t n = sizeof(raw);

	if (!is_ec) {
		n = 32;
		EVP_PKEY_get_raw_public_key(k, raw, &n);
	} else {
		sshwire_put(key, "nistp256", 8);
		assert_int_equal(EVP_PKEY_get_octet_string_param(
				     k, OSSL_PKEY_PARAM_PUB_KEY, raw, sizeof(raw), &n),
		    1);
		assert_int_equal(n, 65);
	}
	sshwire_put(key, raw, n);
}

static void
put_signature(struct buf *sig, EVP_PKEY *k, int is_ec, const struct buf *inner)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const unsigned char *p;
	uint8_t out[128];
	size_t n = sizeof(out);
	ECDSA_SIG *pair;
	struct buf raw;

	EVP_DigestSignInit(ctx, NULL, is_ec ? EVP_sha256() : NULL, NULL, k);
	assert_int_equal(EVP_DigestSign(ctx, out, &n, (uint8_t *)inner->data, inner->len), 1);
	EVP_MD_CTX_free(ctx);
	if (!is_ec) {
		sshwire_put(sig, out, n);
		return;
	}
	p = out;
	assert_non_null(pair = d2i_ECDSA_SIG(NULL, &p, (long)n));
	buf_init(&raw, 4096);
	put_number(&raw, ECDSA_SIG_get0_r(pair));
	put_number(&raw, ECDSA_SIG_get0_s(pair));
	sshwire_put(sig, raw.data, raw.len);
	buf_free(&raw);
	ECDSA_SIG_free(pair);
}

/* The blob, and the files ssh-keygen looks at. */
static char *
sk_blob(struct lab *l, const char *type, const struct buf *key, const struct buf *sig)
{
	struct buf blob;
	char *result, *armor, *allowed;

	buf_init(&blob, 4096);
	buf_puts(&blob, "SSHSIG");
	sshwire_put_u32(&blob, 1);
	sshwire_put(&blob, key->data, key->len);
	sshwire_put(&blob, NS_APPROVAL, strlen(NS_APPROVAL));
	sshwire_put(&blob, "", 0);
	sshwire_put(&blob, "sha512", 6);
	sshwire_put(&blob, sig->data, sig->len);
	result = base64_encode(l->a, blob.data, blob.len);
	armor = sshsig_armor(l->a, result);
	put(l, "msg.sig", armor, strlen(armor));
	allowed = arena_printf(l->a, "s %s %s\n", type, base64_encode(l->a, key->data, key->len));
	put(l, "allowed", allowed, strlen(allowed));
	buf_free(&blob);
	return result;
}

static char *
sk_signature(struct lab *l, const char *type, uint8_t flags, const char *application)
{
	int is_ec = strcmp(type, SK_ECDSA) == 0;
	EVP_PKEY *k = is_ec ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
			    : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	uint8_t digest[32], tail[5] = {flags, 0, 0, 0, 7};
	struct buf key, inner, sig, text;
	char *result;

	buf_init(&key, 4096);
	buf_init(&inner, 4096);
	buf_init(&sig, 4096);
	buf_init(&text, 4096);
	sshwire_put(&key, type, strlen(type));
	put_public(&key, k, is_ec);
	sshwire_put(&key, application, strlen(application));
	sshsig_preimage(&text, NS_APPROVAL, MSG, strlen(MSG));
	sha256(NULL, 0, application, strlen(application), digest);
	buf_add(&inner, digest, 32);
	buf_add(&inner, tail, 5);
	sha256(NULL, 0, text.data, text.len, digest);
	buf_add(&inner, digest, 32);
	sshwire_put(&sig, type, strlen(type));
	put_signature(&sig, k, is_ec, &inner);
	buf_add(&sig, tail, 5);
	result = sk_blob(l, type, &key, &sig);
	EVP_PKEY_free(k);
	buf_free(&key);
	buf_free(&inner);
	buf_free(&sig);
	buf_free(&text);
	return result;
}

static void
test_security_key_touch(void **state)
{
	static const char verify[] = "ssh-keygen -q -Y verify -f allowed -I s -n " NS_APPROVAL
				     " -s msg.sig < msg >/dev/null 2>&1";
	static const char *const types[] = {SK_ED25519, SK_ECDSA};
	struct lab *l = *state;
	char *touched, *untouched;
	size_t i;

	for (i = 0; i < 2; i++) {
		touched = sk_signature(l, types[i], 0x01, "ssh:");
		assert_int_equal(sh(l, verify), 0);
		assert_true(holds(l->a, touched, strlen(touched), NS_APPROVAL, MSG));
		assert_every_bit_counts(l->a, touched);
		untouched = sk_signature(l, types[i], 0x00, "ssh:");
		/* ssh-keygen takes it: that is why we do not ask it */
		assert_int_equal(sh(l, verify), 0);
		assert_false(holds(l->a, untouched, strlen(untouched), NS_APPROVAL, MSG));
		touched = sk_signature(l, types[i], 0x05, "ssh:holdfast");
		assert_true(holds(l->a, touched, strlen(touched), NS_APPROVAL, MSG));
		touched = sk_signature(l, types[i], 0x01, "https://example.org");
		assert_false(holds(l->a, touched, strlen(touched), NS_APPROVAL, MSG));
	}
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
	    cmocka_unit_test_setup_teardown(test_security_key_touch, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_strict_form, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_every_prefix, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_dearmor_tolerates_chat, setup, teardown),
	};

	return cmocka_run_group_tests_name("sshsig", tests, NULL, NULL);
}
