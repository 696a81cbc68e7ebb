/*
 * PostgreSQL as the upper floors see it: the row that ties its tables together.
 */
#include <stddef.h>
#include <string.h>

#include "engine.h"
#include "engines/pg_lex.h"
#include "engines/pg_address.h"
#include "engines/pg_wording.h"
#include "banned.h"

static const char *const schemes[] = {"postgresql://", "postgres://", NULL};

static void
lexical(const struct session *s, struct lexical *out)
{
	const char *scs = s == NULL ? NULL : session_setting(s, "standard_conforming_strings");

	memset(out, 0, sizeof(*out));
	out->version = s == NULL ? 0 : s->version;
	out->standard_conforming_strings = scs == NULL || strcmp(scs, "off") != 0;
}

const struct engine engine_postgresql = {
    .name = "postgresql",
    .name_quote = '"',
    .version_unit = 10000,
    .schema_word = "schema",
    .swapping = "in one transaction",
    .keys_turned = "in the same transaction. Keys are checked again afterwards; one whose rows do "
		   "not fit is told and stays NOT VALID",
    .drop_schema = {"DROP SCHEMA ", " CASCADE"},
    .schemes = schemes,
    .keywords = pg_first_keywords,
    .all_keywords = pg_all_keywords,
    .wording = &pg_wording,
    .lexical = lexical,
    .scan = pg_scan,
    .address = pg_address_check,
};
