/*
 * Public keys of SSH and their signatures, checked with libcrypto. Each kind of key is a row.
 * Stricter than ssh-keygen: minimal integers, RSA from 3072 bits on and only with SHA-2, and a
 * security key must have seen its owner's touch.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <string.h>

#include "hash.h"
#include "journal/sshsig_key.h"
#include "banned.h"

#define RSA_BITS_MIN 3072
#define RSA_BITS_MAX 16384
#define SK_USER_PRESENT 0x01
#define SK_SIGNED_BYTES (2 * SHA256_BYTES + 5)

enum math { MATH_ED25519, MATH_EC, MATH_RSA };

struct ssh_type {
	const char *name;
	enum math math;
	int is_sk;
	const char *curve, *group; /* SSH's and OpenSSL's name */
	size_t point;		   /* bytes of an uncompressed point */
	const char *digest;
};

static const struct ssh_type types[] = {
    {"ssh-ed25519", MATH_ED25519, 0, NULL, NULL, 0, NULL},
    {"ecdsa-sha2-nistp256", MATH_EC, 0, "nistp256", "P-256", 65, "SHA256"},
    {"ecdsa-sha2-nistp384", MATH_EC, 0, "nistp384", "P-384", 97, "SHA384"},
    {"ecdsa-sha2-nistp521", MATH_EC, 0, "nistp521", "P-521", 133, "SHA512"},
    {"ssh-rsa", MATH_RSA, 0, NULL, NULL, 0, NULL},
    {"sk-ssh-ed25519@openssh.com", MATH_ED25519, 1, NULL, NULL, 0, NULL},
    {"sk-ecdsa-sha2-nistp256@openssh.com", MATH_EC, 1, "nistp256", "P-256", 65, "SHA256"},
};

/* A positive integer in its shortest form, or NULL. */
static BIGNUM *
sshwire_mpint(struct wire *w)
{
	size_t n;
	const uint8_t *p = sshwire_string(w, &n);

	if (w->is_bad || n == 0 || n > RSA_BITS_MAX / 8 + 1 || (p[0] & 0x80) != 0 ||
	    (p[0] == 0 && (n == 1 || (p[1] & 0x80) == 0))) {
		w->is_bad = 1;
		return NULL;
	}
	return BN_bin2bn(p, (int)n, NULL);
}

/* The key from parameters in `build`; NULL where they make none. */
static EVP_PKEY *
key_from(const char *kind, OSSL_PARAM_BLD *build)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
	EVP_PKEY *k = NULL;

	if (params != NULL && ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		EVP_PKEY_fromdata(ctx, &k, EVP_PKEY_PUBLIC_KEY, params);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	ERR_clear_error();
	return k;
}

static int
parse_ec(struct wire *w, struct ssh_key *k, struct err *e)
{
	OSSL_PARAM_BLD *build;
	const uint8_t *q;
	size_t n;

	if (!sshwire_is(w, k->type->curve))
		return err_set(e, ERR_CONFIG, "the key names another curve than its type");
	q = sshwire_string(w, &n);
	if (w->is_bad || n != k->type->point || q[0] != 4)
		return err_set(e, ERR_CONFIG, "the key's point is not an uncompressed one");
	build = OSSL_PARAM_BLD_new();
	if (build != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, k->type->group, 0) ==
		1 &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, q, n) == 1)
		k->pkey = key_from("EC", build);
	OSSL_PARAM_BLD_free(build);
	if (k->pkey == NULL)
		return err_set(e, ERR_CONFIG, "the key's point is not on its curve");
	return 0;
}

static int
parse_rsa(struct wire *w, struct ssh_key *k, struct err *e)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *exponent = sshwire_mpint(w), *modulus = sshwire_mpint(w);
	int bits = modulus == NULL ? 0 : BN_num_bits(modulus);

	if (exponent != NULL && BN_is_odd(exponent) && !BN_is_one(exponent) &&
	    BN_num_bits(exponent) <= 64 && bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX &&
	    build != NULL && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1)
		k->pkey = key_from("RSA", build);
	BN_free(exponent);
	BN_free(modulus);
	OSSL_PARAM_BLD_free(build);
	if (k->pkey == NULL && bits > 0 && bits < RSA_BITS_MIN)
		return err_set(e, ERR_CONFIG, "an RSA key of %d bits is too short: %d at least",
		    bits, RSA_BITS_MIN);
	if (k->pkey == NULL)
		return err_set(e, ERR_CONFIG, "the numbers of the RSA key make no sense");
	return 0;
}

static int
parse_ed25519(struct wire *w, struct ssh_key *k, struct err *e)
{
	size_t n;
	const uint8_t *p = sshwire_string(w, &n);

	if (!w->is_bad && n == 32)
		k->pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, p, n);
	if (k->pkey == NULL)
		return err_set(e, ERR_CONFIG, "the Ed25519 key has not 32 bytes");
	return 0;
}

static const struct ssh_type *
type_named(const uint8_t *name, size_t n)
{
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (n == strlen(types[i].name) && memcmp(types[i].name, name, n) == 0)
			return &types[i];
	return NULL;
}

static int
parse_parts(struct wire *w, struct ssh_key *k, struct err *e)
{
	int rc = -1;

	switch (k->type->math) {
	case MATH_ED25519:
		rc = parse_ed25519(w, k, e);
		break;
	case MATH_EC:
		rc = parse_ec(w, k, e);
		break;
	case MATH_RSA:
		rc = parse_rsa(w, k, e);
		break;
	}
	if (rc == -1 || !k->type->is_sk)
		return rc;
	k->application = sshwire_string(w, &k->napplication);
	if (w->is_bad || k->napplication < 4 || memcmp(k->application, "ssh:", 4) != 0)
		return err_set(e, ERR_CONFIG,
		    "the security key was not made for SSH: its application must begin with ssh:");
	return 0;
}

int
ssh_key_parse(const uint8_t *blob, size_t n, struct ssh_key *out, struct err *e)
{
	struct wire w = {blob, n, 0};
	const uint8_t *name;
	size_t nname;

	memset(out, 0, sizeof(*out));
	name = sshwire_string(&w, &nname);
	if (w.is_bad)
		return err_set(e, ERR_CONFIG, "the bytes are no SSH public key");
	out->type = type_named(name, nname);
	if (out->type == NULL)
		return err_set(e, ERR_CONFIG,
		    "this kind of key is not taken: use ssh-ed25519, ecdsa, rsa of 3072 bits or "
		    "more, or a security key");
	if (parse_parts(&w, out, e) == -1) {
		ssh_key_finish(out);
		return -1;
	}
	if (!sshwire_end(&w)) {
		ssh_key_finish(out);
		return err_set(e, ERR_CONFIG, "there are bytes after the public key");
	}
	return 0;
}

void
ssh_key_finish(struct ssh_key *k)
{
	EVP_PKEY_free(k->pkey);
	k->pkey = NULL;
}

const char *
ssh_key_type(const struct ssh_key *k)
{
	return k->type->name;
}

static int
verify_raw(EVP_PKEY *k, const char *digest, const uint8_t *sig, size_t nsig, const void *data,
    size_t ndata)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok;

	ok = ctx != NULL && EVP_DigestVerifyInit_ex(ctx, NULL, digest, NULL, NULL, k, NULL) == 1 &&
	     EVP_DigestVerify(ctx, sig, nsig, data, ndata) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

/* r and s as SSH writes them, checked as the DER that libcrypto reads. */
static int
verify_ec(const struct ssh_key *k, const uint8_t *sig, size_t nsig, const void *data, size_t ndata)
{
	struct wire w = {sig, nsig, 0};
	BIGNUM *r = sshwire_mpint(&w), *s = sshwire_mpint(&w);
	ECDSA_SIG *pair = ECDSA_SIG_new();
	unsigned char *der = NULL;
	int nder, ok = 0;

	if (sshwire_end(&w) && r != NULL && s != NULL && pair != NULL &&
	    ECDSA_SIG_set0(pair, r, s) == 1) {
		r = s = NULL;
		nder = i2d_ECDSA_SIG(pair, &der);
		ok = nder > 0 &&
		     verify_raw(k->pkey, k->type->digest, der, (size_t)nder, data, ndata);
	}
	OPENSSL_free(der);
	ECDSA_SIG_free(pair);
	BN_free(r);
	BN_free(s);
	return ok;
}

/* The name of the digest that goes with the algorithm named in the signature, "" for none of its
 * own, NULL where that algorithm does not belong to the key. */
static const char *
digest_for(const struct ssh_key *k, const uint8_t *alg, size_t n)
{
	if (k->type->math != MATH_RSA)
		return n == strlen(k->type->name) && memcmp(alg, k->type->name, n) == 0 ? "" : NULL;
	if (n == 12 && memcmp(alg, "rsa-sha2-256", n) == 0)
		return "SHA256";
	return n == 12 && memcmp(alg, "rsa-sha2-512", n) == 0 ? "SHA512" : NULL;
}

static int
verify_math(const struct ssh_key *k, const char *digest, const uint8_t *sig, size_t nsig,
    const void *data, size_t ndata)
{
	switch (k->type->math) {
	case MATH_ED25519:
		return nsig == 64 && verify_raw(k->pkey, NULL, sig, nsig, data, ndata);
	case MATH_EC:
		return verify_ec(k, sig, nsig, data, ndata);
	case MATH_RSA:
		return nsig == (size_t)EVP_PKEY_get_size(k->pkey) &&
		       verify_raw(k->pkey, digest, sig, nsig, data, ndata);
	}
	return 0;
}

/* What a security key signs: SHA-256 of its application, flags, counter, SHA-256 of the data. */
static void
sk_signed(const struct ssh_key *k, uint8_t flags, uint32_t counter, const void *data, size_t ndata,
    uint8_t out[SK_SIGNED_BYTES])
{
	int i;

	sha256(NULL, 0, k->application, k->napplication, out);
	out[SHA256_BYTES] = flags;
	for (i = 0; i < 4; i++)
		out[SHA256_BYTES + 1 + i] = (uint8_t)(counter >> (24 - 8 * i));
	sha256(NULL, 0, data, ndata, out + SHA256_BYTES + 5);
}

int
ssh_key_verify(const struct ssh_key *k, const uint8_t *sig, size_t nsig, const void *data,
    size_t ndata, struct err *e)
{
	struct wire w = {sig, nsig, 0};
	uint8_t inner[SK_SIGNED_BYTES], flags = 0;
	const uint8_t *alg, *raw;
	const char *digest;
	size_t nalg, nraw;

	alg = sshwire_string(&w, &nalg);
	raw = sshwire_string(&w, &nraw);
	if (k->type->is_sk) {
		flags = sshwire_byte(&w);
		sk_signed(k, flags, sshwire_u32(&w), data, ndata, inner);
		data = inner;
		ndata = sizeof(inner);
	}
	if (!sshwire_end(&w))
		return err_set(
		    e, ERR_SIGNATURE, "the signature is cut short or has bytes after its end");
	digest = digest_for(k, alg, nalg);
	if (digest == NULL)
		return err_set(e, ERR_SIGNATURE,
		    "the signature's algorithm does not belong to a %s key", k->type->name);
	if (!verify_math(k, digest, raw, nraw, data, ndata))
		return err_set(
		    e, ERR_SIGNATURE, "the signature does not belong to this text and key");
	if (k->type->is_sk && (flags & SK_USER_PRESENT) == 0)
		return err_set(e, ERR_SIGNATURE, "the security key signed without being touched");
	return 0;
}
