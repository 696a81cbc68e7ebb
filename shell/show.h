/* A plan as lines for people; the same words for the requester and the reviewer. */
#ifndef SHOW_H
#define SHOW_H

#include "plan.h"

struct arena;

enum show_style { SHOW_PLAIN, SHOW_HEAD, SHOW_DANGER, SHOW_DIM };
struct show_line {
	enum show_style style;
	const char *text; /* inert */
};
struct show {
	struct show_line *lines;
	size_t n;
};

/* width: terminal columns; long lines wrap with a mark. Everything inert. Brief: each step as one
 * line, for the person who wrote it; the reviewer gets every byte. */
void show_plan(struct arena *a, const struct plan *p, int width, int is_brief, struct show *out);
/* What stands right above the question, where a small screen has lost the rest: what, where, what
 * it takes away, the way back. */
void show_sum(struct arena *a, const struct plan *p, int width, struct show *out);
/* One more line; the text must be inert. */
void show_add(struct arena *a, struct show *out, int width, enum show_style style,
    const char *indent, const char *text);

#endif
