/*
 * Signatures of security keys, played with libcrypto: their flags are what ssh-keygen does not look
 * at, and we do.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>

#include "sshsig_lab.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_security_key_touch, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
