/* The actions of a statement while a walk over it finds them: what both dialects' walks share. */
#ifndef ENGINES_ACTIONS_H
#define ENGINES_ACTIONS_H

#include "action.h"
#include "arena.h"

#define OBJECTS_MAX 4096 /* of one action: what is beyond is opaque */
#define READS_MAX 1000	 /* relations a statement may read; more is not looked up */

/* Grows `*actions` by one, in the arena; the result is valid until the next one is added. */
struct action *action_add(struct arena *a, struct action **actions, size_t *n, enum danger d,
    const char *kind, const char *why);
/* Names another object of an action; the strings stay the caller's. NULL where name is NULL, or
 * where the action has OBJECTS_MAX already: it is opaque then. */
struct object *action_object(
    struct arena *a, struct action *x, const char *type, const char *schema, const char *name);
/* Notes once that a relation or function is read. -1 where there are READS_MAX already. */
int action_reads(struct arena *a, struct object **reads, size_t *n, const char *type,
    const char *schema, const char *name);

#endif
