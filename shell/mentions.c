/*
 * A half-typed text, read loosely: which tables it speaks of. What is quoted or commented out is
 * passed over. Must never be used to judge anything.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "shell/mentions.h"
#include "banned.h"

static const char *const before_tables[] = {
    "from", "join", "update", "into", "table", "truncate", "only", "describe"};

struct word {
	const char *s;
	size_t n;
};

static int
is_part(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '"' || (c & 0x80) != 0;
}

/* The next word at or behind *at; 0 at the end. Strings and comments are passed over. */
static int
next_word(const char *text, size_t len, size_t *at, struct word *w)
{
	size_t i = *at;
	const char *end;

	while (i < len && !is_part(text[i])) {
		end = NULL;
		if (text[i] == '\'')
			end = memchr(text + i + 1, '\'', len - i - 1);
		else if (text[i] == '-' && i + 1 < len && text[i + 1] == '-')
			end = memchr(text + i, '\n', len - i);
		else {
			i++;
			continue;
		}
		i = end == NULL ? len : (size_t)(end - text) + 1;
	}
	w->s = text + i;
	while (i < len && is_part(text[i]))
		i++;
	w->n = (size_t)(text + i - w->s);
	*at = i;
	return w->n > 0;
}

static int
comes_before_table(const struct word *w)
{
	size_t i;

	for (i = 0; i < sizeof(before_tables) / sizeof(before_tables[0]); i++)
		if (strlen(before_tables[i]) == w->n &&
		    strncasecmp(before_tables[i], w->s, w->n) == 0)
			return 1;
	return 0;
}

size_t
mentions_tables(const char *text, size_t len, char out[][MENTION_BYTES])
{
	struct word w, last = {NULL, 0};
	size_t at = 0, n = 0;

	while (n < MENTIONS_MAX && next_word(text, len, &at, &w)) {
		if (last.n > 0 && comes_before_table(&last) && !comes_before_table(&w) &&
		    w.n < MENTION_BYTES) {
			memcpy(out[n], w.s, w.n);
			out[n++][w.n] = '\0';
		}
		last = w;
	}
	return n;
}

int
mentions_wants_table(const char *text, size_t len)
{
	struct word w, last = {NULL, 0};
	size_t at = 0;

	while (next_word(text, len, &at, &w))
		last = w;
	return last.n > 0 && comes_before_table(&last);
}
