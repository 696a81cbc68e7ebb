/*
 * The gate: between a plan and the door. Shows the plan, asks what has to be asked, files what has
 * to be filed.
 */
#ifndef GATE_H
#define GATE_H

#include "command.h"

struct app;

/* Takes a plan as a command returned it. Runs it, files it, or refuses it. */
int gate_plan(struct app *app, struct context *c, struct plan *p, int is_dry, struct err *e);
/* The intent, durable before anything is asked; and the plan, where it is filed or undone later. */
int gate_intent(struct app *app, struct arena *a, const struct plan *p, struct err *e);
/* `run ID`. */
int gate_run(struct app *app, const char *id, struct err *e);
/* `cancel ID`. */
int gate_cancel(struct app *app, const char *id, struct err *e);
/* Takes the pen for a confirmed act; ERR_REFUSED names who has it. Drop it with door_pen. */
int gate_pen(struct app *app, struct arena *a, const struct plan *p, struct err *e);

#endif
