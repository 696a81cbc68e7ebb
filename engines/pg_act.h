/*
 * What the effects share: the connection a step means, the node that acts. Private to engines/.
 */
#ifndef PG_ACT_H
#define PG_ACT_H

#include "engines/members.h"
#include "engines/run.h"

/* The primary of the last picture, else the node of the operator's session. ERR_CONN without. */
struct member *act_primary(struct cluster *c, struct err *e);

#endif
