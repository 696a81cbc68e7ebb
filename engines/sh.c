/*
 * Command lines of a host as the upper floors see them: a language that is classified, and nothing
 * to connect to.
 */
#include <stddef.h>

#include "engine.h"
#include "engines/sh_lex.h"
#include "banned.h"

static const char *const none[] = {NULL};

const struct engine engine_sh = {
    .name = "sh",
    .schemes = none,
    .keywords = none,
    .all_keywords = none,
    .wording = NULL,
    .scan = sh_scan,
};
