/*
 * Armored blocks ("-----BEGIN X-----") as they come back from chat, mail and terminals. The reader
 * takes what those do to text: CR, quote marks, indentation, code fences, no-break spaces, dashes
 * made pretty, text around it, everything on one line. Decoding what is inside is strict, and is
 * the caller's part.
 */
#ifndef ARMOR_H
#define ARMOR_H

#include <stddef.h>

#include "err.h"

struct arena;

/*
 * The body of the one block with this label in the text, without white space, quote marks and
 * backticks. ERR_FAILED where there is none, or more than one, or its end is missing.
 */
int armor_read(struct arena *a, const char *label, const char *text, size_t len, char **body,
    size_t *n, struct err *e);
/* The block: body in lines of `columns`, then `last` (or NULL) on a line of its own. */
char *armor_write(
    struct arena *a, const char *label, const char *body, size_t columns, const char *last);

#endif
