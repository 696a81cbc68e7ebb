/*
 * MySQL and MariaDB as the upper floors see them: the rows that tie their tables together.
 */
#include <stddef.h>

#include "engine.h"
#include "engines/my_lex.h"
#include "engines/my_wording.h"
#include "banned.h"

static const char *const mysql_schemes[] = {"mysql://", NULL};
static const char *const mariadb_schemes[] = {"mariadb://", NULL};

#define MY_KEYS_TURNED                                                                             \
	"right after it. The server does not check them then: rows that do not fit are counted "   \
	"afterwards and told"

const struct engine engine_mysql = {
    .name = "mysql",
    .name_quote = '`',
    .version_unit = 100,
    .schema_word = "database",
    .swapping = "by renaming both",
    .keys_turned = MY_KEYS_TURNED,
    .drop_schema = {"DROP DATABASE ", ""},
    .schemes = mysql_schemes,
    .keywords = my_first_keywords,
    .all_keywords = my_all_keywords,
    .wording = &my_wording,
    .lexical = my_lexical,
    .scan = my_scan,
};

const struct engine engine_mariadb = {
    .name = "mariadb",
    .name_quote = '`',
    .version_unit = 100,
    .schema_word = "database",
    .swapping = "by renaming both",
    .keys_turned = MY_KEYS_TURNED,
    .drop_schema = {"DROP DATABASE ", ""},
    .schemes = mariadb_schemes,
    .keywords = my_first_keywords,
    .all_keywords = my_all_keywords,
    .wording = &my_wording,
    .lexical = my_lexical,
    .scan = my_scan,
};
