/* How PostgreSQL says what guards need: pure, no server. */
#ifndef PG_WORDING_H
#define PG_WORDING_H

#include "engine.h"

extern const struct wording pg_wording;
extern const struct switching pg_switching; /* pg_switch.c */

#endif
