/*
 * The parser's JSON as a flat record of its events: one token per key, value, object and array, in
 * the order of the bytes, each knowing where the next sibling stands. No tree is built.
 */
#ifndef PG_JSON_H
#define PG_JSON_H

#include <stddef.h>
#include <stdint.h>

struct arena;

enum json_type { JSON_OBJECT_EVENT, JSON_ARRAY_EVENT, JSON_KEY, JSON_TEXT, JSON_PLAIN };

struct json_event {
	uint32_t from, len; /* bytes; of strings without the quotes */
	uint32_t next;	    /* index of what follows this and everything inside it */
	uint32_t type;	    /* enum json_type */
};

struct json_events {
	const char *text;
	struct json_event *at; /* owned; kept from one text to the next */
	size_t n, size;
};

/* 0, or -1 where the text is no well-formed JSON or is larger than 32 bits can count. */
int json_record(struct json_events *j, const char *text, size_t len);
void json_finish(struct json_events *j);

/* Index of the member's value, or 0 where there is none (0 is the root, never a member). */
uint32_t json_get(const struct json_events *j, uint32_t object, const char *key);
/* The first element of an array, or 0; and the one after i in it, or 0. */
uint32_t json_first(const struct json_events *j, uint32_t array);
uint32_t json_after(const struct json_events *j, uint32_t array, uint32_t i);
size_t json_count(const struct json_events *j, uint32_t array);
/* True where i (may be 0) is a string or plain value of exactly this text. */
int json_is(const struct json_events *j, uint32_t i, const char *text);
/* The string, unescaped, or NULL where i is no string. */
char *json_text(const struct json_events *j, struct arena *a, uint32_t i);
/* As a number; 0 where i is none, which is how the parser writes zero. */
long json_number(const struct json_events *j, uint32_t i);

/* {"Name":{...}}: the index of the inside where the wrapper has this name, else 0. */
uint32_t json_node(const struct json_events *j, uint32_t wrapper, const char *name);
/* The index of the wrapper's only key, or 0. */
uint32_t json_node_key(const struct json_events *j, uint32_t wrapper);

#endif
