/*
 * One journal line: its fixed start, the strict JSON profile, the signature at its end. Works on
 * raw bytes of hostile files: nothing is read past len, and nothing is parsed before it is bounded.
 */
#include <string.h>

#include "journal.h"
#include "line.h"
#include "text.h"
#include "banned.h"

#define SIG_START ",\"sig\":\""

/* Skips the literal text at *p; 0 or -1. */
static int
skip(const char **p, const char *end, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(end - *p) < n || memcmp(*p, text, n) != 0)
		return -1;
	*p += n;
	return 0;
}

/* The length of the run of characters of `set` at p. */
static size_t
run(const char *p, const char *end, const char *set)
{
	const char *q = p;

	while (q < end && *q != '\0' && strchr(set, *q) != NULL)
		q++;
	return (size_t)(q - p);
}

/* Decimal without sign or leading zeros, at most 2^53 - 1. */
static int
number(const char **p, const char *end, uint64_t *out)
{
	size_t n = run(*p, end, "0123456789"), i;

	if (n == 0 || n > 16 || (n > 1 && **p == '0'))
		return -1;
	for (*out = 0, i = 0; i < n; i++)
		*out = *out * 10 + (uint64_t)((*p)[i] - '0');
	*p += n;
	return *out <= (uint64_t)JLINE_INT_MAX ? 0 : -1;
}

int
jline_head(const char *line, size_t len, struct jhead *out)
{
	const char *p = line, *end = line + len;
	char t[JLINE_T_CHARS + 1];
	size_t n;

	if (skip(&p, end, "{\"prev\":\"") != 0)
		return -1;
	out->prev = p;
	if (run(p, end, "0123456789abcdef") != SHA256_HEX - 1)
		return -1;
	p += SHA256_HEX - 1;
	if (skip(&p, end, "\",\"seq\":") != 0 || number(&p, end, &out->seq) != 0 ||
	    skip(&p, end, ",\"t\":\"") != 0 || end - p < JLINE_T_CHARS)
		return -1;
	out->t = p;
	memcpy(t, p, JLINE_T_CHARS);
	t[JLINE_T_CHARS] = '\0';
	p += JLINE_T_CHARS;
	if (jtime_parse(t) < 0 || skip(&p, end, "\",\"boot\":\"") != 0)
		return -1;
	n = run(p, end, "0123456789");
	if (n == 0 || n > 20)
		return -1;
	p += n;
	if (skip(&p, end, "\",\"type\":\"") != 0)
		return -1;
	out->type = p;
	out->ntype = run(p, end, "abcdefghijklmnopqrstuvwxyz-");
	p += out->ntype;
	if (out->ntype == 0 || out->ntype > JLINE_TYPE_MAX || skip(&p, end, "\"") != 0)
		return -1;
	return p < end && (*p == ',' || *p == '}') ? 0 : -1;
}

int
jline_is_type(const struct jhead *h, const char *type)
{
	return strlen(type) == h->ntype && memcmp(h->type, type, h->ntype) == 0;
}

int
jline_is_storable(const json_t *v, int depth)
{
	const char *key;
	json_t *m;
	size_t i;

	if (depth > JLINE_DEPTH || json_is_real(v))
		return 0;
	if (json_is_integer(v))
		return json_integer_value(v) <= JLINE_INT_MAX &&
		       json_integer_value(v) >= -JLINE_INT_MAX;
	if (json_is_string(v))
		return strlen(json_string_value(v)) == json_string_length(v);
	if (json_is_object(v)) {
		json_object_foreach(
		    (json_t *)(uintptr_t)v, key, m) if (!jline_is_storable(m, depth + 1)) return 0;
	} else if (json_is_array(v)) {
		json_array_foreach(v, i, m) if (!jline_is_storable(m, depth + 1)) return 0;
	}
	return 1;
}

/* No control bytes, no spaces between tokens, no deep nesting: before a parser may recurse. */
static const char *
scan(const char *line, size_t len)
{
	int in_string = 0, depth = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		if (c < 0x20 || c == 0x7f)
			return "has a control byte";
		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && c == ' ')
			return "has a space between its tokens";
		else if (!in_string && (c == '{' || c == '[') && ++depth > JLINE_DEPTH)
			return "is nested too deep";
		else if (!in_string && (c == '}' || c == ']'))
			depth--;
	}
	return NULL;
}

json_t *
jline_parse(const char *line, size_t len, const char **why)
{
	struct jhead head;
	json_t *v;

	*why = NULL;
	if (len > JOURNAL_LINE_MAX)
		*why = "is longer than a record may be";
	else if ((*why = scan(line, len)) == NULL && jline_head(line, len, &head) != 0)
		*why = "does not start as a record does";
	else if (*why == NULL && !text_is_utf8(line, len))
		*why = "is not valid UTF-8";
	if (*why != NULL)
		return NULL;
	v = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	if (v == NULL || !json_is_object(v) || !jline_is_storable(v, 1)) {
		*why = v == NULL ? "is not one JSON object with each name once"
				 : "holds a number outside the format";
		json_decref(v);
		return NULL;
	}
	return v;
}

int
jline_signature(const char *line, size_t len, size_t *signed_len, const char **sig, size_t *nsig)
{
	static const char base64[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
	size_t n = sizeof(SIG_START) - 1, i;

	if (len < n + 3 || memcmp(line + len - 2, "\"}", 2) != 0)
		return -1;
	for (i = len - 2; i > 0 && line[i - 1] != '\0' && strchr(base64, line[i - 1]) != NULL; i--)
		;
	if (i < n || i == len - 2 || memcmp(line + i - n, SIG_START, n) != 0)
		return -1;
	*signed_len = i - n;
	*sig = line + i;
	*nsig = len - 2 - i;
	return 0;
}

int
jline_is_signed_type(const char *type)
{
	return strcmp(type, "checkpoint") == 0 || strcmp(type, "close") == 0;
}

int
jline_is_statement_type(const char *type)
{
	return strcmp(type, "cert") == 0 || strcmp(type, "approval") == 0 ||
	       strcmp(type, "denial") == 0;
}

int
jline_is_known_type(const char *type)
{
	static const char *const types[] = {"open", "cert", "clock", "topology", "bind", "input",
	    "intent", "plan", "verdict", "request", "approval", "denial", "begin", "progress",
	    "output", "outcome", "hold", "release", "alarm", "note", "incident", "checkpoint",
	    "degraded", "recover", "close", "screen", "terminal", "impact", "status"};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i], type) == 0)
			return 1;
	return 0;
}

void
jline_leaf(const char *line, size_t len, uint8_t leaf[SHA256_BYTES])
{
	sha256("", 1, line, len, leaf);
}

const char *
json_text_of(const json_t *object, const char *member)
{
	const char *s = json_string_value(json_object_get(object, member));

	return s == NULL ? "" : s;
}
