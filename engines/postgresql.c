/*
 * PostgreSQL as the upper floors see it: the row that ties its tables together.
 */
#include <stddef.h>

#include "engine.h"
#include "engines/pg_lex.h"
#include "engines/pg_address.h"
#include "engines/pg_wording.h"
#include "banned.h"

static const char *const schemes[] = {"postgresql://", "postgres://", NULL};

const struct engine engine_postgresql = {
    .name = "postgresql",
    .schemes = schemes,
    .keywords = pg_first_keywords,
    .all_keywords = pg_all_keywords,
    .wording = &pg_wording,
    .scan = pg_scan,
    .address = pg_address_check,
};
