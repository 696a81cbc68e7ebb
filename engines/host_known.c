/*
 * known_hosts(5), as far as a strict check needs it: which lines stand for a host and a port, and
 * which keys they give. Read by ourselves, since a refusal must name file and line. Must never take
 * a line it does not understand for a key.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "engines/reach.h"
#include "text.h"
#include "banned.h"

#define FILE_MAX (16 << 20)
#define BLOB_MAX 8192

const char *
known_hosts_file(struct arena *a, const struct host_config *h)
{
	const char *home = getenv("HOME");
	const struct passwd *pw;

	if (h->known_hosts != NULL)
		return h->known_hosts;
	if (home == NULL || home[0] != '/') {
		pw = getpwuid(geteuid());
		home = pw == NULL ? "/" : pw->pw_dir;
	}
	return arena_printf(a, "%s/.ssh/known_hosts", home);
}

void
key_fingerprint(const unsigned char *blob, size_t len, char *out)
{
	unsigned char md[SHA256_DIGEST_LENGTH], text[64];
	int n;

	SHA256(blob, len, md);
	n = EVP_EncodeBlock(text, md, sizeof(md));
	while (n > 0 && text[n - 1] == '=')
		text[--n] = '\0';
	snprintf(out, 64, "SHA256:%.50s", (const char *)text);
}

/* Strict base64 of a known length; -1 where it is none. */
static int
decode(const char *s, size_t len, unsigned char *out, size_t size)
{
	int n;

	if (len == 0 || len % 4 != 0 || len / 4 * 3 > size)
		return -1;
	n = EVP_DecodeBlock(out, (const unsigned char *)s, (int)len);
	if (n < 0)
		return -1;
	n -= s[len - 1] == '=';
	n -= len > 1 && s[len - 2] == '=';
	return n;
}

/* * and ? only, as OpenSSH has it: brackets stand for themselves. */
static int
matches(const char *p, size_t n, const char *s)
{
	if (n == 0)
		return *s == '\0';
	if (*p == '*')
		return matches(p + 1, n - 1, s) || (*s != '\0' && matches(p, n, s + 1));
	if (*s == '\0' || (*p != '?' && strncasecmp(p, s, 1) != 0))
		return 0;
	return matches(p + 1, n - 1, s + 1);
}

/* |1|salt|HMAC-SHA1(salt, name): a name nobody can read off the file. */
static int
matches_hash(const char *p, size_t n, const char *name)
{
	unsigned char salt[64], want[64], got[EVP_MAX_MD_SIZE];
	const char *mid = memchr(p + 3, '|', n - 3);
	unsigned int len = 0;
	int s, w;

	if (mid == NULL)
		return 0;
	s = decode(p + 3, (size_t)(mid - p - 3), salt, sizeof(salt));
	w = decode(mid + 1, n - (size_t)(mid + 1 - p), want, sizeof(want));
	if (s < 0 || w < 0 ||
	    HMAC(EVP_sha1(), salt, s, (const unsigned char *)name, strlen(name), got, &len) == NULL)
		return 0;
	return (unsigned int)w == len && memcmp(want, got, len) == 0;
}

static int
names(const char *list, size_t len, const char *name)
{
	size_t n, stars, i;
	int found = 0, is_not;

	for (; len > 0; list += n, len -= n) {
		n = strcspn(list, ",");
		n = n > len ? len : n;
		is_not = *list == '!';
		for (i = stars = 0; i < n; i++)
			stars += list[i] == '*';
		if (n > 3 && strncmp(list, "|1|", 3) == 0)
			found |= matches_hash(list, n, name);
		else if (n <= 300 && stars <= 4 && matches(list + is_not, n - (size_t)is_not, name))
			found = is_not ? -1 : found | 1;
		if (found < 0)
			return 0;
		if (n < len)
			n++;
	}
	return found;
}

struct words {
	const char *at[5];
	size_t len[5];
	size_t n;
};

static void
split(const char *line, struct words *w)
{
	for (w->n = 0; w->n < 5;) {
		line += strspn(line, " \t");
		if (*line == '\0')
			return;
		w->at[w->n] = line;
		w->len[w->n] = strcspn(line, " \t");
		line += w->len[w->n++];
	}
}

static int
take_line(struct arena *a, const char *line, int no, const char *name, struct known_key *k)
{
	struct words w;
	unsigned char blob[BLOB_MAX];
	size_t f = 0;
	int n;

	split(line, &w);
	if (w.n < 3 || w.at[0][0] == '#')
		return 0;
	memset(k, 0, sizeof(*k));
	if (w.at[0][0] == '@') {
		k->is_revoked = w.len[0] == 8 && strncmp(w.at[0], "@revoked", 8) == 0;
		/* A certificate authority signs for hosts; this side knows no certificates. */
		if (!k->is_revoked || w.n < 4)
			return 0;
		f = 1;
	}
	if (!names(w.at[f], w.len[f], name))
		return 0;
	n = decode(w.at[f + 2], w.len[f + 2], blob, sizeof(blob));
	if (n <= 0 || w.len[f + 1] >= sizeof(k->type))
		return 0;
	k->line = no;
	snprintf(k->type, sizeof(k->type), "%.*s", (int)w.len[f + 1], w.at[f + 1]);
	k->blob = arena_memdup(a, blob, (size_t)n);
	k->len = (size_t)n;
	return 1;
}

static int
read_file(struct arena *a, const char *file, char **out, struct err *e)
{
	struct buf b;
	char part[8192];
	ssize_t n = 0;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd == -1 && errno == ENOENT) {
		*out = arena_strdup(a, "");
		return 0;
	}
	buf_init(&b, FILE_MAX);
	while (fd != -1 && (n = read(fd, part, sizeof(part))) > 0)
		buf_add(&b, part, (size_t)n);
	if (fd == -1 || n < 0 || b.overflow)
		err_set(e, ERR_CONFIG, "%s could not be read: %s", file,
		    b.overflow ? "too long" : strerror(errno));
	else
		*out = arena_strndup(a, buf_str(&b), b.len);
	if (fd != -1)
		close(fd);
	n = fd == -1 || n < 0 || b.overflow ? -1 : 0;
	buf_free(&b);
	return (int)n;
}

int
known_hosts(struct arena *a, const char *file, const char *host, int port, struct known_key **out,
    size_t *n, struct err *e)
{
	const char *name = port == 22 ? host : arena_printf(a, "[%s]:%d", host, port);
	struct known_key *keys = NULL, k;
	char *text, *line;
	int no = 0;

	*n = 0;
	*out = NULL;
	if (read_file(a, file, &text, e) != 0)
		return -1;
	while ((line = strsep(&text, "\n")) != NULL) {
		no++;
		line[strcspn(line, "\r")] = '\0';
		if (!take_line(a, line, no, name, &k))
			continue;
		keys = arena_grow(a, keys, *n, sizeof(*keys));
		keys[(*n)++] = k;
	}
	*out = keys;
	return 0;
}
