/*
 * Reading a file of options by a table (libconfuse underneath): what holdfast.conf and the policy
 * file have in common. Every mistake is one sentence "FILE:LINE: what, and what was expected".
 */
#ifndef CONF_H
#define CONF_H

#include <confuse.h>
#include <stddef.h>

#include "err.h"

struct arena;

enum conf_type {
	CONF_STRING,
	CONF_WORD,    /* one of `words` */
	CONF_INT,     /* min to max */
	CONF_LIST,    /* of strings */
	CONF_SECTION, /* titled, may be there many times, each title once */
};

struct conf_option {
	const char *name;
	enum conf_type type;
	const char *const *words; /* NULL-terminated */
	long min, max;
	/* NULL, or: returns what is wrong with the value, or NULL. */
	const char *(*wrong)(const char *value);
	/* The same, with an arena for the words; NULL: none. */
	const char *(*explain)(struct arena *a, const char *value);
	const char *expected;	      /* for people */
	const struct conf_option *of; /* options of the section */
};

#define CONF_MAX_BYTES (1 << 20)
#define CONF_NO_INT (-1L)

/*
 * Reads a file that decides over safety: a regular file of root or of this user that nobody else
 * can write, at most 1 MiB of plain text. Symbolic links are followed, and the file itself counts.
 */
int conf_read(struct arena *a, const char *file, char **text, size_t *len, struct err *e);
/* Refuses what is no plain text and blanks comments out; lines stay where they are. */
int conf_clean(
    struct arena *a, const char *file, const char *text, size_t len, char **out, struct err *e);
/*
 * Parses text by the table; file is for messages. *out is freed with cfg_free(). Where nothing was
 * said, strings are NULL and integers CONF_NO_INT.
 */
int conf_parse(struct arena *a, const struct conf_option *options, const char *file,
    const char *text, size_t len, cfg_t **out, struct err *e);
/* The line on which a section ended, for messages about a section as a whole. */
int conf_line(cfg_t *section);
/* The line on which an option of the section was said last; 0 never. */
int conf_option_line(cfg_t *section, const char *name);
/* Copies into the arena. */
const char *conf_string(struct arena *a, cfg_t *c, const char *name);
size_t conf_list(struct arena *a, cfg_t *c, const char *name, const char ***out);
/* A number, or `otherwise` where nothing was said. */
long conf_int(cfg_t *c, const char *name, long otherwise);

#endif
