/* Named, typed results of steps: filling holes and deciding checks. Pure. */
#ifndef RUN_VALUES_H
#define RUN_VALUES_H

#include "arena.h"
#include "err.h"
#include "step.h"

struct value {
	const char *name, *text;
	enum value_type type;
};

struct values {
	struct arena *arena;
	struct value *v;
	size_t n;
};

/* Replaces {NAME} by the typed result of that name; ERR_FAILED where it is unknown, untyped or does
 * not look like its type. Text results never fill a hole. */
int values_fill(struct values *vs, const char *text, char **out, struct err *e);
/* True where the text has a hole: a name in braces. */
int values_has_hole(const char *text);
/* The same for people: results of any type, made inert; "?" for one that is not there. */
char *values_say(const struct values *vs, struct arena *a, const char *text);
/* Remembers what the step keeps; cells of the first row. */
int values_keep(struct values *vs, const struct step *s, size_t ncells, const char *const *cells,
    struct err *e);
const char *values_get(const struct values *vs, const char *name);
/* 1 holds, 0 does not; *sentence names the field, what it is and what it must be. */
int values_check(struct values *vs, const struct check *c, size_t ncells, const char *const *cells,
    const char **sentence);
/* True where the text has the form of its type: LSN "16/B374D848", INT, TIME digits. */
int value_is_valid(enum value_type type, const char *text);

/* The statements of an undo, one a line. */
const char **undo_texts(struct arena *a, const char *undo, size_t *n);

#endif
