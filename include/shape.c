/*
 * Writing and reading structs as JSON by their shape: see shape.h. Must never guess: whatever is
 * missing, unknown, ill-typed, too long or out of range is an error that names the member.
 */
#include <limits.h>
#include <string.h>

#include "arena.h"
#include "hash.h"
#include "shape.h"
#include "text.h"
#include "banned.h"

#define AT(p, o) ((const char *)(p) + (o))
#define INTO(p, o) ((char *)(p) + (o))

static size_t
limit(const struct shape_field *f)
{
	return f->max == 0 ? SHAPE_SHORT : f->max;
}

static json_t *
string_encode(const struct shape_field *f, const char *s, size_t len, struct err *e)
{
	if (memchr(s, '\0', len) != NULL || !text_is_utf8(s, len)) {
		err_set(e, ERR_REFUSED, "%s is no valid UTF-8 text or holds a NUL byte", f->name);
		return NULL;
	}
	if (len > limit(f)) {
		err_set(e, ERR_REFUSED, "%s is longer than %zu bytes", f->name, limit(f));
		return NULL;
	}
	return json_stringn(s, len);
}

static json_t *
number_encode(const struct shape_field *f, json_int_t v, json_int_t least, struct err *e)
{
	if (v < least) {
		err_set(e, ERR_FAILED, "%s is out of range", f->name);
		return NULL;
	}
	return json_integer(v);
}

static json_t *
enum_encode(const struct shape_field *f, int v, struct err *e)
{
	const char *name = f->name_of(v);

	if (name != NULL)
		return json_string(name);
	err_set(e, ERR_FAILED, "%s has no name for its value %d", f->name, v);
	return NULL;
}

static json_t *
flags_encode(const struct shape_field *f, unsigned v, struct err *e)
{
	json_t *list = json_array();
	int bit;

	for (bit = 0; bit < 32; bit++) {
		if ((v & 1u << bit) == 0)
			continue;
		if (f->name_of(bit) == NULL) {
			err_set(e, ERR_FAILED, "%s has no name for its bit %d", f->name, bit);
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list, json_string(f->name_of(bit)));
	}
	return list;
}

static json_t *
list_encode(const struct shape_field *f, const void *p, struct err *e)
{
	const char *items = *(const char *const *)AT(p, f->offset);
	size_t n = *(const size_t *)AT(p, f->count), i, size;
	json_t *list = json_array(), *item;
	const char *s;

	size = f->type == SHAPE_LIST ? f->of->size : sizeof(const char *);
	for (i = 0; i < n; i++) {
		if (f->type == SHAPE_LIST) {
			item = shape_encode(f->of, items + i * size, e);
		} else {
			s = *(const char *const *)(items + i * size);
			item = string_encode(f, s, strlen(s), e);
		}
		if (item == NULL) {
			err_wrap(e, "%s %zu", f->name, i + 1);
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list, item);
	}
	return list;
}

static json_t *
text_encode(const struct shape_field *f, const void *p, struct err *e)
{
	const char *s = *(const char *const *)AT(p, f->offset);

	if (f->type == SHAPE_BYTES)
		return string_encode(f, s == NULL ? "" : s, *(const size_t *)AT(p, f->count), e);
	if (s == NULL && f->type == SHAPE_NULLABLE)
		return json_null();
	return string_encode(f, s == NULL ? "" : s, s == NULL ? 0 : strlen(s), e);
}

static json_t *
field_encode(const struct shape_field *f, const void *p, struct err *e)
{
	const void *at = AT(p, f->offset);

	switch (f->type) {
	case SHAPE_STRING:
	case SHAPE_NULLABLE:
	case SHAPE_BYTES:
		return text_encode(f, p, e);
	case SHAPE_HEX:
	case SHAPE_ID:
		return string_encode(f, at, strnlen(at, SHA256_HEX - 1), e);
	case SHAPE_INT:
		return number_encode(f, *(const int *)at, 0, e);
	case SHAPE_BOOL:
		return json_boolean(*(const int *)at != 0);
	case SHAPE_INT64:
		return number_encode(f, *(const int64_t *)at, -1, e);
	case SHAPE_UINT32:
		return number_encode(f, *(const uint32_t *)at, 0, e);
	case SHAPE_SIZE:
		return number_encode(f, (json_int_t) * (const size_t *)at, 0, e);
	case SHAPE_ENUM:
		return enum_encode(f, *(const int *)at, e);
	case SHAPE_FLAGS:
		return flags_encode(f, *(const unsigned *)at, e);
	case SHAPE_STRINGS:
	case SHAPE_LIST:
		return list_encode(f, p, e);
	case SHAPE_RECORD:
		return shape_encode(f->of, at, e);
	}
	return NULL;
}

json_t *
shape_encode(const struct shape *s, const void *p, struct err *e)
{
	json_t *o = json_object(), *v;
	size_t i;

	for (i = 0; i < s->nfields; i++) {
		v = field_encode(&s->fields[i], p, e);
		if (v == NULL) {
			json_decref(o);
			return NULL;
		}
		json_object_set_new(o, s->fields[i].name, v);
	}
	return o;
}

static int
wrong(const struct shape_field *f, const char *expected, struct err *e)
{
	return err_set(e, ERR_FAILED, "%s is not %s", f->name, expected);
}

static int
string_decode(struct arena *a, const struct shape_field *f, const json_t *j, const char **out,
    size_t *len, struct err *e)
{
	if (!json_is_string(j))
		return wrong(f, "a string", e);
	*len = json_string_length(j);
	if (*len > limit(f))
		return err_set(e, ERR_FAILED, "%s is longer than %zu bytes", f->name, limit(f));
	*out = arena_strndup(a, json_string_value(j), *len);
	return 0;
}

static int
text_decode(struct arena *a, const struct shape_field *f, const json_t *j, void *out, struct err *e)
{
	const char *s = NULL;
	size_t len = 0;

	if (!(f->type == SHAPE_NULLABLE && json_is_null(j)) &&
	    string_decode(a, f, j, &s, &len, e) != 0)
		return -1;
	*(const char **)INTO(out, f->offset) = s;
	if (f->type == SHAPE_BYTES)
		*(size_t *)INTO(out, f->count) = len;
	return 0;
}

static int
chars_decode(
    struct arena *a, const struct shape_field *f, const json_t *j, void *out, struct err *e)
{
	uint8_t raw[SHA256_BYTES];
	const char *s;
	size_t len;

	if (string_decode(a, f, j, &s, &len, e) != 0)
		return -1;
	if (f->type == SHAPE_ID && !id_is_valid(s))
		return wrong(f, "an id", e);
	if (f->type == SHAPE_HEX && len != 0 &&
	    (len != SHA256_HEX - 1 || hex_decode(s, raw, sizeof(raw)) != 0))
		return wrong(f, "64 lowercase hexadecimal digits", e);
	memcpy(INTO(out, f->offset), s, len + 1);
	return 0;
}

static int
number_decode(const struct shape_field *f, const json_t *j, void *out, struct err *e)
{
	json_int_t v = json_integer_value(j), least = f->type == SHAPE_INT64 ? -1 : 0, most;
	void *at = INTO(out, f->offset);

	most = f->type == SHAPE_INT ? INT_MAX : f->type == SHAPE_UINT32 ? UINT32_MAX : INT64_MAX;
	if (!json_is_integer(j))
		return wrong(f, "an integer", e);
	if (v < least || v > most)
		return err_set(e, ERR_FAILED, "%s is out of range", f->name);
	if (f->type == SHAPE_INT)
		*(int *)at = (int)v;
	else if (f->type == SHAPE_UINT32)
		*(uint32_t *)at = (uint32_t)v;
	else if (f->type == SHAPE_SIZE)
		*(size_t *)at = (size_t)v;
	else
		*(int64_t *)at = v;
	return 0;
}

/* The number whose name this is, or -1. */
static int
value_of(const struct shape_field *f, const json_t *j)
{
	const char *s = json_string_value(j), *name;
	int i, end = f->type == SHAPE_FLAGS ? 32 : 64;

	for (i = 0; s != NULL && i < end; i++) {
		name = f->name_of(i);
		if (name != NULL && strlen(name) == json_string_length(j) && strcmp(name, s) == 0)
			return i;
	}
	return -1;
}

static int
flags_decode(const struct shape_field *f, const json_t *j, void *out, struct err *e)
{
	unsigned v = 0;
	int bit, last = -1;
	size_t i;

	if (!json_is_array(j))
		return wrong(f, "a list", e);
	for (i = 0; i < json_array_size(j); i++) {
		bit = value_of(f, json_array_get(j, i));
		if (bit < 0)
			return err_set(e, ERR_FAILED, "%s %zu is no known name", f->name, i + 1);
		if (bit <= last)
			return err_set(e, ERR_FAILED, "%s %zu is out of order", f->name, i + 1);
		v |= 1u << bit;
		last = bit;
	}
	*(unsigned *)(void *)INTO(out, f->offset) = v;
	return 0;
}

static int
list_decode(struct arena *a, const struct shape_field *f, const json_t *j, void *out, struct err *e)
{
	size_t i, n = json_array_size(j), len;
	size_t size = f->type == SHAPE_LIST ? f->of->size : sizeof(const char *);
	const json_t *item;
	char *items;
	int rc;

	if (!json_is_array(j))
		return wrong(f, "a list", e);
	items = arena_array(a, n, size);
	for (i = 0; i < n; i++) {
		item = json_array_get(j, i);
		rc = f->type == SHAPE_LIST
			 ? shape_decode(a, f->of, item, items + i * size, e)
			 : string_decode(
			       a, f, item, (const char **)(void *)(items + i * size), &len, e);
		if (rc != 0)
			return err_wrap(e, "%s %zu", f->name, i + 1);
	}
	*(void **)(void *)INTO(out, f->offset) = n == 0 ? NULL : items;
	*(size_t *)(void *)INTO(out, f->count) = n;
	return 0;
}

static int
field_decode(
    struct arena *a, const struct shape_field *f, const json_t *j, void *out, struct err *e)
{
	int v;

	switch (f->type) {
	case SHAPE_STRING:
	case SHAPE_NULLABLE:
	case SHAPE_BYTES:
		return text_decode(a, f, j, out, e);
	case SHAPE_HEX:
	case SHAPE_ID:
		return chars_decode(a, f, j, out, e);
	case SHAPE_INT:
	case SHAPE_INT64:
	case SHAPE_UINT32:
	case SHAPE_SIZE:
		return number_decode(f, j, out, e);
	case SHAPE_BOOL:
		if (!json_is_boolean(j))
			return wrong(f, "true or false", e);
		*(int *)(void *)INTO(out, f->offset) = json_is_true(j);
		return 0;
	case SHAPE_ENUM:
		v = value_of(f, j);
		if (v < 0)
			return wrong(f, "a known name", e);
		*(int *)(void *)INTO(out, f->offset) = v;
		return 0;
	case SHAPE_FLAGS:
		return flags_decode(f, j, out, e);
	case SHAPE_STRINGS:
	case SHAPE_LIST:
		return list_decode(a, f, j, out, e);
	case SHAPE_RECORD:
		return shape_decode(a, f->of, j, INTO(out, f->offset), e);
	}
	return -1;
}

static int
is_member(const struct shape *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->nfields; i++)
		if (strcmp(s->fields[i].name, name) == 0)
			return 1;
	return 0;
}

int
shape_decode(struct arena *a, const struct shape *s, const json_t *j, void *out, struct err *e)
{
	const json_t *v;
	const char *key;
	size_t i;
	void *it;

	if (!json_is_object(j))
		return err_set(e, ERR_FAILED, "an object was expected");
	for (it = json_object_iter((json_t *)j); it != NULL;
	     it = json_object_iter_next((json_t *)j, it)) {
		key = json_object_iter_key(it);
		if (!is_member(s, key))
			return err_set(e, ERR_FAILED, "\"%.100s\" is an unknown member", key);
	}
	for (i = 0; i < s->nfields; i++) {
		v = json_object_get(j, s->fields[i].name);
		if (v == NULL)
			return err_set(e, ERR_FAILED, "%s is missing", s->fields[i].name);
		if (field_decode(a, &s->fields[i], v, out, e) != 0)
			return -1;
	}
	return 0;
}

/* How many values a text can hold at most, so that a small file cannot make a huge tree. */
static size_t
count_values(const char *s, size_t len)
{
	size_t i, n = 1;
	int in_string = 0;

	for (i = 0; i < len; i++) {
		if (in_string && s[i] == '\\')
			i++;
		else if (s[i] == '"')
			in_string = !in_string;
		else if (!in_string && (s[i] == ',' || s[i] == '[' || s[i] == '{'))
			n++;
	}
	return n;
}

json_t *
shape_parse(const char *json, size_t len, size_t max, struct err *e)
{
	json_error_t why;
	json_t *j;

	if (len > max) {
		err_set(e, ERR_FAILED, "it is longer than %zu bytes", max);
		return NULL;
	}
	if (count_values(json, len) > SHAPE_MAX_ITEMS) {
		err_set(e, ERR_FAILED, "it has more than %zu values", SHAPE_MAX_ITEMS);
		return NULL;
	}
	j = json_loadb(json, len, JSON_REJECT_DUPLICATES, &why);
	if (j == NULL)
		err_set(e, ERR_FAILED, "it is no JSON at byte %d: %s", why.position, why.text);
	return j;
}

char *
shape_dump(struct arena *a, const json_t *j, size_t *len)
{
	size_t flags = JSON_SORT_KEYS | JSON_COMPACT | JSON_ENSURE_ASCII;
	char *out;

	*len = json_dumpb(j, NULL, 0, flags);
	out = arena_alloc(a, *len + 1);
	json_dumpb(j, out, *len, flags);
	return out;
}
