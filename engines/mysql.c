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

const struct engine engine_mysql = {
    .name = "mysql",
    .schemes = mysql_schemes,
    .keywords = my_first_keywords,
    .all_keywords = my_all_keywords,
    .wording = &my_wording,
    .lexical = my_lexical,
    .scan = my_scan,
};

const struct engine engine_mariadb = {
    .name = "mariadb",
    .schemes = mariadb_schemes,
    .keywords = my_first_keywords,
    .all_keywords = my_all_keywords,
    .wording = &my_wording,
    .lexical = my_lexical,
    .scan = my_scan,
};
