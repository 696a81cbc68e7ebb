/*
 * Records the events of the parser's JSON. The text comes from our own parser library, but of
 * hostile input: every index is checked, nothing recurses. Must never read past the text.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_json.h"
#include "banned.h"

static struct json_event *
push(struct json_events *j)
{
	if (j->n == j->size) {
		j->size = j->size == 0 ? 1024 : j->size * 2;
		j->at = realloc(j->at, j->size * sizeof(*j->at));
		if (j->at == NULL)
			abort();
	}
	return &j->at[j->n++];
}

/* Records the string that opens at text[i]; returns the index behind it, 0 where it never ends. */
static size_t
record_string(struct json_events *j, size_t i, size_t len)
{
	const char *text = j->text;
	struct json_event *e;
	size_t from = ++i;

	while (i < len && text[i] != '"')
		i += text[i] == '\\' ? 2 : 1;
	if (i >= len)
		return 0;
	e = push(j);
	e->from = (uint32_t)from;
	e->len = (uint32_t)(i - from);
	e->next = (uint32_t)j->n;
	e->type = i + 1 < len && text[i + 1] == ':' ? JSON_KEY : JSON_TEXT;
	return i + 1;
}

static size_t
record_plain(struct json_events *j, size_t i, size_t len)
{
	struct json_event *e = push(j);
	size_t from = i;

	while (i < len && memchr(",]}: \n\r\t\"[{", j->text[i], 11) == NULL)
		i++;
	e->from = (uint32_t)from;
	e->len = (uint32_t)(i - from);
	e->next = (uint32_t)j->n;
	e->type = JSON_PLAIN;
	return i > from ? i : 0;
}

int
json_record(struct json_events *j, const char *text, size_t len)
{
	struct json_event *e;
	uint32_t open = UINT32_MAX, parent;
	size_t i = 0;

	j->text = text;
	j->n = 0;
	if (len >= UINT32_MAX / 2)
		return -1;
	while (i < len) {
		switch (text[i]) {
		case '{':
		case '[':
			e = push(j);
			e->from = (uint32_t)i;
			e->type = text[i] == '{' ? JSON_OBJECT_EVENT : JSON_ARRAY_EVENT;
			e->len = 0;
			e->next = open; /* the parent, until it closes */
			open = (uint32_t)(j->n - 1);
			i++;
			break;
		case '}':
		case ']':
			if (open == UINT32_MAX)
				return -1;
			parent = j->at[open].next;
			j->at[open].next = (uint32_t)j->n;
			open = parent;
			i++;
			break;
		case '"':
			if ((i = record_string(j, i, len)) == 0)
				return -1;
			break;
		case ',':
		case ':':
		case ' ':
		case '\n':
		case '\r':
		case '\t':
			i++;
			break;
		default:
			if ((i = record_plain(j, i, len)) == 0)
				return -1;
		}
	}
	return open == UINT32_MAX && j->n > 0 ? 0 : -1;
}

void
json_finish(struct json_events *j)
{
	free(j->at);
	j->at = NULL;
	j->n = j->size = 0;
}

static int
same(const struct json_events *j, uint32_t i, const char *text, size_t n)
{
	return j->at[i].len == n && memcmp(j->text + j->at[i].from, text, n) == 0;
}

uint32_t
json_get(const struct json_events *j, uint32_t object, const char *key)
{
	uint32_t i, end;
	size_t n = strlen(key);

	if (object >= j->n || j->at[object].type != JSON_OBJECT_EVENT)
		return 0;
	end = j->at[object].next;
	for (i = object + 1; i + 1 < end; i = j->at[i + 1].next) {
		if (j->at[i].type != JSON_KEY)
			return 0;
		if (same(j, i, key, n))
			return i + 1;
	}
	return 0;
}

uint32_t
json_first(const struct json_events *j, uint32_t array)
{
	if (array == 0 || array >= j->n || j->at[array].type != JSON_ARRAY_EVENT)
		return 0;
	return array + 1 < j->at[array].next ? array + 1 : 0;
}

uint32_t
json_after(const struct json_events *j, uint32_t array, uint32_t i)
{
	return j->at[i].next < j->at[array].next ? j->at[i].next : 0;
}

size_t
json_count(const struct json_events *j, uint32_t array)
{
	uint32_t i;
	size_t n = 0;

	for (i = json_first(j, array); i != 0; i = json_after(j, array, i))
		n++;
	return n;
}

int
json_is(const struct json_events *j, uint32_t i, const char *text)
{
	return i != 0 && i < j->n && j->at[i].type >= JSON_KEY && same(j, i, text, strlen(text));
}

static unsigned
hex(char c)
{
	return c <= '9' ? (unsigned)(c - '0') & 15 : ((unsigned)c & 7) + 9;
}

/* One escape at p (behind the backslash); writes it, returns the bytes it took. */
static size_t
unescape(const char *p, size_t n, char **out)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *k = *p != '\0' ? strchr(from, *p) : NULL;
	unsigned c;

	if (*p != 'u' || n < 5) {
		*(*out)++ = k != NULL ? to[k - from] : *p;
		return 1;
	}
	c = hex(p[1]) << 12 | hex(p[2]) << 8 | hex(p[3]) << 4 | hex(p[4]);
	if (c >= 0x800) {
		*(*out)++ = (char)(0xe0 | c >> 12);
		*(*out)++ = (char)(0x80 | (c >> 6 & 0x3f));
		*(*out)++ = (char)(0x80 | (c & 0x3f));
	} else if (c >= 0x80) {
		*(*out)++ = (char)(0xc0 | c >> 6);
		*(*out)++ = (char)(0x80 | (c & 0x3f));
	} else
		*(*out)++ = (char)c;
	return 5;
}

char *
json_text(const struct json_events *j, struct arena *a, uint32_t i)
{
	const char *p, *end;
	char *s, *out;

	if (i == 0 || i >= j->n || (j->at[i].type != JSON_TEXT && j->at[i].type != JSON_KEY))
		return NULL;
	p = j->text + j->at[i].from;
	end = p + j->at[i].len;
	s = out = arena_alloc(a, (size_t)j->at[i].len + 1);
	while (p < end) {
		if (*p == '\\' && p + 1 < end) {
			p++;
			p += unescape(p, (size_t)(end - p), &out);
		} else
			*out++ = *p++;
	}
	*out = '\0';
	return s;
}

long
json_number(const struct json_events *j, uint32_t i)
{
	return i == 0 || i >= j->n || j->at[i].type != JSON_PLAIN
		   ? 0
		   : strtol(j->text + j->at[i].from, NULL, 10);
}

uint32_t
json_node_key(const struct json_events *j, uint32_t wrapper)
{
	if (wrapper == 0 || wrapper >= j->n || j->at[wrapper].type != JSON_OBJECT_EVENT ||
	    j->at[wrapper].next < wrapper + 3 || j->at[wrapper + 1].type != JSON_KEY)
		return 0;
	return wrapper + 1;
}

uint32_t
json_node(const struct json_events *j, uint32_t wrapper, const char *name)
{
	uint32_t k = json_node_key(j, wrapper);

	return k != 0 && json_is(j, k, name) ? k + 1 : 0;
}
