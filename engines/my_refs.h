/* The relations of a DELETE or UPDATE. Private to engines/. */
#ifndef MY_REFS_H
#define MY_REFS_H

#include "engines/my_sql.h"

/* Relations at the cursor, up to one of the words of stop; 0 where they make no sense. */
int my_refs(struct my *m, struct my_scope *s, const char *stop);
/* Does the condition [from, end) restrict table `target` of the scope? */
int my_refs_restricted(struct my *m, struct my_scope *s, size_t target, size_t from, size_t end);

#endif
