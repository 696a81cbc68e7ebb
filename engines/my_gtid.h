/*
 * Sets of MySQL's GTIDs as text, "UUID:1-5:7,UUID:TAG:1-3": what one has and another has not.
 * Private to the my_ files.
 */
#ifndef MY_GTID_H
#define MY_GTID_H

struct arena;
/*
 * The first interval of `has` that does not lie whole in `in`, as "UUID:FROM-TO", or NULL. Servers
 * named in skip (NULL at its end) are left out. A text that is no such set: what cannot be read
 * lies in nothing.
 */
const char *my_gtid_outside(
    struct arena *a, const char *has, const char *in, const char *const *skip);

#endif
