/* What the door writes down: begin before the first byte is sent, outcome before the prompt. */
#ifndef RUN_JOURNAL_H
#define RUN_JOURNAL_H

#include <stdint.h>

#include "err.h"
#include "plan.h"
#include "step.h"

struct app;

struct run_result {
	int ok, is_unknown;
	const char *tag, *sqlstate, *error;
	int64_t rows, ms;
	size_t ncells;
	const char *const *cells;
};

/* Of a procedure that takes long: what was said of it, and when it was last written down. */
struct run_progress {
	size_t step;
	int64_t at_ms;
	int is_told; /* how long it will take was written once */
};

/* Not yet durable: follow with run_journal_sync. */
int run_journal_begin(struct app *app, const struct plan *p, size_t step, const char *const *texts,
    size_t ntexts, const char *xid, int is_undo, struct err *e);
int run_journal_outcome(struct app *app, const struct plan *p, size_t step,
    const struct run_result *r, int is_undo, struct err *e);
/* What a read came to: metadata only, synced within a second. */
int run_journal_output(struct app *app, const struct run_result *r, struct err *e);
void run_journal_progress(
    struct app *app, const struct plan *p, struct run_progress *r, const char *line);
int run_journal_hold(struct app *app, const struct plan *p, const struct step *s,
    const char *position, const char *hardened_at, const char *before, struct err *e);
int run_journal_release(struct app *app, const struct plan *p, const char *node, struct err *e);
int run_journal_sync(struct app *app, struct err *e);
/* True where the plan only makes safe: it goes on where no journal takes records. */
int run_is_safing(const struct plan *p);

/* The statement itself, as opposed to what guards it. */
int run_is_act(const struct step *s);
/* And the last of the main part: with it, what the plan is for has happened. */
int run_is_last_act(const struct plan *p, size_t no);

#endif
