/*
 * A shape: how a C struct looks as JSON, as rows of a table. One walker writes and one reads, so
 * that what is signed and what is read back cannot drift apart. Integers only, enums by name,
 * every member present, none unknown, every size bounded.
 */
#ifndef SHAPE_H
#define SHAPE_H

#include <jansson.h>
#include <stddef.h>

#include "err.h"

struct arena;

enum shape_type {
	SHAPE_STRING,	/* const char *; NULL travels as "" */
	SHAPE_NULLABLE, /* const char *; NULL travels as null */
	SHAPE_BYTES,	/* const char * and a size_t at `count`: UTF-8 without NUL */
	SHAPE_HEX,	/* char[65]: 64 lowercase hexadecimal digits, or "" */
	SHAPE_ID,	/* char[27]: an id of id_new() */
	SHAPE_INT,	/* int, from 0 */
	SHAPE_BOOL,	/* int, 0 or 1, as false or true */
	SHAPE_INT64,	/* int64_t, from -1 */
	SHAPE_UINT32,
	SHAPE_SIZE,    /* size_t */
	SHAPE_ENUM,    /* an enum, by the name `name_of` gives */
	SHAPE_FLAGS,   /* unsigned, as the list of its bits' names, lowest first */
	SHAPE_STRINGS, /* const char ** and a size_t at `count` */
	SHAPE_LIST,    /* a pointer to structs of shape `of` and a size_t at `count` */
	SHAPE_RECORD,  /* a struct of shape `of`, in place */
};

struct shape_field {
	const char *name;
	enum shape_type type;
	size_t offset, count;
	const char *(*name_of)(int i); /* enum value, or bit number; NULL: there is none */
	const struct shape *of;
	size_t max; /* bytes of a string; 0: SHAPE_SHORT */
};

struct shape {
	size_t size;
	const struct shape_field *fields;
	size_t nfields;
};

#define SHAPE_SHORT ((size_t)64 << 10)
#define SHAPE_MAX_ITEMS ((size_t)1000000) /* values in one document */

/* NULL with ERR_REFUSED where a text is no UTF-8 or holds a NUL, ERR_FAILED otherwise. */
json_t *shape_encode(const struct shape *s, const void *p, struct err *e);
/* Strict. Strings are copied into the arena. */
int shape_decode(struct arena *a, const struct shape *s, const json_t *j, void *out, struct err *e);
/* Parses hostile bytes: bounded size and number of values, no duplicate members, no floats where
 * a shape is read. NULL with ERR_FAILED. */
json_t *shape_parse(const char *json, size_t len, size_t max, struct err *e);
/* Canonical bytes: sorted keys, compact, ASCII. Arena memory, NUL-terminated. */
char *shape_dump(struct arena *a, const json_t *j, size_t *len);

#endif
