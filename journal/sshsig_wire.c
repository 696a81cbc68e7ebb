/*
 * The wire format of SSH (RFC 4251, section 5), as far as keys and signatures need it. Must never
 * read past what it was given.
 */
#include <string.h>

#include "journal/sshsig_key.h"
#include "banned.h"

uint8_t
sshwire_byte(struct wire *w)
{
	if (w->is_bad || w->n < 1) {
		w->is_bad = 1;
		return 0;
	}
	w->p++;
	w->n--;
	return w->p[-1];
}

uint32_t
sshwire_u32(struct wire *w)
{
	uint32_t v = 0;
	int i;

	for (i = 0; i < 4; i++)
		v = v << 8 | sshwire_byte(w);
	return v;
}

const uint8_t *
sshwire_string(struct wire *w, size_t *n)
{
	uint32_t len = sshwire_u32(w);
	const uint8_t *p = w->p;

	*n = 0;
	if (w->is_bad || len > w->n) {
		w->is_bad = 1;
		return p;
	}
	w->p += len;
	w->n -= len;
	*n = len;
	return p;
}

int
sshwire_is(struct wire *w, const char *s)
{
	size_t n;
	const uint8_t *p = sshwire_string(w, &n);

	return !w->is_bad && n == strlen(s) && memcmp(p, s, n) == 0;
}

int
sshwire_end(const struct wire *w)
{
	return !w->is_bad && w->n == 0;
}

void
sshwire_put_u32(struct buf *b, uint32_t v)
{
	uint8_t raw[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

	buf_add(b, raw, sizeof(raw));
}

void
sshwire_put(struct buf *b, const void *p, size_t n)
{
	sshwire_put_u32(b, (uint32_t)n);
	buf_add(b, p, n);
}
