/* The words of MariaDB and MySQL for holds, proofs and guards. Private to engines/. */
#ifndef MY_WORDING_H
#define MY_WORDING_H

#include "engine.h"
#include "engines/my_driver.h"

/* The first columns of a look at a replica are enum my_reduced, then: */
enum { MY_SEEN_IDENTITY = MY_NREDUCED, MY_SEEN_START, MY_SEEN_GTID };

int my_word_is_mariadb(const struct plan *p);
/* A row of its identity, its start, and the GTID expression. */
const char *my_word_self(
    struct arena *a, const struct plan *p, const struct node *n, const char *gtid);
void my_word_instance(
    struct arena *a, struct step *s, const struct node *n, int identity, int start);
/* my_wording_hold.c: a hold's restart and its end. */
const char *my_word_start(const struct plan *p, const struct node *n);
int my_word_harden(struct arena *a, struct plan *p, const struct node *n, int wave);
void my_word_hardened(struct arena *a, struct plan *p, const struct node *n, int wave);
void my_word_release(struct arena *a, struct plan *p, const struct node *n, int wave);
void my_word_settle(struct arena *a, struct plan *p, const struct node *n, int wave);
int my_stays_here(const struct session *s);
char *my_rebuild_here(struct arena *a, const struct plan *p, const struct node *primary);
char *my_reversible(struct arena *a, const struct statement *s, const char *schema);
extern const struct wording my_wording;

extern const struct switching my_switching; /* my_switch.c */

#endif
