/* The reviewer's screen: the whole plan of a request, and the signature under it. */
#ifndef REVIEW_H
#define REVIEW_H

#include "command.h"

struct app;
struct arena;
struct show;

/*
 * Draws the request of the screen (or one that is pasted first), as this program understands it.
 * Where the screen wants an answer: signs it and stores it, or prints it to be pasted back. Signs
 * nothing without a terminal, before the end was shown, or unless the node's name was typed.
 */
int review_run(struct app *app, const struct screen *s, struct err *e);

/* What is drawn, as lines. Own findings (other class, other level, other steps) come first. */
void review_draw(
    struct app *app, struct arena *a, const struct request *r, int width, struct show *out);
/* The few lines that stand right above the question. */
void review_sum(struct arena *a, const struct request *r, int width, struct show *out);

#endif
