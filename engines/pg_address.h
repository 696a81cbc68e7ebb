/* What can be said of an address before it is dialled. Private to engines/. */
#ifndef PG_ADDRESS_H
#define PG_ADDRESS_H

#include "err.h"

/* See struct engine: keywords libpq knows, ports that are ports. */
int pg_address_check(const char *address, struct err *e);

#endif
