/*
 * Requests of this session: filed, waiting, approved. A request belongs to its session and dies
 * with it; the filed plan never leaves this process's memory.
 */
#ifndef PENDING_H
#define PENDING_H

#include "approval.h"

struct app;

struct pending {
	struct pending *next;
	struct arena *arena; /* everything below lives in it */
	struct plan *plan;   /* as filed */
	struct request request;
	enum request_state state;
	const char *sentence;	   /* what is missing, or who decided */
	struct verified *verified; /* answers whose signature held */
	size_t nverified;
	const char **statements; /* the signed text of each verified answer */
	const char **sigs;
	size_t njournaled; /* of verified, already in the journal */
	int has_bad;	   /* an answer came whose signature does not hold */
	const char *bad;   /* why */
};

/* Files a request for the plan: certifies the session, signs, journals, stores. The plan is copied.
 */
int pending_file(struct app *app, const struct plan *plan, struct pending **out, struct err *e);
/* By id or unambiguous beginning; ERR_USAGE otherwise. */
int pending_find(struct app *app, const char *id, struct pending **out, struct err *e);
/* Looks at the store again; journals what is new. */
int pending_refresh(struct app *app, struct pending *p, struct err *e);
/* Reads the operators file and the policy again, so that what was revoked counts no more. */
int pending_reload(struct app *app, struct pending *p, struct err *e);
/* Takes a pasted answer instead of one from the store. */
int pending_answer(struct app *app, const char *text, size_t len, struct err *e);
/* For the loop: refreshes all open ones and tells the operator what changed. */
void pending_tick(void *app);
/* Withdraws what is still open (leaving the shell). */
void pending_close(struct app *app);
/* The certificate of this session, made and journaled once. */
int app_certify(struct app *app, struct err *e);

#endif
