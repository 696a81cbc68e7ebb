/*
 * The postmortem: what the journals of one incident prove, merged into one account for people and
 * programs. Every figure cites the record it comes from; what no record says is left as TODO. The
 * same files and notes give the same bytes. Everything in it is inert in its format.
 */
#ifndef POSTMORTEM_H
#define POSTMORTEM_H

#include <stddef.h>

#include "err.h"
#include "operators.h"

struct arena;
struct buf;

enum postmortem_format {
	POSTMORTEM_MD,
	POSTMORTEM_JSON,
	POSTMORTEM_CSV,
	POSTMORTEM_HTML,
	POSTMORTEM_NOTES, /* the people's part to fill in, with what `notes` already says */
};

struct postmortem_setup {
	const char *const *paths; /* journal files, or directories of them; any order */
	size_t npaths;
	const struct operators *operators; /* NULL: nothing can be trusted, and that is said */
	enum postmortem_format format;
	int is_blameless;  /* names of persons become roles, everywhere */
	const char *notes; /* text of the notes file, or NULL */
	size_t notes_len;
	void (*progress)(void *ctx, const char *line); /* while files are long; or NULL */
	void *progress_ctx;
};

/* -1 where it is no format. */
int postmortem_format_parse(const char *name);
/*
 * Adds the document to `out`. ERR_FAILED where a file cannot be read or the records are more than a
 * document can hold; then `out` is of no use.
 */
int postmortem_write(
    struct arena *a, const struct postmortem_setup *s, struct buf *out, struct err *e);

#endif
