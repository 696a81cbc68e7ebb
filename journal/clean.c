/*
 * Secrets out of a record before it is written. Everything a record holds passes here: what was
 * typed, what is planned, what a server answered. Must never change what somebody signed.
 */
#include <string.h>

#include "arena.h"
#include "journal.h"
#include "line.h"
#include "redact.h"
#include "writer.h"
#include "banned.h"

/* A string without its secrets, or NULL where it has none. */
static json_t *
clean_string(const json_t *v, size_t *n)
{
	struct arena *a = arena_new();
	json_t *out = NULL;
	size_t len, k;
	char *s = redact(a, json_string_value(v), json_string_length(v), &len, &k);

	if (s != NULL) {
		/* A cut never splits a character: secrets start and end at ASCII, or at the end. */
		out = journal_text(s, len);
		*n += k;
	}
	arena_free(a);
	return out;
}

static size_t
clean(json_t *v, int depth)
{
	const char *key;
	json_t *each, *with;
	size_t i, n = 0;
	void *next;

	if (depth > JLINE_DEPTH)
		return 0;
	if (json_is_object(v)) {
		/* Bytes that are no UTF-8 stand there twice, once unreadable: only one is kept. */
		if (json_is_string(json_object_get(v, "raw")) &&
		    json_is_string(json_object_get(v, "text")) &&
		    (with = clean_string(json_object_get(v, "text"), &n)) != NULL) {
			json_object_set_new(v, "text", with);
			json_object_del(v, "raw");
		}
		json_object_foreach_safe(v, next, key, each)
		{
			if (!json_is_string(each))
				n += clean(each, depth + 1);
			else if ((with = clean_string(each, &n)) != NULL)
				json_object_set_new(v, key, with);
		}
	}
	json_array_foreach(v, i, each)
	{
		if (!json_is_string(each))
			n += clean(each, depth + 1);
		else if ((with = clean_string(each, &n)) != NULL)
			json_array_set_new(v, i, with);
	}
	return n;
}

void
journal_clean(const char *type, json_t *body)
{
	size_t n;

	if (jline_is_statement_type(type) || !json_is_object(body))
		return;
	n = clean(body, 1);
	if (n > 0)
		json_object_set_new(body, "redacted", json_integer((json_int_t)n));
}
