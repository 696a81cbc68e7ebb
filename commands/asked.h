/* Requests as commands find them in the store: decoded, believed or not, judged. */
#ifndef ASKED_H
#define ASKED_H

#include "command.h"
#include "trust.h"

struct asked {
	struct request request;
	const char *owner; /* OS user of the file, a hint */
	const char *doubt; /* why the request is not to be believed, or NULL */
	enum request_state state;
	const char *sentence; /* approvals so far, inert */
	const char *bad;      /* an answer that does not count, or NULL */
};

/* All requests of the store. Bad files are counted, the first with its sentence. */
int asked_list(struct context *c, struct asked **out, size_t *n, size_t *nbad, const char **bad,
    struct err *e);
/*
 * What `review [ID|-]`, `approve [ID|-]` and `deny ID|-` name: by id or its unambiguous beginning;
 * NULL is the only open one. "-", or no store, is a paste, which the shell reads.
 */
int asked_screen(struct context *c, const char *word, struct result *r, struct err *e);

#endif
