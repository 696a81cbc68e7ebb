/* The words of MariaDB and MySQL for holds, proofs and guards. Private to engines/. */
#ifndef MY_WORDING_H
#define MY_WORDING_H

#include "engine.h"

int my_stays_here(const struct session *s);
char *my_rebuild_here(struct arena *a, const struct plan *p, const struct node *primary);
char *my_reversible(struct arena *a, const struct statement *s, const char *schema);
extern const struct wording my_wording;

extern const struct switching my_switching; /* my_switch.c */

#endif
