/*
 * Requests and answers as text that survives chat: armored base64 with a check sum. The reader
 * takes what chat does to text (include/armor.h); what is inside must then be exact. The check sum
 * only tells a damaged paste from a wrong one; what counts is the signature inside.
 */
#include <string.h>

#include "approval.h"
#include "armor.h"
#include "arena.h"
#include "banned.h"

#define PASTE_MAX_BYTES ((size_t)1 << 20)
#define COLUMNS 64
#define SUM "sum:"
#define SUM_DIGITS 16

static const char *
sum_line(struct arena *a, const void *p, size_t n)
{
	char hex[SHA256_HEX];

	sha256_hex(p, n, hex);
	return arena_printf(a, SUM "%.*s", SUM_DIGITS, hex);
}

char *
paste_armor(struct arena *a, const char *what, const void *p, size_t n)
{
	return armor_write(a, arena_printf(a, "HOLDFAST %s", what), base64_encode(a, p, n), COLUMNS,
	    sum_line(a, p, n));
}

int
paste_dearmor(struct arena *a, const char *what, const char *text, size_t len, uint8_t **out,
    size_t *n, struct err *e)
{
	char *body, *sum;
	size_t nbody;

	if (len > PASTE_MAX_BYTES)
		return err_set(e, ERR_USAGE, "the pasted text has more than 1 MiB");
	if (armor_read(a, arena_printf(a, "HOLDFAST %s", what), text, len, &body, &nbody, e) ==
	    -1) {
		if (e != NULL)
			e->code = ERR_USAGE;
		return err_hint(e,
		    "Paste everything from -----BEGIN HOLDFAST %s----- to its END line, once.",
		    what);
	}
	sum = strstr(body, SUM);
	if (sum == NULL || strlen(sum) != strlen(SUM) + SUM_DIGITS)
		return err_set(e, ERR_USAGE,
		    "the pasted text has no whole check sum line: its end is missing");
	*out = base64_decode(a, body, (size_t)(sum - body), n);
	if (*out == NULL)
		return err_set(
		    e, ERR_USAGE, "the pasted text is damaged: it is no canonical base64");
	if (strcmp(sum_line(a, *out, *n), sum) != 0)
		return err_set(
		    e, ERR_USAGE, "the pasted text is damaged: its check sum does not fit");
	return 0;
}
