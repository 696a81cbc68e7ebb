/* Setting the program up and taking it down. */
#ifndef SETUP_H
#define SETUP_H

#include "err.h"

struct app;

/* Colour, width, height. */
void setup_terminal(struct app *app);
/* Config, policy, operators, classifier, loop, store. needs_config 0: a URL works without one. */
int setup_program(
    struct app *app, const char *config, const char *as, int needs_config, struct err *e);
/* Journal, cluster (name, URL, or NULL: the only one), connection; says what earlier sessions left.
 * may_be_away: a cluster that cannot be reached is no error, there is only no session then. */
int setup_session(struct app *app, const char *target, int may_be_away, struct err *e);
void setup_finish(struct app *app);

#endif
