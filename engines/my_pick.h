/*
 * One table out of a dump of MariaDB or MySQL: which statements are its own, and their text for
 * another schema. Private to engines/.
 */
#ifndef MY_PICK_H
#define MY_PICK_H

#include <stddef.h>

#include "err.h"

struct arena;

enum my_pick_kind {
	MY_PICK_NOT,
	MY_PICK_USE,	 /* another database from here on; it is in name */
	MY_PICK_TABLE,	 /* its CREATE TABLE */
	MY_PICK_ROWS,	 /* an INSERT of it; from is where its rows begin, behind VALUES */
	MY_PICK_TRIGGER, /* on it */
	MY_PICK_SET,	 /* sql_mode, or a character set: name, and value as a literal or word */
};

struct my_pick {
	enum my_pick_kind kind;
	const char *name, *value;
	const char *columns; /* of an INSERT, with its parentheses, or "" */
	size_t from;
};

/* What a statement is to schema.table; database is the current one of the dump. */
void my_pick(struct arena *a, const char *text, size_t len, const char *database,
    const char *schema, const char *table, struct my_pick *out);

/*
 * A CREATE TABLE for the schema `side`: *before makes the table, *after (statements, each with a
 * semicolon and a newline) its keys and foreign keys. References are said with their schema.
 */
struct my_definition {
	const char *before, *after;
	size_t nafter;
	int is_innodb;
};
int my_define(struct arena *a, const char *text, size_t len, const char *schema, const char *side,
    const char *table, struct my_definition *out, struct err *e);

/* A CREATE TRIGGER for another table, which is said as it stands in SQL; NULL: it is none. */
const char *my_trigger_on(struct arena *a, const char *text, size_t len, const char *table);

#endif
