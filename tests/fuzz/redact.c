/*
 * Fuzz target: redaction. Any bytes; what is left is a text with pieces missing, and a secret that
 * is announced after them is gone unless they hold a quote that swallows the announcement.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything between the marks stands in the text in this order. */
static void
check_pieces(const char *text, size_t len, const char *out, size_t out_len)
{
	const size_t mark = strlen(REDACTED);
	const char *end = out + out_len, *next, *found, *from = text;
	size_t n;

	/* A text that holds marks itself cannot be told apart. */
	if (memmem(text, len, "<red", 4) != NULL)
		return;
	for (; out < end; out = next + mark) {
		next = memmem(out, (size_t)(end - out), REDACTED, mark);
		n = (size_t)((next == NULL ? end : next) - out);
		found = memmem(from, (size_t)(text + len - from), out, n);
		if (found == NULL)
			abort();
		from = found + n;
		if (next == NULL)
			return;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char secret[] = "\nALTER USER u PASSWORD 'c4n4ryS3cret';";
	struct arena *a = arena_new();
	char *text = arena_alloc(a, size + sizeof(secret)), *out;
	size_t len, n, i;

	memcpy(text, data, size);
	out = redact(a, text, size, &len, &n);
	if ((out == NULL) != (n == 0))
		abort();
	if (out != NULL)
		check_pieces(text, size, out, len);
	for (i = 0; i < size; i++)
		if (strchr("'\"`$(\\/#-43", text[i]) != NULL) /* nor the secret itself */
			text[i] = ' ';
	memcpy(text + size, secret, sizeof(secret));
	out = redact(a, text, size + sizeof(secret) - 1, &len, &n);
	if (out == NULL || memmem(out, len, "c4n4ry", 6) != NULL)
		abort();
	arena_free(a);
	return 0;
}
