/*
 * How a session's texts are read: its sql_mode and its client character set as struct lexical. What
 * is not known counts as the worst: then what depends on it is opaque. Names: MariaDB 10.11 and
 * MySQL 8.0 manuals, "SQL Mode" and "Supported Character Sets".
 */
#include <string.h>

#include "engine.h"
#include "engines/my_lex.h"
#include "banned.h"

static const struct {
	const char *name;
	unsigned mode;
} modes[] = {
    {"ANSI_QUOTES", LEXICAL_ANSI_QUOTES},
    {"NO_BACKSLASH_ESCAPES", LEXICAL_NO_BACKSLASH},
    {"PIPES_AS_CONCAT", LEXICAL_PIPES_CONCAT},
    {"IGNORE_SPACE", LEXICAL_IGNORE_SPACE},
    {"ORACLE", LEXICAL_UNKNOWN},
};

/* No byte of a character but ASCII's own is ever a backslash or a quote. */
static const char *const safe_charsets[] = {"utf8", "utf8mb3", "utf8mb4", "ascii", "binary",
    "latin1", "latin2", "latin5", "latin7", "cp1250", "cp1251", "cp1256", "cp1257", "koi8r",
    "koi8u", "greek", "hebrew", NULL};

static unsigned
charset_mode(const char *name)
{
	size_t i;

	for (i = 0; name != NULL && safe_charsets[i] != NULL; i++)
		if (strcmp(safe_charsets[i], name) == 0)
			return 0;
	return LEXICAL_UNSAFE_CHARSET;
}

void
my_lexical(const struct session *s, struct lexical *out)
{
	const char *list = s == NULL ? NULL : session_setting(s, "sql_mode");
	size_t n, i;

	memset(out, 0, sizeof(*out));
	out->standard_conforming_strings = 1;
	if (s == NULL)
		return;
	out->version = s->version;
	out->mode = charset_mode(session_setting(s, "character_set_client"));
	if (list == NULL)
		out->mode |= LEXICAL_UNKNOWN;
	for (; list != NULL && *list != '\0'; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
			if (strlen(modes[i].name) == n && strncmp(modes[i].name, list, n) == 0)
				out->mode |= modes[i].mode;
	}
}
