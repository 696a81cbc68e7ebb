/*
 * SSHSIG: taking a signature apart and checking it. See sshsig.h. Nothing that ssh-keygen lets
 * pass beyond the format is let pass here: one version, one hash, an empty reserved field, the
 * exact namespace, no bytes left over, canonical base64.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "armor.h"
#include "hash.h"
#include "journal/sshsig_key.h"
#include "sshsig.h"
#include "text.h"
#include "banned.h"

#define MAGIC "SSHSIG"
#define HASH_NAME "sha512"
#define ARMOR_LABEL "SSH SIGNATURE"
#define ARMOR_COLUMNS 70
#define ARMOR_MAX_BYTES ((size_t)4 * SSHSIG_MAX_BYTES)
#define PUBLIC_MAX_BYTES 8192

struct parts {
	const uint8_t *key, *sig;
	size_t nkey, nsig;
};

void
sshsig_preimage(struct buf *b, const char *namespace, const void *msg, size_t n)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (EVP_Digest(msg, n, digest, &len, EVP_sha512(), NULL) != 1)
		abort();
	buf_add(b, MAGIC, strlen(MAGIC));
	sshwire_put(b, namespace, strlen(namespace));
	sshwire_put(b, "", 0);
	sshwire_put(b, HASH_NAME, strlen(HASH_NAME));
	sshwire_put(b, digest, len);
}

static int
take_apart(const uint8_t *blob, size_t n, const char *namespace, struct parts *out, struct err *e)
{
	struct wire w = {blob, n, 0};

	if (n < strlen(MAGIC) || memcmp(blob, MAGIC, strlen(MAGIC)) != 0)
		return err_set(e, ERR_SIGNATURE, "this is no SSH signature");
	w.p += strlen(MAGIC);
	w.n -= strlen(MAGIC);
	if (sshwire_u32(&w) != 1)
		return err_set(e, ERR_SIGNATURE, "the signature is of another version than 1");
	out->key = sshwire_string(&w, &out->nkey);
	if (!sshwire_is(&w, namespace))
		return err_set(e, ERR_SIGNATURE, "the signature was not made for %s", namespace);
	if (!sshwire_is(&w, ""))
		return err_set(e, ERR_SIGNATURE, "the signature's reserved field is not empty");
	if (!sshwire_is(&w, HASH_NAME))
		return err_set(e, ERR_SIGNATURE, "the signature uses another hash than sha512");
	out->sig = sshwire_string(&w, &out->nsig);
	if (!sshwire_end(&w))
		return err_set(
		    e, ERR_SIGNATURE, "the signature is cut short or has bytes after its end");
	return 0;
}

static int
check(const struct parts *p, const char *namespace, const void *msg, size_t n, struct arena *a,
    struct sshsig *out, struct err *e)
{
	struct ssh_key key;
	struct buf signed_text;
	int rc;

	if (ssh_key_parse(p->key, p->nkey, &key, e) == -1) {
		if (e != NULL)
			e->code = ERR_SIGNATURE;
		return -1;
	}
	buf_init(&signed_text, 4096);
	sshsig_preimage(&signed_text, namespace, msg, n);
	rc = signed_text.overflow
		 ? err_set(e, ERR_SIGNATURE, "the namespace is too long")
		 : ssh_key_verify(&key, p->sig, p->nsig, signed_text.data, signed_text.len, e);
	buf_free(&signed_text);
	out->key_type = ssh_key_type(&key);
	ssh_key_finish(&key);
	out->key = p->key;
	out->nkey = p->nkey;
	out->namespace = arena_strdup(a, namespace);
	out->fingerprint = ssh_fingerprint(a, p->key, p->nkey);
	return rc;
}

int
sshsig_verify(struct arena *a, const char *base64, size_t len, const char *namespace,
    const void *msg, size_t n, struct sshsig *out, struct err *e)
{
	struct parts p;
	uint8_t *blob;
	size_t nblob;

	memset(out, 0, sizeof(*out));
	if (len == 0 || len > SSHSIG_MAX_BYTES)
		return err_set(e, ERR_SIGNATURE,
		    "a signature has 1 to %d characters, this one has %zu", SSHSIG_MAX_BYTES, len);
	blob = base64_decode(a, base64, len, &nblob);
	if (blob == NULL)
		return err_set(e, ERR_SIGNATURE, "the signature is not canonical base64");
	if (take_apart(blob, nblob, namespace, &p, e) == -1)
		return -1;
	return check(&p, namespace, msg, n, a, out, e);
}

int
sshsig_verify_person(struct arena *a, const struct operators *o, const char *base64, size_t len,
    const char *namespace, const void *msg, size_t n, int64_t at, const struct operator_key **out,
    struct err *e)
{
	const struct operator_key *k;
	struct sshsig sig;

	*out = NULL;
	if (sshsig_verify(a, base64, len, namespace, msg, n, &sig, e) == -1)
		return -1;
	k = operators_key(o, sig.key, sig.nkey);
	if (k == NULL)
		return err_set(e, ERR_SIGNATURE,
		    "the signature is by key %s, which %s does not name", sig.fingerprint, o->file);
	if (!operators_may(k, namespace))
		return err_set(e, ERR_SIGNATURE, "%s:%d: the key of %s may not sign for %s",
		    o->file, k->line, k->person, namespace);
	if (at < k->valid_after || at >= k->valid_before)
		return err_set(e, ERR_SIGNATURE, "%s:%d: the key of %s is not valid at this time",
		    o->file, k->line, k->person);
	*out = k;
	return 0;
}

int
ssh_public_blob(struct arena *a, const char *line, const uint8_t **blob, size_t *n, struct err *e)
{
	size_t ntype = strcspn(line, " \t"), nbase;
	const char *base = line + ntype;
	struct ssh_key key;

	base += strspn(base, " \t");
	nbase = strcspn(base, " \t\r\n");
	if (ntype == 0 || nbase == 0 || nbase > PUBLIC_MAX_BYTES)
		return err_set(e, ERR_CONFIG, "expected a public key as TYPE BASE64");
	*blob = base64_decode(a, base, nbase, n);
	if (*blob == NULL)
		return err_set(e, ERR_CONFIG, "the public key is not canonical base64");
	if (ssh_key_parse(*blob, *n, &key, e) == -1)
		return -1;
	ssh_key_finish(&key);
	if (strlen(ssh_key_type(&key)) != ntype || memcmp(line, ssh_key_type(&key), ntype) != 0)
		return err_set(e, ERR_CONFIG,
		    "the public key is a %s, the line says something else", ssh_key_type(&key));
	return 0;
}

char *
ssh_fingerprint(struct arena *a, const uint8_t *blob, size_t n)
{
	uint8_t digest[SHA256_BYTES];
	char *text;

	sha256(NULL, 0, blob, n, digest);
	text = base64_encode(a, digest, sizeof(digest));
	text[strcspn(text, "=")] = '\0';
	return arena_printf(a, "SHA256:%s", text);
}

char *
sshsig_armor(struct arena *a, const char *base64)
{
	return armor_write(a, ARMOR_LABEL, base64, ARMOR_COLUMNS, NULL);
}

int
sshsig_dearmor(struct arena *a, const char *text, size_t len, char **base64, struct err *e)
{
	size_t n, nblob;

	if (len > ARMOR_MAX_BYTES)
		return err_set(e, ERR_SIGNATURE, "a signature of %zu bytes is too long", len);
	if (armor_read(a, ARMOR_LABEL, text, len, base64, &n, e) == -1) {
		if (e != NULL)
			e->code = ERR_SIGNATURE;
		return -1;
	}
	if (n > SSHSIG_MAX_BYTES || base64_decode(a, *base64, n, &nblob) == NULL)
		return err_set(e, ERR_SIGNATURE, "the signature block is not canonical base64");
	return 0;
}
